#!/bin/sh
# Installs what the tests of this directory use: Message DB and two of its clients, through npm into a directory that git ignores.
set -eu
cd "$(dirname "$0")"

sh ../install-packages.sh python3-psycopg2 python3-psycopg ruby-pg psql:postgresql node:nodejs npm:npm

cd testdata/node
npm ls >/dev/null 2>&1 || npm ci --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund
