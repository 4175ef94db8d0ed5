#!/usr/bin/env bash
# `npm run docs:test`: builds the API reference site and tests it. The tests in a browser need Chromium, which is installed
# from Debian if this runs as root; without it they print SKIPPED. Arguments are passed to vitest.
set -uo pipefail
cd "$(dirname "$0")/../.."

find_browser() { command -v "${SITE_BROWSER:-chromium}"; }

install_browser() {
  command -v apt-get >/dev/null || { echo 'docs:test: Chromium is not installed, and this is not Debian' >&2; return; }
  [ "$(id -u)" = 0 ] || { echo 'docs:test: Chromium is not installed. Install it, or run this as root.' >&2; return; }
  echo 'docs:test: installing chromium'
  local log
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update && apt-get install -y --no-install-recommends chromium; } >"$log" 2>&1 </dev/null || tail -n 15 "$log" >&2
  rm -f "$log"
}

find_browser >/dev/null || install_browser
SITE_BROWSER=$(find_browser) exec npx vitest run --config test/site/vitest.config.ts "$@"
