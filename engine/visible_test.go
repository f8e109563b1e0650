package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestNothingIsSeenBeforeItIsDurable looks at the store in the middle of each sync of the log.
func TestNothingIsSeenBeforeItIsDurable(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, "/db", Options{FS: m, SegmentBytes: 1500})
	acknowledged := int64(-1)
	syncs := 0
	m.Inject = func(op vfs.Op) error {
		if op.Kind != vfs.OpSyncData || !strings.Contains(op.Name, ".seg") {
			return nil
		}
		syncs++
		if p := s.Index().GlobalPosition(); p != acknowledged {
			return errors.New("seen too early")
		}
		return nil
	}
	for range 20 {
		r := mustAppend(t, s, NewEvent("s", "T", []byte(`"some payload that fills the segments"`)), NewEvent("u", "T", nil))
		acknowledged = r.Results[1].Position
	}
	if syncs < 20 {
		t.Errorf("%d syncs for 20 appends", syncs)
	}
	m.Inject = nil
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
