package web

import (
	"container/list"
	"net"
	"net/http"
	"sync"
	"time"
)

// bounded takes so many connections at a time. Where one more comes, the one makes room that has asked for nothing for the longest time: who
// holds all places, with connections that say nothing or little, keeps nobody from being told that the server lives.
type bounded struct {
	net.Listener
	most int

	mu     sync.Mutex
	left   *sync.Cond // a connection has ended, or asks for nothing any more
	n      int
	silent *list.List // of *place that no request is served of, the longest first
}

func newBounded(l net.Listener, most int) *bounded {
	b := &bounded{Listener: l, most: most, silent: list.New()}
	b.left = sync.NewCond(&b.mu)
	return b
}

func (b *bounded) Accept() (net.Conn, error) {
	c, err := b.Listener.Accept()
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	for b.n >= b.most {
		if first := b.silent.Front(); first != nil {
			b.leave(first.Value.(*place)).Close()
			continue
		}
		b.left.Wait() // until one of those has been answered
	}
	b.n++
	b.mu.Unlock()
	return &place{Conn: c, of: b}, nil
}

// changed is told by the server what becomes of a connection.
func (b *bounded) changed(c net.Conn, state http.ConnState) {
	p := c.(*place)
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.silent != nil {
		b.silent.Remove(p.silent)
		p.silent = nil
	}
	if !p.gone && (state == http.StateNew || state == http.StateIdle) { // new until its first request is there as a whole
		p.silent = b.silent.PushBack(p)
		b.left.Signal()
	}
}

// leave has a connection give its place back, once, and returns what is to be closed. The lock is held.
func (b *bounded) leave(p *place) net.Conn {
	if p.silent != nil {
		b.silent.Remove(p.silent)
		p.silent = nil
	}
	if !p.gone {
		p.gone = true
		b.n--
		b.left.Signal()
	}
	return p.Conn
}

// place is a connection that has one of the places. The lock of its listener guards it.
type place struct {
	net.Conn
	of     *bounded
	silent *list.Element // in the list of those; nil: a request of it is served
	gone   bool
}

func (p *place) Close() error {
	p.of.mu.Lock()
	c := p.of.leave(p)
	p.of.mu.Unlock()
	return c.Close()
}

// bodiless does not wait for the body of a request: nothing that can be asked for has one.
func bodiless(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			w.Header().Set("Connection", "close")
			_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
		}
		h.ServeHTTP(w, r)
	})
}
