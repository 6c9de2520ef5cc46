#!/bin/sh
# install.sh run|check|long - installs the Debian packages that are missing, and npm where there is none. As root, or by sudo.
# Nothing missing: touches nothing and needs no network.
set -eu
cd "$(dirname "$0")/.."
missing=
for package in $(tools/packages.sh "$1"); do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $package"
done
need_npm=
[ -d ui/node_modules ] || need_npm=yes
[ "$1" = run ] || [ -d tests/browser/node_modules ] || need_npm=yes
if [ -n "$need_npm" ] && ! command -v npm >/dev/null 2>&1; then missing="$missing npm"; fi
if [ "$1" != run ] && ! command -v node >/dev/null 2>&1; then missing="$missing nodejs"; fi
[ -n "$missing" ] || exit 0
sudo=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null 2>&1 || { echo "pedel: these packages are missing, and there is no sudo to install them:$missing" >&2; exit 1; }
	sudo=sudo
fi
echo "pedel: installing$missing" >&2
$sudo apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $sudo ${sudo:+env DEBIAN_FRONTEND=noninteractive} apt-get install -y -qq --no-install-recommends $missing >&2
