//go:build linux

package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// A load is writers that append until they are told to end. Each event has an id that its writer gives it, and is sent again under it until it is acknowledged.
type load struct {
	t       *testing.T
	url     string
	attempt time.Duration // how long a writer waits for an answer
	ctx     context.Context
	stop    context.CancelFunc
	wg      sync.WaitGroup
	retries atomic.Int64

	mu   sync.Mutex
	acks []ack
	more chan struct{} // closed when there are more
}

// An ack is that an event is appended.
type ack struct {
	id       string
	position int64 // −1: it was there already, when it was sent again
	sent, at time.Time
	port     uint16 // of the node that said so
}

// write begins to append with so many writers.
func (c *cluster) write(writers int) *load {
	l := &load{t: c.T, url: c.url(), attempt: 2 * time.Second, more: make(chan struct{})}
	l.ctx, l.stop = context.WithCancel(context.Background())
	for w := range writers {
		l.wg.Go(func() {
			if err := l.writer(w); err != nil {
				c.T.Errorf("writer %d: %v", w, err)
				l.stop()
			}
		})
	}
	return l
}

// end has the writers end, and tells what was acknowledged.
func (l *load) end() []ack {
	l.stop()
	l.wg.Wait()
	return l.acks
}

func uuid(writer int, number uint64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(writer)+1)
	binary.BigEndian.PutUint64(b[8:], number)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (l *load) writer(w int) error {
	var conn *pgconn.PgConn
	defer func() {
		if conn != nil {
			conn.Close(context.Background())
		}
	}()
	for n := uint64(1); l.ctx.Err() == nil; n++ {
		id := uuid(w, n)
		for l.ctx.Err() == nil {
			var err error
			if conn == nil || conn.IsClosed() {
				if conn, err = pgconn.Connect(l.ctx, l.url); err != nil {
					conn = nil
					continue // there is no leader, for now
				}
			}
			sent := time.Now()
			position, err := l.append(conn, id, fmt.Sprintf("load-%d", (w+int(n))%50))
			if err == nil {
				host := conn.Conn().RemoteAddr().(*net.TCPAddr)
				l.acknowledged(ack{id, position, sent, time.Now(), uint16(host.Port)})
				break
			}
			l.retries.Add(1)
			if !passing(err) {
				return err
			}
			if !conn.IsClosed() {
				conn.Close(context.Background()) // another may lead by now
			}
		}
	}
	return nil
}

func (l *load) append(conn *pgconn.PgConn, id, stream string) (position int64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), l.attempt)
	defer cancel()
	r := conn.ExecParams(ctx, "INSERT INTO events (event_id, stream, type, payload) VALUES ($1, $2, 'Loaded', '{\"writer\": 1}') ON CONFLICT (event_id) DO NOTHING RETURNING position",
		[][]byte{[]byte(id), []byte(stream)}, nil, nil, nil).Read()
	switch {
	case r.Err != nil:
		return 0, r.Err
	case len(r.Rows) == 0:
		return -1, nil
	}
	return strconv.ParseInt(string(r.Rows[0][0]), 10, 64)
}

// passing tells whether an error is one after which a client goes on with the same event: that the leader has changed, or the connection is lost.
func passing(err error) bool {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return true
	}
	return slices.Contains([]string{"40001", "25006", "57P03", "57P01", "08007"}, said.Code)
}

func (l *load) acknowledged(a ack) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acks = append(l.acks, a)
	close(l.more)
	l.more = make(chan struct{})
}

// await waits for an acknowledgement that is as asked for.
func (l *load) await(what string, ok func(ack) bool) ack {
	l.t.Helper()
	late := time.After(patience)
	for from := 0; ; {
		l.mu.Lock()
		acks, more := l.acks, l.more
		l.mu.Unlock()
		for _, a := range acks[from:] {
			if ok(a) {
				return a
			}
		}
		from = len(acks)
		select {
		case <-more:
		case <-late:
			l.t.Fatalf("no append is acknowledged %s", what)
		}
	}
}

// progress waits until so many more appends that are sent from now on are acknowledged.
func (l *load) progress(count int) {
	l.t.Helper()
	since := time.Now()
	l.await("any more", func(a ack) bool {
		if a.sent.After(since) {
			count--
		}
		return count <= 0
	})
}

// judge ends the load, and compares what was acknowledged with what each node has: all of it is there, once, where the acknowledgement said.
func (c *cluster) judge(l *load) {
	c.Helper()
	acks := l.end()
	c.same()
	n := c.nodes[0]
	at, next := map[string]int64{}, int64(0)
	err := n.events(func(position, id, stream, _ string) {
		p, err := strconv.ParseInt(position, 10, 64)
		if next == 0 {
			next = p
		}
		if err != nil || p != next {
			c.Fatalf("position %s where %d comes next", position, next)
		}
		next++
		if _, double := at[id]; double {
			c.Errorf("event %s is there twice", id)
		}
		if strings.HasPrefix(stream, "load-") {
			at[id] = p
		}
	})
	if err != nil {
		c.Fatal(err)
	}
	lost := 0
	for _, a := range acks {
		if p, there := at[a.id]; !there {
			lost++
		} else if a.position >= 0 && p != a.position {
			c.Errorf("event %s was acknowledged at position %d, and is at %d", a.id, a.position, p)
		}
	}
	if lost > 0 {
		c.Errorf("%d of %d acknowledged events are lost", lost, len(acks))
	}
	c.Logf("%d acknowledged, %d lost, 0 doubled; %d in the log; %d attempts were repeated", len(acks), lost, len(at), l.retries.Load())
}

// median and longest of times.
func median(times []time.Duration) (middle, longest time.Duration) {
	slices.Sort(times)
	return times[len(times)/2].Round(time.Millisecond), times[len(times)-1].Round(time.Millisecond)
}
