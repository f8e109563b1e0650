package explain

import (
	"context"
	"math"
	"strconv"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// What a condition keeps of the rows, where nothing more is known of it: the figures that
// PostgreSQL assumes.
const (
	equalKeeps = 0.005
	rangeKeeps = 1.0 / 3
	otherKeeps = 0.5
)

// Costs, in rows of the log that are read in order.
const (
	rowCost     = 0.01
	lookupCost  = 0.1 // a stream or an event is found
	workerStart = 10  // the worker is asked, before it looks at any row
)

// selectivity estimates what conditions keep of the rows.
type selectivity struct {
	types  *typeCounts // nil: not known, or what is read are not events
	params []pgvalue.Value
}

// Estimator estimates what plans read and what they cost.
type Estimator struct {
	Index *engine.ReadIndex
	Types *TypeStatistics
	// Blind: who asks does not see all events, so that nothing is told of them but how many there are, as positions do.
	Blind bool
}

// selectivity knows of events what the projection counted.
func (s Estimator) selectivity(ctx context.Context, table string, where syntax.Expr, params []pgvalue.Value) selectivity {
	out := selectivity{params: params}
	if table == relation.Events.Name && where != nil && !s.Blind {
		out.types = s.Types.known(ctx)
	}
	return out
}

// keeps estimates what a condition keeps.
func (k selectivity) keeps(x syntax.Expr) float64 {
	switch x := x.(type) {
	case *syntax.InExpr:
		part := 0.0
		for _, item := range x.List {
			part += k.equal(x.X, item)
		}
		part = min(1, part)
		if x.Not {
			return 1 - part
		}
		return part
	case *syntax.BinaryExpr:
		switch x.Op {
		case "and":
			return k.keeps(x.L) * k.keeps(x.R)
		case "or":
			l, r := k.keeps(x.L), k.keeps(x.R)
			return l + r - l*r
		case "=":
			return k.equal(x.L, x.R)
		case "= any":
			return equalKeeps
		case "<>":
			return 1 - k.equal(x.L, x.R)
		case "<", "<=", ">", ">=":
			return rangeKeeps
		}
	}
	return otherKeeps
}

// equal estimates what a condition keeps that two expressions are equal.
func (k selectivity) equal(l, r syntax.Expr) float64 {
	column, ok := l.(*syntax.ColumnExpr)
	if !ok {
		column, ok = r.(*syntax.ColumnExpr)
		r = l
	}
	if !ok || column.Column != "type" || k.types == nil {
		return equalKeeps
	}
	switch name, known, constant := k.constant(r); {
	case known:
		return k.types.share(name)
	case constant:
		return k.types.mean()
	}
	return equalKeeps
}

// constant is the text of a literal or a parameter.
func (k selectivity) constant(x syntax.Expr) (text string, known, constant bool) {
	switch x := x.(type) {
	case *syntax.Literal:
		return x.Text, x.Kind == syntax.TokString, true
	case *syntax.CastExpr:
		if expr.IsText(x.Typ.OID) && !x.Typ.Mod {
			return k.constant(x.X)
		}
	case *syntax.ParamExpr:
		if x.N <= len(k.params) && k.params[x.N-1].Kind == pgvalue.KindText {
			return k.params[x.N-1].Text, true, true
		}
		return "", false, true
	}
	return "", false, false
}

// width estimates the bytes of a row of these columns.
func width(columns []pgvalue.Column) int {
	n := 0
	for _, c := range columns {
		switch c.OID {
		case pgvalue.OIDBool:
			n++
		case pgvalue.OIDInt2:
			n += 2
		case pgvalue.OIDInt4, pgvalue.OIDFloat4, pgvalue.OIDDate, pgvalue.OIDOid:
			n += 4
		case pgvalue.OIDInt8, pgvalue.OIDFloat8, pgvalue.OIDTimestamp, pgvalue.OIDTimestamptz:
			n += 8
		case pgvalue.OIDUUID, pgvalue.OIDInterval:
			n += 16
		default:
			n += 32
		}
	}
	return n
}

// scan fills in the rows and the cost of a native plan's scan. What is known of the log
// and of its streams is said exactly.
func (s Estimator) scan(ctx context.Context, p *read.Plan, src *read.Source, e *expr.Env, where syntax.Expr, n *Node) error {
	index := s.Index
	s.Blind = s.Blind || src.Seen != nil
	events := float64(index.GlobalPosition() + 1)
	scanned := events
	switch {
	case p.Rel == nil:
		n.Rows, n.Total = 1, rowCost
		return nil
	case p.Rel == relation.Health, p.Rel.Roles, p.Rel.Served:
		n.Rows, n.Total = 1, rowCost
		return nil
	case p.Access.Kind == read.AccessLog && (p.Rel == relation.Streams || p.ByStream) && !s.Blind:
		scanned = float64(index.StreamCount())
	case p.Access.Kind == read.AccessKeys && !s.Blind:
		found, err := p.Found(ctx, src, e, nil)
		if err != nil {
			return err
		}
		if found >= 0 {
			scanned = float64(found)
			n.Total = lookupCost
			where = nil // it is what the index has found
		}
	case p.Access.Kind == read.AccessLog || p.Access.Kind == read.AccessKeys:
		r, empty, err := p.Access.Bounds(ctx, src, e)
		if err != nil {
			return err
		}
		scanned = spanRows(r, empty, events)
	default:
		ids, _, err := p.Access.Keys(e)
		if err != nil {
			return err
		}
		n.Total = lookupCost * float64(len(ids))
		scanned = float64(len(ids))
		if s.Blind {
			break
		}
		if p.Rel == relation.Events && p.Access.Kind != read.AccessEvents {
			scanned = 0
			for _, id := range ids[:min(len(ids), read.MaxMerge)] {
				if v := index.StreamVersion(id); v >= 0 {
					scanned += float64(v + 1)
				}
			}
		}
		if p.Access.Kind == read.AccessStream && p.Rel == relation.Events {
			r, empty, err := p.Access.Bounds(ctx, src, e)
			if err != nil {
				return err
			}
			scanned = spanRows(r, empty, scanned)
		}
	}
	n.Total += scanned * rowCost
	n.Rows = scanned
	if p.Residual != nil && where != nil {
		n.Rows *= s.selectivity(ctx, p.Rel.Name, where, e.Params).keeps(where)
	}
	n.Rows = math.Max(1, math.Round(n.Rows))
	return nil
}

// spanRows is how many of n rows, numbered from 0, are in a range.
func spanRows(r read.Span, empty bool, n float64) float64 {
	if empty {
		return 0
	}
	return math.Max(0, math.Min(float64(r.Hi), n-1)-math.Max(float64(r.Lo), 0)+1)
}

// analytic estimates what the worker will answer: what is known is how many events
// there are, and what the statement's own words say where it is of one relation.
func (s Estimator) analytic(ctx context.Context, body *syntax.Parsed, params []pgvalue.Value, n *Node) {
	events := float64(s.Index.GlobalPosition() + 1)
	scanned, rows := events, events
	if st, ok := body.Statement.(*syntax.SelectStmt); ok {
		if st.From != nil && st.From.Table == relation.Streams.Name && !s.Blind {
			scanned = float64(s.Index.StreamCount())
			rows = scanned
		}
		table := ""
		if st.From != nil {
			table = st.From.Table
		}
		if st.Where != nil {
			rows *= s.selectivity(ctx, table, st.Where, params).keeps(st.Where)
		}
		switch column, ok := st.GroupBy.(*syntax.ColumnExpr); {
		case ok && column.Column == "type" && table == relation.Events.Name:
			groups := 200.0
			if t := s.Types.known(ctx); t != nil && !s.Blind {
				groups = float64(t.types)
			}
			rows = math.Min(rows, groups)
		case st.GroupBy != nil:
			rows = math.Min(rows, 200)
		case len(st.Items) > 0 && aggregates(st.Items[0].Expr):
			rows = 1
		}
		rows = limited(st.Limit, rows)
	}
	n.Startup = workerStart
	n.Total = workerStart + scanned*rowCost
	n.Rows = math.Max(1, math.Round(rows))
}

// limited is what a LIMIT leaves of rows, where it is a number.
func limited(limit syntax.Expr, rows float64) float64 {
	if k, ok := limit.(*syntax.Literal); ok && k.Kind == syntax.TokInteger {
		if n, err := strconv.ParseFloat(k.Text, 64); err == nil {
			return math.Min(rows, n)
		}
	}
	return rows
}

// aggregates tells whether an expression is an aggregate's call.
func aggregates(x syntax.Expr) bool {
	call, ok := x.(*syntax.CallExpr)
	if !ok {
		return false
	}
	switch call.Name {
	case "count", "sum", "avg", "min", "max", "array_agg", "string_agg", "json_agg", "jsonb_agg":
		return true
	}
	return false
}
