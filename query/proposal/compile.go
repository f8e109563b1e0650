package proposal

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// Columns are the columns of events that an INSERT names, by place in a row; all but the hidden if it names none.
func Columns(c *expr.Compiler, rel *relation.Relation, names []syntax.Name) ([]int, error) {
	var columns []int
	if names == nil {
		for i := range rel.Visible {
			columns = append(columns, i)
		}
		return columns, nil
	}
	seen := map[int]bool{}
	for _, n := range names {
		i, ok := rel.ByName[n.Text]
		if !ok {
			return nil, c.At(pgerror.Errorf(pgerror.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", n.Text, rel.Name), n.Pos)
		}
		if seen[i] {
			return nil, c.At(pgerror.Errorf(pgerror.DuplicateColumn, "column \"%s\" specified more than once", n.Text), n.Pos)
		}
		if i == relation.EventCategory {
			return nil, c.At(pgerror.Errorf(pgerror.GeneratedAlways, "cannot insert a value into column \"category\"").
				WithDetail("It follows from the stream's name."), n.Pos)
		}
		seen[i] = true
		columns = append(columns, i)
	}
	return columns, nil
}

// Value compiles a value for a column; nil for DEFAULT. imports: a time may be given.
func Value(c *expr.Compiler, x syntax.Expr, rel *relation.Relation, column int, imports bool) (*expr.Scalar, error) {
	target := rel.Columns[column]
	if _, ok := x.(*syntax.DefaultExpr); ok {
		return nil, nil
	}
	if Assigns(column, imports) {
		return nil, c.At(Assigned(column), x.Position())
	}
	s, err := c.CompileAs(x, target.OID)
	if err != nil {
		return nil, err
	}
	if n := s.Deduced; n > 0 && s.OID != target.OID {
		return nil, c.At(pgerror.Errorf(pgerror.AmbiguousParameter, "inconsistent types deduced for parameter $%d", n).
			WithDetail("%s versus %s", pgvalue.TypeName(s.OID), pgvalue.TypeName(target.OID)), x.Position())
	}
	out, ok := expr.Assign(s, target.OID, c.Zone)
	if !ok {
		return nil, c.At(pgerror.Errorf(pgerror.DatatypeMismatch, "column \"%s\" is of type %s but expression is of type %s",
			target.Name, pgvalue.TypeName(target.OID), pgvalue.TypeName(s.OID)).
			WithHint("You will need to rewrite or cast the expression."), syntax.Leftmost(x))
	}
	return out, nil
}
