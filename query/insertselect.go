package query

import (
	"context"
	"errors"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

// compileQuery prepares the query of INSERT … SELECT, which the worker answers, and the
// conversions of its columns to those of events.
func (p *insertPlan) compileQuery(c *compiler, s *Session, st *insertStmt, oids []uint32) error {
	var want []uint32
	for _, i := range p.columns {
		want = append(want, eventsRelation.columns[i].oid)
	}
	q, err := s.prepareAnalytic(st.from.src, st.from.pos, st.from.end, oids, want)
	if errors.Is(err, errNoWorker) {
		return beyondError(c.src, &beyond{what: "INSERT … SELECT", pos: st.from.pos})
	}
	if err != nil {
		return err
	}
	width := len(q.out)
	if width > len(p.columns) {
		return pgwire.Errorf("42601", "INSERT has more expressions than target columns")
	}
	if width < len(p.columns) {
		if st.columns != nil {
			return c.at(pgwire.Errorf("42601", "INSERT has more target columns than expressions"), st.columns[width].pos)
		}
		p.columns = p.columns[:width]
	}
	row := make([]*scalar, width)
	for i, column := range p.columns {
		target := eventsRelation.columns[column]
		if column == evPosition || column == evRecordedAt {
			return pgwire.Errorf("428C9", "cannot insert a non-DEFAULT value into column \"%s\"", target.name).
				WithDetail("The log assigns it.")
		}
		from := &scalar{oid: q.out[i].OID, column: -1, eval: func(e *env, v *pgwire.Value) error {
			*v = e.selected[i]
			return nil
		}}
		out, ok := assign(from, target.oid, c.zone)
		if !ok {
			return pgwire.Errorf("42804", "column \"%s\" is of type %s but expression is of type %s",
				target.name, pgwire.TypeName(target.oid), pgwire.TypeName(from.oid)).
				WithHint("You will need to rewrite or cast the expression.")
		}
		row[i] = out
	}
	p.query, p.rows = q, [][]*scalar{row}
	c.params = q.params
	c.mentioned = map[int]bool{}
	for i := range q.params {
		c.mentioned[i+1] = true
	}
	return nil
}

// selected builds the events of INSERT … SELECT: all of its rows, since they are one append.
func (p *insertPortal) selected(ctx context.Context, b *builder) ([]engine.ProposedEvent, error) {
	rows := &analyticPortal{plan: p.plan.query, s: p.s, params: p.params}
	defer rows.Close()
	if err := rows.open(ctx); err != nil {
		return nil, err
	}
	limits := p.s.server.store.Limits()
	e := env{session: p.s, params: p.params}
	var events []engine.ProposedEvent
	size := 0
	for {
		ok, err := rows.next(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			return events, nil
		}
		e.selected = rows.current()
		var event engine.ProposedEvent
		if err := b.event(&e, p.plan.rows[0], &event); err != nil {
			return nil, err
		}
		if size += event.StoredSize(); size > limits.AppendBytes || len(events) == maxRows {
			return nil, pgwire.Errorf("54000", "the INSERT is too large: more than %d events or %d bytes", maxRows, limits.AppendBytes).
				WithHint("One statement is one atomic append. Insert fewer rows at a time, or use COPY.")
		}
		events = append(events, event)
	}
}
