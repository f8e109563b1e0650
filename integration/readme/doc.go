// Package readme tests that what the README and docs/architecture.md say is so: the
// psql session, line by line, the programs in four languages, and the names of make
// targets, flags, modules and files.
package readme
