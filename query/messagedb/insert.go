package messagedb

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/staging"
	"github.com/eventgres/eventgres/query/syntax"
)

// InsertPlan is a prepared INSERT INTO messages.
type InsertPlan struct {
	columns   []int // of messages, by place in a row
	rows      [][]*expr.Scalar
	returning []*expr.Scalar
	Columns   []pgvalue.Column // of RETURNING
}

// Compile makes the plan. What is written is what the native path knows: VALUES, and RETURNING.
func (p *InsertPlan) Compile(c *expr.Compiler, st *syntax.InsertStmt) error {
	switch {
	case st.Conflict != nil:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "ON CONFLICT is not supported with messages").WithHint("INSERT INTO events has it.")
	case st.From != nil || st.Query != nil || st.Rows == nil:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "only VALUES can be inserted into messages").WithHint("Call write_message for the rows of a query.")
	case st.Values.Err != nil:
		return st.Values.Err
	case st.Returned.Err != nil:
		return st.Returned.Err
	}
	if err := p.compileColumns(c, st); err != nil {
		return err
	}
	for _, row := range st.Rows {
		if err := p.compileRow(c, st, row); err != nil {
			return err
		}
	}
	if st.Returning == nil {
		return nil
	}
	c.Rel, c.Alias = relation.Messages, relation.Messages.Name
	if st.Alias != "" {
		c.Alias = st.Alias
	}
	var err error
	p.returning, p.Columns, err = expr.CompileItems(c, st.Returning)
	return err
}

func (p *InsertPlan) compileColumns(c *expr.Compiler, st *syntax.InsertStmt) error {
	rel := relation.Messages
	if st.Columns == nil {
		for i := range rel.Columns[:min(len(st.Rows[0]), len(rel.Columns))] {
			p.columns = append(p.columns, i)
		}
	}
	for _, n := range st.Columns {
		i, ok := rel.ByName[n.Text]
		if !ok {
			return c.At(pgerror.Errorf(pgerror.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", n.Text, rel.Name), n.Pos)
		}
		if slices.Contains(p.columns, i) {
			return c.At(pgerror.Errorf(pgerror.DuplicateColumn, "column \"%s\" specified more than once", n.Text), n.Pos)
		}
		p.columns = append(p.columns, i)
	}
	return nil
}

func (p *InsertPlan) compileRow(c *expr.Compiler, st *syntax.InsertStmt, row []syntax.Expr) error {
	switch {
	case len(row) > len(p.columns):
		return c.At(pgerror.Errorf(pgerror.SyntaxError, "INSERT has more expressions than target columns"), row[len(p.columns)].Position())
	case len(row) < len(p.columns):
		return c.At(pgerror.Errorf(pgerror.SyntaxError, "INSERT has more target columns than expressions"), st.Columns[len(row)].Pos)
	}
	out := make([]*expr.Scalar, len(row))
	for i, x := range row {
		if _, ok := x.(*syntax.DefaultExpr); ok {
			continue
		}
		target := &relation.Messages.Columns[p.columns[i]]
		if column := p.columns[i]; column == relation.MessageGlobalPosition || column == relation.MessageTime {
			return c.At(pgerror.Errorf(pgerror.GeneratedAlways, "cannot insert a non-DEFAULT value into column \"%s\"", target.Name).
				WithDetail("The log assigns it."), x.Position())
		}
		s, err := c.CompileAs(x, target.OID)
		if err != nil {
			return err
		}
		var ok bool
		if out[i], ok = expr.Assign(s, target.OID, c.Zone); !ok {
			return c.At(pgerror.Errorf(pgerror.DatatypeMismatch, "column \"%s\" is of type %s but expression is of type %s",
				target.Name, pgvalue.TypeName(target.OID), pgvalue.TypeName(s.OID)).
				WithHint("You will need to rewrite or cast the expression."), x.Position())
		}
	}
	p.rows = append(p.rows, out)
	return nil
}

// Open makes a portal that runs the plan.
func (p *InsertPlan) Open(h Host, params []pgvalue.Value) (pgwire.Portal, error) {
	want := privilege.Insert
	if p.returning != nil {
		want |= privilege.Select
	}
	return &insertPortal{plan: p, e: expr.Env{Host: h, Params: params}, h: h}, h.Uses(want)
}

type insertPortal struct {
	plan *InsertPlan
	h    Host
	e    expr.Env
	told []engine.RecordedEvent // of RETURNING
	ran  bool
	n    int64
}

func (p *insertPortal) Columns() []pgvalue.Column { return p.plan.Columns }

func (p *insertPortal) Close() { p.told = nil }

// Execute appends the rows to what the transaction has staged, and returns what RETURNING says of them.
func (p *insertPortal) Execute(ctx context.Context, out *pgwire.Output, limit int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "INSERT 0"}
	if !p.ran {
		p.ran = true
		if err := p.h.Writes("INSERT"); err != nil {
			return tag, false, err
		}
		for _, row := range p.plan.rows {
			if err := p.insert(row); err != nil {
				return tag, false, err
			}
		}
	}
	if p.plan.returning == nil {
		tag.Rows = p.n
		return tag, true, nil
	}
	values, row := make([]pgvalue.Value, len(p.plan.returning)), make([]pgvalue.Value, len(relation.Messages.Columns))
	for ; len(p.told) > 0; p.told = p.told[1:] {
		if limit > 0 && tag.Rows == limit {
			return tag, false, nil
		}
		Message(&p.told[0], row)
		p.e.Row.Role = row
		for i, s := range p.plan.returning {
			if err := s.Eval(&p.e, &values[i]); err != nil {
				return tag, false, err
			}
		}
		if err := out.Row(ctx, values); err != nil {
			return tag, false, err
		}
		tag.Rows++
	}
	return tag, true, nil
}

// insert stages a row.
func (p *insertPortal) insert(row []*expr.Scalar) error {
	a := make([]pgvalue.Value, argExpected)
	a[argID] = pgvalue.TextValue(uuid.NewString()) // its default
	var position pgvalue.Value
	for i, s := range row {
		if s == nil {
			continue
		}
		var v pgvalue.Value
		if err := s.Eval(&p.e, &v); err != nil {
			return err
		}
		switch p.plan.columns[i] {
		case relation.MessagePosition:
			position = v
		case relation.MessageStreamName:
			a[argStream] = v
		case relation.MessageType:
			a[argType] = v
		case relation.MessageData:
			a[argData] = v
		case relation.MessageMetadata:
			a[argMetadata] = v
		case relation.MessageID:
			if a[argID] = v; v.Kind == pgvalue.KindUUID {
				a[argID] = pgvalue.TextValue(string(pgvalue.AppendText(nil, pgvalue.OIDUUID, &v, nil)))
			}
		}
	}
	e, err := event(a)
	if err != nil {
		return err
	}
	if position.Kind == pgvalue.Null {
		return notNull("position", a, e, nil, p.next())
	}
	if err := complete(a, e, func() int64 { return position.Int }, p.next); err != nil {
		return err
	}
	if position.Int < 0 {
		return pgerror.Errorf(pgerror.InvalidParameterValue, "position %d is negative", position.Int)
	}
	if _, err := p.h.BeginWrite(LockOf(e.Stream)); err != nil {
		return err
	}
	e.Version = engine.ExpectedVersion(position.Int)
	if _, err := p.h.Write(e, nil, false); err != nil {
		return p.taken(err, e)
	}
	p.n++
	if p.plan.returning == nil {
		return nil
	}
	_, _, batch := p.h.Log()
	first, err := batch.PinPosition()
	if err == nil {
		i := len(batch.Staged) - 1
		p.told = append(p.told, staging.Recorded(&batch.Staged[i], first+int64(i), batch.Version(i), batch.StartedAt))
	}
	return err
}

// next is the position of the log that a message would get, as Message DB has it.
func (p *insertPortal) next() int64 { return nextGlobal(p.h) }

// taken is the error of a message whose position in its stream is another's, or has a gap before it. Where its id is known as well, that is told.
func (p *insertPortal) taken(err error, e *engine.ProposedEvent) error {
	var gap *engine.VersionConflictError
	if errors.As(err, &gap) && gap.Stream == "" {
		named := *gap
		named.Stream = e.Stream
		return &named
	}
	var t *engine.VersionTakenError
	if !errors.As(err, &t) {
		return Told(err)
	}
	ix, _, batch := p.h.Log()
	at, failed := ix.FindEvent(p.h.Asking(), e.EventID)
	if failed != nil {
		return failed
	}
	if at >= 0 || slices.ContainsFunc(batch.Staged, func(s engine.ProposedEvent) bool { return s.EventID == e.EventID }) {
		return Told(&engine.DuplicateEventError{EventID: e.EventID})
	}
	x := pgerror.Errorf(pgerror.UniqueViolation, "duplicate key value violates unique constraint \"messages_stream\"").
		WithDetail("Key (stream_name, \"position\")=(%s, %d) already exists.", t.Stream, t.Version)
	x.Schema, x.Table, x.Constraint = searchpath.MessageStore, relation.Messages.Name, "messages_stream"
	return x
}
