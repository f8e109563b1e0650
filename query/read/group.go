package read

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// groupsByStream tells whether all events are grouped by their streams and nothing else. How many a
// stream has is known without a look at them: its versions are gapless.
func groupsByStream(c *expr.Compiler, st *syntax.SelectStmt) bool {
	if c.Rel != relation.Events || st.Where != nil {
		return false
	}
	x := st.GroupBy
	if l, ok := x.(*syntax.Literal); ok {
		if l.Kind != syntax.TokInteger || !atMost(l, int64(len(st.Items))) || atMost(l, 0) {
			return false
		}
		for _, item := range st.Items {
			if ref, ok := item.Expr.(*syntax.ColumnExpr); ok && ref.Column == "*" {
				return false // it stands for several
			}
		}
		n, _ := strconv.Atoi(l.Text)
		x = st.Items[n-1].Expr
	}
	if _, ok := x.(*syntax.ColumnExpr); !ok {
		return false
	}
	s, err := c.Compile(x)
	return err == nil && s.Column == relation.EventStreamID
}

// groupRows yields the groups of GROUP BY stream_id: of the newest event of each stream, its stream and
// version.
type groupRows struct {
	streams rowSource
	stream  relation.Row
	newest  engine.RecordedEvent
	staged  map[uuid.UUID]int64 // how many events are staged, of streams that have not come yet
	order   []uuid.UUID         // of those streams
}

func (p *Plan) openGroups(ctx context.Context, src *Source, e *expr.Env, before int64) (rowSource, error) {
	streams, err := openVersions(ctx, src, e, before, nil)
	if err != nil {
		return nil, err
	}
	g := &groupRows{streams: streams}
	if e.Staged == 0 {
		return g, nil
	}
	if err := src.Batch.Check(); err != nil {
		return nil, err
	}
	g.staged = map[uuid.UUID]int64{}
	for i := range e.Staged {
		id := src.Batch.Staged[i].StreamID
		if g.staged[id]++; g.staged[id] == 1 {
			g.order = append(g.order, id)
		}
		if p.usesVersion && g.staged[id] == 1 {
			if err := src.Batch.PinVersion(id); err != nil {
				return nil, err
			}
		}
	}
	return g, nil
}

func (g *groupRows) Next(ctx context.Context, out *relation.Row) (bool, error) {
	out.Event = &g.newest
	ok, err := g.streams.Next(ctx, &g.stream)
	if err != nil {
		return false, err
	}
	if ok {
		g.newest.StreamID, g.newest.Version = g.stream.Stream.StreamID, g.stream.Stream.Version
	}
	if g.staged == nil {
		return ok, nil
	}
	for !ok && len(g.order) > 0 {
		// The snapshot has nothing of it.
		g.newest.StreamID, g.newest.Version = g.order[0], -1
		g.order = g.order[1:]
		ok = g.staged[g.newest.StreamID] > 0
	}
	g.newest.Version += g.staged[g.newest.StreamID]
	delete(g.staged, g.newest.StreamID)
	return ok, nil
}
