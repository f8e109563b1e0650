package engine

import "errors"

// What a node of a cluster answers an append with, beside what a single node does.
var (
	// ErrNotAppended is of an append whose place in the log another node's entry has taken: it did not happen, and may be tried again.
	ErrNotAppended = errors.New("another node has become the leader: the append was not made")
	// ErrOutcomeUnknown is of an append that may still happen: this node has lost its place as the leader while it was on its way.
	ErrOutcomeUnknown = errors.New("the append may or may not be made: this node is no longer the leader")
	// ErrNoLeader is of an append or a read that has waited in vain for a leader: most of the nodes do not reach each other. It did not happen.
	ErrNoLeader = errors.New("the cluster has no leader")
)

// NotLeaderError is of an append at a node that follows. It did not happen.
type NotLeaderError struct {
	Name    string // of the leader
	Address string // where it speaks SQL; empty if that is not known
}

func (e *NotLeaderError) Error() string { return "this node follows " + e.Name }
