package replication

import (
	"slices"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/schema"
	"github.com/eventgres/eventgres/query/syntax"
)

// maxPublications bounds those that there are, and that one client follows: each event may be held against the condition of each.
const maxPublications = schema.MaxPublications

// published is what of events some publications publish.
type published struct {
	of      *schema.Schema
	none    bool  // nothing
	columns []int // of events
	// where are the conditions of which one is to be met; nil: there is none.
	where []*expr.Scalar
}

// allColumns are those that are published unless a list says which.
var allColumns = func() (list []int) {
	for i := range relation.Events.Visible {
		list = append(list, i)
	}
	return list
}()

// publish finds what publications publish, by their names.
func publish(host expr.Host, d *schema.Schema, names []string) (*published, error) {
	out := &published{of: d, none: true}
	all := false
	for _, name := range names {
		p := d.Publication(name)
		if p == nil {
			return nil, pgerror.Errorf(pgerror.UndefinedObject, "publication \"%s\" does not exist", name)
		}
		if !p.Insert || !p.HasEvents() {
			continue
		}
		columns := Columns(p)
		if !out.none && !slices.Equal(columns, out.columns) {
			return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "cannot use different column lists for table \"public.events\" in different publications")
		}
		out.none, out.columns = false, columns
		if p.Where == "" {
			all = true
			continue
		}
		where, err := compileWhere(host, p.Where)
		if err != nil {
			return nil, err
		}
		out.where = append(out.where, where)
	}
	if all {
		out.where = nil
	}
	return out, nil
}

// Columns are the columns of events that a publication publishes.
func Columns(p *analytics.Publication) []int {
	if len(p.Columns) == 0 {
		return allColumns
	}
	return p.Columns
}

// sameColumns tells whether a client that was told of one need not be told of the other.
func (p *published) sameColumns(o *published) bool { return slices.Equal(p.columns, o.columns) }

// wants tells whether an event is published.
func (p *published) wants(e *expr.Env, event *engine.RecordedEvent) (bool, error) {
	if p.none || len(p.where) == 0 {
		return !p.none, nil
	}
	e.Row.Event = event
	for _, where := range p.where {
		if ok, err := e.Meets(where); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// utc is a host of which conditions are compiled: they mean the same to everybody who follows.
type utc struct{ expr.Host }

func (utc) Zone() *pgvalue.Zone { return pgvalue.UTC }

func (utc) Searches(schema string) bool { return schema == "pg_catalog" || schema == "public" }

// compileWhere compiles a condition that is kept.
func compileWhere(host expr.Host, text string) (*expr.Scalar, error) {
	src := "SELECT 1 FROM events WHERE (" + text + "\n)"
	list, err := syntax.Parse(src)
	if err != nil {
		return nil, err
	}
	st, ok := list[0].Statement.(*syntax.SelectStmt)
	if !ok || len(list) != 1 || st.Where == nil {
		return nil, pgerror.Errorf(pgerror.InternalError, "the condition of a publication cannot be read")
	}
	return checkWhere(host, src, st.Where)
}

// checkWhere compiles a condition as it stands in a text: what it says of an event must never change.
func checkWhere(host expr.Host, src string, x syntax.Expr) (*expr.Scalar, error) {
	c := &expr.Compiler{Src: src, Host: utc{host}, Rel: relation.Events, Alias: relation.Events.Name}
	var err, mutable error
	expr.Walk(x, func(x syntax.Expr) {
		if err != nil {
			return
		}
		switch y := x.(type) {
		case *syntax.ColumnExpr:
			if y.Column == relation.Events.Columns[relation.EventExpectedVersion].Name {
				err = relation.ErrInsertOnly
			}
		case *syntax.CallExpr:
			switch {
			case y.Unsupported == "a window function":
				err = c.At(pgerror.Errorf(pgerror.WindowingError, "window functions are not allowed in publication WHERE expressions"), y.Pos)
			case expr.IsAggregate(x):
				err = c.At(pgerror.Errorf(pgerror.GroupingError, "aggregate functions are not allowed in publication WHERE expressions"), y.Pos)
			case !expr.Immutable(y.Name):
				mutable = c.At(pgerror.Errorf(pgerror.FeatureNotSupported, "invalid publication WHERE expression").
					WithDetail("User-defined or built-in mutable functions are not allowed."), y.Pos)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	where, err := c.Boolean(x, "PUBLICATION WHERE")
	if err == nil { // and there are such functions
		err = mutable
	}
	return where, err
}
