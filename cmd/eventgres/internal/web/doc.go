// Package web tells those who watch a server how it fares, over HTTP: metrics as Prometheus reads them, whether the process
// lives and takes work, and, if it is asked for, profiles.
//
// What it tells stands in Stats structs of the packages that do the work; it collects them when it is asked, so a server pays
// nothing for metrics that nobody reads. No label holds anything of a client's: no category, type, stream, user or SQL.
package web
