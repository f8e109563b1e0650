package replica

import (
	"errors"
	"fmt"
	"slices"

	"github.com/eventgres/eventgres/engine"
)

// end heals everything and waits for the nodes to agree.
func (s *simulation) end() {
	s.faults = false
	for _, n := range s.nodes {
		n.away, n.next = false, nil
		if n.node != nil && n.hung > 0 {
			s.release(n)
		}
		if n.node != nil && n.node.Err() != nil {
			s.settle()
		}
	}
	for _, n := range s.nodes {
		if n.node == nil && !n.gone && !n.lost {
			s.start(n)
		}
	}
	ticks := 0
	for i := 0; s.err == nil; i++ {
		if i%20 == 0 {
			ticks++
			for _, n := range s.up() {
				n.node.Tick()
			}
		}
		s.sent = 0
		s.deliver()
		if i%10 == 0 {
			s.settle()
			s.restart()
		}
		if i%50 == 0 && s.agree() {
			break
		}
		if i > 60_000 {
			s.fail("the nodes do not agree after everything was healed")
		}
	}
	s.counts.HealTicks += ticks
	s.counts.MaxHeal = max(s.counts.MaxHeal, ticks)
	s.settle()
	if s.err == nil {
		s.check()
	}
}

// restart has nodes come back that have stopped for what went wrong before all was healed.
func (s *simulation) restart() {
	for _, n := range s.nodes {
		if n.node == nil && !n.gone && !n.lost {
			s.start(n)
		}
	}
}

// taking are the members that take part.
func (s *simulation) taking() (nodes []*simNode) {
	leader := s.leader()
	if leader == nil {
		return nil
	}
	for _, n := range s.up() {
		if conf := leader.node.conf; slices.Contains(conf.Voters, n.id) || slices.Contains(conf.Learners, n.id) {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// agree tells whether there is a leader and all members have applied the same.
func (s *simulation) agree() bool {
	leader := s.leader()
	if leader == nil || len(leader.node.conf.VotersOutgoing) > 0 || leader.node.Replica().LastTerm() != leader.node.rn.BasicStatus().GetTerm() {
		return false
	}
	for _, n := range s.taking() {
		r := n.node.Replica()
		if !n.damaged && (r.Applied() != r.Last() || r.Last() != leader.node.Replica().Last()) {
			return false
		}
	}
	return len(s.clients) == 0
}

func (s *simulation) state() string {
	text := ""
	for _, n := range s.nodes {
		switch {
		case n.gone || n.node == nil:
			text += fmt.Sprintf("node %d down (gone %v, lost %v)\n", n.id, n.gone, n.lost)
		default:
			st := n.node.rn.BasicStatus()
			text += fmt.Sprintf("node %d %v term %d last %d applied %d hung %d damaged %v members %v (%v)\n", n.id, st.RaftState, st.GetTerm(),
				n.node.r.Last(), n.node.r.Applied(), n.hung, n.damaged, n.node.conf, n.node.failed)
			if n.node.leads() {
				text += fmt.Sprintln(n.node.rn.Status().Progress)
			}
		}
	}
	return text
}

// check holds every node's log against the answers.
func (s *simulation) check() {
	nodes := s.taking()
	leader := s.leader()
	most := leader.node.Replica().Index().GlobalPosition() + 1
	for _, n := range nodes {
		read := s.look(n, 0, int(most)+1)
		if !n.damaged && int64(read) != most {
			s.fail("node %d has %d events, the leader %d", n.id, read, most)
		}
		for i := range simKeys {
			key := fmt.Sprint("k/", i)
			a, b := n.node.Replica().Control().Get(key), leader.node.Replica().Control().Get(key)
			if !n.damaged && (a.Version != b.Version || string(a.Value) != string(b.Value)) {
				s.fail("control key %s is at version %d at node %d, and %d at the leader", key, a.Version, n.id, b.Version)
			}
		}
	}
	s.checkAnswers(most)
	for _, n := range nodes {
		s.checkFiles(n)
	}
}

// checkAnswers holds the log against what clients were told.
func (s *simulation) checkAnswers(most int64) {
	at := map[[16]byte]int64{}
	streams := map[int64]int{}
	for position := range most {
		id := s.places[position]
		if before, twice := at[id]; twice {
			s.fail("event %x is at %d and at %d", id, before, position)
		}
		at[id] = position
		if number := int(id[14])<<8 | int(id[15]); id[0] == 1 && id[1] == 0 && number > 0 && number <= len(s.events) {
			streams[position] = s.events[number-1].stream
		} else {
			streams[position] = -1
		}
	}
	for _, e := range s.events {
		_, there := at[e.id]
		switch {
		case e.must && !there:
			s.fail("event %x was acknowledged and is not there", e.id)
		case !e.may && there:
			s.fail("event %x was refused and is there", e.id)
		}
	}
	for _, c := range s.done {
		if c.outcome != nil {
			continue
		}
		position := c.request.Results[0].Position
		if position >= 0 && at[c.event.id] != position {
			s.fail("event %x was acknowledged at %d and is at %d", c.event.id, position, at[c.event.id])
		}
		if p := c.premise; p != nil && position >= 0 {
			for i := p.from; i < position; i++ {
				if streams[i] == p.stream {
					s.fail("event %x at %d rests on that nothing came to stream %d from %d on, and %d did", c.event.id, position, p.stream, p.from, i)
				}
			}
		}
	}
}

// checkFiles verifies a node's directory, and opens it once more.
func (s *simulation) checkFiles(n *simNode) {
	applied := n.node.Replica().Applied()
	last := n.node.Replica().Last()
	s.counts.Rolls += int(sealedSegments(n.mem))
	if err := n.node.Close(); err != nil && !n.damaged && !n.fault {
		s.fail("close node %d: %v", n.id, err)
	}
	n.node = nil
	if n.damaged {
		return
	}
	o := s.options
	o.FS = n.mem
	if report, err := engine.Verify(simDir, o); err != nil || len(report.Damage) > 0 {
		s.fail("node %d does not verify: %v %v", n.id, err, report.Damage)
	}
	s.start(n)
	if s.err != nil {
		return
	}
	r := n.node.Replica()
	if r.Last() != last || r.Applied() > applied {
		s.fail("node %d comes back with %d entries of %d and has applied %d of %d", n.id, r.Last(), last, r.Applied(), applied)
	}
	s.look(n, 0, 1<<30)
	if err := n.node.Close(); err != nil && !errors.Is(err, engine.ErrClosed) {
		s.fail("close node %d again: %v", n.id, err)
	}
	n.node = nil
}
