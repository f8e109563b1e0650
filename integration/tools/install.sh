#!/bin/sh
# Installs the programs that the tests of this directory run.
set -eu

exec sh "$(dirname "$0")/../install-packages.sh" check-postgres pg-activity psql:postgresql /usr/lib/postgresql:postgresql
