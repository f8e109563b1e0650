package replica

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"syscall"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/engine/vfs"
)

type simNode struct {
	id       uint64
	mem      *vfs.Mem
	node     *Node // nil while it is down
	away     bool  // cut off from the others
	member   bool  // it is one, or was
	gone     bool  // it is no member any more, and never comes back
	rate     int   // of its clock, in tenths
	term     uint64
	last     [2]uint64 // index and term of its newest entry
	unpacked bool      // it packs no events, where it leads

	next    *simPlan
	after   *vfs.Mem // what its disk has, once its power was cut
	hung    int      // ticks for which an operation will not return
	held    []*pb.Message
	waiting []*pb.Message
	fault   bool // its disk has failed: it may stop
	damaged bool // its disk has rotted: it may say so
	lost    bool // it has said so, and comes back under another id only
}

// planned is what goes wrong at one of the next operations of a disk.
type planned int

const (
	planCut   planned = iota // the power is cut
	planHang                 // the operation does not return for long
	planError                // it fails
	planFull                 // it fails, and all others that need room
)

type simPlan struct {
	at    uint64
	kind  planned
	ticks int
}

func (s *simulation) newNode(mem *vfs.Mem, base engine.ReplicaBase) *simNode {
	s.nextID++
	n := &simNode{id: s.nextID, mem: mem, rate: 5 + s.rng.IntN(11)}
	b := engine.Ballot{Node: n.id, Name: fmt.Sprint("n", n.id), Base: base, Voters: s.first}
	if err := b.Write(n.mem, simDir); err != nil {
		panic(err)
	}
	n.mem = n.mem.CrashDropAll()
	s.nodes = append(s.nodes, n)
	return n
}

// start opens a node on what its file system has.
func (s *simulation) start(n *simNode) {
	n.fault, n.unpacked = false, s.rng.IntN(3) == 0
	mem := n.mem
	mem.Inject = func(op vfs.Op) error { return s.inject(n, mem, op) }
	if s.faults && s.rng.IntN(40) < s.odds.cut {
		n.next = &simPlan{at: mem.Ops() + 1 + uint64(s.rng.IntN(12)), kind: planCut}
	}
	b, err := engine.ReadBallot(mem, simDir)
	if err == nil {
		o := s.options
		o.FS, o.Unpacked = mem, n.unpacked
		c := Config{Dir: simDir, Options: o, Ballot: b, WaitTicks: 15 + s.rng.IntN(40)}
		if os.Getenv("EVENTGRES_SIM_LOG") != "" {
			c.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("node", n.id)
		}
		n.node, err = Open(c, func(messages []*pb.Message) { s.send(n, messages) })
	}
	switch {
	case n.after != nil:
		s.counts.CutsInOpening++
		s.drop(n, n.after)
	case err == nil:
		s.counts.Restarts++
	case n.damaged && errors.As(err, new(*engine.CorruptionError)):
		n.node, n.lost = nil, true
		s.counts.Refusals++
	default:
		s.fail("node %d does not open: %v", n.id, err)
	}
	if n.hung > 0 && n.node == nil {
		n.hung = 0
	}
}

func (s *simulation) send(n *simNode, messages []*pb.Message) {
	if s.sent += len(messages); s.sent > 100_000 {
		panic("the nodes go on for ever")
	}
	for _, m := range messages {
		switch {
		case n.after != nil: // it is no more
		case n.hung > 0:
			n.held = append(n.held, proto.Clone(m).(*pb.Message))
		default:
			s.wire = append(s.wire, proto.Clone(m).(*pb.Message))
		}
	}
}

// plan has something go wrong at one of a node's next writes or syncs.
func (s *simulation) plan(n *simNode, kind planned) {
	if n.next != nil || n.hung > 0 {
		return
	}
	ticks := 1 + s.rng.IntN(4) // slow
	if s.rng.IntN(2) == 0 {    // hung
		ticks = 20 + s.rng.IntN(80)
	}
	n.next = &simPlan{n.mem.Ops() + 1 + uint64(s.rng.IntN(12)), kind, ticks}
}

// inject is asked before each operation of a disk.
func (s *simulation) inject(n *simNode, mem *vfs.Mem, op vfs.Op) error {
	p := n.next
	if p == nil || n.mem != mem || op.Seq < p.at || n.after != nil {
		return nil
	}
	if p.kind != planFull {
		n.next = nil
	}
	switch p.kind {
	case planCut:
		n.after = mem.Crash(s.rng)
		mem.Halt()
		s.counts.Cuts++
		return vfs.ErrCrashed
	case planHang:
		// All that it does from here on is seen when the operation returns.
		n.hung = p.ticks
		s.counts.Hangs++
	case planError:
		n.fault = true
		s.counts.Errors++
		if op.Kind == vfs.OpWrite && op.Length > 1 {
			return &vfs.ShortWrite{N: s.rng.IntN(int(op.Length)), Err: syscall.EIO}
		}
		return syscall.EIO
	case planFull:
		if op.Kind == vfs.OpWrite || op.Kind == vfs.OpAllocate || op.Kind == vfs.OpCreate {
			if !n.fault {
				s.counts.Full++
			}
			n.fault = true
			return syscall.ENOSPC
		}
	}
	return nil
}

// stop takes a node down, as kill -9 does, or as a power cut does at that moment.
func (s *simulation) stop(n *simNode, power bool) {
	if n.node == nil || n.hung > 0 {
		return // what a disk that hangs has done is not known here
	}
	s.counts.Crashes++
	after := n.mem.CrashKeepAll()
	if power {
		after = n.mem.Crash(s.rng)
	}
	s.collect() // what was answered before
	s.drop(n, after)
}

// drop goes on with what a file system has after a crash.
func (s *simulation) drop(n *simNode, after *vfs.Mem) {
	node := n.node
	n.node, n.after, n.next, n.hung, n.held, n.waiting = nil, nil, nil, 0, nil, nil
	if node != nil {
		for _, c := range s.clients {
			c.took = c.took || c.node == node // its answer is lost with the connection
		}
		n.mem.Halt()
		n.mem.Inject = nil
		_ = node.Close()
	}
	n.mem = after
	s.collect()
}

// tick moves a node's clock, or what its disk hangs for.
func (s *simulation) tick(n *simNode) {
	if n.hung == 0 {
		n.node.Tick()
		return
	}
	if n.hung--; n.hung == 0 {
		s.release(n)
	}
}

// release has an operation return that hung.
func (s *simulation) release(n *simNode) {
	n.hung = 0
	for _, other := range s.up() {
		if n.node.leads() && other.hung == 0 && other.node.leads() && other.node.rn.BasicStatus().GetTerm() > n.node.rn.BasicStatus().GetTerm() {
			s.counts.Deposed++
			break
		}
	}
	s.wire = append(s.wire, n.held...)
	s.wire = append(s.wire, n.waiting...)
	n.held, n.waiting = nil, nil
}

// watch holds a node's state against the others', and takes it down if it has stopped.
func (s *simulation) watch(n *simNode) {
	node := n.node
	if err := node.Err(); err != nil {
		switch {
		case n.damaged && errors.As(err, new(*engine.CorruptionError)):
			s.counts.Noticed++
			s.stop(n, false)
			n.lost = true
		case n.fault:
			s.stop(n, s.rng.IntN(3) == 0)
		default:
			s.fail("node %d has stopped: %v", n.id, err)
		}
		return
	}
	if status := node.rn.BasicStatus(); status.RaftState == raft.StateLeader && status.GetTerm() != n.term {
		n.term = status.GetTerm()
		s.counts.Elections++
	}
	last := [2]uint64{node.Replica().Last(), node.Replica().LastTerm()}
	if last[0] <= n.last[0] && last[1] != n.last[1] {
		s.counts.TakenBack++
		if s.faults && s.rng.IntN(3) == 0 {
			s.stop(n, true)
			return
		}
	}
	n.last = last
	index, chain := node.Replica().Chain()
	if other, known := s.chains[index]; known && other != chain {
		s.fail("the log of node %d up to entry %d has the chain %08x, and another's %08x", n.id, index, chain, other)
	}
	s.chains[index] = chain
	conf := proto.Clone(node.conf).(*pb.ConfState)
	for _, list := range [][]uint64{conf.Voters, conf.VotersOutgoing, conf.Learners, conf.LearnersNext} {
		slices.Sort(list)
	}
	for _, id := range slices.Concat(conf.Voters, conf.Learners) {
		s.find(id).member = true
	}
	text := fmt.Sprintf("%v %v %v %v", conf.Voters, conf.VotersOutgoing, conf.Learners, conf.LearnersNext)
	if other, known := s.members[index]; known && other != text {
		s.fail("after entry %d node %d has the members %s, and another %s", index, n.id, text, other)
	}
	s.members[index] = text
}

// damage has a disk rot, of a node in a minority: one at a time, until another is in its place.
func (s *simulation) damage(n *simNode) {
	if n.hung > 0 || n.after != nil || !n.member {
		return
	}
	for _, other := range s.nodes {
		if !other.gone && (other.damaged || other.lost) {
			return
		}
	}
	names := n.mem.Names()
	name := names[s.rng.IntN(len(names))]
	data, err := n.mem.ReadFile(name)
	if err != nil || len(data) == 0 {
		return
	}
	n.damaged = true
	s.counts.Damaged++
	at := s.rng.IntN(len(data))
	if s.rng.IntN(2) == 0 && !s.mayBeTorn(names, name) {
		for i := at &^ 511; i < min(len(data), at|511+1); i++ {
			_ = n.mem.Corrupt(name, int64(i), data[i])
		}
	} else {
		_ = n.mem.Corrupt(name, int64(at), 1<<s.rng.IntN(8))
	}
	if os.Getenv("EVENTGRES_SIM_LOG") != "" {
		fmt.Fprintf(os.Stderr, "step %d: damage of node %d: %s at %d\n", s.steps, n.id, name, at)
	}
}

// mayBeTorn tells whether a sector of zeros in a file could be what a torn write leaves: no node can tell that from damage of its newest entry.
func (s *simulation) mayBeTorn(names []string, name string) bool {
	if !strings.HasSuffix(name, ".seg") {
		return false
	}
	later := 0
	for _, other := range names {
		if strings.HasSuffix(other, ".seg") && other >= name {
			later++
		}
	}
	return later <= 2
}

// up are the nodes that run.
func (s *simulation) up() (nodes []*simNode) {
	for _, n := range s.nodes {
		if n.node != nil && n.after == nil {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// leading are the nodes that take themselves for the leader.
func (s *simulation) leading() (nodes []*simNode) {
	for _, n := range s.up() {
		if n.node.leads() {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

func (s *simulation) any() *simNode {
	nodes := s.up()
	if len(nodes) == 0 {
		return nil
	}
	return nodes[s.rng.IntN(len(nodes))]
}

// ticking is the node whose clock moves next: they go at different rates.
func (s *simulation) ticking() *simNode {
	nodes, all := s.up(), 0
	for _, n := range nodes {
		all += n.rate
	}
	if all == 0 {
		return nil
	}
	r := s.rng.IntN(all)
	for _, n := range nodes {
		if r -= n.rate; r < 0 {
			return n
		}
	}
	return nil
}

func (s *simulation) find(id uint64) *simNode {
	if id == 0 || id > uint64(len(s.nodes)) {
		return nil
	}
	return s.nodes[id-1]
}
