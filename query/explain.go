package query

import (
	"context"
	"time"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/explain"
	"github.com/eventgres/eventgres/query/syntax"
)

// oidXML is PostgreSQL's type xml, which no value here but a plan has.

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
