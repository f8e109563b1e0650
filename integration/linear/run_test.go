package linear

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

const (
	clients    = 16
	hotStreams = 4
	// epochSize bounds what one search has to order: 400 operations on each stream.
	epochSize = 1_600
	// outageEvery is how many operations there are between two ends of the server.
	outageEvery = 3_000
	cutPerMille = 30
	// patience bounds one answer of the server; far more than it needs, for machines
	// under load.
	patience = 60 * time.Second
)

// A run is one server with one epoch after the other.
type run struct {
	server  *harness.Server
	seed    uint64
	started time.Time // the origin of all times
	gate    *gate
	outages *rand.Rand

	done      atomic.Int64 // operations, retries included
	outageAt  atomic.Int64 // the value of done that is to end the server
	endServer chan struct{}

	// What one epoch hands on to the next.
	position     int64           // of the first event that no audit has seen
	acknowledged int64           // the highest position that anybody was told of
	open         map[uint64]bool // events that may still come
}

func newRun(t *testing.T, seed uint64) *run {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
	r := &run{
		server: server, seed: seed, started: time.Now(), gate: newGate(server.Address()),
		outages: rand.New(rand.NewPCG(seed, 0)), endServer: make(chan struct{}, 1),
		acknowledged: -1, open: map[uint64]bool{},
	}
	r.outageAt.Store(outageEvery)
	return r
}

func (r *run) now() time.Duration { return time.Since(r.started) }

// progress counts a client's turn, and has the server ended when it is time.
func (r *run) progress() {
	at := r.outageAt.Load()
	if r.done.Add(1) >= at && r.outageAt.CompareAndSwap(at, at+outageEvery) {
		r.endServer <- struct{}{}
	}
}

// An epoch is a set of hot streams and what the clients do with them.
type epoch struct {
	*run
	number int
	names  [hotStreams]string
	// known are the highest versions that anybody was told of.
	known  [hotStreams]atomic.Int64
	budget atomic.Int64 // turns that may still be taken
}

func (r *run) newEpoch(number, turns int) *epoch {
	e := &epoch{run: r, number: number}
	for i := range e.names {
		e.names[i] = fmt.Sprintf("hot-%d-%d", number, i)
		e.known[i].Store(-1)
	}
	e.budget.Store(int64(turns))
	return e
}

func (e *epoch) random(client int) *rand.Rand {
	return rand.New(rand.NewPCG(e.seed, uint64(e.number+1)<<32|uint64(client+1)))
}

// play lets all clients take their turns while the server ends and starts again now and
// then, and audits the log at the end.
func (e *epoch) play(t *testing.T) *history {
	t.Helper()
	all := make([]*client, clients)
	ended := make(chan error, clients)
	for i := range all {
		all[i] = &client{epoch: e, Rand: e.random(i), number: i}
		go func() { ended <- all[i].run() }()
	}
	var failures []error
	for left := clients; left > 0; {
		select {
		case <-e.endServer:
			e.outage()
		case err := <-ended:
			failures = append(failures, err)
			left--
		}
	}
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	h := &history{}
	for _, c := range all {
		h.merge(&c.kept)
	}
	e.audit(t, h)
	return h
}

// outage ends the server, mostly with kill −9, and starts it again.
func (r *run) outage() {
	r.gate.shut()
	if r.outages.IntN(5) > 0 {
		r.server.Kill()
	} else {
		r.server.Stop()
	}
	r.server.Restart()
	r.gate.open(r.server.Address())
}

func (h *history) count(k kind) (n int) {
	for _, op := range h.ops {
		if op.Output.(answer).kind == k {
			n++
		}
	}
	return n
}

// Appends and reads of a stream are linearizable, whatever becomes of connections and
// server (I3, I8).
func TestLinearizable(t *testing.T) {
	operations := 20_000
	switch {
	case os.Getenv("EVENTGRES_LONG") == "1":
		operations = 1_000_000
	case testing.Short():
		operations = 5_000
	}
	r := newRun(t, harness.Seed(t))
	checks := newChecker()
	made, kinds := 0, map[kind]int{}
	for number := 0; made < operations && !t.Failed(); number++ {
		h := r.newEpoch(number, min(epochSize, operations-made)).play(t)
		made += len(h.ops)
		for k := unknown; k <= counted; k++ {
			kinds[k] += h.count(k)
		}
		checks.jobs <- func() error { return check(fmt.Sprintf("seed-%d-epoch-%d", r.seed, number), h.ops) }
	}
	played := time.Since(r.started)
	checks.finish(t)
	t.Logf("%d operations in %v, checked in %v beside; %v; the server ended %d times",
		made, played.Round(time.Millisecond), checks.spent.Round(time.Millisecond), kinds, r.gate.outages())
	// A run in which nothing went wrong has shown nothing.
	for k := unknown; k <= counted; k++ {
		if kinds[k] == 0 {
			t.Errorf("no operation ended as %v", k)
		}
	}
	if r.gate.outages() == 0 {
		t.Error("the server was never ended")
	}
}
