#!/bin/sh
# Installs every client that the tests of this directory use: Debian packages, and pg-logical-replication through npm into a directory that git
# ignores. Does nothing about what is there already.
set -eu
cd "$(dirname "$0")"

sh ../install-packages.sh python3-psycopg2 libpostgresql-jdbc-java psql:postgresql java:openjdk-17-jdk-headless node:nodejs npm:npm

# The lock file pins versions and checksums and names no registry: npm asks the
# one it is configured for.
cd testdata/node
npm ls >/dev/null 2>&1 || npm ci --omit-lockfile-registry-resolved --no-audit --no-fund
