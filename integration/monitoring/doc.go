// Package monitoring tests docs/monitoring.md and docs/audit.md: their commands are run, against a server that is started as it says, with a
// worker, and all that it promises of metrics is told.
package monitoring
