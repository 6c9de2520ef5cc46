#!/bin/sh
# install-conf.sh FILE FOLDER - the configuration is put there once; what the operator has written is never replaced.
set -eu
to=${DESTDIR:-}$2
[ -e "$to/pedel.conf" ] && exit 0
mkdir -p "$to"
cp "$1" "$to/pedel.conf"
chmod 644 "$to/pedel.conf"
