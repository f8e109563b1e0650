#!/bin/sh
# Installs the clients that the tests of this directory run beside those of
# ../clients/install.sh: Debian packages through apt-get (as root). Does nothing
# about what is there already.
set -eu

missing=
for package in python3-sqlalchemy python3-psycopg2 python3-psycopg libpostgresql-jdbc-java; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
# psql, and the server to compare with.
command -v psql >/dev/null && test -d /usr/lib/postgresql || missing="$missing postgresql"
command -v java >/dev/null || missing="$missing openjdk-17-jdk-headless"
if [ -n "$missing" ]; then
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# shellcheck disable=SC2086 # a list of names
	apt-get install -y -qq --no-install-recommends $missing
fi
