//go:build linux

package cluster

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/anishathalye/porcupine"
)

// A kind says what an answer says.
type kind int

const (
	unknown kind = iota // nothing: it may take effect at any time, or never
	stored              // appended as this version
	skipped             // the id is there already, and left out
	refused             // the stream is at another version
	listed              // read: so many events with this sum
)

// A request appends an event to a stream that has so many, or reads the stream.
type request struct {
	stream string
	id     uint64 // 0: a read
	count  int64
}

type answer struct {
	kind  kind
	count int64  // before the append, or what was read
	sum   uint64 // of the ids that were read
}

// A state is a stream; it is only added to. nil is the empty one.
type state struct {
	before *state
	id     uint64
	count  int64
	sum    uint64
}

func (s *state) size() int64 {
	if s == nil {
		return 0
	}
	return s.count
}

func (s *state) hash() uint64 {
	if s == nil {
		return 0
	}
	return s.sum
}

func (s *state) has(id uint64) bool {
	for ; s != nil; s = s.before {
		if s.id == id {
			return true
		}
	}
	return false
}

func (s *state) add(id uint64) *state {
	return &state{s, id, s.size() + 1, fold(s.hash(), id)}
}

// fold adds an id to the sum of those before it, by FNV-1a's prime.
func fold(sum, id uint64) uint64 { return (sum ^ id) * 1099511628211 }

func step(s *state, in request, out answer) (bool, *state) {
	present, met := s.has(in.id), in.count == s.size()
	switch out.kind {
	case listed:
		return out.count == s.size() && out.sum == s.hash(), s
	case stored:
		return !present && met, s.add(in.id)
	case skipped:
		return present, s
	case refused:
		return !present && !met && out.count == s.size(), s
	}
	if !present && met {
		s = s.add(in.id)
	}
	return true, s
}

var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := map[string][]porcupine.Operation{}
		for _, op := range history {
			name := op.Input.(request).stream
			parts[name] = append(parts[name], op)
		}
		list := make([][]porcupine.Operation, 0, len(parts))
		for _, p := range parts {
			list = append(list, p)
		}
		return list
	},
	Init: func() any { return (*state)(nil) },
	Step: func(s, in, out any) (bool, any) { return step(s.(*state), in.(request), out.(answer)) },
	Equal: func(a, b any) bool {
		return a.(*state).size() == b.(*state).size() && a.(*state).hash() == b.(*state).hash()
	},
	Hash: func(s any) uint64 { return s.(*state).hash() },
	DescribeOperation: func(in, out any) string {
		return fmt.Sprintf("%+v → %+v", in, out)
	},
}

// explain looks for an order of the operations in which the streams behave as was answered.
func explain(ops []porcupine.Operation) error {
	switch result, info := porcupine.CheckOperationsVerbose(model, ops, 5*time.Minute); result {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return fmt.Errorf("%d operations: no order was found in time, nor shown to be impossible", len(ops))
	default:
		path := filepath.Join(os.TempDir(), fmt.Sprintf("eventgres-cluster-%d.html", os.Getpid()))
		if err := porcupine.VisualizePath(model, info, path); err != nil {
			path = err.Error()
		}
		return fmt.Errorf("no order of %d operations explains their answers; see %s", len(ops), path)
	}
}

// operation is one of a history. One without an answer may take effect until the end.
func operation(client int, in request, out answer, sent, answered time.Duration) porcupine.Operation {
	end := int64(answered)
	if out.kind == unknown {
		end = math.MaxInt64
	}
	return porcupine.Operation{ClientId: client, Input: in, Output: out, Call: int64(sent), Return: end}
}
