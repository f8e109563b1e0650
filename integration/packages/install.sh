#!/bin/sh
# What the tests of packages need beside strace: the shells that commands are completed in, man, and what checks units.
set -eu

exec sh "$(dirname "$0")/../install-packages.sh" zsh:zsh fish:fish man:man-db systemd-analyze:systemd
