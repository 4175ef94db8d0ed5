#!/usr/bin/env bash
# `npm run test:real`: tests the library with real servers on loopback, and in a browser.
#
# Installs the missing PACKAGES, starts the servers on free ports with all their files in one
# temporary folder, prints how many are up, runs test/real/*.real.ts, and always ends the servers. Arguments are passed
# to vitest. REAL_KEEP=1 keeps the folder with the logs.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PACKAGES=(openssl nginx-light apache2-bin squid-openssl tinyproxy-bin microsocks dante-server python3-httpbin gunicorn
  nghttp2-server chromium)

PORTS=(nginx nginxOther nginxTls nginxMutual nginxExpired nginxNotYetValid nginxWrongHost nginxSelfSigned nginxUntrusted
  nginxOld apache squid squidAuth squidTls squidTlsAuth tinyproxy tinyproxyAuth microsocks microsocksAuth dante httpbin
  nghttpd)

. "$here/packages.sh"

# --- clean up --------------------------------------------------------------------------------------------------------

dir=
policy=
pids=()

# Each server leads its own process group, so its workers end with it.
signal_all() { for pid in "${pids[@]}"; do kill "-$1" -- "-$pid" 2>/dev/null; done; }

any_alive() {
  for pid in "${pids[@]}"; do kill -0 -- "-$pid" 2>/dev/null && return 0; done
  return 1
}

clean_up() {
  [ -n "$policy" ] && rm -f "$policy"
  if [ "${#pids[@]}" -gt 0 ]; then
    signal_all TERM
    for _ in $(seq 30); do
      any_alive || break
      sleep 0.1
    done
    signal_all KILL
    wait 2>/dev/null
  fi
  [ -z "$dir" ] && return
  if [ "${REAL_KEEP:-}" = 1 ]; then say "logs are in $dir"; else rm -rf "$dir"; fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- folders and ports ----------------------------------------------------------------------------------------------------------

declare -A port

choose_ports() {
  local numbers i
  mapfile -t numbers < <(node "$here/ports.mjs" "${#PORTS[@]}")
  [ "${#numbers[@]}" = "${#PORTS[@]}" ] || die 'found no free ports on 127.0.0.1'
  for i in "${!PORTS[@]}"; do port[${PORTS[$i]}]=${numbers[$i]}; done
}

# Fills in @DIR@, @PKI@ and @PORT:name@.
place() {
  local name script="s#@DIR@#$dir#g;s#@PKI@#$dir/pki#g"
  for name in "${PORTS[@]}"; do script+=";s#@PORT:$name@#${port[$name]}#g"; done
  sed "$script" "$here/conf/$1"
}

digest_line() { printf '%s:%s:%s\n' "$1" "$2" "$(printf '%s:%s:%s' "$1" "$2" "$3" | openssl md5 -r | cut -d' ' -f1)"; }

write_files() {
  mkdir -p "$dir"/{nginx/{html,temporary},apache/{run,html},squid,httpbin}
  # Servers switch to other users, which must read these files. The keys of test/pki protect nothing.
  cp -r "$root/test/pki" "$dir/pki"
  chmod 755 "$dir" "$dir/pki" && chmod 644 "$dir"/pki/*
  local conf
  for conf in nginx apache squid tinyproxy tinyproxy-auth danted; do place "$conf.conf" >"$dir/$conf.conf"; done
  [ "$(id -u)" = 0 ] || sed -i '/^user\./d' "$dir/danted.conf"
  head -c 3000000 /dev/urandom >"$dir/nginx/html/three-million"
  ln -s "$dir/nginx/html/three-million" "$dir/apache/html/three-million"
  local area
  for area in basic digest digest-short; do mkdir "$dir/apache/html/$area" && echo "$area" >"$dir/apache/html/$area/index"; done
  { digest_line alice real@test wonderland && digest_line jäsøn real@test pässwörd; } >"$dir/apache/digest-users"
  echo "alice:$(openssl passwd -apr1 wonderland)" >"$dir/apache/users"
  echo "proxyuser:$(openssl passwd -apr1 'p:r@xy')" >"$dir/squid/users"
  if [ "$(id -u)" = 0 ]; then
    chown -R proxy "$dir/squid"
    chown www-data "$dir/apache/run"
  fi
}

# --- servers ---------------------------------------------------------------------------------------------------------

SERVERS=()
declare -A ports_of pid_of

# start NAME "PORT-NAME…" COMMAND…
start() {
  local name=$1 names=$2
  shift 2
  setsid "$@" >"$dir/$name.log" 2>&1 </dev/null &
  pids+=("$!")
  pid_of[$name]=$!
  ports_of[$name]=$names
  SERVERS+=("$name")
}

start_all() {
  start nginx "${PORTS[*]:0:10}" nginx -c "$dir/nginx.conf" -e "$dir/nginx/error.log"
  start apache apache apache2 -DFOREGROUND -f "$dir/apache.conf"
  start squid 'squid squidAuth squidTls squidTlsAuth' squid -N -f "$dir/squid.conf"
  start tinyproxy tinyproxy tinyproxy -d -c "$dir/tinyproxy.conf"
  start tinyproxy-auth tinyproxyAuth tinyproxy -d -c "$dir/tinyproxy-auth.conf"
  start microsocks microsocks microsocks -i 127.0.0.1 -p "${port[microsocks]}"
  start microsocks-auth microsocksAuth microsocks -i 127.0.0.1 -p "${port[microsocksAuth]}" -u sockuser -P sockpass
  start dante dante danted -f "$dir/danted.conf" -p "$dir/danted.pid"
  start httpbin httpbin env -C "$dir/httpbin" gunicorn --bind "127.0.0.1:${port[httpbin]}" --workers 2 --threads 8 \
    --worker-class gthread httpbin:app
  start nghttpd nghttpd nghttpd --address=127.0.0.1 -d "$dir/nginx/html" --echo-upload "${port[nghttpd]}" \
    "$dir/pki/server.key" "$dir/pki/server.pem"
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

is_up() {
  local name
  for name in ${ports_of[$1]}; do listens "${port[$name]}" || return 1; done
}

# Waits up to 15 seconds for each server that still runs.
comes_up() {
  for _ in $(seq 150); do
    kill -0 "${pid_of[$1]}" 2>/dev/null || return 1
    is_up "$1" && return
    sleep 0.1
  done
  return 1
}

await_all() {
  local name up=0
  for name in "${SERVERS[@]}"; do
    if comes_up "$name"; then
      up=$((up + 1))
      continue
    fi
    say "$name is not up:" >&2
    tail -n 5 "$dir/$name.log" "$dir/$name"/*.log >&2 2>/dev/null
  done
  echo "$up of ${#SERVERS[@]} servers up"
  [ "$up" = "${#SERVERS[@]}" ]
}

write_rig() {
  local name comma=
  {
    printf '{"dir":"%s","ports":{' "$dir"
    for name in "${PORTS[@]}"; do
      printf '%s"%s":%s' "$comma" "$name" "${port[$name]}"
      comma=,
    done
    echo '}}'
  } >"$dir/rig.json"
}

dir=$(mktemp -d "${TMPDIR:-/tmp}/requests-ts-real.XXXXXX") || die 'there is no temporary folder'
install_missing
PATH=$PATH:/usr/sbin:/sbin
choose_ports
write_files || die "could not write the servers' files to $dir"
start_all
await_all || exit 1
write_rig

node "$root/.build/build.mjs" || die 'the package cannot be built'

# In the background, because a shell does not handle signals while it waits for a foreground program.
cd "$root" || exit 1
REAL_RIG="$dir/rig.json" setsid npx vitest run --config test/real/vitest.config.ts "$@" </dev/null &
suite=$!
pids+=("$suite")
wait "$suite"
