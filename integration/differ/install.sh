#!/bin/sh
# What the tests of differ need beside PostgreSQL: sqlsmith.
set -eu

exec sh "$(dirname "$0")/../install-packages.sh" sqlsmith:sqlsmith
