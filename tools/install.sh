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
echo "pedel: installing these packages and what they need (on a fresh Debian about 560, some minutes):$missing" >&2
log=build/install.log
mkdir -p build
$sudo apt-get update -qq >"$log" 2>&1 || { tail -20 "$log" >&2; exit 1; }
# shellcheck disable=SC2086
all=$(apt-get install -s --no-install-recommends $missing 2>/dev/null | grep -c '^Inst ' || true)
counted() {
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive $sudo ${sudo:+env DEBIAN_FRONTEND=noninteractive} apt-get install -y -q -o Dpkg::Use-Pty=0 --no-install-recommends $missing \
		>>"$log" 2>&1 &
	apt=$!
	told=0
	while kill -0 "$apt" 2>/dev/null; do
		sleep 2
		n=$(grep -c '^Setting up ' "$log" || true) u=$(grep -c '^Unpacking ' "$log" || true)
		now=$(((n + u) * 5 / (all > 0 ? all : 1)))
		[ "$now" = "$told" ] || echo "pedel: unpacked $u, set up $n of $all packages" >&2
		told=$now
	done
	wait "$apt"
}
counted || { tail -30 "$log" >&2; exit 1; }
