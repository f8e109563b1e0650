#!/bin/sh
# Installs the ORMs that the tests of this directory run: Debian packages, and those of
# Node.js through npm into a directory that git ignores. Go fetches its own.
set -eu
cd "$(dirname "$0")"

sh ../install-packages.sh python3-sqlalchemy python3-django python3-psycopg2 ruby-activerecord ruby-pg \
	libdbix-class-perl libdbd-pg-perl php-cli php-pgsql php-illuminate-database node:nodejs npm:npm

# Prisma's installation would download programs that nothing here runs.
cd testdata/node
npm ls >/dev/null 2>&1 || npm ci --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund
