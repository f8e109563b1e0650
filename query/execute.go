package query

import (
	"context"
	"time"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/explain"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/syntax"
)

// prepareExecute makes EXECUTE's plan: the named statement with its arguments.
func (s *Session) prepareExecute(c *expr.Compiler, st *syntax.ExecuteStmt, inner plan) (plan, error) {
	var err error
	want := inner.ParameterOIDs()
	p := &executePlan{inner: inner}
	err = st.Text.Err
	if err == nil {
		err = p.compileNative(c, st, want)
	}
	if err != nil && s.worker() != nil && needsWorker(err) && st.Text.End > st.Text.Pos {
		return p, p.compileArguments(c, s, st, want)
	}
	if err != nil {
		return nil, err
	}
	p.params, err = c.FinishParams()
	return p, err
}

func wrongArguments(name string, want, got int) error {
	return pgerror.Errorf(pgerror.SyntaxError, "wrong number of parameters for prepared statement \"%s\"", name).
		WithDetail("Expected %d parameters but got %d.", want, got)
}

// compileNative compiles arguments that the server knows.
func (p *executePlan) compileNative(c *expr.Compiler, st *syntax.ExecuteStmt, want []uint32) error {
	if len(st.Args) != len(want) {
		return wrongArguments(st.Name, len(want), len(st.Args))
	}
	for i, x := range st.Args {
		a, err := c.CompileAs(x, want[i])
		if err != nil {
			return err
		}
		out, ok := expr.Assign(a, want[i], c.Zone)
		if !ok {
			return c.At(pgerror.Errorf(pgerror.DatatypeMismatch, "parameter $%d of type %s cannot be coerced to the expected type %s",
				i+1, pgvalue.TypeName(a.OID), pgvalue.TypeName(want[i])).
				WithHint("You will need to rewrite or cast the expression."), x.Position())
		}
		p.args = append(p.args, out)
	}
	return nil
}

// emptyPlan is a prepared empty statement.
type emptyPlan struct{ plain }

func (emptyPlan) ParameterOIDs() []uint32 { return nil }

func (emptyPlan) Columns() []pgvalue.Column { return nil }

func (emptyPlan) Close() {}

func (e emptyPlan) bind(*Session, []pgvalue.Value) (pgwire.Portal, error) { return e, nil }

func (emptyPlan) Execute(context.Context, *pgwire.Output, int64, pgwire.Lookahead) (pgwire.Tag, bool, error) {
	return pgwire.Tag{}, true, nil
}

type executePlan struct {
	plain
	inner  plan
	args   []*expr.Scalar
	query  *analyticPlan // that the arguments are taken from; nil: the server knows them
	params []uint32
}

func (p *executePlan) kind() activity.Kind { return p.inner.kind() }

func (p *executePlan) counts() *query { return p.inner.counts() }

func (p *executePlan) ParameterOIDs() []uint32 { return p.params }

func (p *executePlan) Columns() []pgvalue.Column { return p.inner.Columns() }

func (p *executePlan) bind(s *Session, params []pgvalue.Value) (pgwire.Portal, error) {
	values, err := p.values(s, params)
	if err != nil {
		return nil, err
	}
	for i, oid := range p.inner.ParameterOIDs() { // who binds a parameter checks it
		if p.args[i].Checked {
			continue
		}
		if err := expr.CheckJSON(oid, values[i].Bytes); err != nil {
			return nil, err
		}
	}
	return p.inner.bind(s, values)
}

// runs is the named statement with the values of its arguments.
func (p *executePlan) runs(s *Session, params []pgvalue.Value) (plan, []pgvalue.Value, error) {
	values, err := p.values(s, params)
	return p.inner, values, err
}

// values evaluates the arguments.
func (p *executePlan) values(s *Session, params []pgvalue.Value) ([]pgvalue.Value, error) {
	e := expr.Env{Host: s, Params: params}
	if p.query != nil {
		var err error
		if e.Selected, err = s.selectedRow(s.ctx, p.query, params); err != nil {
			return nil, err
		}
	}
	values := make([]pgvalue.Value, len(p.args))
	for i, a := range p.args {
		if err := a.Eval(&e, &values[i]); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// compileArguments prepares arguments of EXECUTE that the server does not know.
func (p *executePlan) compileArguments(c *expr.Compiler, s *Session, st *syntax.ExecuteStmt, want []uint32) error {
	list := c.Src[st.Text.Pos:st.Text.End]
	if pos := syntax.SubqueryAt(list); pos >= 0 {
		return c.At(pgerror.Errorf(pgerror.FeatureNotSupported, "cannot use subquery in EXECUTE parameter"), st.Text.Pos+pos)
	}
	text, at := syntax.SelectText(c.Src, st.Text.Pos, list)
	q, err := s.prepareText(c.Src, at, text, analytics.Preparation{Parameters: c.Declared, Want: want, List: "EXECUTE parameters"})
	if err != nil {
		return err
	}
	if len(q.out) != len(want) {
		return wrongArguments(st.Name, len(want), len(q.out))
	}
	p.args = nil
	for i, oid := range want {
		out, ok := expr.Assign(selectedScalar(q, i), oid, c.Zone)
		if !ok {
			e := pgerror.Errorf(pgerror.DatatypeMismatch, "parameter $%d of type %s cannot be coerced to the expected type %s",
				i+1, pgvalue.TypeName(q.out[i].OID), pgvalue.TypeName(oid)).
				WithHint("You will need to rewrite or cast the expression.")
			if i < len(st.Args) {
				return c.At(e, syntax.Leftmost(st.Args[i]))
			}
			return e
		}
		p.args = append(p.args, out)
	}
	p.query, p.params = q, q.params
	return nil
}

// explainPlan is EXPLAIN [ANALYZE].
type explainPlan struct {
	plain
	st      *syntax.ExplainStmt
	inner   plan
	planned time.Duration // what making the plan took
	out     []pgvalue.Column
}

// prepareExplain makes EXPLAIN's plan; making that of its statement took so long.
func prepareExplain(st *syntax.ExplainStmt, inner plan, planned time.Duration) plan {
	out := pgvalue.Column{Name: "QUERY PLAN", OID: pgvalue.OIDText}
	switch st.Format {
	case "json":
		out.OID = pgvalue.OIDJSON
	case "xml":
		out.OID = pgvalue.OIDXML
	}
	return &explainPlan{st: st, inner: inner, planned: planned, out: []pgvalue.Column{out}}
}

func (*explainPlan) kind() activity.Kind { return activity.Explain }

func (p *explainPlan) ParameterOIDs() []uint32   { return p.inner.ParameterOIDs() }
func (p *explainPlan) Columns() []pgvalue.Column { return p.out }

func (p *explainPlan) bind(s *Session, params []pgvalue.Value) (pgwire.Portal, error) {
	inner := p.inner
	if x, ok := inner.(runsAnother); ok { // what is told is the statement's that it runs
		var err error
		if inner, params, err = x.runs(s, params); err != nil {
			return nil, err
		}
	}
	portal, err := inner.bind(s, params)
	if err != nil {
		return nil, err
	}
	kept, _ := keepValues(nil, nil, params)
	return &explainPortal{plan: p, of: inner, inner: portal, s: s, params: kept}, nil
}

// runsAnother is a plan that runs another, with parameters of its own.
type runsAnother interface {
	runs(s *Session, params []pgvalue.Value) (plan, []pgvalue.Value, error)
}

// appender is a portal that appends, and says how many events.
type appender interface {
	appendRows(ctx context.Context, last pgwire.Lookahead) (int64, error)
}

type explainPortal struct {
	plan   *explainPlan
	of     plan // what is explained
	inner  pgwire.Portal
	s      *Session
	params []pgvalue.Value
}

func (p *explainPortal) Columns() []pgvalue.Column { return p.plan.out }
func (p *explainPortal) Close()                    { p.inner.Close() }

func (p *explainPortal) Execute(ctx context.Context, out *pgwire.Output, _ int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "EXPLAIN", Rows: -1}
	st := p.plan.st
	root, err := p.of.describe(ctx, p.s, st.Body, p.params)
	if err != nil {
		return tag, false, err
	}
	took := explain.Times{Planned: p.plan.planned}
	if st.Analyze {
		begin := time.Now()
		root.Actual = &explain.Actual{}
		if err := p.run(ctx, last, root.Actual); err != nil {
			return tag, false, err
		}
		took.Executed = time.Since(begin)
		root.Actual.Last = took.Executed
	}
	for _, line := range explain.Lines(st, root, took) {
		if err := out.Row(ctx, []pgvalue.Value{pgvalue.TextValue(line)}); err != nil {
			return tag, false, err
		}
	}
	return tag, true, nil
}

// run executes the statement and counts its rows, which are not sent.
func (p *explainPortal) run(ctx context.Context, last pgwire.Lookahead, a *explain.Actual) error {
	begin := time.Now()
	switch inner := p.inner.(type) {
	case rowReader:
		if err := inner.Open(ctx); err != nil {
			return err
		}
		for {
			ok, err := inner.Next(ctx)
			if err != nil || !ok {
				return err
			}
			if a.Rows++; a.Rows == 1 {
				a.First = time.Since(begin)
			}
		}
	case appender:
		var err error
		a.Rows, err = inner.appendRows(ctx, last)
		return err
	}
	return pgerror.Errorf(pgerror.FeatureNotSupported, "EXPLAIN ANALYZE of this statement is not supported")
}
