package query

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/eventgres/eventgres/pgwire"
)

// explainPlan is EXPLAIN [ANALYZE].
type explainPlan struct {
	st    *explainStmt
	inner plan
	out   []pgwire.Column
}

func (s *Session) prepareExplain(st *explainStmt, oids []uint32) (plan, error) {
	if st.format != "text" {
		return nil, pgwire.Errorf("0A000", "EXPLAIN in format %s is not supported", st.format)
	}
	inner, err := s.prepare(st.body, oids)
	if err != nil {
		return nil, err
	}
	return &explainPlan{st: st, inner: inner, out: []pgwire.Column{{Name: "QUERY PLAN", OID: pgwire.OIDText}}}, nil
}

func (p *explainPlan) ParameterOIDs() []uint32  { return p.inner.ParameterOIDs() }
func (p *explainPlan) Columns() []pgwire.Column { return p.out }

func (p *explainPlan) bind(s *Session, params []pgwire.Value) (pgwire.Portal, error) {
	portal, err := p.inner.bind(s, params)
	if err != nil {
		return nil, err
	}
	lines := describePlan(p.inner)
	return &explainPortal{plan: p, inner: portal, s: s, lines: lines}, nil
}

type explainPortal struct {
	plan  *explainPlan
	inner pgwire.Portal
	s     *Session
	lines []string
}

func (p *explainPortal) Columns() []pgwire.Column { return p.plan.out }
func (p *explainPortal) Close()                   { p.inner.Close() }

func (p *explainPortal) Execute(ctx context.Context, out *pgwire.Output, _ int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "EXPLAIN", Rows: -1}
	if p.plan.st.analyze {
		begin := time.Now()
		rows, err := p.run(ctx, last)
		if err != nil {
			return tag, false, err
		}
		p.lines[0] += fmt.Sprintf(" (actual rows=%d)", rows)
		p.lines = append(p.lines, fmt.Sprintf("Execution Time: %.3f ms", float64(time.Since(begin).Microseconds())/1000))
	}
	for _, line := range p.lines {
		if err := out.Row(ctx, []pgwire.Value{pgwire.TextValue(line)}); err != nil {
			return tag, false, err
		}
	}
	return tag, true, nil
}

// run executes the statement and counts its rows, which are not sent.
func (p *explainPortal) run(ctx context.Context, last pgwire.Lookahead) (rows int64, err error) {
	switch inner := p.inner.(type) {
	case rowReader:
		if err := inner.open(ctx); err != nil {
			return 0, err
		}
		for {
			ok, err := inner.next(ctx)
			if err != nil || !ok {
				return rows, err
			}
			rows++
		}
	case *insertPortal:
		err := inner.append(ctx, last)
		return inner.count, err
	}
	return 0, pgwire.Errorf("0A000", "EXPLAIN ANALYZE of this statement is not supported")
}

// describePlan names the path a statement takes.
func describePlan(p plan) []string {
	switch p := p.(type) {
	case *insertPlan:
		return []string{fmt.Sprintf("Append on events (%d rows)", len(p.rows))}
	case *executePlan:
		return describePlan(p.inner)
	case *selectPlan:
		return describeSelect(p)
	case *analyticPlan:
		return []string{"Analytics"}
	}
	return []string{"Utility"}
}

func describeSelect(p *selectPlan) []string {
	if p.rel == nil {
		return []string{"Result"}
	}
	scan := "Log Scan"
	switch {
	case p.access.kind == accessEvents:
		scan = "Event Lookup"
	case p.access.kind != accessLog && p.rel == streamsRelation:
		scan = "Stream Lookup"
	case p.access.kind != accessLog:
		scan = "Stream Scan"
	case p.rel == streamsRelation || p.byStream:
		scan = "Streams Scan"
	}
	if p.desc {
		scan += " Backward"
	}
	scan += " on " + p.rel.name
	var lines []string
	indent := ""
	if len(p.aggregates) > 0 {
		name := "Aggregate"
		if p.fromIndex() {
			name = "Index Aggregate" // from the first and the last row alone
		}
		lines = append(lines, name)
		indent = "  ->  "
	}
	if p.byStream {
		lines = append(lines, "Index Aggregate", "  Group Key: stream_id")
		indent = "  ->  "
	}
	lines = append(lines, indent+scan)
	detail := strings.Repeat(" ", len(indent)) + "  "
	if p.access.key != nil || len(p.access.bound) > 0 {
		lines = append(lines, detail+"Index Cond: ("+p.condition+")")
	}
	if p.residual != nil {
		lines = append(lines, detail+"Filter: ("+p.condition+")")
	}
	if p.sort != nil {
		lines = append([]string{"Sort"}, indented(lines)...)
	}
	return lines
}

// indented puts lines below a node.
func indented(lines []string) []string {
	for i := range lines {
		prefix := "      "
		if i == 0 {
			prefix = "  ->  "
		}
		lines[i] = prefix + lines[i]
	}
	return lines
}
