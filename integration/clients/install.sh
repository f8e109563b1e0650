#!/bin/sh
# Installs every client that the tests of this directory use: Debian packages,
# node-postgres through npm into a directory that git ignores. Does nothing about
# what is there already.
set -eu
cd "$(dirname "$0")"

# psql, and the server package for pgbench and for the comparisons.
sh ../install-packages.sh python3-psycopg2 python3-psycopg libpostgresql-jdbc-java pgbouncer \
	psql:postgresql pgbench:postgresql java:openjdk-17-jdk-headless node:nodejs npm:npm

# The lock file pins versions and checksums and names no registry: npm asks the
# one it is configured for.
cd testdata/node
npm ls >/dev/null 2>&1 || npm ci --omit-lockfile-registry-resolved --no-audit --no-fund
