#!/bin/sh
# What the tests of faults need beside psql: strace, and unshare, nsenter and prlimit of util-linux.
# On Debian, as root.
set -eu

missing=""
for program in strace:strace unshare:util-linux nsenter:util-linux prlimit:util-linux mount:mount; do
	command -v "${program%%:*}" >/dev/null || missing="$missing ${program##*:}"
done
if [ -n "$missing" ]; then
	apt-get update -qq
	# shellcheck disable=SC2086 # words
	apt-get install -y -qq --no-install-recommends $missing
fi
