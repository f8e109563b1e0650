package differ

import (
	"testing"

	"github.com/eventgres/eventgres/integration/analytics"
)

// TestCorpus asks what once differed and was mended.
func TestCorpus(t *testing.T) {
	files, err := analytics.Load("testdata/corpus/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	p := newPair(t)
	for _, f := range files {
		for _, c := range f.Cases {
			t.Run(f.Name+"/"+c.Name, func(t *testing.T) {
				for _, mode := range c.Modes() {
					s := &Statement{Generator: f.Name, Tree: node("", c.SQL), Params: c.Params, Mode: mode}
					if c.Zone != "" {
						s.Settings = []string{"SET TimeZone = " + quoted(c.Zone)}
					}
					if found := p.Compare(t.Context(), s); found.Class != None && found.Class != Message {
						t.Errorf("line %d: %s", c.Line, found.Show())
					}
				}
			})
		}
	}
}
