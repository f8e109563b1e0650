package expr

import (
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/syntax"
)

// containment compiles @>, <@ and && of lists of texts, as tags are. Others are the worker's.
func (c *Compiler) containment(x *syntax.BinaryExpr) (*Scalar, error) {
	l, err := c.Compile(x.L)
	if err != nil {
		return nil, err
	}
	if l.OID == pgvalue.OIDJSONB && x.Op != "&&" {
		return c.json(x, l)
	}
	r, err := c.Compile(x.R)
	if err != nil {
		return nil, err
	}
	const texts = pgvalue.OIDTextArray
	if l.OID != texts && r.OID != texts || l.OID != texts && l.OID != pgvalue.OIDUnknown || r.OID != texts && r.OID != pgvalue.OIDUnknown {
		return nil, c.Unsupported("operator "+x.Op, x.Pos)
	}
	if l, err = c.Resolve(l, texts); err != nil {
		return nil, err
	}
	if r, err = c.Resolve(r, texts); err != nil {
		return nil, err
	}
	all, some := l, r
	if x.Op == "<@" {
		all, some = r, l
	}
	overlaps := x.Op == "&&"
	var list pgvalue.Value
	return Derived(pgvalue.OIDBool, x.Pos, func(e *Env, v *pgvalue.Value) error {
		if err := all.Eval(e, v); err != nil || v.Kind == pgvalue.Null {
			return err
		}
		if err := some.Eval(e, &list); err != nil {
			return err
		}
		if list.Kind == pgvalue.Null {
			*v = pgvalue.Value{}
			return nil
		}
		met := !overlaps
		for i := range list.Array {
			has, err := e.has(v.Array, &list.Array[i], i)
			if err != nil {
				return err
			}
			if has == overlaps { // the first that is in it decides, or that is not
				met = overlaps
				break
			}
		}
		*v = pgvalue.BoolValue(met)
		return nil
	}, l, r), nil
}

// has tells whether a text is in a list; null is in none.
func (e *Env) has(list []pgvalue.Value, text *pgvalue.Value, done int) (bool, error) {
	if text.Kind == pgvalue.Null {
		return false, nil
	}
	for i := range list {
		if err := e.Pace(done + i); err != nil {
			return false, err
		}
		if list[i].Kind != pgvalue.Null && list[i].Text == text.Text {
			return true, nil
		}
	}
	return false, nil
}
