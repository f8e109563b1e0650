package replica

import (
	"bytes"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/engine/vfs"
)

const simDir = "/db"

// simulation runs nodes, a network that loses, doubles and reorders, and file systems that lose their power, in one goroutine and from one seed. What
// it holds the nodes to: what was acknowledged is there, once, in one order on every node; what was refused never comes; reads see all that was
// acknowledged before they began.
type simulation struct {
	rng     *rand.Rand
	seed    uint64
	options engine.Options
	nodes   []*simNode
	wire    []*pb.Message
	clients []*simAppend // not answered
	done    []*simAppend
	ids     uint64
	steps   int
	faults  bool
	reading int
	counts  simCounts
	err     error
}

type simCounts struct{ acked, refused, unknown, lost, crashes, cuts, elections, reads, changes int }

type simNode struct {
	id   uint64
	mem  *vfs.Mem
	node *Node // nil while it is down
	away bool  // cut off from the others
	gone bool  // it is no member any more
	term uint64
}

// simAppend is an append that a client has sent.
type simAppend struct {
	request *engine.AppendRequest
	node    *Node
	stream  string
	id      [16]byte
	wants   int64 // version, -2 for any
	acked   int   // of the stream, when it was sent
	outcome error
	took    bool // it is not known whether it was made: its node is gone
}

func newSimulation(seed uint64, nodes int) *simulation {
	s := &simulation{rng: rand.New(rand.NewPCG(seed, 1)), seed: seed, faults: true}
	crand.Reader = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24), byte(seed >> 32)})
	s.options = engine.Options{SegmentBytes: 1500 + int64(s.rng.IntN(3000)), Synchronous: true, CacheBlocks: 64}
	founder := vfs.NewMem()
	o := s.options
	o.FS = founder
	store, err := engine.Open(simDir, o)
	if err != nil {
		panic(err)
	}
	base := engine.ReplicaBase{Segment: 1, Index: 1, Term: 1}
	if s.rng.IntN(2) == 0 { // it was a single node's before
		for i := range 1 + s.rng.IntN(30) {
			e := engine.NewEvent(fmt.Sprintf("old-%d", i%3), "T", []byte(`{"before":true}`))
			if err := store.Writer().Append(context0, &engine.AppendRequest{Events: []engine.ProposedEvent{e}}); err != nil {
				panic(err)
			}
		}
	}
	if err := store.Close(); err != nil {
		panic(err)
	}
	if base.Segment, err = engine.BeginReplica(simDir, o); err != nil {
		panic(err)
	}
	var voters []uint64
	for i := range nodes {
		voters = append(voters, uint64(i)+1)
	}
	for i := range nodes {
		n := &simNode{id: uint64(i) + 1, mem: founder.Clone()}
		b := engine.Ballot{Node: n.id, Name: fmt.Sprint("n", n.id), Base: base, Voters: voters}
		if err := b.Write(n.mem, simDir); err != nil {
			panic(err)
		}
		n.mem = n.mem.CrashDropAll()
		s.nodes = append(s.nodes, n)
		s.start(n)
	}
	return s
}

var context0 = testContext{}

// start opens a node on what its file system has.
func (s *simulation) start(n *simNode) {
	b, err := engine.ReadBallot(n.mem, simDir)
	if err != nil {
		s.fail("node %d: %v", n.id, err)
		return
	}
	o := s.options
	o.FS = n.mem
	c := Config{Dir: simDir, Options: o, Ballot: b, WaitTicks: 60}
	if os.Getenv("EVENTGRES_SIM_LOG") != "" {
		c.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("node", n.id)
	}
	n.node, err = Open(c, func(messages []*pb.Message) {
		for _, m := range messages {
			s.wire = append(s.wire, proto.Clone(m).(*pb.Message))
		}
	})
	if err != nil {
		s.fail("node %d does not open: %v", n.id, err)
	}
}

func (s *simulation) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("seed %d, step %d: %w", s.seed, s.steps, fmt.Errorf(format, args...))
	}
}

// stop takes a node down, as kill -9 does, or as a power cut does at that moment.
func (s *simulation) stop(n *simNode, power bool) {
	if n.node == nil {
		return
	}
	after := n.mem.CrashKeepAll()
	if power {
		after = n.mem.Crash(s.rng)
	}
	s.drop(n, after)
}

// drop goes on with what a file system has after a crash.
func (s *simulation) drop(n *simNode, after *vfs.Mem) {
	s.counts.crashes++
	node := n.node
	n.node = nil
	s.collect() // what was answered before
	n.mem.Halt()
	n.mem.Inject = nil
	_ = node.Close()
	n.mem = after
	for _, c := range s.clients {
		if c.node == node && !c.took {
			c.took = true // its answer is lost with the connection
		}
	}
	s.collectLost()
}

// collect takes the answers that have come.
func (s *simulation) collect() {
	var kept, answered []*simAppend
	for _, c := range s.clients {
		if c.took {
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
	s.clients, s.done = kept, append(s.done, answered...)
	for _, c := range answered {
		s.judge(c)
	}
}

func (s *simulation) collectLost() {
	kept := s.clients[:0]
	for _, c := range s.clients {
		if !c.took {
			kept = append(kept, c)
			continue
		}
		c.outcome = engine.ErrOutcomeUnknown
		s.counts.lost++
		s.done = append(s.done, c)
	}
	s.clients = kept
}

// judge counts an answer, and holds a refusal against what was known.
func (s *simulation) judge(c *simAppend) {
	var conflict *engine.VersionConflictError
	if os.Getenv("EVENTGRES_SIM_LOG") != "" {
		fmt.Fprintf(os.Stderr, "step %d: event %x of %s, wants %d: %v %v\n", s.steps, c.id[8:], c.stream, c.wants, c.outcome, c.request.Results)
	}
	switch {
	case c.outcome == nil:
		s.counts.acked++
	case errors.Is(c.outcome, engine.ErrOutcomeUnknown):
		s.counts.unknown++
	case errors.As(c.outcome, &conflict):
		s.counts.refused++
		// All that was acknowledged before it was sent had been made.
		if conflict.Actual+1 < int64(c.acked) {
			s.fail("refused with version %d of %s, of which %d events had been acknowledged; at node with %d applied; %s", conflict.Actual, c.stream, c.acked, c.node.Replica().Applied(), s.state())
		}
		if most := s.most(c.stream); conflict.Actual+1 > most {
			s.fail("refused with version %d of %s, to which only %d were ever sent", conflict.Actual, c.stream, most)
		}
		if conflict.Actual == c.wants {
			s.fail("refused with the version that it wanted")
		}
	default:
		s.counts.refused++
	}
}

// acked counts the acknowledged events of a stream.
func (s *simulation) acked(stream string) (n int) {
	for _, c := range s.done {
		if c.outcome == nil && c.stream == stream {
			n++
		}
	}
	return n
}

// most counts the events that may have come to a stream.
func (s *simulation) most(stream string) (n int64) {
	for _, list := range [][]*simAppend{s.done, s.clients} {
		for _, c := range list {
			if c.stream == stream && (c.outcome == nil || errors.Is(c.outcome, engine.ErrOutcomeUnknown)) {
				n++
			}
		}
	}
	return n
}

// up are the nodes that run.
func (s *simulation) up() (nodes []*simNode) {
	for _, n := range s.nodes {
		if n.node != nil {
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

func (s *simulation) find(id uint64) *simNode {
	for _, n := range s.nodes {
		if n.id == id {
			return n
		}
	}
	return nil
}

// step does one thing.
func (s *simulation) step() {
	s.steps++
	switch r := s.rng.IntN(1000); {
	case r < 620:
		for range 1 + s.rng.IntN(12) {
			s.deliver()
		}
	case r < 760:
		if n := s.any(); n != nil {
			n.node.Tick()
		}
	case r < 870:
		s.append()
	case r < 890:
		s.read()
	case !s.faults || r < 960:
		s.deliver()
	case r < 968:
		if n := s.any(); n != nil {
			s.stop(n, s.rng.IntN(2) == 0)
		}
	case r < 976:
		s.cutLater()
	case r < 990:
		for _, n := range s.nodes {
			if n.node == nil && !n.gone && s.rng.IntN(2) == 0 {
				s.start(n)
			}
		}
	case r < 996:
		n := s.nodes[s.rng.IntN(len(s.nodes))]
		n.away = !n.away && s.rng.IntN(3) > 0
	default:
		if n := s.any(); n != nil {
			n.node.Transfer(s.nodes[s.rng.IntN(len(s.nodes))].id)
		}
	}
	s.settle()
}

// settle has leaders take what waits, takes answers, and takes down nodes whose power was cut.
func (s *simulation) settle() {
	for _, n := range s.nodes {
		node := n.node
		if node == nil {
			continue
		}
		r := node.Replica()
		for takes := node.TakesAppends(); takes || !node.leads(); takes = node.TakesAppends() {
			var q *engine.AppendRequest
			select {
			case q = <-r.Queue():
			default:
			}
			if q == nil || n.node == nil {
				break
			}
			if takes {
				node.Append(q)
			} else {
				r.Refuse(q, engine.ErrNotAppended)
			}
		}
		if n.node == nil {
			continue // its power was cut
		}
		if status := node.rn.BasicStatus(); status.GetTerm() != n.term && status.Lead == n.id {
			n.term = status.GetTerm()
			s.counts.elections++
		}
	}
	s.collect()
}

// deliver hands a message over, or loses it.
func (s *simulation) deliver() {
	if len(s.wire) == 0 {
		return
	}
	i := 0
	if s.faults && s.rng.IntN(4) == 0 {
		i = s.rng.IntN(len(s.wire))
	}
	m := s.wire[i]
	if !s.faults || s.rng.IntN(100) > 2 { // else it comes once more
		s.wire = append(s.wire[:i], s.wire[i+1:]...)
	}
	if len(s.wire) > 500 {
		s.wire = s.wire[len(s.wire)-500:]
	}
	from, to := s.find(m.GetFrom()), s.find(m.GetTo())
	if to == nil || to.node == nil || from.away || to.away || s.faults && s.rng.IntN(100) < 3 {
		return
	}
	to.node.Step(proto.Clone(m).(*pb.Message))
}

// append sends an append to a node, most often to one that leads.
func (s *simulation) append() {
	n := s.any()
	for _, other := range s.up() {
		if other.node.leads() && s.rng.IntN(3) > 0 {
			n = other
		}
	}
	if n == nil || len(s.clients) > 40 {
		return
	}
	for range 1 + s.rng.IntN(3) {
		s.ids++
		c := &simAppend{node: n.node, stream: fmt.Sprint("s-", s.rng.IntN(4)), wants: -2}
		for i := range 8 {
			c.id[8+i] = byte(s.ids >> (8 * (7 - i)))
		}
		c.acked = s.acked(c.stream)
		e := engine.NewEvent(c.stream, "T", bytes.Repeat([]byte("1"), s.rng.IntN(60)))
		e.Payload = append([]byte{'['}, append(e.Payload, ']')...)
		e.EventID = c.id
		c.request = &engine.AppendRequest{Events: []engine.ProposedEvent{e}, ProposedAt: simTime.Add(time.Duration(s.ids) * time.Second).UnixMicro()}
		if s.rng.IntN(3) == 0 {
			c.wants = int64(c.acked) - 1 + int64(s.rng.IntN(2))
			version := engine.ExpectedVersion(c.wants)
			c.request.Conditions = []engine.Condition{{Kind: engine.StreamAt, StreamID: engine.StreamID(c.stream), Stream: c.stream, Version: version}}
		}
		if s.rng.IntN(12) == 0 {
			c.request.Control = []engine.ControlChange{{Key: fmt.Sprint("k/", s.rng.IntN(5)), Value: []byte(fmt.Sprint(s.ids)), IfVersion: engine.AnyControlVersion}}
		}
		if err := n.node.Replica().Writer().Start(context0, c.request); err != nil {
			continue
		}
		s.clients = append(s.clients, c)
	}
}

var simTime = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// read asks a node what is committed.
func (s *simulation) read() {
	n := s.any()
	if n == nil {
		return
	}
	node := n.node
	newest := int64(-1)
	for _, c := range s.done {
		if c.outcome == nil {
			newest = max(newest, c.request.Results[0].Position)
		}
	}
	s.reading++
	node.Read(func(err error) {
		s.reading--
		if err != nil {
			return
		}
		s.counts.reads++
		if at := node.Replica().Index().GlobalPosition(); at < newest {
			s.fail("a read at node %d sees position %d, and %d was acknowledged before it", n.id, at, newest)
		}
	})
}

// cutLater cuts a node's power at one of its next writes or syncs.
func (s *simulation) cutLater() {
	n := s.any()
	if n == nil || n.mem.Inject != nil {
		return
	}
	at := n.mem.Ops() + 1 + uint64(s.rng.IntN(12))
	mem, node := n.mem, n.node
	n.mem.Inject = func(op vfs.Op) error {
		if op.Seq < at || n.node != node {
			return nil
		}
		after := mem.Crash(s.rng)
		mem.Halt()
		s.counts.cuts++
		n.mem = after
		n.node = nil
		for _, c := range s.clients {
			if c.node == node {
				c.took = true
			}
		}
		return vfs.ErrCrashed
	}
}

// end heals everything and waits for the nodes to agree.
func (s *simulation) end() {
	s.faults = false
	s.collectLost()
	for _, n := range s.nodes {
		n.away = false
		n.mem.Inject = nil
		if n.node != nil && n.node.Err() != nil {
			s.stop(n, false)
		}
		if n.node == nil && !n.gone {
			s.start(n)
		}
	}
	if s.err != nil {
		return
	}
	for i := 0; s.err == nil; i++ {
		if i%20 == 0 {
			for _, n := range s.up() {
				n.node.Tick()
			}
		}
		if s.deliver(); i%10 == 0 {
			s.settle()
		}
		if i%50 == 0 && s.agree() {
			break
		}
		if i > 100_000 {
			s.fail("the nodes do not agree after everything was healed: %s", s.state())
		}
	}
	s.settle()
	s.collectLost()
	s.check()
}

// agree tells whether there is a leader and all have applied the same.
func (s *simulation) agree() bool {
	leader := false
	for _, n := range s.up() {
		r := n.node.Replica()
		leader = leader || n.node.leads() && r.LastTerm() == n.node.rn.BasicStatus().GetTerm()
		if r.Applied() != r.Last() || r.Last() != s.up()[0].node.Replica().Last() {
			return false
		}
	}
	return leader && len(s.clients) == 0
}

func (s *simulation) state() string {
	text := ""
	for _, n := range s.nodes {
		if n.node == nil {
			text += fmt.Sprintf("node %d down; ", n.id)
			continue
		}
		st := n.node.rn.BasicStatus()
		text += fmt.Sprintf("node %d %v term %d last %d applied %d (%v); ", n.id, st.RaftState, st.GetTerm(), n.node.r.Last(), n.node.r.Applied(), n.node.failed)
	}
	return text
}

// check holds every node's log against the answers.
func (s *simulation) check() {
	var first []engine.RecordedEvent
	var chain uint32
	for i, n := range s.up() {
		_, c := n.node.Replica().Chain()
		events := readAll(n.node.Replica())
		if i == 0 {
			first, chain = events, c
			continue
		}
		if c != chain {
			s.fail("the chain of node %d is %08x, and that of node %d %08x", n.id, c, s.up()[0].id, chain)
		}
		if len(events) != len(first) {
			s.fail("node %d has %d events, node %d %d", n.id, len(events), s.up()[0].id, len(first))
		}
	}
	places := map[[16]byte]int64{}
	for _, e := range first {
		if _, twice := places[e.EventID]; twice {
			s.fail("event %x is there twice", e.EventID)
		}
		places[e.EventID] = e.Position
	}
	for _, c := range s.done {
		at, there := places[c.id]
		switch {
		case c.outcome == nil && (!there || at != c.request.Results[0].Position):
			s.fail("event %x was acknowledged at %d and is at %d (%v)", c.id, c.request.Results[0].Position, at, there)
		case c.outcome != nil && !errors.Is(c.outcome, engine.ErrOutcomeUnknown) && there:
			s.fail("event %x was refused (%v) and is at %d", c.id, c.outcome, at)
		}
	}
	for _, n := range s.up() {
		if err := n.node.Close(); err != nil && s.err == nil {
			s.fail("close node %d: %v", n.id, err)
		}
		o := s.options
		o.FS = n.mem
		if report, err := engine.Verify(simDir, o); err != nil || len(report.Damage) > 0 {
			s.fail("node %d does not verify: %v %v", n.id, err, report.Damage)
		}
		n.node = nil
	}
}

func readAll(r *engine.Replica) (events []engine.RecordedEvent) {
	c := r.Index().ReadAll(engine.Forward(0))
	for c.Next(context0) {
		e := c.Event()
		events = append(events, engine.RecordedEvent{Position: e.Position, EventID: e.EventID, StreamID: e.StreamID, Version: e.Version})
	}
	if c.Err() != nil {
		panic(c.Err())
	}
	return events
}

// testContext is a context that never ends, without the allocation.
type testContext struct{}

func (testContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (testContext) Done() <-chan struct{}       { return nil }
func (testContext) Err() error                  { return nil }
func (testContext) Value(any) any               { return nil }

// TestSimulation runs simulations, each from a seed of its own.
func TestSimulation(t *testing.T) {
	first := uint64(1)
	if text := os.Getenv("EVENTGRES_SEED"); text != "" {
		first, _ = strconv.ParseUint(text, 10, 64)
	}
	want := 200
	if text := os.Getenv("EVENTGRES_SIM_SEEDS"); text != "" {
		want, _ = strconv.Atoi(text)
	}
	steps := 3000
	if text := os.Getenv("EVENTGRES_SIM_STEPS"); text != "" {
		steps, _ = strconv.Atoi(text)
	}
	var all simCounts
	began, total := time.Now(), 0
	for seed := first; seed < first+uint64(want); seed++ {
		s := newSimulation(seed, []int{3, 3, 5}[seed%3])
		for s.steps < steps && s.err == nil {
			s.step()
		}
		if s.err == nil {
			s.end()
		}
		total += s.steps
		if s.err != nil {
			t.Fatalf("EVENTGRES_SEED=%d EVENTGRES_SIM_SEEDS=1: %v; %+v", seed, s.err, s.counts)
		}
		c := s.counts
		all = simCounts{
			all.acked + c.acked, all.refused + c.refused, all.unknown + c.unknown, all.lost + c.lost, all.crashes + c.crashes, all.cuts + c.cuts,
			all.elections + c.elections, all.reads + c.reads, all.changes + c.changes,
		}
	}
	took := time.Since(began).Seconds()
	t.Logf("%d seeds, %d steps, %.1f seeds and %.0f steps a second: %+v", want, total, float64(want)/took, float64(total)/took, all)
	if all.acked == 0 || all.crashes == 0 || all.elections == 0 || all.reads == 0 || all.unknown+all.lost == 0 {
		t.Errorf("the simulation did not do what it is for: %+v", all)
	}
}
