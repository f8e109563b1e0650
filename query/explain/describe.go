package explain

import (
	"context"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// Utility is the plan of a statement that reads nothing.
func Utility() *Node { return &Node{Kind: "Utility", Rows: 1, Total: rowCost} }

// Append is the plan of so many rows that are appended.
func Append(rows int) *Node {
	n := float64(rows)
	return &Node{
		Kind: "Append", Relation: "events", Total: lookupCost * max(1, n),
		Child: &Node{Kind: "Values", Rows: n, Total: rowCost * n},
	}
}

// Analytic is the plan of a statement that the worker answers with these columns.
func (s Estimator) Analytic(ctx context.Context, columns []pgvalue.Column, body *syntax.Parsed, params []pgvalue.Value) *Node {
	n := &Node{Kind: "Analytics", Width: width(columns), Output: names(columns)}
	s.analytic(ctx, body, params, n)
	return n
}

func names(columns []pgvalue.Column) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = syntax.QuoteName(c.Name)
	}
	return list
}

// Read is the plan of a SELECT that is read natively, with the parameters of e; st is nil where it is of another statement's.
func (s Estimator) Read(ctx context.Context, p *read.Plan, src *read.Source, e *expr.Env, st *syntax.SelectStmt) (*Node, error) {
	n := &Node{Kind: "Result", Width: width(p.Out), Output: names(p.Out)}
	if p.Rel != nil {
		n.Kind, n.Relation = scanName(p), p.Rel.Name
		access, filter := p.Split()
		if access != "" {
			n.Cond = "(" + access + ")"
		}
		if filter != "" {
			n.Filter = "(" + filter + ")"
		}
	}
	var where syntax.Expr
	if st != nil {
		where = st.Where
	}
	if err := s.scan(ctx, p, src, e, where, n); err != nil {
		return nil, err
	}
	above := func(kind string) {
		n = &Node{Kind: kind, Width: n.Width, Output: n.Output, Startup: n.Total, Total: n.Total + n.Rows*rowCost, Rows: n.Rows, Child: n}
	}
	if len(p.Aggregates) > 0 {
		above("Aggregate")
		if p.FromIndex() {
			// From the first and the last row alone.
			n.Kind, n.Startup, n.Total = "Index Aggregate", 0, lookupCost
			n.Child.Total = lookupCost
		}
		n.Rows = 1
	}
	if p.ByStream {
		above("Index Aggregate")
		n.GroupKey = "stream_id"
	}
	if p.Sort != nil {
		above("Sort")
	}
	if st != nil {
		// What a LIMIT leaves out is not read either, where no step reads all first.
		if rows := max(1, limited(st.Limit, n.Rows)); rows < n.Rows {
			n.Total = n.Startup + (n.Total-n.Startup)*rows/n.Rows
			n.Rows = rows
		}
	}
	return n, nil
}

// scanName says how a plan reads its relation.
func scanName(p *read.Plan) string {
	scan := "Log Scan"
	switch {
	case p.Rel.Roles:
		scan = "Roles Scan"
	case p.Rel == relation.Cluster:
		scan = "Cluster Scan"
	case relation.FunctionOf(p.Rel) != nil:
		scan = "Function Scan"
	case p.Rel.Served:
		scan = "Consumers Scan"
	case p.Access.Kind == read.AccessKeys:
		scan = "Index Scan"
	case p.Access.Kind == read.AccessEvents:
		scan = "Event Lookup"
	case p.Access.Kind != read.AccessLog && p.Rel == relation.Streams:
		scan = "Stream Lookup"
	case p.Access.Kind != read.AccessLog:
		scan = "Stream Scan"
	case p.Rel == relation.Streams || p.ByStream:
		scan = "Streams Scan"
	}
	if p.Desc {
		scan += " Backward"
	}
	return scan
}
