#!/bin/sh
# Installs the drivers that the tests of this directory use: Debian packages, and those of Node.js through npm into a directory that git ignores.
set -eu
cd "$(dirname "$0")"

sh ../install-packages.sh python3-psycopg2 python3-psycopg python3-asyncpg libpostgresql-jdbc-java pgbouncer \
	psql:postgresql java:openjdk-17-jdk-headless node:nodejs npm:npm

cd testdata/node
npm ls >/dev/null 2>&1 || npm ci --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund
