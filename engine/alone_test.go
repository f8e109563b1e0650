package engine

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// TestAlone: appends in the caller's goroutine, in the writer's, and both while the store is closed
// are in the log once each, and those that were refused are not.
func TestAlone(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{SegmentBytes: 8 << 10})
	for range 3 * soloGroups {
		mustAppend(t, s, NewEvent("one", "T", nil))
	}
	if got := s.w.solo.Load(); got != soloGroups {
		t.Errorf("%d groups of one are counted after %d", got, 3*soloGroups)
	}
	var stored, refused atomic.Int64
	var clients, busy sync.WaitGroup
	for i := range 4 {
		busy.Add(1)
		clients.Go(func() {
			for n := 0; ; n++ {
				err := s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{NewEvent(fmt.Sprint(i), "T", nil)}})
				if n == 50 {
					busy.Done()
				}
				switch {
				case err == nil:
					stored.Add(1)
				case errors.Is(err, ErrClosed):
					refused.Add(1)
					return
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	busy.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	clients.Wait()
	if refused.Load() != 4 {
		t.Errorf("%d clients were told that the store is closed", refused.Load())
	}
	s = openTest(t, dir, Options{})
	defer s.Close()
	if all := checkInvariants(t, s); int64(len(all)) != 3*soloGroups+stored.Load() {
		t.Errorf("%d events are stored, %d were acknowledged", len(all), 3*soloGroups+stored.Load())
	}
}
