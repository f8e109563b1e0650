package notify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// fakeConn is a connection that keeps what it is sent.
type fakeConn struct {
	pid     int32
	mu      sync.Mutex
	woken   int
	ended   *pgerror.Error
	listens bool
	got     []string
	fail    error
}

func (c *fakeConn) PID() int32 { return c.pid }

func (c *fakeConn) Wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.woken++
}

func (c *fakeConn) End(why *pgerror.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = why
}

func (c *fakeConn) Notice(*pgerror.Error) {}

func (c *fakeConn) Pace(context.Context) error { return nil }

func (c *fakeConn) Listens(may bool) { c.listens = may }

func (c *fakeConn) Notification(pid int32, channel, payload string) error {
	c.got = append(c.got, fmt.Sprintf("%d:%s:%s", pid, channel, payload))
	return c.fail
}

// member is a session of a test.
type member struct {
	*fakeConn
	r *Registry
	l *Listener
}

func join(r *Registry, pid int32) *member { return &member{fakeConn: &fakeConn{pid: pid}, r: r} }

// commit commits a transaction that has done so much.
func (m *member) commit(t *testing.T, do func(p *Pending)) {
	t.Helper()
	p := &Pending{}
	do(p)
	if err := p.Prepare(m.r, m.fakeConn, &m.l); err != nil {
		t.Fatal(err)
	}
	p.End(true)
}

func (m *member) listen(t *testing.T, channels ...string) {
	t.Helper()
	m.commit(t, func(p *Pending) {
		for _, c := range channels {
			if err := p.Listen(c); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func (m *member) notify(t *testing.T, channel, payload string) {
	t.Helper()
	m.commit(t, func(p *Pending) {
		if err := p.Notify(m.pid, channel, payload); err != nil {
			t.Fatal(err)
		}
	})
}

func (m *member) drained(t *testing.T) string {
	t.Helper()
	m.got = nil
	if err := m.l.Drain(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return strings.Join(m.got, " ")
}

// TestNotify: who listens is told, in order, its own notifications too; who has ceased to listen is not, not even of what came before.
func TestNotify(t *testing.T) {
	var r Registry
	a, b := join(&r, 1), join(&r, 2)
	a.listen(t, "x", "y")
	if !a.listens {
		t.Error("the connection does not know that it listens")
	}
	b.notify(t, "x", "1")
	b.notify(t, "z", "2")
	b.notify(t, "y", "3")
	a.notify(t, "x", "4")
	if a.woken != 1 {
		t.Errorf("woken %d times", a.woken)
	}
	if got := a.drained(t); got != "2:x:1 2:y:3 1:x:4" {
		t.Error(got)
	}
	b.notify(t, "x", "5")
	a.commit(t, func(p *Pending) { p.Unlisten("x") })
	if got := a.drained(t); got != "" {
		t.Error(got)
	}
	b.notify(t, "y", "6")
	a.commit(t, func(p *Pending) { p.Unlisten("") })
	a.listen(t, "y")
	if got := a.drained(t); got != "" || !slices.Equal(a.l.Channels(), []string{"y"}) {
		t.Error(got, a.l.Channels())
	}
	b.notify(t, "y", "7")
	a.commit(t, func(p *Pending) { // it never leaves
		p.Unlisten("")
		_ = p.Listen("y")
	})
	b.notify(t, "y", "8")
	if got := a.drained(t); got != "2:y:7 2:y:8" {
		t.Error(got)
	}
	a.l.Close()
	if len(r.channels) != 0 || a.l.Bytes() != 0 {
		t.Error("something is left of it")
	}
}

// TestFailed: a transaction that fails neither notifies nor listens.
func TestFailed(t *testing.T) {
	var r Registry
	a, b := join(&r, 1), join(&r, 2)
	p := &Pending{}
	_ = p.Listen("x")
	_ = p.Notify(1, "x", "")
	if err := p.Prepare(&r, a.fakeConn, &a.l); err != nil {
		t.Fatal(err)
	}
	b.notify(t, "x", "meanwhile")
	p.End(false)
	b.notify(t, "x", "then")
	if got := a.drained(t); got != "" || a.listens || len(r.channels) != 0 {
		t.Error(got, a.listens, r.channels)
	}
}

// TestOrder: a transaction that appends takes its place when the log's writer says so, and not when its session goes on.
func TestOrder(t *testing.T) {
	var r Registry
	a, b, c := join(&r, 1), join(&r, 2), join(&r, 3)
	a.listen(t, "x")
	first, second := &Pending{}, &Pending{}
	for p, m := range map[*Pending]*member{first: b, second: c} {
		_ = p.Notify(m.pid, "x", "")
		if err := p.Prepare(&r, m.fakeConn, &m.l); err != nil {
			t.Fatal(err)
		}
	}
	first.Then()()
	second.Then()()
	second.End(true)
	first.End(true)
	if got := a.drained(t); got != "2:x: 3:x:" {
		t.Error(got)
	}
}

// TestOnce: what a transaction says twice goes out once, at its first place that is not rolled back. It is compared with a list.
func TestOnce(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var r Registry
		m := join(&r, 1)
		m.listen(t, "a", "b", "c")
		p := &Pending{}
		var said [][2]string
		type mark struct {
			m Mark
			n int
		}
		var marks []mark
		for range 60 {
			switch k := rnd.IntN(12); {
			case k == 0:
				marks = append(marks, mark{p.Mark(), len(said)})
			case k == 1 && len(marks) > 0:
				last := marks[len(marks)-1]
				p.Rollback(last.m)
				said = said[:last.n]
			case k == 2 && len(marks) > 0:
				marks = marks[:len(marks)-1]
			default:
				n := [2]string{string(rune('a' + rnd.IntN(3))), strings.Repeat("p", rnd.IntN(20))}
				if err := p.Notify(1, n[0], n[1]); err != nil {
					t.Fatal(err)
				}
				said = append(said, n)
			}
		}
		var want []string
		for _, n := range said {
			if one := "1:" + n[0] + ":" + n[1]; !slices.Contains(want, one) {
				want = append(want, one)
			}
		}
		if err := p.Prepare(&r, m.fakeConn, &m.l); err != nil {
			t.Fatal(err)
		}
		p.End(true)
		if got := m.drained(t); got != strings.Join(want, " ") {
			t.Fatalf("seed %d: got %s, want %s", seed, got, strings.Join(want, " "))
		}
		p.Rollback(Mark{})
		if p.Bytes() != 0 {
			t.Fatalf("seed %d: %d bytes are left", seed, p.Bytes())
		}
	}
}

// TestFull: who takes nothing is ended, and holds nothing from then on; who notifies is told nothing of it, and who listens to something else is
// not touched. One's own notifications do not count.
func TestFull(t *testing.T) {
	var r Registry
	slow, other, own := join(&r, 1), join(&r, 2), join(&r, 3)
	slow.listen(t, "x")
	other.listen(t, "y")
	own.listen(t, "x")
	payload := strings.Repeat("p", maxPayload)
	n := 0
	for ; slow.ended == nil && n < 10_000; n++ {
		own.notify(t, "x", fmt.Sprint(n)+payload[10:])
		if used := r.Usage(); used > 1 {
			t.Fatalf("the fullest queue is %f full", used)
		}
	}
	if size := n * maxPayload; size < maxQueue*9/10 || size > maxQueue*11/10 {
		t.Errorf("it took %d bytes", size)
	}
	if slow.ended == nil || slow.ended.Code != pgerror.OutOfMemory || slow.ended.Severity != "FATAL" || other.ended != nil || own.ended != nil {
		t.Error(slow.ended, other.ended, own.ended)
	}
	own.notify(t, "x", "more")
	if slow.l.queue != nil || r.Usage() != 0 {
		t.Error("it still holds some")
	}
	if own.l.Bytes() < int64(n*maxPayload/10*9) {
		t.Errorf("%d bytes are accounted for of what it has made itself", own.l.Bytes())
	}
	if own.drained(t); len(own.got) != n+1 || own.l.Bytes() > 2*channelSize {
		t.Errorf("%d notifications, %d bytes are left", len(own.got), own.l.Bytes())
	}
}

// TestSteady: a queue that is never empty does not grow.
func TestSteady(t *testing.T) {
	var r Registry
	a, b := join(&r, 1), join(&r, 2)
	a.listen(t, "x")
	payload := strings.Repeat("p", 7000)
	for i := range 5000 {
		for range 2 {
			b.notify(t, "x", payload)
		}
		for ; len(a.l.queue)-a.l.head > 100; i++ {
			a.l.take()
		}
	}
	if len(a.l.queue) > 1000 {
		t.Errorf("%d places", len(a.l.queue))
	}
}

func TestNames(t *testing.T) {
	p := &Pending{}
	for name, want := range map[string]string{
		"": "channel name cannot be empty", "x": "", strings.Repeat("x", MaxChannel): "", strings.Repeat("x", MaxChannel+1): "channel name too long",
	} {
		got := ""
		if err := p.Listen(name); err != nil {
			got = err.(*pgerror.Error).Message
		}
		if got != want {
			t.Errorf("a name of %d bytes: %q", len(name), got)
		}
	}
	if err := p.Notify(1, "x", strings.Repeat("p", maxPayload+1)); err == nil {
		t.Error("a payload of 8,000 bytes is taken")
	}
	many := &Pending{}
	for i := range maxChannels + 1 {
		_ = many.Listen(fmt.Sprint(i))
	}
	var r Registry
	m := join(&r, 1)
	if err := many.Prepare(&r, m.fakeConn, &m.l); err == nil {
		t.Error("there is no limit of channels")
	}
	many.End(false)
	if len(r.channels) != 0 {
		t.Error("some are left")
	}
}

// TestAtOnce: notifications of many sessions at once, with others that come and go. Each is delivered once, and those of one session in their order.
func TestAtOnce(t *testing.T) {
	var r Registry
	const senders, each = 4, 500
	listener := join(&r, 100)
	listener.listen(t, "x")
	var wg sync.WaitGroup
	for s := range senders {
		wg.Add(2)
		go func() {
			defer wg.Done()
			m := join(&r, int32(s+1))
			for i := range each {
				m.notify(t, "x", fmt.Sprint(i))
			}
		}()
		go func() {
			defer wg.Done()
			m := join(&r, int32(s+50))
			for range each {
				m.listen(t, "x", "y")
				_ = m.l.Drain(t.Context(), nil)
				m.l.Close()
			}
		}()
	}
	wg.Wait()
	listener.drained(t)
	next := map[string]int{}
	for _, got := range listener.got {
		pid, rest, _ := strings.Cut(got, ":")
		if rest != fmt.Sprintf("x:%d", next[pid]) {
			t.Fatalf("%s where %d was to come", got, next[pid])
		}
		next[pid]++
	}
	if len(listener.got) != senders*each {
		t.Errorf("%d notifications", len(listener.got))
	}
}
