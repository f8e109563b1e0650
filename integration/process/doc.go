// Package process is what differs between systems when a test or a benchmark runs a program.
package process
