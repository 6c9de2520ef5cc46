#!/bin/sh
# packages.sh [run|check|fuzz|long] - prints the Debian 12 packages that running, or checking, Pedel needs.
run="gcc libc6-dev meson ninja-build pkgconf ccache python3 ca-certificates curl tzdata gettext brotli
	libevent-dev libssl-dev node-llhttp libwslay-dev zlib1g-dev libsodium-dev libjansson-dev
	libsqlite3-dev libpq-dev libstemmer-dev libgmime-3.0-dev libpango1.0-dev libcairo2-dev libcmark-dev
	libqrencode-dev liboath-dev libfido2-dev libseccomp-dev libcurl4-openssl-dev fonts-dejavu-core fonts-inter libxml2-dev libfontconfig-dev"
check="clang libclang-rt-14-dev libcmocka-dev mandoc valgrind universal-ctags codespell sqlite3 postgresql-15 postfix dovecot-imapd dovecot-lmtpd
	chromium poppler-utils git"
case "${1:-run}" in
run) echo $run ;;
check) echo $run $check ;;
long) echo $run $check nginx-light fossil wrk debootstrap cppcheck clang-tidy systemd-container lintian debhelper dpkg-dev fakeroot po-debconf man-db sqlmap wapiti testssl.sh ;;
esac
