package read

import (
	"cmp"
	"context"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// openRoles opens the rows of a relation of roles, as the session sees them.
func (p *Plan) openRoles(src *Source, e *expr.Env) (rowSource, error) {
	rows := &roleRows{filter: p.where, e: e}
	name := ""
	if p.Arg != nil {
		var v pgvalue.Value
		if err := p.Arg.Eval(e, &v); err != nil || v.Kind == pgvalue.Null {
			return rows, err
		}
		name = v.Text
	}
	rows.list = src.Roles(p.Rel, name)
	return rows, nil
}

// roleRows yields those that the filter keeps.
type roleRows struct {
	list   [][]pgvalue.Value
	filter *expr.Scalar
	e      *expr.Env
}

func (r *roleRows) Next(_ context.Context, out *relation.Row) (bool, error) {
	for n := 0; len(r.list) > 0; n++ {
		if err := r.e.Pace(n); err != nil {
			return false, err
		}
		out.Role, r.list = r.list[0], r.list[1:]
		if keep, err := r.e.Meets(r.filter); err != nil || keep {
			return keep, err
		}
	}
	return false, nil
}

// From makes the plan of a SELECT read a relation, or what a function returns for the arguments that ref has.
func (p *Plan) From(c *expr.Compiler, rel *relation.Relation, ref *syntax.RelationRef) error {
	if p.Rel = rel; ref.Called {
		var err error
		if p.Arg, err = c.CompileAs(ref.Args[0], pgvalue.OIDName); err != nil {
			return err
		}
		if !expr.IsText(p.Arg.OID) {
			return c.At(pgerror.Errorf(pgerror.UndefinedFunction, "function %s(%s) does not exist", ref.Table, pgvalue.TypeName(p.Arg.OID)).
				WithHint("No function matches the given name and argument types. You might need to add explicit type casts."), ref.Pos)
		}
	}
	c.Rel, c.Alias = rel, cmp.Or(ref.Alias, rel.Name)
	return nil
}
