package query

import (
	"context"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/analytics"
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
	if pos := subqueryAt(list); pos >= 0 {
		return c.At(pgerror.Errorf(pgerror.FeatureNotSupported, "cannot use subquery in EXECUTE parameter"), st.Text.Pos+pos)
	}
	text, at := selectText(c.Src, st.Text.Pos, list)
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

// subqueryAt is where a list of expressions has a subquery, -1 where it has none.
func subqueryAt(list string) int {
	l := syntax.Lexer{Src: list}
	open := -1 // the parenthesis just before
	for {
		t, err := l.Next()
		if err != nil || t.Kind == syntax.TokEOF {
			return -1
		}
		if open >= 0 && syntax.IsQueryStart(t) && t.Kind == syntax.TokIdent {
			return open
		}
		if open = -1; t.Kind == syntax.TokOp && t.Text == "(" {
			open = t.Pos
		}
	}
}
