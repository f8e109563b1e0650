package read

import (
	"context"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
)

// openServed opens the rows of a relation that the server makes.
func (p *Plan) openServed(src *Source, e *expr.Env) (rowSource, error) {
	if p.value != nil {
		done := false
		return &servedRows{filter: p.where, e: e, next: func() ([]pgvalue.Value, error) {
			if done {
				return nil, nil
			}
			done = true
			row := make([]pgvalue.Value, 1)
			return row, p.value.Eval(e, &row[0])
		}}, nil
	}
	args := make([]pgvalue.Value, len(p.Args))
	for i, a := range p.Args {
		if err := a.Eval(e, &args[i]); err != nil {
			return nil, err
		}
	}
	next, err := src.Served(e.Host, p.Rel, args)
	return &servedRows{next: next, filter: p.where, e: e}, err
}

// servedRows yields those that the filter keeps.
type servedRows struct {
	next   func() ([]pgvalue.Value, error) // nil: there is none
	filter *expr.Scalar
	e      *expr.Env
}

func (r *servedRows) Next(_ context.Context, out *relation.Row) (bool, error) {
	for n := 0; ; n++ {
		if err := r.e.Pace(n); err != nil {
			return false, err
		}
		var err error
		if out.Role, err = r.next(); err != nil || out.Role == nil {
			return false, err
		}
		if keep, err := r.e.Meets(r.filter); err != nil || keep {
			return keep, err
		}
	}
}
