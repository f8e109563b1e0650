package expr

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/syntax"
)

// jsonOperator compiles an operator of jsonb.
func (c *Compiler) jsonOperator(x *syntax.BinaryExpr) (*Scalar, error) {
	l, err := c.Compile(x.L)
	if err != nil {
		return nil, err
	}
	if l.OID != pgvalue.OIDJSONB {
		return nil, c.Unsupported("operator "+x.Op, x.Pos)
	}
	return c.json(x, l)
}

// json compiles an operator of jsonb, of which the left side is compiled.
func (c *Compiler) json(x *syntax.BinaryExpr, l *Scalar) (*Scalar, error) {
	c.JSON = true
	r, err := c.Compile(x.R)
	if err != nil {
		return nil, err
	}
	right := uint32(pgvalue.OIDText)
	switch x.Op {
	case "#>", "#>>", "?|", "?&":
		right = pgvalue.OIDTextArray
	case "@>", "<@":
		right = pgvalue.OIDJSONB
	case "->", "->>":
		if isInteger(r.OID) && r.OID != pgvalue.OIDInt8 {
			right = r.OID
		}
	}
	if r, err = c.Resolve(r, right); err != nil {
		return nil, err
	}
	if r.OID != right && !(IsText(r.OID) && right == pgvalue.OIDText) {
		return nil, c.missingOperator(l.OID, x.Op, r.OID, x.Pos)
	}
	oid, f := uint32(pgvalue.OIDBool), jsonTest(x.Op)
	if f == nil {
		if oid = pgvalue.OIDText; !strings.HasSuffix(x.Op, ">>") {
			oid = pgvalue.OIDJSONB
		}
		f = jsonPart(x.Op, isInteger(right))
	}
	return strict2(oid, x.Pos, l, r, f), nil
}

type jsonFunction func(e *Env, v, r *pgvalue.Value) error

// jsonPart is what takes a part of a value, by a key, an index or a path: as jsonb or as text.
func jsonPart(op string, index bool) jsonFunction {
	get := func(json []byte, r *pgvalue.Value) ([]byte, bool) { return pgfn.Get(json, r.Text) }
	switch {
	case index:
		get = func(json []byte, r *pgvalue.Value) ([]byte, bool) { return pgfn.GetIndex(json, int(r.Int)) }
	case op[0] == '#':
		get = func(json []byte, r *pgvalue.Value) ([]byte, bool) {
			path := keys(r.Array)
			if len(path) < len(r.Array) {
				return nil, false // a null leads nowhere
			}
			return pgfn.GetPath(json, path)
		}
	}
	text := strings.HasSuffix(op, ">>")
	return func(e *Env, v, r *pgvalue.Value) error {
		if err := e.long(len(v.Bytes)); err != nil {
			return err
		}
		part, ok := get(v.Bytes, r)
		if ok && text {
			part, ok = pgfn.Text(part)
		}
		switch {
		case !ok:
			*v = pgvalue.Value{}
		case text:
			*v = pgvalue.TextValue(string(part))
		default:
			normal, err := pgfn.Normalize(nil, part)
			if err != nil {
				return err
			}
			*v = pgvalue.BytesValue(normal)
		}
		return nil
	}
}

// jsonTest is what an operator that yields a boolean does, nil for others.
func jsonTest(op string) jsonFunction {
	var test func(json []byte, r *pgvalue.Value) (bool, error)
	switch op {
	case "?":
		test = func(json []byte, r *pgvalue.Value) (bool, error) { return pgfn.Exists(json, r.Text) }
	case "?|":
		test = func(json []byte, r *pgvalue.Value) (bool, error) { return pgfn.ExistsAny(json, keys(r.Array)) }
	case "?&":
		test = func(json []byte, r *pgvalue.Value) (bool, error) { return pgfn.ExistsAll(json, keys(r.Array)) }
	case "@>":
		test = func(json []byte, r *pgvalue.Value) (bool, error) { return pgfn.Contains(json, r.Bytes) }
	case "<@":
		test = func(json []byte, r *pgvalue.Value) (bool, error) { return pgfn.Contains(r.Bytes, json) }
	default:
		return nil
	}
	return func(e *Env, v, r *pgvalue.Value) error {
		if err := e.long(len(v.Bytes)); err != nil {
			return err
		}
		met, err := test(v.Bytes, r)
		*v = pgvalue.BoolValue(met)
		return err
	}
}

// long gives way before a long value is gone through.
func (e *Env) long(bytes int) error {
	if bytes < longValue {
		return nil
	}
	return e.Look()
}

// keys are the texts of a list that are not null.
func keys(list []pgvalue.Value) []string {
	var out []string
	for i := range list {
		if list[i].Kind != pgvalue.Null {
			out = append(out, list[i].Text)
		}
	}
	return out
}
