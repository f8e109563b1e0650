package replica

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"go.etcd.io/raft/v3/tracker"

	"github.com/eventgres/eventgres/engine"
)

// Transport brings messages to other nodes, as far as it can.
type Transport interface {
	// Send sends messages; it does not keep them, and drops those to a node that is not reached or too slow.
	Send(messages []*pb.Message)
	// Know tells who the members are.
	Know(members []Member)
	// SQL is where this node speaks to clients, as others are told.
	SQL() string
	// Peers says what is known of other nodes.
	Peers() map[uint64]Peer
	Close() error
}

// Peer is what a node has said of itself, and when.
type Peer struct {
	Name    string
	Peer    string // address for other nodes
	SQL     string // address for clients
	Heard   time.Time
	Applied uint64
	Next    int64 // the position that its next event gets
	SyncP99 time.Duration
}

// Status is a node's place in its cluster.
type Status struct {
	Leading bool // it takes appends
	Leader  uint64
	Term    uint64
	Failed  error // why it takes no part; nil if it does
}

// Driver runs a node with threads, a clock and a network. Its methods may be called concurrently.
type Driver struct {
	node      *Node
	transport Transport
	wait      time.Duration
	in        chan *pb.Message
	calls     chan func()
	ctx       context.Context // ends when the node is being closed
	stop      context.CancelFunc
	stopped   chan struct{}

	leading atomic.Bool
	applied atomic.Uint64
	status  atomic.Pointer[Status]
	mu      sync.Mutex
	changed chan struct{} // closed when the status changes
	members *engine.Watch
}

const (
	// incoming bounds messages that wait for the node; a sender beyond it waits, which the network's buffers bound.
	incoming = 1024
	// batch is how many messages are taken before the node does anything else.
	batch = 64
)

// Start runs a node. election is the longest silence after which it asks for votes; wait is how long appends and reads wait for a leader.
func Start(c Config, election, wait time.Duration, connect func(*Driver) (Transport, error)) (*Driver, error) {
	tick := election / (2 * ElectionTicks)
	c.WaitTicks = int(max(wait/tick, 1))
	d := &Driver{
		wait: wait, in: make(chan *pb.Message, incoming), calls: make(chan func()), stopped: make(chan struct{}), changed: make(chan struct{}),
	}
	d.ctx, d.stop = context.WithCancel(context.Background())
	var err error
	d.node, err = Open(c, func(messages []*pb.Message) { d.transport.Send(messages) })
	if err != nil {
		return nil, err
	}
	d.status.Store(&Status{})
	d.node.Replica().Gate(d.gate)
	if d.transport, err = connect(d); err != nil {
		return nil, errors.Join(err, d.node.Close())
	}
	d.members = d.Store().Control().Watch(MembersKey)
	d.transport.Know(d.Members())
	go d.run(tick)
	go d.watchMembers()
	return d, nil
}

// Store is what the node keeps.
func (d *Driver) Store() *engine.Store { return d.node.Replica().Store }

// SQL is where this node speaks to clients.
func (d *Driver) SQL() string { return d.transport.SQL() }

// Context ends when the node is being closed.
func (d *Driver) Context() context.Context { return d.ctx }

// Transport is how the node reaches others.
func (d *Driver) Transport() Transport { return d.transport }

// Peers says what is known of other nodes.
func (d *Driver) Peers() map[uint64]Peer { return d.transport.Peers() }

// ID is the node's.
func (d *Driver) ID() uint64 { return d.node.ballot.Node }

// Name is the node's.
func (d *Driver) Name() string { return d.node.ballot.Name }

// Receive hands a message of another node over. It waits while many are waiting.
func (d *Driver) Receive(ctx context.Context, m *pb.Message) error {
	select {
	case d.in <- m:
		return nil
	case <-d.ctx.Done():
		return engine.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Unreachable tells that messages to a node were lost.
func (d *Driver) Unreachable(id uint64) {
	select {
	case d.calls <- func() { d.node.Unreachable(id) }:
	case <-d.ctx.Done():
	default: // it is busy, and will notice by itself
	}
}

// Close has the node take no part any more, and closes its store.
func (d *Driver) Close() error {
	d.stop()
	<-d.stopped
	d.members.Close()
	return errors.Join(d.transport.Close(), d.node.Close())
}

func (d *Driver) run(every time.Duration) {
	defer close(d.stopped)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		d.publish()
		r := d.node.Replica()
		var queue <-chan *engine.AppendRequest
		takes := d.node.TakesAppends()
		if takes || !d.leads() {
			queue = r.Queue()
		}
		select {
		case <-tick.C:
			d.node.Tick()
		case m := <-d.in:
			d.node.Step(m)
			for range batch {
				select {
				case m := <-d.in:
					d.node.Step(m)
					continue
				default:
				}
				break
			}
		case q := <-queue:
			if takes {
				d.node.Append(q)
			} else {
				r.Refuse(q, d.refusal())
			}
		case f := <-d.calls:
			f()
		case <-d.ctx.Done():
			return
		}
	}
}

func (d *Driver) leads() bool { return d.node.failed == nil && d.node.leads() }

// publish tells others what the node's place is.
func (d *Driver) publish() {
	n := d.node
	d.applied.Store(n.r.Applied())
	s := n.rn.BasicStatus()
	now := Status{Leader: s.Lead, Term: s.GetTerm(), Failed: n.failed}
	switch {
	case n.failed != nil:
		now.Leader = 0
	case s.RaftState == raft.StateLeader:
		now.Leading = s.LeadTransferee == 0 && n.r.LastTerm() == s.GetTerm() && (n.r.Applied() == n.r.Last() || d.status.Load().Leading)
	}
	if now == *d.status.Load() {
		return
	}
	d.status.Store(&now)
	d.leading.Store(now.Leading)
	d.mu.Lock()
	close(d.changed)
	d.changed = make(chan struct{})
	d.mu.Unlock()
}

// Status is the node's place as it last was.
func (d *Driver) Status() Status { return *d.status.Load() }

// Leading tells whether the node takes appends.
func (d *Driver) Leading() bool { return d.leading.Load() }

// Applied is the newest entry that is visible here.
func (d *Driver) Applied() uint64 { return d.applied.Load() }

// Changed returns a channel that is closed when the status changes. Whoever waits asks for it before he looks at the status.
func (d *Driver) Changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed
}

// gate lets appends pass where this node leads.
func (d *Driver) gate(ctx context.Context) error {
	if d.leading.Load() {
		return nil
	}
	limit, cancel := context.WithTimeout(ctx, d.wait)
	defer cancel()
	for {
		changed := d.Changed()
		s := d.Status()
		switch {
		case s.Leading:
			return nil
		case s.Failed != nil:
			return s.Failed
		case s.Leader != 0 && s.Leader != d.ID():
			return d.notLeader(s.Leader)
		}
		select {
		case <-changed:
		case <-d.ctx.Done():
			return engine.ErrClosed
		case <-limit.Done():
			if err := ctx.Err(); err != nil {
				return err
			}
			return engine.ErrNoLeader
		}
	}
}

// refusal is what an append is told that has waited while the leadership was lost.
func (d *Driver) refusal() error {
	if s := d.Status(); s.Leader != 0 && s.Leader != d.ID() {
		return d.notLeader(s.Leader)
	}
	return engine.ErrNotAppended
}

func (d *Driver) notLeader(id uint64) error {
	name, address := d.address(id)
	return &engine.NotLeaderError{Name: name, Address: address}
}

// Leader is who leads and where it speaks SQL; empty if nobody is known to.
func (d *Driver) Leader() (name, address string) {
	s := d.Status()
	if s.Leader == 0 || s.Leader == d.ID() && !s.Leading {
		return "", "" // it does not take appends yet, or not any more
	}
	return d.address(s.Leader)
}

func (d *Driver) address(id uint64) (name, address string) {
	if p, ok := d.transport.Peers()[id]; ok {
		return p.Name, p.SQL
	}
	for _, m := range d.Members() {
		if m.ID == id {
			return m.Name, ""
		}
	}
	return "", ""
}

// call has f run where the node's methods may be called, and does not wait for it.
func (d *Driver) call(ctx context.Context, f func()) error {
	select {
	case d.calls <- f:
		return nil
	case <-d.ctx.Done():
		return engine.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// inspect has f look at the node, and waits for it.
func (d *Driver) inspect(ctx context.Context, f func()) error {
	done := make(chan struct{})
	err := d.call(ctx, func() {
		f()
		close(done)
	})
	if err == nil {
		<-done
	}
	return err
}

// ReadIndex returns once this node has applied all that was acknowledged before it was called.
func (d *Driver) ReadIndex(ctx context.Context) error {
	done := make(chan error, 1)
	if err := d.call(ctx, func() { d.node.Read(func(err error) { done <- err }) }); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Progress is how far each member is, as the leader knows it; nil elsewhere.
func (d *Driver) Progress(ctx context.Context) (progress map[uint64]tracker.Progress, last uint64, err error) {
	err = d.inspect(ctx, func() {
		if d.leads() {
			s := d.node.rn.Status()
			progress, last = s.Progress, d.node.r.Last()
		}
	})
	return progress, last, err
}

// Report is what the node tells others of itself.
func (d *Driver) Report() (next int64, syncP99 time.Duration) {
	s := d.Store()
	return s.Index().GlobalPosition() + 1, s.SyncP99()
}
