package expr

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/syntax"
)

// Aggregate is count, min or max over the rows of a SELECT without GROUP BY.
type Aggregate struct {
	Name  string
	Arg   *Scalar // nil: count(*)
	Value pgvalue.Value
}

func IsAggregate(x syntax.Expr) bool {
	call, ok := x.(*syntax.CallExpr)
	return ok && (call.Name == "count" || call.Name == "min" || call.Name == "max") && (call.Schema == "" || call.Schema == "pg_catalog")
}

func HasAggregate(x syntax.Expr) bool {
	found := false
	Walk(x, func(x syntax.Expr) { found = found || IsAggregate(x) })
	return found
}

// aggregateCall compiles count, min or max within a select list.
func (c *Compiler) aggregateCall(x *syntax.CallExpr) (*Scalar, error) {
	list := c.Aggregates
	c.Aggregates = nil // they do not nest
	defer func() { c.Aggregates = list }()
	a := &Aggregate{Name: x.Name}
	oid := uint32(pgvalue.OIDInt8)
	switch {
	case x.Star && x.Name == "count":
	case len(x.Args) != 1:
		return nil, c.noFunction(x, nil)
	case HasAggregate(x.Args[0]):
		return nil, c.At(pgerror.Errorf(pgerror.GroupingError, "aggregate function calls cannot be nested"), x.Args[0].Position())
	default:
		var err error
		if a.Arg, err = c.Compile(x.Args[0]); err == nil {
			a.Arg, err = c.Resolve(a.Arg, OrText(a.Arg))
		}
		if err != nil {
			return nil, err
		}
		if x.Name != "count" {
			oid = a.Arg.OID
			if !isInteger(oid) && oid != pgvalue.OIDTimestamptz {
				return nil, c.Unsupported(x.Name+" of "+pgvalue.TypeName(oid), x.Pos)
			}
		}
	}
	*list = append(*list, a)
	s := Derived(oid, x.Pos, func(_ *Env, v *pgvalue.Value) error {
		*v = a.Value
		return nil
	})
	s.Constant = false
	return s, nil
}

func (a *Aggregate) Reset() {
	a.Value = pgvalue.Value{}
	if a.Name == "count" {
		a.Value = pgvalue.IntValue(0)
	}
}

func (a *Aggregate) Add(e *Env) error {
	if a.Arg == nil {
		a.Value.Int++
		return nil
	}
	var v pgvalue.Value
	if err := a.Arg.Eval(e, &v); err != nil || v.Kind == pgvalue.Null {
		return err
	}
	switch {
	case a.Name == "count":
		a.Value.Int++
	case a.Value.Kind == pgvalue.Null,
		a.Name == "min" && CompareValues(&v, &a.Value) < 0,
		a.Name == "max" && CompareValues(&v, &a.Value) > 0:
		a.Value = v
	}
	return nil
}

// streamAggregate compiles what follows from the newest version of a stream: count(*), and the least and the greatest
// version.
func (c *Compiler) streamAggregate(x *syntax.CallExpr) (*Scalar, error) {
	of := func(column string) bool {
		if x.Star || len(x.Args) != 1 {
			return false
		}
		ref, ok := x.Args[0].(*syntax.ColumnExpr)
		return ok && ref.Column == column && (ref.Table == "" || ref.Table == c.Alias)
	}
	var value func(newest int64) int64
	switch {
	case x.Name == "count" && x.Star:
		value = func(newest int64) int64 { return newest + 1 }
	case x.Name == "max" && of("version"):
		value = func(newest int64) int64 { return newest }
	case x.Name == "min" && of("version"):
		value = func(int64) int64 { return 0 }
	default:
		return nil, c.Unsupported(x.Name+" by stream", x.Pos)
	}
	s := Derived(pgvalue.OIDInt8, x.Pos, func(e *Env, v *pgvalue.Value) error {
		v.Kind, v.Int = pgvalue.KindInt, value(e.Row.Event.Version)
		return nil
	})
	s.Constant = false
	return s, nil
}
