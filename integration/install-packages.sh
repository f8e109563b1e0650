#!/bin/sh
# Installs the Debian packages that are named and not there yet, through apt-get (as root).
#
#   sh install-packages.sh package program:package /a/file:package ...
#
# A package behind a program or a file is installed only if that is missing: it may have come
# some other way.
set -eu

missing=
for want; do
	package=${want#*:}
	case $want in
	/*:*) test -e "${want%%:*}" ;;
	*:*) command -v "${want%%:*}" >/dev/null ;;
	*) dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ;;
	esac || missing="$missing $package"
done
if [ -n "$missing" ]; then
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# shellcheck disable=SC2086 # a list of names
	apt-get install -y -qq --no-install-recommends $missing
fi
