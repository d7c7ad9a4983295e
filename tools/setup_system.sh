#!/usr/bin/env bash
# Install the Debian packages listed in a file when this user may; otherwise print the line to run.
# Missing packages fail the set-up only under CI: elsewhere the tests that need them skip by name.
set -euo pipefail
missing=()
while read -r package; do
  [[ -z "$package" || "$package" == \#* ]] && continue
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing+=("$package")
done < "$1"
[[ ${#missing[@]} -eq 0 ]] && exit 0
if ! command -v apt-get >/dev/null; then
  echo "set-up: this is not Debian; please install by hand: ${missing[*]}" >&2
elif [[ $(id -u) -eq 0 ]]; then
  echo "set-up: system packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q >/dev/null && apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null && exit 0
  echo "set-up: apt-get could not install: ${missing[*]}" >&2
else
  echo "set-up: for the tests that need them run: sudo apt-get install -y ${missing[*]}" >&2
fi
[[ -z "${CI:-}" ]]
