package begin

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/eventgres/eventgres/engine"
)

// TestRecover: a member's directory goes on alone, unless it is in use, and is run again where it was interrupted.
func TestRecover(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "n1")
	s, err := engine.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Initialize(dir, "n1", engine.Options{}); err != nil {
		t.Fatal(err)
	}
	raft := filepath.Join(dir, engine.RaftFile)
	before, err := os.ReadFile(raft)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := engine.Lock(nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := Recover(dir, "n1", engine.Options{}); !errors.Is(err, engine.ErrLocked) {
		t.Errorf("a directory in use: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(raft); err != nil || string(now) != string(before) {
		t.Fatalf("a refused recovery has changed who the node is: %v", err)
	}
	// What an interrupted one leaves behind belongs to nobody else.
	if err := os.Rename(raft, raft+engine.OldRaft); err != nil {
		t.Fatal(err)
	}
	if s, err := engine.Open(dir, engine.Options{}); !errors.Is(err, engine.ErrMember) {
		t.Errorf("it is opened as a single node's: %v", err)
		if err == nil {
			s.Close()
		}
	}
	if err := Initialize(dir, "n1", engine.Options{}); err == nil {
		t.Error("it is initialized")
	}
	if err := Recover(dir, "n1", engine.Options{}); err != nil {
		t.Fatal(err)
	}
	b, err := engine.ReadBallot(nil, dir)
	if err != nil || len(b.Voters) != 1 || b.Voters[0] != b.Node {
		t.Errorf("it is %+v, %v", b, err)
	}
	if s, err := engine.Open(dir, engine.Options{}); !errors.Is(err, engine.ErrMember) {
		t.Errorf("the new member is opened as a single node's: %v", err)
		if err == nil {
			s.Close()
		}
	}
}
