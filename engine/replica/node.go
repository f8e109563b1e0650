package replica

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/engine/vfs"
)

const (
	// ElectionTicks is after how many ticks of silence a node asks for votes, at least; at most after twice as many.
	ElectionTicks = 10
	// heartbeatTicks is how often a leader says that it is there.
	heartbeatTicks = 1
	// maxMessageBytes bounds the entries of one message; one entry may be larger.
	maxMessageBytes = 4 << 20
	// maxInflight and maxInflightBytes bound what is on its way to one node: with it, what waits there.
	maxInflight      = 64
	maxInflightBytes = 32 << 20
	// maxKeptEntries and maxKeptBytes bound the newest entries that are kept in memory, for the nodes that are a little behind.
	maxKeptEntries = 64
	maxKeptBytes   = 16 << 20
	// maxReads bounds the reads that wait for the leader's word; one more is refused.
	maxReads = 1 << 16
)

// Config says what a node is.
type Config struct {
	Dir     string
	Options engine.Options
	Ballot  engine.Ballot
	// WaitTicks is how long an append waits for its outcome once its node is no longer the leader, and a read for a leader.
	WaitTicks int
	Logger    *slog.Logger
}

// Node is a member of a cluster, without threads. Its methods belong to one goroutine.
type Node struct {
	r      *engine.Replica
	rn     *raft.RawNode
	fs     vfs.FS
	dir    string
	ballot engine.Ballot
	conf   *pb.ConfState // as of what is applied
	log    *slog.Logger
	send   func([]*pb.Message)
	failed error
	broken error // what the protocol has asked for and could not be read

	commit  uint64
	kept    []*pb.Entry // the newest
	keptLen int

	ticks    uint64
	wait     uint64
	lostAt   uint64 // tick at which the leadership was lost with a group on its way; 0: it was not
	reads    []*read
	lastRead uint64
	confirm  *read // of a group that appends nothing
	changes  []*change
	// changesLostAt is the tick at which the leadership was lost with changes of the members on their way; 0: it was not.
	changesLostAt uint64
}

// read waits until this node has applied all that was committed when it was asked for.
type read struct {
	id    uint64 // of the question to the leader, of which each has its own
	asked uint64 // tick
	until uint64 // tick
	index uint64 // 0 before the leader has answered
	done  func(index uint64, err error)
}

// change waits for a change of the members.
type change struct {
	index, term uint64
	done        func(error)
}

// Open opens a member's store and has it take part. send gets the messages to others, which it may lose; it must not keep them.
func Open(c Config, send func([]*pb.Message)) (*Node, error) {
	n := &Node{fs: c.Options.FS, dir: c.Dir, ballot: c.Ballot, log: c.Logger, send: send, wait: uint64(c.WaitTicks)}
	if n.fs == nil {
		n.fs = vfs.OS
	}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if n.r, err = engine.OpenReplica(c.Dir, c.Options, c.Ballot.Base); err != nil {
		return nil, err
	}
	if err := n.begin(); err != nil {
		return nil, errors.Join(err, n.r.Close())
	}
	return n, nil
}

func (n *Node) begin() error {
	if t := n.r.LastTerm(); t > n.ballot.Term {
		n.ballot.Term, n.ballot.Vote = t, 0
	}
	if !failpoint(bugReadIDAgain) {
		// An answer to what this node has asked before it was started must not be taken for one to what it asks now.
		var start [8]byte
		_, _ = rand.Read(start[:])
		n.lastRead = binary.BigEndian.Uint64(start[:])
	}
	n.commit = n.r.Applied()
	from, members := n.r.Members()
	n.conf = &pb.ConfState{Voters: slices.Clone(n.ballot.Voters)}
	if members != nil && !failpoint(bugMembersForgotten) {
		if err := proto.Unmarshal(members, n.conf); err != nil {
			return fmt.Errorf("the members at entry %d: %w", from, err)
		}
	}
	var err error
	n.rn, err = raft.NewRawNode(&raft.Config{
		ID: n.ballot.Node, ElectionTick: ElectionTicks, HeartbeatTick: heartbeatTicks, Storage: (*storage)(n), Applied: n.r.Applied(),
		MaxSizePerMsg: maxMessageBytes, MaxInflightMsgs: maxInflight, MaxInflightBytes: maxInflightBytes, CheckQuorum: true, PreVote: true, ReadOnlyOption: raft.ReadOnlySafe,
		DisableProposalForwarding: true, StepDownOnRemoval: true, Logger: logger{n.log},
	})
	if err != nil {
		return err
	}
	for i := from; i <= n.r.Applied(); i++ {
		if err := n.applyMembers(i); err != nil {
			return err
		}
	}
	return nil
}

// Replica returns what the node keeps.
func (n *Node) Replica() *engine.Replica { return n.r }

// Err is why the node takes no part any more; nil if it does.
func (n *Node) Err() error { return n.failed }

// Close closes the store.
func (n *Node) Close() error {
	n.stop(engine.ErrClosed)
	return n.r.Close()
}

// stop ends the node's part.
func (n *Node) stop(err error) {
	if n.failed == nil {
		n.failed = err
	}
	if failpoint(bugStopIsRefused) {
		n.r.Answer(engine.ErrNotAppended)
	}
	n.r.Answer(engine.ErrOutcomeUnknown)
	for _, r := range n.reads {
		r.done(0, err)
	}
	n.reads, n.confirm = nil, nil
	for _, c := range n.changes {
		c.done(engine.ErrOutcomeUnknown)
	}
	n.changes = nil
}

// Tick tells that a twentieth of the longest election has passed.
func (n *Node) Tick() {
	if n.failed != nil {
		return
	}
	defer n.unreadable()
	n.ticks++
	n.rn.Tick()
	n.work()
}

// Step takes a message of another node.
func (n *Node) Step(m *pb.Message) {
	if n.failed != nil {
		return
	}
	defer n.unreadable()
	if n.answersNothing(m) && !failpoint(bugAnswerOfNothing) {
		return
	}
	switch own := n.rn.BasicStatus().GetTerm(); {
	case m.GetTerm() > own && m.GetTerm()-own > maxTermAhead:
		n.log.Error("a message of a term that no election has come to is passed over", "from", fmt.Sprintf("%016x", m.GetFrom()), "term", m.GetTerm())
		return
	case m.GetType() == pb.MsgHeartbeat && m.GetTerm() >= own && m.GetCommit() > n.r.Last():
		// A leader tells of no more than this node has acknowledged.
		err := fmt.Errorf("%w: the leader has had entry %d acknowledged, and the log ends with entry %d", errLostEntries, m.GetCommit(), n.r.Last())
		n.log.Error("this node takes no part in the cluster any more", "error", err)
		n.stop(err)
		return
	}
	_ = n.rn.Step(m) // of a node that is none any more, or of an older term
	n.work()
}

// maxTermAhead is how far a term may be beyond this node's: with an election a millisecond, that is a century.
const maxTermAhead = 1 << 42

// errLostEntries is of a log that has lost its end, such as a copy of files that was put back.
var errLostEntries = errors.New("entries that this node had acknowledged are missing: replace the node")

// answersNothing tells whether a message is what a node sends to one that it takes for an old leader, and this one leads in that very term. The protocol
// takes that for the word that the node has entry 0, and would send from entry 1 on, which no log has: it would send nothing any more.
func (n *Node) answersNothing(m *pb.Message) bool {
	return m.GetType() == pb.MsgAppResp && !m.GetReject() && m.GetIndex() < n.r.First()-1 && m.GetTerm() == n.rn.BasicStatus().GetTerm()
}

// Unreachable tells that messages to a node were lost.
func (n *Node) Unreachable(id uint64) {
	if n.failed == nil {
		defer n.unreadable()
		n.rn.ReportUnreachable(id)
		n.work()
	}
}

// leads tells whether this node is the leader, as far as it knows.
func (n *Node) leads() bool { return n.rn.BasicStatus().RaftState == raft.StateLeader }

// TakesAppends tells whether a group can be evaluated now.
func (n *Node) TakesAppends() bool {
	if n.failed != nil || n.r.Waiting() {
		return false
	}
	s := n.rn.BasicStatus()
	if failpoint(bugEvaluateEarly) {
		return s.RaftState == raft.StateLeader && s.LeadTransferee == 0
	}
	return s.RaftState == raft.StateLeader && s.LeadTransferee == 0 && n.r.Applied() == n.r.Last() && n.r.LastTerm() == s.GetTerm()
}

// Append evaluates the group that begins with a request, which was taken off the queue, where TakesAppends.
func (n *Node) Append(first *engine.AppendRequest) {
	defer n.unreadable()
	n.r.Take(first)
	if !n.r.Waiting() {
		return // who asked for it has given up
	}
	members, err := proto.Marshal(n.conf)
	if err != nil {
		n.r.Answer(engine.ErrNotAppended)
		return
	}
	data := n.r.Evaluate(members)
	if data == nil && failpoint(bugRefuseUnasked) {
		n.r.Answer(nil)
		return
	}
	if data == nil {
		applied := n.r.Applied()
		n.confirm = n.read(func(index uint64, err error) {
			n.confirm = nil
			if err != nil || index > applied && !failpoint(bugRefuseStale) { // it rests on what was not the newest
				err = engine.ErrNotAppended
			}
			n.r.Answer(err)
		})
		n.work()
		return
	}
	n.r.Proposed(n.r.Last()+1, n.rn.BasicStatus().GetTerm())
	if err := n.rn.Propose(data); err != nil {
		n.r.Answer(engine.ErrNotAppended)
	}
	n.work()
}

// Read calls done once everything that was committed when it was called is applied here, or with an error: engine.ErrNoLeader.
func (n *Node) Read(done func(error)) {
	defer n.unreadable()
	switch {
	case n.failed != nil:
		done(n.failed)
	case failpoint(bugReadUnasked), failpoint(bugLease) && n.leads():
		done(nil)
	case len(n.reads) >= maxReads:
		done(engine.ErrNoLeader)
	default:
		n.read(func(_ uint64, err error) { done(err) })
		n.work()
	}
}

func (n *Node) read(done func(uint64, error)) *read {
	r := &read{until: n.ticks + n.wait, done: done}
	n.reads = append(n.reads, r)
	n.ask(r)
	return r
}

// ask asks the leader how far it is. A question whose answer is lost is never asked again: another with its own number is.
func (n *Node) ask(r *read) {
	n.lastRead++
	r.id, r.asked = n.lastRead, n.ticks
	n.rn.ReadIndex(binary.BigEndian.AppendUint64(nil, r.id))
}

// Change proposes a change of the members; done is told what became of it.
func (n *Node) Change(cc *pb.ConfChangeV2, done func(error)) {
	s := n.rn.BasicStatus()
	if n.failed != nil || s.RaftState != raft.StateLeader {
		done(engine.ErrNotAppended)
		return
	}
	defer n.unreadable()
	index := n.r.Last() + 1
	if err := n.rn.ProposeConfChange(cc); err != nil {
		done(engine.ErrNotAppended)
		return
	}
	n.changes = append(n.changes, &change{index, s.GetTerm(), done})
	n.work()
}

// Transfer hands the leadership to another node.
func (n *Node) Transfer(to uint64) {
	if n.failed == nil {
		defer n.unreadable()
		n.rn.TransferLeader(to)
		n.work()
	}
}

// unreadable ends the node's part if the protocol could not read the log, where in some places it panics: what is damaged can be neither sent nor led with.
func (n *Node) unreadable() {
	if n.broken == nil || failpoint(bugUnreadableIsSlow) {
		return
	}
	_ = recover()
	n.log.Error("this node takes no part in the cluster any more", "error", n.broken)
	n.stop(n.broken)
}

// work does what the protocol asks for until it asks for nothing more.
func (n *Node) work() {
	for n.failed == nil && n.rn.HasReady() {
		if err := n.ready(); err != nil {
			n.log.Error("this node takes no part in the cluster any more", "error", err)
			n.stop(err)
			return
		}
	}
	if n.failed == nil {
		n.expire()
	}
}

func (n *Node) ready() error {
	rd := n.rn.Ready()
	later := rd.Messages
	hs := rd.HardState
	if hs != nil {
		n.commit = hs.GetCommit()
	}
	if hs != nil && (hs.GetTerm() != n.ballot.Term || hs.GetVote() != n.ballot.Vote) {
		n.ballot.Term, n.ballot.Vote = hs.GetTerm(), hs.GetVote()
		if err := n.vote(); err != nil {
			return err
		}
	} else {
		later = n.sendEarly(rd.Messages)
	}
	// All that is known to be committed, and not what a Ready hands over of it: before a group is appended all before it must be applied.
	for _, e := range rd.Entries {
		if !failpoint(bugGroupEarly) {
			if err := n.applyTo(min(n.commit, e.GetIndex()-1)); err != nil {
				return err
			}
		}
		if err := n.r.Append(engine.Entry{Term: e.GetTerm(), Index: e.GetIndex(), Type: uint8(e.GetType()), Data: e.GetData()}); err != nil {
			return fmt.Errorf("entry %d: %w", e.GetIndex(), err)
		}
		if failpoint(bugMembersEarly) {
			if err := n.applyMembers(e.GetIndex()); err != nil {
				return err
			}
		}
		n.keep(e)
	}
	if len(later) > 0 {
		n.send(later)
	}
	if err := n.applyTo(n.commit); err != nil {
		return err
	}
	for _, s := range rd.ReadStates {
		n.answered(s)
	}
	n.rn.Advance(rd)
	n.serve()
	return nil
}

// vote makes a term and a vote durable before anybody hears of them.
func (n *Node) vote() error {
	if failpoint(bugVoteNotSaved) {
		return nil
	}
	return n.ballot.Write(n.fs, n.dir)
}

// sendEarly sends what says nothing of this node's disk, so that others write side by side with it, and returns the rest.
func (n *Node) sendEarly(messages []*pb.Message) (later []*pb.Message) {
	early := func(m *pb.Message) bool {
		return m.GetType() == pb.MsgApp || m.GetType() == pb.MsgHeartbeat || failpoint(bugAckEarly)
	}
	if !slices.ContainsFunc(messages, early) {
		return messages
	}
	var now []*pb.Message
	for _, m := range messages {
		if early(m) {
			now = append(now, m)
		} else {
			later = append(later, m)
		}
	}
	n.send(now)
	return later
}

// applyTo applies what is committed, up to an index.
func (n *Node) applyTo(index uint64) error {
	if failpoint(bugApplyEarly) {
		index = n.r.Last()
	}
	for index = min(index, n.r.Last()); n.r.Applied() < index; {
		if err := n.r.Apply(); err != nil {
			return fmt.Errorf("apply entry %d: %w", n.r.Applied()+1, err)
		}
		if err := n.applyMembers(n.r.Applied()); err != nil {
			return err
		}
		n.resolveChanges()
	}
	return nil
}

// applyMembers makes a change of the members, if an entry is one.
func (n *Node) applyMembers(index uint64) error {
	tag, err := n.r.Tag(index)
	if err != nil || tag != engine.EntryMembers {
		return err
	}
	e, err := n.r.Read(index)
	if err != nil {
		return err
	}
	var cc pb.ConfChangeI
	if pb.EntryType(e.Type) == pb.EntryConfChange {
		v1 := new(pb.ConfChange)
		err = proto.Unmarshal(e.Data, v1)
		cc = v1
	} else {
		v2 := new(pb.ConfChangeV2)
		err = proto.Unmarshal(e.Data, v2)
		cc = v2
	}
	if err != nil {
		return fmt.Errorf("the change of members of entry %d: %w", index, err)
	}
	n.conf = n.rn.ApplyConfChange(cc)
	return nil
}

// resolveChanges tells those whose changes of the members are applied, or never will be.
func (n *Node) resolveChanges() {
	n.changes = slices.DeleteFunc(n.changes, func(c *change) bool {
		if c.index > n.r.Applied() {
			return false
		}
		term, err := n.r.Term(c.index)
		if err == nil {
			// An empty entry is what the protocol makes of a change that comes before the last one is done.
			var tag engine.EntryTag
			if tag, err = n.r.Tag(c.index); term != c.term || tag != engine.EntryMembers && !failpoint(bugDroppedChange) {
				err = engine.ErrNotAppended
			}
		}
		c.done(err)
		return true
	})
}

// answered notes the leader's answer to a question.
func (n *Node) answered(s raft.ReadState) {
	if len(s.RequestCtx) != 8 {
		return
	}
	id := binary.BigEndian.Uint64(s.RequestCtx)
	for _, r := range n.reads {
		if r.id == id {
			r.index = s.Index
		}
	}
}

// serve ends the reads that may go on.
func (n *Node) serve() {
	if len(n.reads) == 0 {
		return
	}
	applied := n.r.Applied()
	var ready []*read
	n.reads = slices.DeleteFunc(n.reads, func(r *read) bool {
		if r.index == 0 || r.index > applied && !failpoint(bugReadUnapplied) {
			return false
		}
		ready = append(ready, r)
		return true
	})
	for _, r := range ready {
		r.done(r.index, nil)
	}
}

// expire ends what has waited for too long, and asks again what was not answered.
func (n *Node) expire() {
	var late []*read
	n.reads = slices.DeleteFunc(n.reads, func(r *read) bool {
		switch {
		case n.ticks >= r.until:
			late = append(late, r)
			return true
		case r.index == 0 && n.ticks >= r.asked+ElectionTicks:
			n.ask(r)
		}
		return false
	})
	for _, r := range late {
		r.done(0, engine.ErrNoLeader)
	}
	n.expireChanges()
	switch {
	case !n.r.Waiting() || n.leads():
		n.lostAt = 0
	case n.lostAt == 0:
		n.lostAt = max(n.ticks, 1)
	case n.ticks >= n.lostAt+n.wait && n.confirm == nil:
		if failpoint(bugUnknownIsRefused) {
			n.r.Answer(engine.ErrNotAppended)
		}
		n.r.Answer(engine.ErrOutcomeUnknown)
	}
}

// expireChanges ends the changes of the members that have waited for too long since this node was the leader.
func (n *Node) expireChanges() {
	if len(n.changes) == 0 || n.leads() {
		n.changesLostAt = 0
		return
	}
	if n.changesLostAt == 0 {
		n.changesLostAt = max(n.ticks, 1)
	}
	if n.ticks >= n.changesLostAt+n.wait {
		for _, c := range n.changes {
			c.done(engine.ErrOutcomeUnknown)
		}
		n.changes, n.changesLostAt = nil, 0
	}
}

// keep keeps an entry in memory, behind those it follows.
func (n *Node) keep(e *pb.Entry) {
	for k := len(n.kept) - 1; k >= 0 && !failpoint(bugKeepTakenBack) && n.kept[k].GetIndex() >= e.GetIndex(); k-- {
		n.keptLen -= len(n.kept[k].GetData())
		n.kept = n.kept[:k]
	}
	n.kept = append(n.kept, e)
	n.keptLen += len(e.GetData())
	drop := 0
	for n.keptLen > maxKeptBytes && drop < len(n.kept)-1 || len(n.kept)-drop > 2*maxKeptEntries {
		n.keptLen -= len(n.kept[drop].GetData())
		drop++
	}
	if drop > 0 || len(n.kept) > maxKeptEntries && cap(n.kept) > 4*maxKeptEntries {
		n.kept = slices.Clone(n.kept[drop:])
	}
}

// storage is what the protocol reads of a node.
type storage Node

func (s *storage) InitialState() (*pb.HardState, *pb.ConfState, error) {
	b := &s.ballot
	return &pb.HardState{Term: new(b.Term), Vote: new(b.Vote), Commit: new(s.r.Applied())}, s.conf, nil
}

func (s *storage) Entries(lo, hi, maxSize uint64) ([]*pb.Entry, error) {
	if lo < s.r.First() {
		return nil, raft.ErrCompacted
	}
	if hi > s.r.Last()+1 {
		return nil, raft.ErrUnavailable
	}
	var entries []*pb.Entry
	size := uint64(0)
	for i := lo; i < hi; i++ {
		e, err := s.entry(i)
		if err != nil {
			return nil, err
		}
		if size += uint64(len(e.GetData())); len(entries) > 0 && size > maxSize {
			break
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func (s *storage) entry(index uint64) (*pb.Entry, error) {
	if k := len(s.kept); k > 0 {
		if first := s.kept[0].GetIndex(); index >= first && index-first < uint64(k) {
			return s.kept[index-first], nil
		}
	}
	e, err := s.r.Read(index)
	if err != nil {
		return nil, s.unreadable(err)
	}
	return &pb.Entry{Term: new(e.Term), Index: new(index), Type: pb.EntryType(e.Type).Enum(), Data: e.Data}, nil
}

func (s *storage) Term(i uint64) (uint64, error) {
	if i > s.r.Last() {
		return 0, raft.ErrUnavailable
	}
	if i < s.r.First()-1 {
		return 0, raft.ErrCompacted
	}
	term, err := s.r.Term(i)
	if err != nil {
		return 0, s.unreadable(err)
	}
	return term, nil
}

// unreadable notes that the node has come to its end, and returns what the protocol knows how to go on with until then.
func (s *storage) unreadable(err error) error {
	s.broken = err
	return raft.ErrCompacted
}

func (s *storage) LastIndex() (uint64, error)  { return s.r.Last(), nil }
func (s *storage) FirstIndex() (uint64, error) { return s.r.First(), nil }

// Snapshot is never asked for: the log is whole, and a node that is far behind copies sealed segments before it takes part.
func (s *storage) Snapshot() (*pb.Snapshot, error) {
	return nil, raft.ErrSnapshotTemporarilyUnavailable
}

// logger has the protocol's words go where ours do.
type logger struct{ l *slog.Logger }

func (l logger) Debug(v ...any)                   {}
func (l logger) Debugf(string, ...any)            {}
func (l logger) Info(v ...any)                    { l.l.Debug(fmt.Sprint(v...)) }
func (l logger) Infof(format string, v ...any)    { l.l.Debug(fmt.Sprintf(format, v...)) }
func (l logger) Warning(v ...any)                 { l.l.Warn(fmt.Sprint(v...)) }
func (l logger) Warningf(format string, v ...any) { l.l.Warn(fmt.Sprintf(format, v...)) }
func (l logger) Error(v ...any)                   { l.l.Error(fmt.Sprint(v...)) }
func (l logger) Errorf(format string, v ...any)   { l.l.Error(fmt.Sprintf(format, v...)) }
func (l logger) Fatal(v ...any)                   { panic(fmt.Sprint(v...)) }
func (l logger) Fatalf(format string, v ...any)   { panic(fmt.Sprintf(format, v...)) }
func (l logger) Panic(v ...any)                   { panic(fmt.Sprint(v...)) }
func (l logger) Panicf(format string, v ...any)   { panic(fmt.Sprintf(format, v...)) }
