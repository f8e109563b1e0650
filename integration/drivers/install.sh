#!/bin/sh
# Installs the drivers that the tests of this directory run each time: Debian packages, and
# those of Node.js through npm into a directory that git ignores.
set -eu
cd "$(dirname "$0")"

sh ../install-packages.sh ruby-sequel ruby-pg libdbd-pg-perl libdbix-class-schema-loader-perl php-cli php-pgsql tcl8.6-tdbc-postgres \
	odbc-postgresql python3-pyodbc python3-asyncpg python3-psycopg2 python3-psycopg python3-django libpostgresql-jdbc-java \
	java:openjdk-17-jdk-headless psql:postgresql /usr/lib/postgresql:postgresql node:nodejs npm:npm

cd testdata/node
npm ls >/dev/null 2>&1 || npm ci --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund
