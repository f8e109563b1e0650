// Package drivers runs one session each of the drivers and tools that integration/clients and
// integration/orm have not, against Eventgres and against a PostgreSQL with a table of the same
// shape: prepared statements, types, INSERT … RETURNING * and analytical SELECTs in a
// transaction, conflicts, COPY, and what the driver reads of the catalog. Each prints
// what it was told, in the driver's own form, and must print the same of both.
//
// The programs are in testdata. install.sh installs what those of each run need,
// install-nightly.sh what the others do:
//
//	EVENTGRES_LONG=1    all of them, as make nightly runs them
package drivers
