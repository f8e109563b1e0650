package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/eventgres/eventgres/engine"
)

const simStreams = 4

// simEvent is an event that clients have sent, in one append or in several.
type simEvent struct {
	id      [16]byte
	stream  int
	payload []byte
	pending int  // appends of it that are not answered
	may     bool // it was acknowledged, or nobody knows
	must    bool // it was acknowledged
}

// simStream counts the events of one stream.
type simStream struct{ acked, may, pending int }

// simAppend is an append that a client has sent.
type simAppend struct {
	request *engine.AppendRequest
	node    *Node
	owner   *simNode
	event   *simEvent
	wants   int64 // version, -2 for any
	acked   int   // of the stream, when it was sent
	premise *simPremise
	outcome error
	took    bool // it is not known whether it was made: its node is gone
}

// simPremise holds where no event of a stream has come from a position on.
type simPremise struct {
	stream int
	from   int64
	log    *engine.ReadIndex
	key    engine.Key
	broken bool
}

func (p *simPremise) Keys() ([]engine.Key, bool) { return []engine.Key{p.key}, true }

func (p *simPremise) CatchUp(_ context.Context, from, before int64) error {
	c := p.log.ReadAll(engine.Forward(from))
	for c.Next(context0) && c.Event().Position < before {
		_ = p.Add(c.Event())
	}
	return c.Err()
}

func (p *simPremise) Add(e *engine.RecordedEvent) error {
	p.broken = p.broken || e.StreamID == engine.StreamID(streamName(p.stream))
	return nil
}

func (p *simPremise) Holds() error {
	if p.broken {
		return errPremise
	}
	return nil
}

var errPremise = errors.New("an event has come")

func streamName(i int) string { return fmt.Sprint("s-", i) }

// append sends appends to a node, most often to one that leads.
func (s *simulation) append() {
	n := s.any()
	if leaders := s.leading(); len(leaders) > 0 && s.rng.IntN(8) > 0 {
		n = leaders[s.rng.IntN(len(leaders))]
	}
	if n == nil || len(s.clients) > 40 {
		return
	}
	// A leader that is cut off has one group on its way, and nothing to say, for as long as anybody sends it one.
	if n.away && !s.overtaken(n) && s.rng.IntN(8) > 0 {
		return
	}
	s.appendTo(n)
}

func (s *simulation) appendTo(n *simNode) {
	most, kinds := 3, 12
	if s.overtaken(n) { // what is refused there was evaluated on what is not the newest
		most, kinds = 1, 5
	}
	for range 1 + s.rng.IntN(most) {
		c := &simAppend{node: n.node, owner: n, event: s.event(), wants: -2}
		e := engine.NewEvent(streamName(c.event.stream), "T", c.event.payload)
		e.EventID, e.SkipDuplicate = c.event.id, true
		stream := &s.streams[c.event.stream]
		c.acked = stream.acked
		c.request = &engine.AppendRequest{
			Events: []engine.ProposedEvent{e},
			// The clients' clocks differ by an hour.
			ProposedAt: simTime.Add(time.Duration(s.steps)*time.Second + time.Duration(s.rng.IntN(7200)-3600)*time.Second).UnixMicro(),
		}
		fresh := !c.event.may && c.event.pending == 0
		switch r := s.rng.IntN(kinds); {
		case r < 4 && fresh:
			c.wants = int64(c.acked) - 1 + int64(s.rng.IntN(2))
			version := engine.ExpectedVersion(c.wants)
			name := streamName(c.event.stream)
			c.request.Conditions = []engine.Condition{{Kind: engine.StreamAt, StreamID: engine.StreamID(name), Stream: name, Version: version}}
		case r < 6 && fresh:
			s.premise(c)
		case r == 8: // recorded elsewhere, before the store was made: the log may begin with it
			c.request.Events[0].Timed, c.request.Events[0].GivenAt = true, int64(s.steps)
		case r == 7:
			c.request.Control = []engine.ControlChange{{Key: fmt.Sprint("k/", s.rng.IntN(simKeys)), Value: fmt.Append(nil, s.steps), IfVersion: engine.AnyControlVersion}}
		}
		if err := n.node.Replica().Writer().Start(context0, c.request); err != nil {
			continue
		}
		c.event.pending++
		stream.pending++
		s.clients = append(s.clients, c)
	}
}

// overtaken tells whether a node takes itself for the leader, and another is.
func (s *simulation) overtaken(n *simNode) bool {
	for _, other := range s.leading() {
		if n.node.leads() && other.node.rn.BasicStatus().GetTerm() > n.node.rn.BasicStatus().GetTerm() {
			return true
		}
	}
	return false
}

const simKeys = 5

var simTime = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// event is one that was never sent, or one that was.
func (s *simulation) event() *simEvent {
	if n := len(s.events); n > 0 && s.rng.IntN(8) == 0 {
		if e := s.events[max(0, n-1-s.rng.IntN(40))]; e.may || e.pending > 0 {
			s.counts.Again++
			return e
		}
	}
	e := &simEvent{stream: s.rng.IntN(simStreams)}
	s.events = append(s.events, e)
	e.id = [16]byte{0: 1, 14: byte(len(s.events) >> 8), 15: byte(len(s.events))}
	e.payload = append(fmt.Appendf(nil, `{"common":"what all of them have","number":%d,"rest":"`, len(s.events)), bytes.Repeat([]byte("1"), s.rng.IntN(60))...)
	e.payload = append(e.payload, `"}`...)
	return e
}

// premise has an append rest on that nothing has come to a stream since what the client knows.
func (s *simulation) premise(c *simAppend) {
	p := &simPremise{stream: s.rng.IntN(simStreams), from: max(0, c.node.Replica().Index().GlobalPosition()+1-int64(s.rng.IntN(4)))}
	p.log = c.node.Replica().Index()
	p.key = p.log.Key(engine.StreamKey, streamName(p.stream))
	c.premise = p
	c.request.Conditions = []engine.Condition{{Kind: engine.PremiseHolds, Position: p.from, Premise: p}}
}

// collect takes the answers that have come.
func (s *simulation) collect() {
	kept := s.clients[:0]
	var answered []*simAppend
	for _, c := range s.clients {
		if c.took {
			c.outcome = engine.ErrOutcomeUnknown
			s.counts.Lost++
			answered = append(answered, c)
			continue
		}
		if c.owner.node == c.node && (c.owner.hung > 0 || c.owner.after != nil) {
			kept = append(kept, c)
			continue
		}
		ok, err := c.node.Replica().Writer().Poll(c.request)
		if !ok {
			kept = append(kept, c)
			continue
		}
		c.outcome = err
		answered = append(answered, c)
	}
	clear(s.clients[len(kept):])
	s.clients = kept
	for _, c := range answered {
		s.judge(c)
		s.done = append(s.done, c)
	}
}

// judge counts an answer, and holds a refusal against what was known.
func (s *simulation) judge(c *simAppend) {
	if os.Getenv("EVENTGRES_SIM_LOG") != "" {
		fmt.Fprintf(os.Stderr, "step %d: event %x of %d, wants %d: %v %v\n", s.steps, c.event.id[8:], c.event.stream, c.wants, c.outcome, c.request.Results)
	}
	e, stream := c.event, &s.streams[c.event.stream]
	var conflict *engine.VersionConflictError
	if errors.As(c.outcome, &conflict) {
		s.counts.Conflicts++
		// All that was acknowledged before it was sent had been made.
		if conflict.Actual+1 < int64(c.acked) {
			s.fail("refused with version %d of stream %d, of which %d events had been acknowledged", conflict.Actual, e.stream, c.acked)
		}
		if most := stream.may + stream.pending; conflict.Actual+1 > int64(most) {
			s.fail("refused with version %d of stream %d, to which only %d were ever sent", conflict.Actual, e.stream, most)
		}
		if conflict.Actual == c.wants {
			s.fail("refused with the version that it wanted")
		}
	}
	e.pending--
	stream.pending--
	switch {
	case c.outcome == nil:
		s.counts.Acked++
		if !e.must {
			stream.acked++
		}
		if !e.may {
			stream.may++
		}
		e.must, e.may = true, true
		s.newest = max(s.newest, c.request.Results[0].Position)
	case errors.Is(c.outcome, engine.ErrOutcomeUnknown):
		if !c.took {
			s.counts.Unknown++
		}
		if !e.may {
			stream.may++
		}
		e.may = true
	case conflict != nil:
	case errors.As(c.outcome, new(*engine.PremiseError)):
		s.counts.Premises++
		if st := s.streams[c.premise.stream]; st.may+st.pending == 0 {
			s.fail("refused for what came to stream %d, to which nothing was ever sent", c.premise.stream)
		}
	default:
		s.counts.Refused++
	}
}

// read asks a node what is committed.
func (s *simulation) read() {
	n := s.any()
	if n == nil || n.hung > 0 || n.node.Err() != nil {
		return
	}
	node, newest := n.node, s.newest
	if s.faults && s.rng.IntN(3) == 0 { // answers to what this node has asked long ago come now
		for _, m := range s.late {
			if m.GetTo() == n.id && m.GetType() == pb.MsgReadIndexResp {
				s.wire = append(s.wire, m)
			}
		}
	}
	node.Read(func(err error) {
		if err != nil || n.node != node || n.after != nil {
			return
		}
		s.counts.Reads++
		at := node.Replica().Index().GlobalPosition()
		if at < newest {
			s.fail("a read at node %d sees position %d, and %d was acknowledged before it", n.id, at, newest)
		}
		if at >= 0 {
			s.look(n, s.rng.Int64N(at+1), 3)
		}
	})
}

// look reads events at a node, and holds them against what was sent, and against what was read before.
func (s *simulation) look(n *simNode, from int64, most int) (read int) {
	c := n.node.Replica().Index().ReadAll(engine.Forward(from))
	for read < most && c.Next(context0) {
		e := c.Event()
		read++
		if other, known := s.places[e.Position]; known && other != e.EventID {
			s.fail("node %d has event %x at %d, and another has %x", n.id, e.EventID, e.Position, other)
		}
		s.places[e.Position] = e.EventID
		if e.EventID[0] != 1 || e.EventID[1] != 0 { // from before
			continue
		}
		number := int(e.EventID[14])<<8 | int(e.EventID[15])
		if number == 0 || number > len(s.events) {
			s.fail("node %d has event %x, which nobody has sent", n.id, e.EventID)
			return read
		}
		sent := s.events[number-1]
		if !bytes.Equal(e.Payload, sent.payload) || e.StreamID != engine.StreamID(streamName(sent.stream)) {
			s.fail("node %d has event %x with %s of stream %s", n.id, e.EventID, e.Payload, e.StreamID)
		}
		if !sent.may && sent.pending == 0 {
			s.fail("node %d has event %x, which was refused", n.id, e.EventID)
		}
	}
	if err := c.Err(); err != nil && !(n.damaged && errors.As(err, new(*engine.CorruptionError))) && !n.fault {
		s.fail("node %d cannot be read: %v", n.id, err)
	}
	return read
}
