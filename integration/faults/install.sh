#!/bin/sh
# What the tests of faults need beside psql: strace, and unshare, nsenter and prlimit of util-linux.
set -eu

exec sh "$(dirname "$0")/../install-packages.sh" strace:strace unshare:util-linux nsenter:util-linux prlimit:util-linux mount:mount
