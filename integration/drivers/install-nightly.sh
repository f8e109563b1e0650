#!/bin/sh
# Installs the drivers that the tests of this directory run under EVENTGRES_LONG=1 only, beside
# those of install.sh.
set -eu
cd "$(dirname "$0")"

sh install.sh
sh ../install-packages.sh lua5.4 lua-sql-postgres python3-pg8000 python3-pygresql python3-peewee python3-pony pg-activity \
	r-base-core r-cran-rpostgresql libreoffice-sdbc-postgresql libreoffice-base-drivers python3-uno
