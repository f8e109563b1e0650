package pgwire

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// connected returns both ends of a connection.
func connected(t *testing.T) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Close()
		client.Close()
	})
	return server, client
}

// One processor, a connection that always has something to read, and one that waits for a byte
// which is there: the second does not wait until the first has nothing left.
func TestFairness(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	turns := newFairness()
	defer turns.close()

	const much = 16 << 10
	busy, feeder := connected(t)
	if _, err := feeder.Write(make([]byte, much)); err != nil {
		t.Fatal(err)
	}
	quiet, other := connected(t)
	var reads atomic.Int64
	var seen int64
	waiting, done := make(chan struct{}), make(chan error)
	go func() {
		close(waiting)
		_, err := quiet.Read(make([]byte, 1))
		seen = reads.Load()
		done <- err
	}()
	<-waiting
	runtime.Gosched() // it waits in Read now
	r := newTurnReader(busy, turns)
	if _, err := other.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	for b := make([]byte, 1); reads.Load() < much; reads.Add(1) {
		if _, err := r.Read(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if seen > much/4 { // a read of a byte takes half a microsecond
		t.Errorf("the other connection got its turn after %d reads of %d", seen, much)
	}
}

// Who comes while it is closed, or later, does not wait.
func TestFairnessCloses(t *testing.T) {
	for range 100 {
		turns := newFairness()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				through := make(chan struct{}, 1)
				for range 50 {
					turns.pass(through)
				}
			})
		}
		turns.close()
		wg.Wait()
		turns.pass(make(chan struct{}, 1))
	}
}
