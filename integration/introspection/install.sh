#!/bin/sh
# Installs the clients that the tests of this directory run beside those of
# ../clients/install.sh, and the server to compare with. Does nothing about what is there already.
set -eu

cd "$(dirname "$0")"

sh ../install-packages.sh python3-sqlalchemy python3-psycopg2 python3-psycopg python3-asyncpg python3-django python3-pyodbc odbc-postgresql \
	pgcli python3-peewee ruby-activerecord ruby-sequel ruby-pg libdbd-pg-perl libdbix-class-schema-loader-perl php-cli php-pgsql \
	libpostgresql-jdbc-java psql:postgresql /usr/lib/postgresql:postgresql java:openjdk-17-jdk-headless node:nodejs npm:npm

cd testdata/node
npm ls >/dev/null 2>&1 || npm ci --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund
