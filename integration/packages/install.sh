#!/bin/sh
# What the tests of packages need beside strace: the shells that commands are completed in, man, what checks units, and
# what docs/deploying.md runs.
set -eu

exec sh "$(dirname "$0")/../install-packages.sh" curl:curl openssl:openssl zsh:zsh fish:fish man:man-db systemd-analyze:systemd
