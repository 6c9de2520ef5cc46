#!/bin/sh
# ui.sh - fetches the pinned npm packages of the pages (htmx, font, icons) once; afterwards needs no network.
set -eu
cd "$(dirname "$0")/../ui"
[ -f package.json ] || exit 0
stamp=node_modules/.from-lock
[ -f "$stamp" ] && cmp -s "$stamp" package-lock.json && exit 0
npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2
cp package-lock.json "$stamp"
