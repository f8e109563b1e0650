package replica

import (
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/engine/vfs"
)

const simDir = "/db"

// simulation runs nodes, a network that loses, doubles and reorders, disks that hang, fail, lose their power and rot, and changes of the members, in one
// goroutine and from one seed. What it holds the nodes to: what was acknowledged is there, once, in one order on every node; what was refused never
// comes; reads see all that was acknowledged before they began, and never what nobody has sent; a node whose disk has rotted says so.
type simulation struct {
	rng     *rand.Rand
	seed    uint64
	options engine.Options
	founder *vfs.Mem // the directory that the cluster began with
	base    engine.ReplicaBase
	first   []uint64 // the voters that it began with
	nodes   []*simNode
	nextID  uint64
	odds    simOdds
	wire    []*pb.Message
	late    []*pb.Message // that come when nobody expects them any more
	steps   int
	sent    int // messages in this step
	faults  bool
	counts  simCounts
	err     error

	events  []*simEvent
	clients []*simAppend // not answered
	streams [simStreams]simStream
	newest  int64 // position that was acknowledged
	done    []*simAppend

	chains   map[uint64]uint32 // by index of the entry: what a node's log came to there
	members  map[uint64]string // likewise
	places   map[int64][16]byte
	changing *simChange
}

type simCounts struct {
	Acked, Again, Refused, Conflicts, Premises, Unknown, Lost, Reads                                int
	Crashes, Cuts, Hangs, Deposed, Errors, Full, Damaged, Noticed, Elections, Rolls                 int
	Changes, Added, Joint, Sealed, Refusals, TakenBack, HealTicks, MaxHeal, Restarts, CutsInOpening int
}

// simOdds are how often in a thousand steps what goes wrong does so.
type simOdds struct{ crash, cut, away, hang, fail, transfer, change, damage int }

func newSimulation(seed uint64, nodes int) *simulation {
	s := &simulation{
		rng: rand.New(rand.NewPCG(seed, 1)), seed: seed, faults: true, newest: -1,
		chains: map[uint64]uint32{}, members: map[uint64]string{}, places: map[int64][16]byte{},
	}
	crand.Reader = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24), byte(seed >> 32)})
	s.options = engine.Options{SegmentBytes: 800 + int64(s.rng.IntN(3000)), Synchronous: true, CacheBlocks: 64}
	// In one run little goes wrong, in another one kind of thing, in another all of them.
	often := func(most int) int { return []int{0, 1, most}[s.rng.IntN(3)] * (1 + s.rng.IntN(2)) }
	s.odds = simOdds{often(3), often(4), often(5), often(4), often(2), often(3), often(6), often(2)}
	s.found()
	for i := range nodes {
		s.first = append(s.first, uint64(i)+1)
	}
	for range nodes {
		s.start(s.newNode(s.founder.Clone(), s.base))
	}
	return s
}

// found makes the directory that the cluster begins with.
func (s *simulation) found() {
	s.founder = vfs.NewMem()
	o := s.options
	o.FS = s.founder
	store, err := engine.Open(simDir, o)
	if err != nil {
		panic(err)
	}
	s.base = engine.ReplicaBase{Segment: 1, Index: 1, Term: 1}
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
	if s.base.Segment, err = engine.BeginReplica(simDir, o); err != nil {
		panic(err)
	}
}

var context0 = testContext{}

// testContext is a context that never ends, without the allocation.
type testContext struct{}

func (testContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (testContext) Done() <-chan struct{}       { return nil }
func (testContext) Err() error                  { return nil }
func (testContext) Value(any) any               { return nil }

func (s *simulation) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("step %d: %w", s.steps, fmt.Errorf(format, args...))
	}
}

// step does one thing.
func (s *simulation) step() {
	s.steps++
	s.sent = 0
	switch r := s.rng.IntN(1000); {
	case r < 500:
		for range 1 + s.rng.IntN(12) {
			s.deliver()
		}
	case r < 700:
		if n := s.ticking(); n != nil {
			s.tick(n)
		}
	case r < 850:
		s.append()
	case r < 880:
		s.read()
	case r < 940 || !s.faults:
		s.deliver()
	case r < 960:
		for _, n := range s.nodes {
			if n.node == nil && !n.gone && !n.lost && s.rng.IntN(2) == 0 {
				s.start(n)
			}
		}
	default:
		s.misfortune()
	}
	s.settle()
}

// misfortune has one thing go wrong, or none: its odds are a part of 40.
func (s *simulation) misfortune() {
	r := s.rng.IntN(40)
	for _, m := range []struct {
		odds int
		does func(*simNode)
	}{
		{s.odds.crash, func(n *simNode) { s.stop(n, s.rng.IntN(2) == 0) }},
		{s.odds.cut, func(n *simNode) { s.plan(n, planCut) }},
		{s.odds.away, s.isolate},
		{s.odds.hang, func(n *simNode) { s.plan(n, planHang) }},
		{s.odds.fail, func(n *simNode) { s.plan(n, planError+planned(s.rng.IntN(2))) }},
		{s.odds.transfer, func(n *simNode) { s.transfer(n) }},
		{s.odds.change, func(*simNode) { s.change() }},
		{s.odds.damage, s.damage},
	} {
		if r < m.odds {
			n := s.any()
			if leaders := s.leading(); len(leaders) > 0 && s.rng.IntN(2) == 0 {
				n = leaders[s.rng.IntN(len(leaders))]
			}
			if n != nil {
				m.does(n)
			}
			return
		}
		r -= m.odds
	}
	// The entries in memory are few, and what has gone wrong for long ends.
	if k := len(s.late); k > 0 {
		s.wire = append(s.wire, s.late[s.rng.IntN(k)])
	}
	if n := s.any(); n != nil && n.hung == 0 {
		n.node.kept, n.node.keptLen = nil, 0
	}
	for _, n := range s.nodes {
		n.away = n.away && s.rng.IntN(12) > 0
	}
}

// isolate cuts a node off, which may be a leader that writes what nobody else will have.
func (s *simulation) isolate(n *simNode) {
	n.away = !n.away && s.rng.IntN(3) > 0
	if n.away && n.node.leads() && n.hung == 0 && s.rng.IntN(2) == 0 {
		s.appendTo(n)
	}
}

func (s *simulation) transfer(n *simNode) {
	if n.hung == 0 {
		n.node.Transfer(s.nodes[s.rng.IntN(len(s.nodes))].id)
	}
}

// settle has leaders take what waits, takes answers, and takes down nodes that have come to an end.
func (s *simulation) settle() {
	for _, n := range s.nodes {
		if n.after != nil {
			s.drop(n, n.after)
		}
		if n.node == nil || n.hung > 0 {
			continue
		}
		s.take(n)
		if n.after != nil {
			s.drop(n, n.after)
			continue
		}
		s.watch(n)
	}
	s.collect()
}

// take has a node take what waits.
func (s *simulation) take(n *simNode) {
	node := n.node
	r := node.Replica()
	for takes := node.TakesAppends(); node.Err() == nil && n.hung == 0 && (takes || !node.leads()); takes = node.TakesAppends() {
		select {
		case q := <-r.Queue():
			if takes {
				node.Append(q)
			} else {
				r.Refuse(q, engine.ErrNotAppended)
			}
		default:
			return
		}
	}
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
	if s.faults && s.rng.IntN(60) == 0 {
		if s.late = append(s.late, m); len(s.late) > 60 {
			s.late = s.late[1:]
		}
		return
	}
	from, to := s.find(m.GetFrom()), s.find(m.GetTo())
	if to == nil || to.node == nil || to.after != nil || from.away || to.away || s.faults && s.rng.IntN(100) < 3 {
		return
	}
	if to.hung > 0 { // it waits in the node's queue
		to.waiting = append(to.waiting, m)
		return
	}
	to.node.Step(proto.Clone(m).(*pb.Message))
}

// run runs a simulation of so many steps, to its end.
func (s *simulation) run(steps int) {
	defer func() {
		if p := recover(); p != nil {
			stack := debug.Stack()
			s.fail("a panic: %v\n%s", p, stack)
		}
	}()
	late := time.AfterFunc(3*time.Minute, func() { // a run takes a second or two
		panic(fmt.Sprintf("EVENTGRES_SEED=%d EVENTGRES_SIM_SEEDS=1: a step does not end", s.seed))
	})
	defer late.Stop()
	for s.steps < steps && s.err == nil {
		s.step()
	}
	if s.err == nil {
		s.end()
	}
}

func number(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSimulation runs simulations, each from a seed of its own.
func TestSimulation(t *testing.T) {
	first, want := number(t, "EVENTGRES_SEED", 1), number(t, "EVENTGRES_SIM_SEEDS", 40)
	steps := number(t, "EVENTGRES_SIM_STEPS", 3000)
	var all simCounts
	began, total := time.Now(), 0
	for seed := first; seed < first+want; seed++ {
		s := newSimulation(uint64(seed), []int{3, 3, 5}[seed%3])
		s.run(steps)
		total += s.steps
		all.add(&s.counts)
		if s.err != nil {
			t.Fatalf("EVENTGRES_SEED=%d EVENTGRES_SIM_SEEDS=1: %v\n%s\n%+v %+v", seed, s.err, s.state(), s.odds, s.counts)
		}
	}
	took := time.Since(began).Seconds()
	t.Logf("%d seeds, %d steps, %.1f seeds and %.0f steps a second: %+v", want, total, float64(want)/took, float64(total)/took, all)
	if want < 400 { // some of it is rare
		return
	}
	for i, v := 0, reflect.ValueOf(all); i < v.NumField(); i++ {
		if v.Field(i).Int() == 0 {
			t.Errorf("the simulation did not do what it is for: no %s", v.Type().Field(i).Name)
		}
	}
}

// TestSimulationRepeats runs one seed twice: a seed that fails must fail again.
func TestSimulationRepeats(t *testing.T) {
	var ends [2]string
	for i := range ends {
		s := newSimulation(7, 5)
		if s.run(2000); s.err != nil {
			t.Fatal(s.err)
		}
		ends[i] = fmt.Sprintf("%+v %v", s.counts, len(s.chains))
	}
	if ends[0] != ends[1] {
		t.Errorf("the same seed came to\n%s\nand\n%s", ends[0], ends[1])
	}
}

func (c *simCounts) add(other *simCounts) {
	sum, v := reflect.ValueOf(c).Elem(), reflect.ValueOf(other).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Name == "MaxHeal" {
			sum.Field(i).SetInt(max(sum.Field(i).Int(), v.Field(i).Int()))
			continue
		}
		sum.Field(i).SetInt(sum.Field(i).Int() + v.Field(i).Int())
	}
}
