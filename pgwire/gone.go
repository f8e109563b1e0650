package pgwire

import (
	"context"
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"
)

// watchEvery is how often connections that run something long are looked at.
const watchEvery = time.Second

// peers are the connections that run something long, whose clients may go meanwhile. One goroutine looks at all of them, and
// there is none while there are no such connections.
type peers struct {
	mu       sync.Mutex
	watched  map[*peer]struct{}
	watching bool
}

type peer struct {
	conn   syscall.RawConn
	cancel context.CancelFunc
}

// WhilePeer returns a context that ends, beside with ctx, when the client has closed its
// connection: nobody waits any more for what is being computed. stop must be called.
func (c *Conn) WhilePeer(ctx context.Context) (_ context.Context, stop func()) {
	raw, ok := c.raw.(syscall.Conn)
	if !ok {
		return ctx, func() {}
	}
	rc, err := raw.SyscallConn()
	if err != nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &peer{rc, cancel}
	c.server.peers.add(p)
	return ctx, func() {
		c.server.peers.remove(p)
		cancel()
	}
}

func (l *peers) add(p *peer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watched == nil {
		l.watched = map[*peer]struct{}{}
	}
	l.watched[p] = struct{}{}
	if !l.watching {
		l.watching = true
		go l.watch()
	}
}

func (l *peers) remove(p *peer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.watched, p)
}

// watch looks at them until there are none.
func (l *peers) watch() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var list []*peer
	for range tick.C {
		l.mu.Lock()
		list = slices.AppendSeq(list[:0], maps.Keys(l.watched))
		l.watching = len(list) > 0
		l.mu.Unlock()
		if len(list) == 0 {
			return
		}
		for _, p := range list {
			if peerGone(p.conn) {
				p.cancel()
			}
		}
		clear(list)
	}
}
