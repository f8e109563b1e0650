#!/bin/sh
# Installs every client that the tests of this directory use: Debian packages
# through apt-get (as root), node-postgres through npm into a directory that git
# ignores. Does nothing about what is there already.
set -eu
cd "$(dirname "$0")"

missing=
for package in python3-psycopg2 python3-psycopg libpostgresql-jdbc-java pgbouncer; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
# psql, and the server package for pgbench and for the comparisons.
command -v psql >/dev/null && command -v pgbench >/dev/null || missing="$missing postgresql"
command -v java >/dev/null || missing="$missing openjdk-17-jdk-headless"
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"
if [ -n "$missing" ]; then
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# shellcheck disable=SC2086 # a list of names
	apt-get install -y -qq --no-install-recommends $missing
fi

# The lock file pins versions and checksums and names no registry: npm asks the
# one it is configured for.
cd testdata/node
npm ls >/dev/null 2>&1 || npm ci --omit-lockfile-registry-resolved --no-audit --no-fund
