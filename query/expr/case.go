package expr

import (
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/syntax"
)

// caseOf compiles CASE WHEN …, for rows of roles: PgBouncer's query has one. Of events the worker knows it, with all that it can be.
func (c *Compiler) caseOf(x *syntax.CaseExpr) (*Scalar, error) {
	if c.Rel == nil || !c.Rel.Roles || x.Subject != nil {
		return nil, c.Unsupported("CASE", x.Pos)
	}
	var whens, all []*Scalar
	branches := make([]*Scalar, 0, len(x.Whens)+1)
	add := func(y syntax.Expr) error {
		s, err := c.Compile(y)
		branches = append(branches, s)
		return err
	}
	for _, w := range x.Whens {
		condition, err := c.Boolean(w[0], "CASE/WHEN")
		if err != nil {
			return nil, err
		}
		whens = append(whens, condition)
		if err := add(w[1]); err != nil {
			return nil, err
		}
	}
	if x.Other != nil {
		if err := add(x.Other); err != nil {
			return nil, err
		}
	} else {
		branches = append(branches, nullScalar(pgvalue.OIDUnknown, x.Pos))
	}
	oid, err := c.oneType(branches, x)
	if err != nil {
		return nil, err
	}
	all = append(append(all, whens...), branches...)
	return Derived(oid, x.Pos, func(e *Env, v *pgvalue.Value) error {
		for i, w := range whens {
			if err := w.Eval(e, v); err != nil {
				return err
			}
			if v.Kind == pgvalue.KindBool && v.Bool() {
				return branches[i].Eval(e, v)
			}
		}
		return branches[len(branches)-1].Eval(e, v)
	}, all...), nil
}

// oneType resolves branches to the one type that those of them have that have one.
func (c *Compiler) oneType(branches []*Scalar, x *syntax.CaseExpr) (uint32, error) {
	oid := uint32(pgvalue.OIDUnknown)
	for _, b := range branches {
		switch {
		case b.OID == pgvalue.OIDUnknown || b.OID == oid:
		case oid == pgvalue.OIDUnknown:
			oid = b.OID
		default:
			return 0, c.Unsupported("CASE of several types", x.Pos)
		}
	}
	if oid == pgvalue.OIDUnknown {
		oid = pgvalue.OIDText
	}
	for i, b := range branches {
		var err error
		if branches[i], err = c.Resolve(b, oid); err != nil {
			return 0, err
		}
	}
	return oid, nil
}

// caseName is ELSE's name, if that is a column or a call.
func caseName(x *syntax.CaseExpr) string {
	other := x.Other
	for {
		switch y := other.(type) {
		case *syntax.CastExpr:
			other = y.X
		case *syntax.ColumnExpr, *syntax.CallExpr:
			return figureName(other)
		default:
			return "case"
		}
	}
}
