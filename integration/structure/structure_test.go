package structure

import (
	"flag"
	"testing"
)

var show = flag.String("show", "", "print the arrows of this package")

// TestQuery: the sessions' package stays a room in which one finds the door. The bounds are those that it was
// taken apart for; a file that would break them belongs into a package of its own.
func TestQuery(t *testing.T) {
	g, err := Read("github.com/eventgres/eventgres/query")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("files %d, arrows %d, pairs %d, knot %d", len(g.Files), g.Arrows(), len(g.Pairs()), len(g.Knot()))
	for _, c := range []struct {
		what        string
		have, bound int
	}{
		{"files", len(g.Files), 20},
		{"arrows between files", g.Arrows(), 90},
		{"pairs of files that use each other", len(g.Pairs()), 15},
		{"files in one knot", len(g.Knot()), 12},
	} {
		if c.have > c.bound {
			t.Errorf("%d %s, at most %d", c.have, c.what, c.bound)
		}
	}
	if t.Failed() {
		t.Log(g)
	}
}

// TestShow prints a package's arrows: go test ./integration/structure -run Show -v -show ./engine
func TestShow(t *testing.T) {
	if *show == "" {
		t.Skip("prints what -show names")
	}
	g, err := Read(*show)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + g.String())
}
