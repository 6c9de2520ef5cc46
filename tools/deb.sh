#!/bin/sh
# deb.sh [--out DIR] [--next VERSION] [--patch FILE] - builds the Debian packages of what is committed, in a clean tree, into DIR (build/deb-out).
# --next and --patch make a later version of it, which the test of upgrading installs over the first.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
out=$here/build/deb-out next= patch=
while [ $# -gt 0 ]; do
	case $1 in
	--out) out=$2; shift 2 ;;
	--next) next=$2; shift 2 ;;
	--patch) patch=$(realpath "$2"); shift 2 ;;
	*) sed -n 's/^# //p' "$0" | head -2 >&2; exit 2 ;;
	esac
done
cd "$here"
"$here/tools/ui.sh"
mkdir -p "$out" build
out=$(cd "$out" && pwd)
tree=$here/build/deb-tree                               # always the same path, so that ccache knows it again
rm -rf "$tree"
mkdir -p "$tree/pedel/ui"
git archive HEAD | tar -x -C "$tree/pedel"
cp -r ui/node_modules "$tree/pedel/ui/"                 # from the lock file; else fetched by npm in the build
cd "$tree/pedel"
[ -z "$patch" ] || patch -p1 -s <"$patch"
if [ -n "$next" ]; then
	{ printf 'pedel (%s) bookworm; urgency=medium\n\n  * Next version.\n\n -- Pedel <pedel@pedel.invalid>  %s\n\n' "$next" "$(date -R)"; cat debian/changelog; } >debian/new
	mv debian/new debian/changelog
fi
dpkg-buildpackage -b -uc -us >"$out/build.log" 2>&1 || { tail -40 "$out/build.log" >&2; exit 1; }
mv ../*.deb ../*.changes ../*.buildinfo "$out/"
rm -rf "$tree"
ls "$out"/*.deb
