//go:build unix

package door

import (
	"syscall"
	"testing"
)

func hangUp(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}
