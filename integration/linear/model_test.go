package linear

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

const (
	// anyVersion: the append expects nothing of the stream.
	anyVersion = -2
	// unsaid stands for a version or a position that an answer did not give.
	unsaid = -3
)

// A request is one operation on one stream. A transaction over several streams is a
// request on each of them.
type request struct {
	stream   string
	ids      []uint64 // of the events to append; nil: a read
	expected int64    // the stream's version before the append, or anyVersion
	once     bool     // ON CONFLICT (event_id) DO NOTHING
}

// A kind says what an answer says.
type kind int

const (
	unknown   kind = iota // nothing: the reply was lost
	stored                // appended, from version first on
	skipped               // the id is in the log already, and left out
	duplicate             // refused: the id is in the log already
	refused               // refused: the stream is at version actual
	listed                // read: count events with this sum
	counted               // read: count events
)

func (k kind) String() string {
	return [...]string{"unknown", "stored", "skipped", "duplicate", "refused", "listed", "counted"}[k]
}

type answer struct {
	kind   kind
	first  int64
	actual int64
	count  int64
	sum    uint64
}

// A stream is the state: a list of event ids that is never changed, only added to, since
// the search goes back to earlier states. The empty one is nil.
type stream struct {
	before *stream
	id     uint64
	count  int64
	sum    uint64 // of all ids in their order
}

func (s *stream) size() int64 {
	if s == nil {
		return 0
	}
	return s.count
}

func (s *stream) hash() uint64 {
	if s == nil {
		return 0
	}
	return s.sum
}

func (s *stream) version() int64 { return s.size() - 1 }

func (s *stream) add(ids ...uint64) *stream {
	for _, id := range ids {
		s = &stream{before: s, id: id, count: s.size() + 1, sum: fold(s.hash(), id)}
	}
	return s
}

func (s *stream) has(id uint64) bool {
	for ; s != nil; s = s.before {
		if s.id == id {
			return true
		}
	}
	return false
}

// fold adds an id to the sum of those before it; other ids, or the same in another order,
// make another sum. It is the finalizer of splitmix64.
func fold(sum, id uint64) uint64 {
	x := sum*0x9e3779b97f4a7c15 + id + 1
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func sumOf(ids []uint64) uint64 { return (*stream)(nil).add(ids...).hash() }

// step says whether the stream could have given this answer, and what it is afterwards.
func step(s *stream, in request, out answer) (bool, *stream) {
	switch out.kind {
	case listed:
		return out.count == s.size() && out.sum == s.hash(), s
	case counted:
		return out.count == s.size(), s
	}
	// The events of a request are stored together or not at all, so one speaks for all.
	present := s.has(in.ids[0])
	met := in.expected == anyVersion || in.expected == s.version()
	switch out.kind {
	case stored:
		return !present && met && (out.first == unsaid || out.first == s.size()), s.add(in.ids...)
	case skipped:
		return in.once && present, s
	case duplicate:
		return !in.once && present, s
	case refused:
		// A retry of what is stored is left out, although the stream has moved on.
		return !met && (!in.once || !present) && (out.actual == unsaid || out.actual == s.version()), s
	case unknown:
		if !present && met {
			s = s.add(in.ids...)
		}
		return true, s
	}
	panic(out.kind)
}

var model = porcupine.Model{
	Partition: byStream,
	Init:      func() any { return (*stream)(nil) },
	Step: func(state, in, out any) (bool, any) {
		return step(state.(*stream), in.(request), out.(answer))
	},
	Equal: func(a, b any) bool {
		one, other := a.(*stream), b.(*stream)
		return one.size() == other.size() && one.hash() == other.hash()
	},
	Hash:              func(s any) uint64 { return s.(*stream).hash() },
	DescribeOperation: func(in, out any) string { return describe(in.(request), out.(answer)) },
	DescribeState: func(s any) string {
		return fmt.Sprintf("%d events, sum %x", s.(*stream).size(), s.(*stream).hash())
	},
}

func byStream(history []porcupine.Operation) [][]porcupine.Operation {
	place := map[string]int{}
	var parts [][]porcupine.Operation
	for _, op := range history {
		name := op.Input.(request).stream
		i, ok := place[name]
		if !ok {
			i = len(parts)
			place[name], parts = i, append(parts, nil)
		}
		parts[i] = append(parts[i], op)
	}
	return parts
}

func describe(in request, out answer) string {
	what := "read"
	if in.ids != nil {
		what = fmt.Sprintf("append %x", in.ids)
		if in.expected != anyVersion {
			what += fmt.Sprintf(" at %d", in.expected)
		}
		if in.once {
			what += " once"
		}
	}
	what += " → " + out.kind.String()
	switch out.kind {
	case stored:
		what += fmt.Sprintf(" from %d", out.first)
	case refused:
		what += fmt.Sprintf(", actual %d", out.actual)
	case listed, counted:
		what += fmt.Sprintf(" %d (%x)", out.count, out.sum)
	}
	return what
}
