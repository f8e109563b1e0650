package query

import (
	"context"
	"strconv"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

// groupsByStream tells whether all events are grouped by their streams and nothing else. How many a
// stream has is known without a look at them: its versions are gapless.
func groupsByStream(c *compiler, st *selectStmt) bool {
	if c.rel != eventsRelation || st.where != nil {
		return false
	}
	x := st.groupBy
	if l, ok := x.(*literal); ok {
		if l.kind != tokInteger || !atMost(l, int64(len(st.items))) || atMost(l, 0) {
			return false
		}
		for _, item := range st.items {
			if ref, ok := item.expr.(*columnExpr); ok && ref.column == "*" {
				return false // it stands for several
			}
		}
		n, _ := strconv.Atoi(l.text)
		x = st.items[n-1].expr
	}
	if _, ok := x.(*columnExpr); !ok {
		return false
	}
	s, err := c.compile(x)
	return err == nil && s.column == evStreamID
}

// streamAggregate compiles what follows from the newest version of a stream: count(*), and the least and the greatest
// version.
func (c *compiler) streamAggregate(x *callExpr) (*scalar, error) {
	of := func(column string) bool {
		if x.star || len(x.args) != 1 {
			return false
		}
		ref, ok := x.args[0].(*columnExpr)
		return ok && ref.column == column && (ref.table == "" || ref.table == c.alias)
	}
	var value func(newest int64) int64
	switch {
	case x.name == "count" && x.star:
		value = func(newest int64) int64 { return newest + 1 }
	case x.name == "max" && of("version"):
		value = func(newest int64) int64 { return newest }
	case x.name == "min" && of("version"):
		value = func(int64) int64 { return 0 }
	default:
		return nil, c.beyond(x.name+" by stream", x.pos)
	}
	s := derived(pgwire.OIDInt8, x.pos, func(e *env, v *pgwire.Value) error {
		v.Kind, v.Int = pgwire.KindInt, value(e.row.event.Version)
		return nil
	})
	s.constant = false
	return s, nil
}

// groupRows yields the groups of GROUP BY stream_id: of the newest event of each stream, its stream and
// version.
type groupRows struct {
	streams rowSource
	stream  row
	newest  engine.RecordedEvent
}

func (p *selectPlan) openGroups(ctx context.Context, s *Session, e *env, before int64) (rowSource, error) {
	if e.staged > 0 {
		return nil, errStagedAnalytic
	}
	streams, err := openVersions(ctx, s, e, before, nil)
	if err != nil {
		return nil, err
	}
	return &groupRows{streams: streams}, nil
}

func (g *groupRows) next(ctx context.Context, out *row) (bool, error) {
	ok, err := g.streams.next(ctx, &g.stream)
	if err != nil || !ok {
		return false, err
	}
	g.newest.StreamID, g.newest.Version = g.stream.stream.StreamID, g.stream.stream.Version
	out.event = &g.newest
	return true, nil
}
