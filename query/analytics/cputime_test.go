//go:build linux

package analytics

import (
	"os"
	"testing"
	"time"
)

// TestCPUTime: who computes is seen to compute.
func TestCPUTime(t *testing.T) {
	before, ok := cpuTime(os.Getpid())
	if !ok {
		t.Fatal("it is not known")
	}
	for until := time.Now().Add(time.Minute); ; {
		if now, _ := cpuTime(os.Getpid()); now > before {
			return
		}
		if time.Now().After(until) {
			t.Fatal("it stands still")
		}
	}
}
