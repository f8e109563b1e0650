package read

import (
	"cmp"
	"context"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// openRoles opens the rows of a relation of roles, as the session sees them.
func (p *Plan) openRoles(src *Source, e *expr.Env) (rowSource, error) {
	rows := &roleRows{filter: p.where, e: e}
	name := ""
	if p.Args != nil {
		var v pgvalue.Value
		if err := p.Args[0].Eval(e, &v); err != nil || v.Kind == pgvalue.Null {
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
	p.Rel = rel
	if ref.Called {
		f := relation.FunctionOf(rel)
		call := &syntax.CallExpr{Schema: ref.Schema, Name: ref.Table, Args: ref.Args, ArgNames: ref.ArgNames}
		call.Pos = ref.Pos
		if err := c.Usable(f.Schema, ref.Pos); err != nil {
			return err
		}
		var err error
		if p.Args, err = c.Arguments(f, call); err != nil {
			if rel.MessageStore {
				return c.Final(err)
			}
			return err
		}
	}
	c.Rel, c.Alias = rel, cmp.Or(ref.Alias, rel.Name)
	return nil
}

// FromValue makes the plan of a SELECT read the one value that a function in FROM returns: its alias names the column, too.
func (p *Plan) FromValue(c *expr.Compiler, ref *syntax.RelationRef) error {
	call := &syntax.CallExpr{Schema: ref.Schema, Name: ref.Table, Args: ref.Args, ArgNames: ref.ArgNames}
	call.Pos = ref.Pos
	var err error
	if p.value, err = c.Compile(call); err != nil {
		return err
	}
	name := cmp.Or(ref.Alias, ref.Table)
	p.Rel = relation.Value(name, p.value.OID)
	c.Rel, c.Alias = p.Rel, name
	return nil
}
