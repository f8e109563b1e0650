package replica

import (
	"fmt"
	"slices"
	"strings"

	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/eventgres/eventgres/engine/vfs"
)

// simChange is a change of the members that waits for its outcome.
type simChange struct {
	node  *Node
	steps int // when it was asked for
}

// leader is the node that leads, as far as can be seen.
func (s *simulation) leader() (leader *simNode) {
	for _, n := range s.up() {
		if n.node.leads() && n.hung == 0 && (leader == nil || n.node.rn.BasicStatus().GetTerm() > leader.node.rn.BasicStatus().GetTerm()) {
			leader = n
		}
	}
	return leader
}

// change does what an operator does: one change of the members at a time, first those that take a node out whose disk is not to be trusted.
func (s *simulation) change() {
	leader := s.leader()
	if leader == nil || s.changing != nil && s.steps < s.changing.steps+1000 {
		return
	}
	conf := leader.node.conf
	if len(conf.VotersOutgoing) > 0 || leader.node.Replica().Applied() != leader.node.Replica().Last() {
		return
	}
	for _, n := range s.nodes { // those that have left
		if !n.gone && n.id <= s.nextID && s.left(n, conf) && s.rng.IntN(3) == 0 {
			s.stop(n, false)
			n.gone = n.node == nil
		}
	}
	var learner, old uint64
	for _, id := range conf.Learners {
		if n := s.find(id); !n.damaged && !n.lost && n.node != nil {
			learner = id
		} else if n.damaged || n.lost {
			s.ask(leader, pb.ConfChangeRemoveNode, id)
			return
		}
	}
	for _, id := range conf.Voters {
		if n := s.find(id); n.damaged || n.lost {
			old = id
		}
	}
	voters := len(conf.Voters)
	if old == 0 && s.rng.IntN(2) == 0 {
		old = conf.Voters[s.rng.IntN(voters)] // the leader too
	}
	r := s.rng.IntN(3)
	switch {
	case learner == 0:
		if n := s.join(leader); n != nil {
			s.ask(leader, pb.ConfChangeAddLearnerNode, n.id)
		}
	case old != 0 && (r == 0 || voters == 3):
		s.counts.Joint++
		s.ask(leader, pb.ConfChangeAddNode, learner, old)
	case old != 0 && voters > 3:
		s.ask(leader, pb.ConfChangeRemoveNode, old)
	case voters < 5:
		s.ask(leader, pb.ConfChangeAddNode, learner)
	default:
		s.ask(leader, pb.ConfChangeRemoveNode, learner)
	}
}

// left tells whether a node was a member and is none, as a committed entry says.
func (s *simulation) left(n *simNode, conf *pb.ConfState) bool {
	return n.member && !slices.Contains(conf.Voters, n.id) && !slices.Contains(conf.Learners, n.id) &&
		!slices.Contains(conf.LearnersNext, n.id) && !slices.Contains(conf.VotersOutgoing, n.id)
}

// ask proposes a change: of a node, and of another that goes.
func (s *simulation) ask(leader *simNode, kind pb.ConfChangeType, ids ...uint64) {
	cc := &pb.ConfChangeV2{Changes: []*pb.ConfChangeSingle{{Type: kind.Enum(), NodeId: new(ids[0])}}}
	if len(ids) > 1 {
		cc.Changes = append(cc.Changes, &pb.ConfChangeSingle{Type: pb.ConfChangeRemoveNode.Enum(), NodeId: new(ids[1])})
	}
	asked := &simChange{leader.node, s.steps}
	s.changing = asked
	node := leader.node
	node.Change(cc, func(err error) {
		if s.changing == asked {
			s.changing = nil
		}
		if err != nil || leader.node != node || leader.after != nil || leader.hung > 0 {
			return
		}
		s.counts.Changes++
		conf := node.conf
		there := slices.Contains(conf.Voters, ids[0])
		if kind == pb.ConfChangeAddLearnerNode {
			there = slices.Contains(conf.Learners, ids[0])
		}
		if there != (kind != pb.ConfChangeRemoveNode) {
			s.fail("a change of node %d was made, and the members are %v", ids[0], conf)
		}
	})
}

// join makes a node that is to become a member: with an empty log, or with the sealed segments of another.
func (s *simulation) join(from *simNode) *simNode {
	for _, n := range s.nodes { // one whose change came to nothing
		if !n.member && !n.gone && !n.lost && !n.damaged && n.id > uint64(len(s.first)) {
			return n
		}
	}
	if len(s.nodes) > 40 {
		return nil
	}
	mem, base := s.founder.Clone(), s.base
	if s.rng.IntN(2) == 0 && !from.damaged {
		copied, joined := s.sealed(from)
		if joined >= base.Segment {
			mem, base.Joined = copied, joined+uint32(s.rng.IntN(2)) // the next was to be copied too, and was not to the end
			s.counts.Sealed++
		}
	}
	n := s.newNode(mem, base)
	s.counts.Added++
	s.start(n)
	return n
}

// sealed is a directory with the sealed segments of a node, and the number of the last.
func (s *simulation) sealed(from *simNode) (*vfs.Mem, uint32) {
	mem := from.mem.Clone()
	last := sealedSegments(mem)
	for _, name := range mem.Names() {
		var number uint32
		if _, err := fmt.Sscanf(name, simDir+"/log/%d.seg", &number); err == nil && number <= last {
			continue
		}
		if name == simDir+"/STORE" {
			continue
		}
		if err := mem.Remove(name); err != nil {
			panic(err)
		}
	}
	if err := mem.SyncDir(simDir + "/log"); err != nil {
		panic(err)
	}
	return mem.CrashKeepAll(), last
}

// sealedSegments counts the segments that have an index: they are sealed.
func sealedSegments(mem *vfs.Mem) (n uint32) {
	for _, name := range mem.Names() {
		if strings.HasSuffix(name, ".idx") {
			n++
		}
	}
	return n
}
