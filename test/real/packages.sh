# Sourced by scripts whose tests need other programs: installs the missing PACKAGES (Debian, as root). Writes a log to $dir.
# Sets `policy` to a file that must be removed if the script ends meanwhile.

policy=

say() { echo "${npm_lifecycle_event:-test}: $*"; }
die() {
  say "$*" >&2
  exit 1
}

missing_packages() {
  for package in "${PACKAGES[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

install_missing() {
  command -v dpkg-query >/dev/null || die "needs Debian or Ubuntu, for these packages: ${PACKAGES[*]}"
  local missing log="$dir/apt.log"
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" = 0 ] && return
  [ "$(id -u)" = 0 ] || die "these packages are missing: ${missing[*]}. Install them, or run this as root."
  say "installing ${missing[*]}"
  # Prevents the packages from starting their services.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null || {
    tail -n 15 "$log" >&2
    die "apt-get could not install: ${missing[*]}"
  }
  [ -n "$policy" ] && rm -f "$policy"
  policy=
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" = 0 ] || die "apt-get did not install: ${missing[*]}"
}
