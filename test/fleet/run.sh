#!/usr/bin/env bash
# `npm run test:fleet`: tests many workers with one jar or one rate limit, on Redis and PostgreSQL, with workers and
# servers that are killed.
#
# Installs the missing PACKAGES, builds the library and the workers, and runs test/fleet/*.fleet.ts, which start and end the
# servers. Arguments are passed to vitest.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PACKAGES=(redis-server postgresql)
. "$root/test/real/packages.sh"

dir=
pid=

# The suite leads a process group, with its servers and workers.
clean_up() {
  [ -n "$policy" ] && rm -f "$policy"
  if [ -n "$pid" ]; then
    kill -TERM -- "-$pid" 2>/dev/null
    for _ in $(seq 30); do
      kill -0 -- "-$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$pid" 2>/dev/null
  fi
  [ -n "$dir" ] && rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

dir=$(mktemp -d "${TMPDIR:-/tmp}/requests-ts-fleet.XXXXXX") || die 'cannot create a temporary folder'
# PostgreSQL runs as a user of its own, which must be able to enter the folder.
chmod 755 "$dir"
install_missing
node "$root/.build/build.mjs" || die 'the package cannot be built'
node "$root/node_modules/typescript/bin/tsc" -p "$root/.build/tools.json" || die 'the workers cannot be built'

cd "$root" || exit 1
FLEET_DIR="$dir" setsid npx vitest run --config test/fleet/vitest.config.ts "$@" </dev/null &
pid=$!
wait "$pid"
