package query

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/proposal"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// What the server's expressions do not know in INSERT … VALUES, RETURNING and EXECUTE is for the worker: it gets
// the lists as they are written, as those of a SELECT.

// valueRow is a row of VALUES as it is written.
type valueRow struct {
	pos, end int // between the parentheses
	items    []valueItem
}

type valueItem struct {
	pos       int
	isDefault bool
}

// scanRows finds the rows of VALUES. It returns at least one, and each is closed, or it says that the text
// ends too early.
func scanRows(src string, pos, end int) (rows []valueRow, err error) {
	l := syntax.Lexer{Src: src[:end], I: pos}
	depth, begins, bare := 0, false, false // bare: DEFAULT was just there
	for {
		t, err := l.Next()
		if err == nil && t.Kind == syntax.TokEOF && (depth != 0 || len(rows) == 0) {
			err = pgerror.Errorf(pgerror.SyntaxError, "syntax error at end of input").At(syntax.CharPosition(src, end))
		}
		if err != nil || t.Kind == syntax.TokEOF {
			return rows, err
		}
		if bare {
			if t.Kind != syntax.TokOp || t.Text != "," && t.Text != ")" {
				items := rows[len(rows)-1].items
				return nil, pgerror.Errorf(pgerror.SyntaxError, "DEFAULT is not allowed in this context").At(syntax.CharPosition(src, items[len(items)-1].pos))
			}
			bare = false
		}
		opens := t.Kind == syntax.TokOp && (t.Text == "(" || t.Text == "[")
		closes := t.Kind == syntax.TokOp && (t.Text == ")" || t.Text == "]")
		switch {
		case depth == 0 && opens:
			rows = append(rows, valueRow{pos: t.End})
			begins = true
		case depth == 1 && closes:
			rows[len(rows)-1].end = t.Pos
		case depth == 1 && t.Kind == syntax.TokOp && t.Text == ",":
			begins = true
			continue
		case depth > 0 && begins:
			row := &rows[len(rows)-1]
			bare = t.Kind == syntax.TokIdent && t.Text == "default"
			row.items = append(row.items, valueItem{pos: t.Pos, isDefault: bare})
			begins = false
		}
		if opens {
			depth++
		}
		if closes {
			depth--
		}
	}
}

// selectText makes a SELECT of a list that stands at pos in a text, so that what is said of places in it can
// be told as places in the text: it begins as many characters before the list as SELECT takes.
func selectText(src string, pos int, list string) (text string, at int) {
	return "SELECT " + list, backBy(src, pos, len("SELECT "))
}

// backBy is where so many characters before a place begin.
func backBy(src string, pos, n int) int {
	for range n {
		_, size := utf8.DecodeLastRuneInString(src[:pos])
		pos -= size
	}
	return pos
}

// behindWith puts a text's WITH in front of a query that was made of a part behind it.
func behindWith(with *syntax.QueryText, src, text string, at int) (string, int) {
	if with == nil || at < with.End {
		return text, at
	}
	return src[with.Pos:with.End] + blank(src[with.End:at]) + text, with.Pos
}

// blank is as many spaces as a text has characters.
func blank(s string) string { return strings.Repeat(" ", utf8.RuneCountInString(s)) }

// needsWorker tells of an error that may be the server's alone: that it does not know what PostgreSQL does.
func needsWorker(err error) bool {
	var e *pgerror.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case pgerror.FeatureNotSupported, pgerror.SyntaxError, pgerror.UndefinedFunction, pgerror.CannotCoerce, pgerror.UndefinedObject:
		return true
	}
	return false
}

const (
	// maxValues bounds the values of a SELECT that rows are made of, below PostgreSQL's bound on a select list.
	maxValues = 1600
	// maxValueParts bounds how many there may be.
	maxValueParts = 64
)

// valuesPart is a SELECT of the values of some rows.
type valuesPart struct {
	query *analyticPlan
	rows  [][]*expr.Scalar
	only  bool // of the only row, which functions that return sets make several of
}

// compileValues prepares rows whose expressions the server does not know.
func (p *insertPlan) compileValues(c *expr.Compiler, s *Session, st *syntax.InsertStmt) error {
	rows, err := scanRows(c.Src, st.Values.Pos, st.Values.End)
	if err != nil {
		return err
	}
	width := len(rows[0].items)
	if err := p.checkWidth(c, st, width, func(i int) int { return rows[0].items[i].pos }); err != nil {
		return cmp.Or(s.syntaxOf(c, st, &rows[0]), err)
	}
	for i := range rows {
		if len(rows[i].items) != width {
			return c.At(pgerror.Errorf(pgerror.SyntaxError, "VALUES lists must all be the same length"), rows[i].pos)
		}
		for k, item := range rows[i].items {
			if column := p.columns[k]; !item.isDefault && (column == relation.EventPosition || column == relation.EventRecordedAt) {
				return c.At(proposal.Assigned(column), item.pos)
			}
		}
	}
	oids := append([]uint32(nil), c.Declared...)
	per := max(maxValues/max(width, 1), 1)
	if len(rows) > per*maxValueParts {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "an INSERT with such expressions may have %d rows at most", per*maxValueParts).
			WithHint("Write INSERT … SELECT … FROM (VALUES …), or use COPY.")
	}
	for len(rows) > 0 {
		n := min(per, len(rows))
		part, err := p.compilePart(c, s, st, rows[:n], oids, len(p.parts) == 0 && len(rows) == 1)
		if err != nil {
			return err
		}
		p.parts = append(p.parts, part)
		oids = append(oids[:0], part.query.params...)
		rows = rows[n:]
	}
	c.Know(oids)
	return nil
}

// syntaxOf returns what is wrong with a row's syntax, nil if nothing is: that comes before
// how many values it has.
func (s *Session) syntaxOf(c *expr.Compiler, st *syntax.InsertStmt, row *valueRow) error {
	if slices.ContainsFunc(row.items, func(item valueItem) bool { return item.isDefault }) {
		return nil // not a word of SELECT
	}
	text, from := selectText(c.Src, row.pos, c.Src[row.pos:row.end])
	text, from = behindWith(st.With, c.Src, text, from)
	_, err := s.prepareText(c.Src, from, text, analytics.Preparation{Parameters: append([]uint32(nil), c.Declared...), List: "VALUES"})
	var e *pgerror.Error
	if errors.As(err, &e) && e.Code == pgerror.SyntaxError {
		return err
	}
	return nil
}

func (p *insertPlan) compilePart(c *expr.Compiler, s *Session, st *syntax.InsertStmt, rows []valueRow, oids []uint32, only bool) (valuesPart, error) {
	var list strings.Builder
	var want []uint32
	at := rows[0].pos
	for i, row := range rows {
		if i > 0 {
			list.WriteString("," + blank(c.Src[at:row.pos])[1:]) // in place of what is between the parentheses
		}
		at = row.pos
		for k, item := range row.items {
			want = append(want, relation.Events.Columns[p.columns[k]].OID)
			if item.isDefault {
				list.WriteString(c.Src[at:item.pos] + "NULL   ")
				at = item.pos + len("DEFAULT")
			}
		}
		list.WriteString(c.Src[at:row.end])
		at = row.end
	}
	text, from := selectText(c.Src, rows[0].pos, list.String())
	text, from = behindWith(st.With, c.Src, text, from)
	q, err := s.prepareText(c.Src, from, text, analytics.Preparation{Parameters: oids, Want: want, List: "VALUES", Sets: only})
	if err != nil {
		return valuesPart{}, err
	}
	part := valuesPart{query: q, only: only}
	k := 0
	for _, row := range rows {
		out := make([]*expr.Scalar, len(row.items))
		for i, item := range row.items {
			if !item.isDefault {
				if out[i], err = selectedFor(c, q, k, p.columns[i], item.pos); err != nil {
					return part, err
				}
			}
			k++
		}
		part.rows = append(part.rows, out)
	}
	return part, nil
}

// selectedFor is the i-th value that a query has selected, as a column takes it.
func selectedFor(c *expr.Compiler, q *analyticPlan, i, column, pos int) (*expr.Scalar, error) {
	target := relation.Events.Columns[column]
	out, ok := expr.Assign(selectedScalar(q, i), target.OID, c.Zone)
	if !ok {
		return nil, c.At(pgerror.Errorf(pgerror.DatatypeMismatch, "column \"%s\" is of type %s but expression is of type %s",
			target.Name, pgvalue.TypeName(target.OID), pgvalue.TypeName(q.out[i].OID)).
			WithHint("You will need to rewrite or cast the expression."), pos)
	}
	return out, nil
}

func selectedScalar(q *analyticPlan, i int) *expr.Scalar {
	return &expr.Scalar{OID: q.out[i].OID, Column: -1, Eval: func(e *expr.Env, v *pgvalue.Value) error {
		*v = e.Selected[i]
		return nil
	}}
}

// selectedRow runs a query that has one row, and returns that.
func (s *Session) selectedRow(ctx context.Context, q *analyticPlan, params []pgvalue.Value) ([]pgvalue.Value, error) {
	rows := &analyticPortal{plan: q, s: s, params: params}
	defer rows.Close()
	if err := rows.Open(ctx); err != nil {
		return nil, err
	}
	ok, err := rows.Next(ctx)
	if err == nil && !ok {
		err = pgerror.Errorf(pgerror.InternalError, "the values have no row")
	}
	if err != nil {
		return nil, err
	}
	row := slices.Clone(rows.Current())
	if ok, err = rows.Next(ctx); err == nil && ok {
		err = pgerror.Errorf(pgerror.FeatureNotSupported, "set-returning functions are not allowed in %s", q.prep.List)
	}
	return row, err
}

// valueEvents builds the events of rows whose expressions the worker evaluates.
func (p *insertPortal) valueEvents(ctx context.Context, b *proposal.Builder) ([]engine.ProposedEvent, error) {
	e := expr.Env{Host: p.s, Params: p.params}
	var events []engine.ProposedEvent
	for _, part := range p.plan.parts {
		if part.only {
			return p.selected(ctx, b, part.query, part.rows[0])
		}
		var err error
		if e.Selected, err = p.s.selectedRow(ctx, part.query, p.params); err != nil {
			return nil, err
		}
		for _, row := range part.rows {
			var event engine.ProposedEvent
			if err := b.Event(&e, row, &event); err != nil {
				return nil, err
			}
			events = append(events, event)
		}
	}
	return events, nil
}

// compileQuery prepares the query of INSERT … SELECT, which the worker answers, and the
// conversions of its columns to those of events.
func (p *insertPlan) compileQuery(c *expr.Compiler, s *Session, st *syntax.InsertStmt, oids []uint32) error {
	var want []uint32
	for _, i := range p.columns {
		want = append(want, relation.Events.Columns[i].OID)
	}
	var q *analyticPlan
	var err error
	if st.With == nil {
		q, err = s.prepareAnalytic(st.From.Src, st.From.Pos, st.From.End, oids, want)
	} else {
		before, query, after := "", c.Src[st.From.Pos:st.From.End], ""
		if t, err := (&syntax.Lexer{Src: query}).Next(); err == nil && t.Kind == syntax.TokIdent && t.Text == "with" {
			before, after = "SELECT * FROM (", ") AS q" // a query has one WITH alone
		}
		text, at := behindWith(st.With, c.Src, before+query+after, backBy(c.Src, st.From.Pos, len(before)))
		q, err = s.prepareText(c.Src, at, text, analytics.Preparation{Parameters: oids, Want: want})
	}
	if errors.Is(err, errNoWorker) {
		return syntax.UnsupportedError(c.Src, &syntax.Unsupported{What: "INSERT … SELECT", Pos: st.From.Pos})
	}
	if err != nil {
		return err
	}
	width := len(q.out)
	if err := p.checkWidth(c, st, width, func(int) int { return -1 }); err != nil {
		return err
	}
	row := make([]*expr.Scalar, width)
	for i, column := range p.columns {
		if column == relation.EventPosition || column == relation.EventRecordedAt {
			return proposal.Assigned(column).WithHint("Leave the column out; a SELECT has no DEFAULT.")
		}
		if row[i], err = selectedFor(c, q, i, column, -1); err != nil {
			return err
		}
	}
	p.query, p.rows = q, [][]*expr.Scalar{row}
	c.Know(q.params)
	return nil
}

// selected builds the events of a query's rows: of all, since they are one append.
func (p *insertPortal) selected(ctx context.Context, b *proposal.Builder, query *analyticPlan, row []*expr.Scalar) ([]engine.ProposedEvent, error) {
	rows := &analyticPortal{plan: query, s: p.s, params: p.params, held: p.s.conn.NewShare()}
	defer rows.Close()
	if err := rows.Open(ctx); err != nil {
		return nil, err
	}
	limits := p.s.server.store.Limits()
	e := expr.Env{Host: p.s, Params: p.params}
	var events []engine.ProposedEvent
	size := 0
	for {
		ok, err := rows.Next(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			return events, nil
		}
		e.Selected = rows.Current()
		var event engine.ProposedEvent
		if err := b.Event(&e, row, &event); err != nil {
			return nil, err
		}
		if size += event.StoredSize(); size > limits.AppendBytes || len(events) == syntax.MaxRows {
			return nil, pgerror.Errorf(pgerror.ProgramLimitExceeded, "the INSERT is too large: more than %d events or %d bytes", syntax.MaxRows, limits.AppendBytes).
				WithHint("One statement is one atomic append. Insert fewer rows at a time, or use COPY.")
		}
		events = append(events, event)
	}
}
