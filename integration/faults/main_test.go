//go:build linux

package faults

import (
	"os"
	"testing"
)

// TestMain has the servers write with one thread alone: strace counts calls by thread.
func TestMain(m *testing.M) {
	os.Setenv("EVENTGRES_WRITER_THREAD", "true")
	os.Exit(m.Run())
}
