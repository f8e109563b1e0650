//go:build linux

package cluster

import (
	"flag"
	"os"
	"testing"
)

// TestMain has more tests run side by side than there are processors: for most of the time they wait for elections.
func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "4")
	os.Exit(m.Run())
}
