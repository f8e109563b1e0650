package standby

import (
	"context"
	"errors"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
)

// Host is the session that asks.
type Host interface {
	expr.Host
	// Member is the server that it is on.
	Member() *Member
	// Superuser tells whether it may change the cluster, and Monitors whether it may see what operators see.
	Superuser() bool
	Monitors() bool
	// Asking is the context of the statement that runs.
	Asking() context.Context
	// Await runs what waits for something else than a processor.
	Await(f func() error) error
}

// Server opens the rows of a relation that the server makes.
type Server func(h expr.Host, rel *relation.Relation, args []pgvalue.Value) (next func() ([]pgvalue.Value, error), err error)

// Serve is a Server that knows the view of the cluster's nodes, beside what another knows.
func Serve(other Server) Server {
	return func(h expr.Host, rel *relation.Relation, args []pgvalue.Value) (func() ([]pgvalue.Value, error), error) {
		if rel != relation.Cluster {
			return other(h, rel, args)
		}
		rows := h.(Host).Member().rows(h.(Host).Monitors())
		return func() (row []pgvalue.Value, _ error) {
			if len(rows) > 0 {
				row, rows = rows[0], rows[1:]
			}
			return row, nil
		}, nil
	}
}

// rows are those of the view. Where nodes speak to each other, and what is damaged, is for who monitors.
func (m *Member) rows(all bool) (rows [][]pgvalue.Value) {
	if m == nil {
		return nil
	}
	for _, n := range m.Nodes() {
		row := []pgvalue.Value{
			pgvalue.TextValue(n.Name), pgvalue.TextValue(n.Role), pgvalue.IntValue(int64(n.Term)), pgvalue.IntValue(int64(n.Applied)),
			pgvalue.IntValue(n.Position), pgvalue.BoolValue(n.LagEvents == 0 && n.LagBytes == 0 && n.Role != Unreachable), pgvalue.IntValue(n.LagEvents),
			pgvalue.IntValue(n.LagBytes), pgvalue.FloatValue(n.LagSeconds),
			{},
			{},
			text(n.Address),
			{},
			{},
		}
		if !n.LastContact.IsZero() {
			row[9] = pgvalue.TimeValue(n.LastContact.UnixMicro())
		}
		if n.SyncP99 > 0 {
			row[10] = pgvalue.FloatValue(float64(n.SyncP99) / float64(time.Millisecond))
		}
		if all {
			row[12], row[13] = text(n.PeerAddress), text(n.Damage)
		}
		rows = append(rows, row)
	}
	return rows
}

// text is a text, null if it is empty.
func text(s string) pgvalue.Value {
	if s == "" {
		return pgvalue.Value{}
	}
	return pgvalue.TextValue(s)
}

func init() {
	for f, call := range map[*relation.Function]func(ctx context.Context, m *Member, a []pgvalue.Value) error{
		relation.ClusterAdd:      func(ctx context.Context, m *Member, a []pgvalue.Value) error { return m.Add(ctx, a[0].Text, a[1].Text) },
		relation.ClusterPromote:  func(ctx context.Context, m *Member, a []pgvalue.Value) error { return m.Promote(ctx, a[0].Text) },
		relation.ClusterRemove:   func(ctx context.Context, m *Member, a []pgvalue.Value) error { return m.Remove(ctx, a[0].Text) },
		relation.ClusterTransfer: func(ctx context.Context, m *Member, a []pgvalue.Value) error { return m.Transfer(ctx, a[0].Text) },
	} {
		expr.RegisterOwn(f, func(h expr.Host, a []pgvalue.Value, v *pgvalue.Value) error {
			*v = pgvalue.TextValue("") // of type void
			return change(h.(Host), f.Name, func(ctx context.Context, m *Member) error { return call(ctx, m, a) })
		})
	}
}

// change calls a function that changes the cluster.
func change(h Host, name string, call func(ctx context.Context, m *Member) error) error {
	m := h.Member()
	switch {
	case !h.Superuser():
		return pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied for function %s", name)
	case m == nil:
		return pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "this server is not a member of a cluster")
	}
	err := h.Await(func() error { return call(h.Asking(), m) })
	var follows *engine.NotLeaderError
	var told *pgerror.Error
	switch {
	case err == nil || errors.As(err, &told) || errors.Is(err, context.Canceled) || errors.Is(err, engine.ErrNoLeader) || errors.Is(err, engine.ErrNotAppended) ||
		errors.Is(err, engine.ErrOutcomeUnknown):
		return err
	case errors.As(err, &follows):
		return pgerror.Errorf(pgerror.ReadOnlySQLTransaction, "cannot execute %s() during recovery", name).WithHint(leaderHint(follows.Name, follows.Address))
	}
	return pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "%s", err.Error())
}
