package linear

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// checkTime bounds the search for an order in one epoch: far more than it takes.
const checkTime = 5 * time.Minute

// A history is what one client saw, or all of an epoch.
type history struct {
	ops   []porcupine.Operation
	asked []ask
}

// An ask is an attempt to append, to one stream or in a transaction to several.
type ask struct {
	ids            []uint64
	sent, answered time.Duration
	kind           kind
	position       int64 // of the first, if the answer said
}

func (h *history) add(client int, in request, out answer, sent, answered time.Duration) {
	end := int64(answered)
	if out.kind == unknown {
		end = math.MaxInt64 // it may take effect at any time
	}
	h.ops = append(h.ops, porcupine.Operation{
		ClientId: client, Input: in, Output: out, Call: int64(sent), Return: end,
	})
}

func (h *history) merge(other *history) {
	h.ops = append(h.ops, other.ops...)
	h.asked = append(h.asked, other.asked...)
}

// check looks for an order of the operations that explains all answers. If there is none,
// the longest ones that were found are kept as a page for a browser.
func check(name string, ops []porcupine.Operation) error {
	switch porcupine.CheckOperationsTimeout(model, ops, checkTime) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return fmt.Errorf("%s: no order of %d operations found within %v, nor shown to be impossible", name, len(ops), checkTime)
	}
	_, info := porcupine.CheckOperationsVerbose(model, ops, checkTime)
	path := filepath.Join(os.TempDir(), fmt.Sprintf("eventgres-linear-%d-%s.html", os.Getpid(), name))
	if err := porcupine.VisualizePath(model, info, path); err != nil {
		path = err.Error()
	}
	return fmt.Errorf("%s: no order of %d operations explains their answers; see %s", name, len(ops), path)
}

// A checker checks histories one after the other beside what makes them.
type checker struct {
	jobs  chan func() error
	ended chan []error
	spent time.Duration
}

func newChecker() *checker {
	c := &checker{jobs: make(chan func() error, 4), ended: make(chan []error, 1)}
	go func() {
		var failures []error
		for job := range c.jobs {
			start := time.Now()
			if err := job(); err != nil {
				failures = append(failures, err)
			}
			c.spent += time.Since(start)
		}
		c.ended <- failures
	}()
	return c
}

func (c *checker) finish(t *testing.T) {
	t.Helper()
	close(c.jobs)
	for _, err := range <-c.ended {
		t.Error(err)
	}
}
