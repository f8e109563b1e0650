//go:build cgo

package worker

import "os"

// traceSQL logs what DuckDB was asked where it fails, for developers.
var traceSQL = os.Getenv("EVENTGRES_TRACE_SQL") != ""
