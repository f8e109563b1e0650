package standby

import (
	"context"
	"time"
)

// Cluster is a cluster as one of its nodes sees it. It may be used concurrently.
type Cluster interface {
	// Leading tells whether this node takes appends now. It is asked for every append and transaction, so it costs a load.
	Leading() bool
	// Leader is the node that leads, and where it speaks SQL; empty if none is known, or where it is is not.
	Leader() (name, address string)
	// Changed is closed when Leading, Leader or this node's term may have changed; ask again for the next.
	Changed() <-chan struct{}
	// ReadIndex waits until what is read here has everything that was acknowledged anywhere before it was called. It fails with
	// [engine.ErrNoLeader] where no leader says so in time. It is also how a statement that may not append waits for who may.
	ReadIndex(ctx context.Context) error
	// Nodes are those of the cluster, this one with them.
	Nodes() []Node
	// Add makes a node a learner, Promote a learner one that votes, Remove takes it out, and Transfer has it lead. They fail with
	// [engine.NotLeaderError] at a node that cannot do it.
	Add(ctx context.Context, name, peerAddress string) error
	Promote(ctx context.Context, name string) error
	Remove(ctx context.Context, name string) error
	Transfer(ctx context.Context, name string) error
}

// The roles of nodes.
const (
	Leader      = "leader"
	Follower    = "follower"
	Learner     = "learner"
	Unreachable = "unreachable"
)

// Roles are all of them.
var Roles = []string{Leader, Follower, Learner, Unreachable}

// Node is what one node knows of another, or of itself.
type Node struct {
	Name string
	Role string // one of [Roles]
	Self bool   // it is the node that tells
	ID   uint64 // its number in the protocol

	PeerAddress string // where it speaks to other nodes
	Address     string // where it speaks SQL; empty: not known

	Term     uint64
	Applied  uint64 // the newest entry of the replicated log that it has applied
	Position int64  // of the newest event that can be read there; -1: there is none

	// How far it is behind the leader, as far as that is known.
	LagEvents, LagBytes int64
	LagSeconds          float64

	LastContact time.Time     // when it was last heard of; zero: not yet, or it is the node that tells
	SyncP99     time.Duration // of its log; 0: not known
	Damage      string        // what of its log is damaged; empty: nothing
}
