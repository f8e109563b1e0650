package read

import (
	"context"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
)

// openServed opens the rows of a relation that the server makes.
func (p *Plan) openServed(src *Source, e *expr.Env) (rowSource, error) {
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
	next   func() []pgvalue.Value // nil: there is none
	filter *expr.Scalar
	e      *expr.Env
}

func (r *servedRows) Next(_ context.Context, out *relation.Row) (bool, error) {
	for n := 0; ; n++ {
		if err := r.e.Pace(n); err != nil {
			return false, err
		}
		if out.Role = r.next(); out.Role == nil {
			return false, nil
		}
		if keep, err := r.e.Meets(r.filter); err != nil || keep {
			return keep, err
		}
	}
}
