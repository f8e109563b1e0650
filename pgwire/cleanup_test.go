package pgwire

import (
	"context"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// panicking are sessions each of whose calls may panic: where a name says so.
type panicking struct{ at map[string]bool }

func (p panicking) may(what string) {
	if p.at[what] {
		panic("panic in " + what)
	}
}

func (p panicking) Connect(ctx context.Context, c *Conn) (Session, error) {
	s, err := echoHandler{}.Connect(ctx, c)
	return &panickingSession{s, p}, err
}

type panickingSession struct {
	Session
	p panicking
}

func (s *panickingSession) Parse(ctx context.Context, sql string) ([]Query, error) {
	s.p.may("Parse")
	return s.Session.Parse(ctx, sql)
}

func (s *panickingSession) Bind(ctx context.Context, st Statement, v []pgvalue.Value) (Portal, error) {
	s.p.may("Bind")
	p, err := s.Session.Bind(ctx, st, v)
	return &panickingPortal{p, s.p}, err
}

func (s *panickingSession) Status() byte {
	return 'T' // so that portals live on
}

func (s *panickingSession) Close() {
	s.Session.Close()
	s.p.may("Close")
}

type panickingPortal struct {
	Portal
	p panicking
}

func (p *panickingPortal) Execute(ctx context.Context, out *Output, max int64, last Lookahead) (Tag, bool, error) {
	p.p.may("Execute")
	return p.Portal.Execute(ctx, out, max, last)
}

func (p *panickingPortal) Close() {
	p.p.may("Portal.Close")
}

// TestPanics: whichever calls panic, those of the clean-up after another panic too, the server goes on, and nothing is left of the
// connection: no portal, no memory, no place at the gate.
func TestPanics(t *testing.T) {
	calls := []string{"Parse", "Bind", "Execute", "Portal.Close", "Close"}
	parse := frame('P', "s\x00text\x00\x00\x00")
	bind := func(name string) string { return frame('B', name+"\x00s\x00\x00\x00\x00\x00\x00\x00") }
	sent := startup(protocol30, "user", "u") + parse + bind("") + bind("a") + bind("b") + frame('E', "b\x00\x00\x00\x00\x01") + frame('S', "") + frame('X', "")
	for set := range 1 << len(calls) {
		at := map[string]bool{}
		for i, call := range calls {
			at[call] = set>>i&1 == 1
		}
		server := &Server{Handler: panicking{at}}
		server.mu.Lock()
		server.defaults()
		server.mu.Unlock()
		m := &memConn{}
		m.in.WriteString(sent)
		c := newConn(server, m)
		c.serve()
		if c.unnamed != nil || len(c.portals) > 0 || len(c.statements) > 0 || c.budget.used != 0 || server.MemoryUsed() != 0 || c.pace.holds {
			t.Errorf("after panics in %v: portals %v, statements %v, %d bytes, at the gate %v", at, c.portals, c.statements, c.budget.used, c.pace.holds)
		}
	}
}
