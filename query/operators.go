package query

import (
	"context"
	"math/big"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

// strict2 makes a scalar of two that is null where either is; f computes into its first
// operand.
func strict2(oid uint32, pos int, l, r *scalar, f func(e *env, v, r *pgwire.Value) error) *scalar {
	var rv pgwire.Value
	return derived(oid, pos, func(e *env, v *pgwire.Value) error {
		if err := l.eval(e, v); err != nil || v.Kind == pgwire.Null {
			return err
		}
		if err := r.eval(e, &rv); err != nil {
			return err
		}
		if rv.Kind == pgwire.Null {
			*v = pgwire.Value{}
			return nil
		}
		return f(e, v, &rv)
	}, l, r)
}

func (c *compiler) unary(x *unaryExpr) (*scalar, error) {
	if strings.HasPrefix(x.op, "is ") {
		return c.isTest(x)
	}
	if x.op == "not" {
		s, err := c.boolean(x.x, "NOT")
		if err != nil {
			return nil, err
		}
		return derived(pgwire.OIDBool, x.pos, func(e *env, v *pgwire.Value) error {
			if err := s.eval(e, v); err != nil || v.Kind == pgwire.Null {
				return err
			}
			*v = pgwire.BoolValue(!v.Bool())
			return nil
		}, s), nil
	}
	s, err := c.compile(x.x)
	if err != nil {
		return nil, err
	}
	if !isInteger(s.oid) && s.oid != pgwire.OIDFloat8 {
		return nil, c.beyond("operator "+x.op+" on "+pgwire.TypeName(s.oid), x.pos)
	}
	if x.op == "+" {
		return s, nil
	}
	return derived(s.oid, x.pos, func(e *env, v *pgwire.Value) error {
		if err := s.eval(e, v); err != nil || v.Kind == pgwire.Null {
			return err
		}
		if v.Kind == pgwire.KindFloat {
			v.Float = -v.Float
			return nil
		}
		negated, err := integerOp("-", 0, v.Int, s.oid)
		*v = pgwire.IntValue(negated)
		return err
	}, s), nil
}

func (c *compiler) boolean(x expr, what string) (*scalar, error) {
	s, err := c.compileAs(x, pgwire.OIDBool)
	if err != nil {
		return nil, err
	}
	if s.oid != pgwire.OIDBool {
		return nil, c.at(pgwire.Errorf("42804", "argument of %s must be type boolean, not type %s", what, pgwire.TypeName(s.oid)), x.position())
	}
	return s, nil
}

func (c *compiler) isTest(x *unaryExpr) (*scalar, error) {
	rest := strings.TrimPrefix(x.op, "is ")
	test, not := strings.CutPrefix(rest, "not ")
	if test != "null" {
		s, err := c.boolean(x.x, "IS "+strings.ToUpper(rest))
		if err != nil {
			return nil, err
		}
		return derived(pgwire.OIDBool, x.pos, func(e *env, v *pgwire.Value) error {
			if err := s.eval(e, v); err != nil {
				return err
			}
			is := v.Kind == pgwire.Null
			if test != "unknown" {
				is = !is && v.Bool() == (test == "true")
			}
			*v = pgwire.BoolValue(is != not)
			return nil
		}, s), nil
	}
	s, err := c.compile(x.x)
	if err == nil {
		s, err = c.settle(s, orText(s))
	}
	if err != nil {
		return nil, err
	}
	return derived(pgwire.OIDBool, x.pos, func(e *env, v *pgwire.Value) error {
		if err := s.eval(e, v); err != nil {
			return err
		}
		*v = pgwire.BoolValue((v.Kind == pgwire.Null) != not)
		return nil
	}, s), nil
}

func (c *compiler) binary(x *binaryExpr) (*scalar, error) {
	switch x.op {
	case "and", "or":
		return c.logic(x)
	case "=", "<>", "<", "<=", ">", ">=":
		return c.comparison(x)
	case "is distinct from", "is not distinct from":
		return nil, c.beyond("IS DISTINCT FROM", x.pos)
	case "= any":
		return c.equalsAny(x)
	case "like", "ilike":
		return c.like(x)
	case "+", "-", "*", "/", "%":
		return c.arithmetic(x)
	case "||":
		return c.concat(x)
	}
	if !otherOperators[x.op] {
		return nil, c.noOperator(x)
	}
	return nil, c.beyond("operator "+x.op, x.pos)
}

var otherOperators = func() map[string]bool {
	m := map[string]bool{}
	for _, op := range strings.Fields("-> ->> #> #>> @> <@ ? ?| ?& ~ ~* !~ !~* ~~ !~~ ~~* !~~* ^ && & | # << >> -|- @@ @? ^@ #- &< &> is is-not is distinct") {
		m[op] = true
	}
	return m
}()

// missingOperator says that there is no such operator for the two types.
func (c *compiler) missingOperator(left uint32, op string, right uint32, pos int) error {
	return c.at(pgwire.Errorf("42883", "operator does not exist: %s %s %s", pgwire.TypeName(left), op, pgwire.TypeName(right)).
		WithHint("No operator matches the given name and argument types. You might need to add explicit type casts."), pos)
}

func (c *compiler) noOperator(x *binaryExpr) error {
	l, err := c.compile(x.l)
	if err != nil {
		return err
	}
	r, err := c.compile(x.r)
	if err != nil {
		return err
	}
	return c.missingOperator(l.oid, x.op, r.oid, x.pos)
}

func (c *compiler) logic(x *binaryExpr) (*scalar, error) {
	l, err := c.boolean(x.l, strings.ToUpper(x.op))
	if err != nil {
		return nil, err
	}
	r, err := c.boolean(x.r, strings.ToUpper(x.op))
	if err != nil {
		return nil, err
	}
	decides := x.op == "or" // the value that settles it alone
	return derived(pgwire.OIDBool, x.pos, func(e *env, v *pgwire.Value) error {
		if err := l.eval(e, v); err != nil || v.Kind != pgwire.Null && v.Bool() == decides {
			return err
		}
		unknown := v.Kind == pgwire.Null
		if err := r.eval(e, v); err != nil || v.Kind != pgwire.Null && v.Bool() == decides {
			return err
		}
		if unknown {
			*v = pgwire.Value{}
		}
		return nil
	}, l, r), nil
}

func (c *compiler) pair(x *binaryExpr) (l, r *scalar, err error) {
	if l, err = c.compile(x.l); err != nil {
		return nil, nil, err
	}
	if r, err = c.compile(x.r); err != nil {
		return nil, nil, err
	}
	lOID, rOID := l.oid, r.oid
	if lOID == pgwire.OIDUnknown {
		lOID = orText(r)
	}
	if rOID == pgwire.OIDUnknown {
		rOID = lOID
	}
	if l, err = c.settle(l, lOID); err != nil {
		return nil, nil, err
	}
	if r, err = c.settle(r, rOID); err != nil {
		return nil, nil, err
	}
	if l.oid != r.oid && isTimeType(l.oid) && isTimeType(r.oid) {
		to := uint32(pgwire.OIDTimestamp)
		if l.oid == pgwire.OIDTimestamptz || r.oid == pgwire.OIDTimestamptz {
			to = pgwire.OIDTimestamptz
		}
		if l.oid != to {
			l = timeCast(l, to, c.zone)
		}
		if r.oid != to {
			r = timeCast(r, to, c.zone)
		}
	}
	if !comparable(l.oid, r.oid) {
		return nil, nil, c.missingOperator(l.oid, strings.ToUpper(x.op), r.oid, x.pos)
	}
	return l, r, nil
}

func (c *compiler) comparison(x *binaryExpr) (*scalar, error) {
	l, r, err := c.pair(x)
	if err != nil {
		return nil, err
	}
	if l.oid == pgwire.OIDJSON || l.oid == pgwire.OIDJSONB {
		return nil, c.beyond("a comparison of JSON", x.pos)
	}
	op := x.op
	return strict2(pgwire.OIDBool, x.pos, l, r, func(_ *env, v, r *pgwire.Value) error {
		*v = pgwire.BoolValue(holds(op, compareValues(v, r)))
		return nil
	}), nil
}

func (c *compiler) in(x *inExpr) (*scalar, error) {
	var items []*scalar
	left, err := c.compile(x.x)
	if err != nil {
		return nil, err
	}
	for _, item := range x.list {
		s, err := c.compile(item)
		if err != nil {
			return nil, err
		}
		if left, err = c.settle(left, orTypeOf(left, s)); err != nil {
			return nil, err
		}
		if s, err = c.settle(s, left.oid); err != nil {
			return nil, err
		}
		if !comparable(left.oid, s.oid) {
			return nil, c.missingOperator(left.oid, "=", s.oid, x.pos)
		}
		items = append(items, s)
	}
	if left.oid == pgwire.OIDJSON || left.oid == pgwire.OIDJSONB {
		return nil, c.beyond("a comparison of JSON", x.pos)
	}
	not := x.not
	var iv pgwire.Value
	return derived(pgwire.OIDBool, x.pos, func(e *env, v *pgwire.Value) error {
		if err := left.eval(e, v); err != nil || v.Kind == pgwire.Null {
			return err
		}
		unknown := false
		for _, s := range items {
			if err := s.eval(e, &iv); err != nil {
				return err
			}
			if iv.Kind == pgwire.Null {
				unknown = true
			} else if compareValues(v, &iv) == 0 {
				*v = pgwire.BoolValue(!not)
				return nil
			}
		}
		*v = pgwire.BoolValue(not)
		if unknown {
			*v = pgwire.Value{}
		}
		return nil
	}, append([]*scalar{left}, items...)...), nil
}

func orTypeOf(s, other *scalar) uint32 {
	if s.oid == pgwire.OIDUnknown {
		return orText(other)
	}
	return s.oid
}

func (c *compiler) equalsAny(x *binaryExpr) (*scalar, error) {
	l, err := c.compile(x.l)
	if err != nil {
		return nil, err
	}
	r, err := c.compile(x.r)
	if err != nil {
		return nil, err
	}
	if l, err = c.settle(l, orText(l)); err != nil {
		return nil, err
	}
	if r, err = c.settle(r, arrayOf[l.oid]); err != nil {
		return nil, err
	}
	element := pgwire.ElementType(r.oid)
	if element == 0 {
		return nil, c.at(pgwire.Errorf("42809", "op ANY/ALL (array) requires array on right side"), x.pos)
	}
	if !comparable(l.oid, element) {
		return nil, c.missingOperator(l.oid, "=", element, x.pos)
	}
	var list pgwire.Value
	return derived(pgwire.OIDBool, x.pos, func(e *env, v *pgwire.Value) error {
		if err := l.eval(e, v); err != nil || v.Kind == pgwire.Null {
			return err
		}
		if err := r.eval(e, &list); err != nil {
			return err
		}
		found, unknown := false, list.Kind == pgwire.Null
		for i := range list.Array {
			if list.Kind == pgwire.Null {
				break
			}
			if list.Array[i].Kind == pgwire.Null {
				unknown = true
			} else if compareValues(v, &list.Array[i]) == 0 {
				found = true
				break
			}
		}
		*v = pgwire.BoolValue(found)
		if !found && unknown {
			*v = pgwire.Value{}
		}
		return nil
	}, l, r), nil
}

func (c *compiler) like(x *binaryExpr) (*scalar, error) {
	l, r, err := c.pair(x)
	if err != nil {
		return nil, err
	}
	if !isText(l.oid) {
		return nil, c.beyond("LIKE on "+pgwire.TypeName(l.oid), x.pos)
	}
	fold := x.op == "ilike"
	return strict2(pgwire.OIDBool, x.pos, l, r, func(e *env, v, pattern *pgwire.Value) error {
		s, p := v.Text, pattern.Text
		if fold {
			s, p = strings.ToLower(s), strings.ToLower(p)
		}
		ok, err := matchLike(e.session.ctx, []rune(s), []rune(p))
		*v = pgwire.BoolValue(ok)
		return err
	}), nil
}

func matchLike(ctx context.Context, s, pattern []rune) (bool, error) {
	i, j := 0, 0
	star, mark := -1, 0
	for steps := 1; i < len(s); steps++ {
		if steps%(1<<16) == 0 && ctx.Err() != nil {
			return false, ctx.Err()
		}
		if j < len(pattern) {
			switch c := pattern[j]; {
			case c == '%':
				star, mark = j, i
				j++
				continue
			case c == '_':
				i, j = i+1, j+1
				continue
			case c == '\\':
				if j+1 == len(pattern) {
					return false, pgwire.Errorf("22025", "LIKE pattern must not end with escape character")
				}
				if pattern[j+1] == s[i] {
					i, j = i+1, j+2
					continue
				}
			case c == s[i]:
				i, j = i+1, j+1
				continue
			}
		}
		if star < 0 {
			return false, nil
		}
		mark++
		i, j = mark, star+1
	}
	for j < len(pattern) && pattern[j] == '%' {
		j++
	}
	return j == len(pattern), nil
}

func (c *compiler) arithmetic(x *binaryExpr) (*scalar, error) {
	l, r, err := c.pair(x)
	if err != nil {
		return nil, err
	}
	if !isInteger(l.oid) || !isInteger(r.oid) {
		return nil, c.beyond("operator "+x.op+" on "+pgwire.TypeName(l.oid)+" and "+pgwire.TypeName(r.oid), x.pos)
	}
	oid := l.oid
	if pgwire.TypeSize(r.oid) > pgwire.TypeSize(l.oid) {
		oid = r.oid
	}
	op := x.op
	return strict2(oid, x.pos, l, r, func(_ *env, v, r *pgwire.Value) error {
		result, err := integerOp(op, v.Int, r.Int, oid)
		*v = pgwire.IntValue(result)
		return err
	}), nil
}

func integerOp(op string, a, b int64, oid uint32) (int64, error) {
	x, y := big.NewInt(a), big.NewInt(b)
	switch op {
	case "+":
		x.Add(x, y)
	case "-":
		x.Sub(x, y)
	case "*":
		x.Mul(x, y)
	default:
		if b == 0 {
			return 0, pgwire.Errorf("22012", "division by zero")
		}
		if op == "/" {
			x.Quo(x, y)
		} else {
			x.Rem(x, y)
		}
	}
	bits := int(pgwire.TypeSize(oid)) * 8
	limit := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	if x.Cmp(limit) >= 0 || x.Cmp(limit.Neg(limit)) < 0 {
		return 0, pgwire.Errorf("22003", "%s out of range", pgwire.TypeName(oid))
	}
	return x.Int64(), nil
}

func (c *compiler) concat(x *binaryExpr) (*scalar, error) {
	l, err := c.compile(x.l)
	if err != nil {
		return nil, err
	}
	r, err := c.compile(x.r)
	if err != nil {
		return nil, err
	}
	lText, rText := isText(orText(l)), isText(orText(r))
	if !lText && !rText || !isScalarType(orText(l)) || !isScalarType(orText(r)) {
		return nil, c.beyond("operator || on "+pgwire.TypeName(l.oid)+" and "+pgwire.TypeName(r.oid), x.pos)
	}
	// Text || anything appends the other's text form.
	if l, err = c.concatSide(l); err != nil {
		return nil, err
	}
	if r, err = c.concatSide(r); err != nil {
		return nil, err
	}
	return strict2(pgwire.OIDText, x.pos, l, r, func(_ *env, v, r *pgwire.Value) error {
		*v = pgwire.TextValue(v.Text + r.Text)
		return nil
	}), nil
}

func (c *compiler) concatSide(s *scalar) (*scalar, error) {
	s, err := c.settle(s, orText(s))
	if err != nil || isText(s.oid) {
		return s, err
	}
	return textCast(s, pgwire.OIDText, c.zone), nil
}

func isScalarType(oid uint32) bool {
	return !isJSONType(oid) && oid != pgwire.OIDBytea && pgwire.ElementType(oid) == 0
}
