package replica

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/eventgres/eventgres/engine"
)

// MembersKey is the key of the control state that says who the members are: names and addresses. Which of them vote the log's entries say.
const MembersKey = "cluster/members"

// foundedKey is the key of the control state that says which cluster the members are those of: by whom it was founded. A store that was restored, or
// goes on alone, has the members of an earlier one.
const foundedKey = "cluster/founded"

func foundedBy(voters []uint64) []byte {
	var text []byte
	for _, v := range voters {
		text = fmt.Appendf(text, "%016x ", v)
	}
	return text
}

// Founded tells whether the log names the members of the cluster that these have founded.
func (d *Driver) Founded(voters []uint64) bool {
	return bytes.Equal(d.Store().Control().Get(foundedKey).Value, foundedBy(voters))
}

// Found writes the founders into the log.
func (d *Driver) Found(ctx context.Context, voters []uint64, members []Member) error {
	value, err := json.Marshal(members)
	if err != nil {
		return err
	}
	control := d.Store().Control()
	return d.Store().Writer().Append(ctx, &engine.AppendRequest{Control: []engine.ControlChange{
		{Key: foundedKey, Value: foundedBy(voters), IfVersion: control.Get(foundedKey).Version},
		{Key: MembersKey, Value: value, IfVersion: control.Get(MembersKey).Version},
	}})
}

// Member is a node of a cluster.
type Member struct {
	ID   uint64 `json:"id"` // 0 where it is not known yet
	Name string `json:"name"`
	Peer string `json:"peer"` // address for other nodes
}

// Members are the nodes that the log names; none before a first leader has written them there.
func (d *Driver) Members() []Member {
	r := d.Store().Control().Get(MembersKey)
	var members []Member
	if r.Version == 0 || r.Deleted || json.Unmarshal(r.Value, &members) != nil {
		return nil
	}
	return members
}

// watchMembers tells the transport of changes.
func (d *Driver) watchMembers() {
	for version := int64(0); ; {
		if err := d.members.Wait(d.ctx, version); err != nil {
			return
		}
		version = d.members.Version()
		d.transport.Know(d.Members())
	}
}

// Voters tells which members vote, and which learn.
func (d *Driver) Voters(ctx context.Context) (voters, learners []uint64, err error) {
	err = d.inspect(ctx, func() {
		voters, learners = slices.Clone(d.node.conf.GetVoters()), slices.Clone(d.node.conf.GetLearners())
	})
	return voters, learners, err
}

// change proposes a change of who votes and learns, and waits for it.
func (d *Driver) change(ctx context.Context, changes ...*pb.ConfChangeSingle) error {
	// One change at a time: it is asked for again until there is room for it.
	for {
		done := make(chan error, 1)
		if err := d.call(ctx, func() {
			d.node.Change(&pb.ConfChangeV2{Changes: changes}, func(err error) { done <- err })
		}); err != nil {
			return err
		}
		select {
		case err := <-done:
			if !errors.Is(err, engine.ErrNotAppended) || !d.Leading() {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Write writes who the members are into the log.
func (d *Driver) Write(ctx context.Context, edit func([]Member) ([]Member, error)) error {
	for {
		r := d.Store().Control().Get(MembersKey)
		members, err := edit(d.Members())
		if err != nil {
			return err
		}
		value, err := json.Marshal(members)
		if err != nil {
			return err
		}
		err = d.Store().Writer().Append(ctx, &engine.AppendRequest{Control: []engine.ControlChange{{Key: MembersKey, Value: value, IfVersion: r.Version}}})
		if errors.As(err, new(*engine.ControlConflictError)) {
			continue
		}
		return err
	}
}

// ErrMemberUnknown is of a name that no member has.
var ErrMemberUnknown = errors.New("no member has this name")

func (d *Driver) member(name string) (Member, error) {
	for _, m := range d.Members() {
		if m.Name == name {
			return m, nil
		}
	}
	return Member{}, fmt.Errorf("%q: %w", name, ErrMemberUnknown)
}

// Add makes a node a learner.
func (d *Driver) Add(ctx context.Context, m Member) error {
	if m.ID == 0 {
		return errors.New("a member needs an id")
	}
	err := d.Write(ctx, func(members []Member) ([]Member, error) {
		for i, other := range members {
			switch {
			case other.ID == m.ID && other.Name == m.Name:
				members[i] = m
				return members, nil
			case other.Name == m.Name:
				return nil, fmt.Errorf("%q is a member already; remove it first", m.Name)
			}
		}
		return append(members, m), nil
	})
	if err != nil {
		return err
	}
	if err := d.change(ctx, &pb.ConfChangeSingle{Type: pb.ConfChangeAddLearnerNode.Enum(), NodeId: new(m.ID)}); err != nil {
		return err
	}
	return d.confirm(ctx)
}

// confirm has a group come behind a change of who votes: a node that starts knows by it that the change is committed.
func (d *Driver) confirm(ctx context.Context) error {
	return d.Write(ctx, func(members []Member) ([]Member, error) { return members, nil })
}

// recent is how long ago a node may have been heard of that counts as there.
const recent = 3 * time.Second

// majority refuses a change after which there would not be enough voters that are heard of to append. It waits a moment for those that have just come.
func (d *Driver) majority(ctx context.Context, added, removed uint64) error {
	voters, _, err := d.Voters(ctx)
	if err != nil {
		return err
	}
	if added != 0 {
		voters = append(voters, added)
	}
	voters = slices.DeleteFunc(voters, func(id uint64) bool { return id == removed })
	for end := time.Now().Add(recent); ; {
		there, peers := 0, d.Peers()
		for _, id := range voters {
			if id == d.ID() || time.Since(peers[id].Heard) < recent {
				there++
			}
		}
		switch {
		case there >= len(voters)/2+1:
			return nil
		case time.Now().After(end):
			return fmt.Errorf("of %d voters that there would be, %d are reached: nothing could be appended", len(voters), there)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// maxBehind is how many entries a learner may be behind to be promoted.
const maxBehind = 100

// Promote has a learner vote.
func (d *Driver) Promote(ctx context.Context, name string) error {
	m, err := d.member(name)
	if err != nil {
		return err
	}
	progress, last, err := d.Progress(ctx)
	if err != nil {
		return err
	}
	p, known := progress[m.ID]
	switch {
	case progress == nil:
		return d.refusal()
	case !known:
		return fmt.Errorf("%q is no learner", name)
	case !p.IsLearner:
		return nil
	case p.Match+maxBehind < last:
		return fmt.Errorf("%q has %d entries of %d: promote it once it has caught up", name, p.Match, last)
	}
	if err := d.majority(ctx, m.ID, 0); err != nil {
		return err
	}
	if err := d.change(ctx, &pb.ConfChangeSingle{Type: pb.ConfChangeAddNode.Enum(), NodeId: new(m.ID)}); err != nil {
		return err
	}
	return d.confirm(ctx)
}

// Remove takes a node out of the cluster.
func (d *Driver) Remove(ctx context.Context, name string) error {
	m, err := d.member(name)
	if err != nil {
		return err
	}
	if m.ID == d.ID() {
		return fmt.Errorf("%q leads: transfer the leadership first", name)
	}
	if err := d.majority(ctx, 0, m.ID); err != nil {
		return err
	}
	if err := d.change(ctx, &pb.ConfChangeSingle{Type: pb.ConfChangeRemoveNode.Enum(), NodeId: new(m.ID)}); err != nil {
		return err
	}
	return d.Write(ctx, func(members []Member) ([]Member, error) {
		return slices.DeleteFunc(members, func(other Member) bool { return other.ID == m.ID }), nil
	})
}

// Transfer hands the leadership to another node, and waits until it has it.
func (d *Driver) Transfer(ctx context.Context, name string) error {
	m, err := d.member(name)
	if err != nil {
		return err
	}
	if !d.Leading() {
		return d.refusal()
	}
	if err := d.call(ctx, func() { d.node.Transfer(m.ID) }); err != nil {
		return err
	}
	for {
		changed := d.Changed()
		s := d.Status()
		if s.Leader == m.ID {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d.wait):
			return fmt.Errorf("%q has not taken the leadership", name)
		}
	}
}
