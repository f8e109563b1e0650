package standby

import (
	"context"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/setting"
)

// Member is a server that is a member of a cluster; nil: one that is not. It may be used concurrently.
type Member struct {
	Cluster
}

// NewMember returns the member that a node of a cluster is.
func NewMember(c Cluster) *Member {
	return &Member{c}
}

// Follows tells whether the node takes no appends.
func (m *Member) Follows() bool { return m != nil && !m.Leading() }

// hint adds to a refusal who leads.
func (m *Member) hint(e *pgerror.Error) *pgerror.Error { return e.WithHint(leaderHint(m.Leader())) }

// ReadOnly is the error of a statement that changes something, in a transaction that may not; tag names it.
func (m *Member) ReadOnly(tag string) error {
	if !m.Follows() {
		return readOnly(tag)
	}
	if tag == "COPY FROM" { // which PostgreSQL's hot standby refuses before it knows what the transaction may
		return m.during("COPY")
	}
	return m.hint(readOnly(tag))
}

// Leaderless tells whether the node knows nobody who leads.
func (m *Member) Leaderless() bool {
	if !m.Follows() {
		return false
	}
	name, _ := m.Leader()
	return name == ""
}

// Leads refuses what only the leader does, but is no change: locks and their like.
func (m *Member) Leads(what string) error {
	if m.Follows() {
		return m.during(what)
	}
	return nil
}

func (m *Member) during(what string) *pgerror.Error {
	return m.hint(pgerror.Errorf(pgerror.ReadOnlySQLTransaction, "cannot execute %s during recovery", what))
}

// MayWrite refuses to make a transaction one that writes.
func (m *Member) MayWrite() error {
	if m.Follows() {
		return m.hint(pgerror.Errorf(pgerror.FeatureNotSupported, "cannot set transaction read-write mode during recovery"))
	}
	return nil
}

// MaySerialize refuses the level SERIALIZABLE; byDefault: the transaction has it since sessions begin with it.
func (m *Member) MaySerialize(byDefault bool) error {
	if !m.Follows() {
		return nil
	}
	e := pgerror.Errorf(pgerror.FeatureNotSupported, "cannot use serializable mode in a hot standby")
	if !byDefault {
		return e.WithHint("You can use REPEATABLE READ instead.")
	}
	return e.WithDetail("\"default_transaction_isolation\" is set to \"serializable\".").
		WithHint("You can use \"SET default_transaction_isolation = 'repeatable read'\" to change the default.")
}

// Decodes refuses logical decoding, whose slots are the leader's.
func (m *Member) Decodes() error {
	if m.Follows() {
		return m.hint(pgerror.Errorf(pgerror.FeatureNotSupported, "logical decoding cannot be used while in recovery"))
	}
	return nil
}

// Ended is the error that ends a session which holds something that lives on the leader, where the node has ceased to be it. Who is next is hardly
// ever known by then.
func (m *Member) Ended(what string) *pgerror.Error {
	e := pgerror.Errorf(pgerror.AdminShutdown, "terminating connection because this node is no longer the leader").WithDetail("The session %s.", what).
		WithHint("Connect to the node that leads now.")
	e.Severity = "FATAL"
	return e
}

// State is who leads, as a member has seen it.
type State struct {
	Leading bool
	Term    uint64 // of this node; 0: it does not say
}

// State is the state now.
func (m *Member) State() State {
	s := State{Leading: m.Leading()}
	if self := m.Self(); self != nil {
		s.Term = self.Term
	}
	return s
}

// Self is what the node says of itself, nil: nothing yet.
func (m *Member) Self() *Node {
	nodes := m.Nodes()
	for i := range nodes {
		if nodes[i].Self {
			return &nodes[i]
		}
	}
	return nil
}

// Watch tells of the state, now and each time that it may have changed, until ctx ends.
func (m *Member) Watch(ctx context.Context, told func(State)) {
	for {
		changed := m.Changed()
		told(m.State())
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// Setting is the setting that tells clients that the node follows.
const Setting = "in_hot_standby"

// Settings are the values of the server's own settings that follow from whether the node leads.
func Settings(leads bool) []setting.Own {
	if leads {
		return nil
	}
	var list []setting.Own
	for _, name := range []string{Setting, "default_transaction_read_only"} {
		list = append(list, setting.Own{Name: name, Value: "on", Source: "override"})
	}
	return list
}
