package pgwire

import (
	"fmt"
	"testing"
)

// TestStats: connections are counted by what became of them, errors by their SQLSTATE.
func TestStats(t *testing.T) {
	s := &Server{Handler: echoHandler{}, MaxConnections: 1}
	addr, served := listen(t, s)
	first := dial(t, addr)
	first.send(startup(protocol30, "user", "u"))
	first.until('Z')
	second := dial(t, addr)
	second.send(startup(protocol30, "user", "u"))
	second.until('E')
	first.send(frame('F', ""))
	first.until('Z')
	got := s.Stats()
	if got.Accepted != 2 || got.Refused != 1 || got.Sessions != 1 || got.Limit != 1 || got.Encrypted != 0 || got.MemoryLimit == 0 {
		t.Errorf("%+v", got)
	}
	if got.Errors["53300"] != 1 || got.Errors["0A000"] != 1 || len(got.Errors) != 2 {
		t.Errorf("%v", got.Errors)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	if got := s.Stats(); got.Sessions != 0 || got.Errors["57P01"] != 1 {
		t.Errorf("%+v", got)
	}
}

// TestErrorKinds: however many SQLSTATEs there are, what is kept of them is bounded, and nothing is lost.
func TestErrorKinds(t *testing.T) {
	var e errorCounts
	for i := range 3 * maxErrorKinds {
		e.count(fmt.Sprintf("X%04d", i))
	}
	got := e.snapshot()
	sum := int64(0)
	for _, n := range got {
		sum += n
	}
	if len(got) > maxErrorKinds+1 || sum != 3*maxErrorKinds || got[OtherErrors] == 0 {
		t.Errorf("%d kinds, %d errors", len(got), sum)
	}
}
