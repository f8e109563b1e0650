package harness

import (
	"testing"
	"time"
)

// awaitTime bounds what is waited for: machines may be slow, and other tests run beside.
const awaitTime = 3 * time.Minute

// Await asks until it is so, for what nothing announces; what says what is waited for.
func Await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(awaitTime)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("after %v still not: %s", awaitTime, what)
		}
		<-tick.C
	}
}
