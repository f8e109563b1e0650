package expr

import (
	"math/big"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/syntax"
)

// strict2 makes a scalar of two that is null where either is; f computes into its first
// operand.
func strict2(oid uint32, pos int, l, r *Scalar, f func(e *Env, v, r *pgvalue.Value) error) *Scalar {
	var rv pgvalue.Value
	return Derived(oid, pos, func(e *Env, v *pgvalue.Value) error {
		if err := l.Eval(e, v); err != nil || v.Kind == pgvalue.Null {
			return err
		}
		if err := r.Eval(e, &rv); err != nil {
			return err
		}
		if rv.Kind == pgvalue.Null {
			*v = pgvalue.Value{}
			return nil
		}
		return f(e, v, &rv)
	}, l, r)
}

func (c *Compiler) unary(x *syntax.UnaryExpr) (*Scalar, error) {
	if strings.HasPrefix(x.Op, "is ") {
		return c.isTest(x)
	}
	if x.Op == "not" {
		s, err := c.Boolean(x.X, "NOT")
		if err != nil {
			return nil, err
		}
		return Derived(pgvalue.OIDBool, x.Pos, func(e *Env, v *pgvalue.Value) error {
			if err := s.Eval(e, v); err != nil || v.Kind == pgvalue.Null {
				return err
			}
			*v = pgvalue.BoolValue(!v.Bool())
			return nil
		}, s), nil
	}
	s, err := c.Compile(x.X)
	if err != nil {
		return nil, err
	}
	if !isInteger(s.OID) && s.OID != pgvalue.OIDFloat8 {
		return nil, c.Unsupported("operator "+x.Op+" on "+pgvalue.TypeName(s.OID), x.Pos)
	}
	if x.Op == "+" {
		return s, nil
	}
	return Derived(s.OID, x.Pos, func(e *Env, v *pgvalue.Value) error {
		if err := s.Eval(e, v); err != nil || v.Kind == pgvalue.Null {
			return err
		}
		if v.Kind == pgvalue.KindFloat {
			v.Float = -v.Float
			return nil
		}
		negated, err := integerOp("-", 0, v.Int, s.OID)
		*v = pgvalue.IntValue(negated)
		return err
	}, s), nil
}

// Boolean compiles an expression that must be boolean, as WHERE's; what names the
// place for the error.
func (c *Compiler) Boolean(x syntax.Expr, what string) (*Scalar, error) {
	s, err := c.CompileAs(x, pgvalue.OIDBool)
	if err != nil {
		return nil, err
	}
	if s.OID != pgvalue.OIDBool {
		return nil, c.At(pgerror.Errorf(pgerror.DatatypeMismatch, "argument of %s must be type boolean, not type %s", what, pgvalue.TypeName(s.OID)), x.Position())
	}
	return s, nil
}

func (c *Compiler) isTest(x *syntax.UnaryExpr) (*Scalar, error) {
	rest := strings.TrimPrefix(x.Op, "is ")
	test, not := strings.CutPrefix(rest, "not ")
	if test != "null" {
		s, err := c.Boolean(x.X, "IS "+strings.ToUpper(rest))
		if err != nil {
			return nil, err
		}
		return Derived(pgvalue.OIDBool, x.Pos, func(e *Env, v *pgvalue.Value) error {
			if err := s.Eval(e, v); err != nil {
				return err
			}
			is := v.Kind == pgvalue.Null
			if test != "unknown" {
				is = !is && v.Bool() == (test == "true")
			}
			*v = pgvalue.BoolValue(is != not)
			return nil
		}, s), nil
	}
	s, err := c.Compile(x.X)
	if err == nil {
		s, err = c.Resolve(s, OrText(s))
	}
	if err != nil {
		return nil, err
	}
	return Derived(pgvalue.OIDBool, x.Pos, func(e *Env, v *pgvalue.Value) error {
		if err := s.Eval(e, v); err != nil {
			return err
		}
		*v = pgvalue.BoolValue((v.Kind == pgvalue.Null) != not)
		return nil
	}, s), nil
}

func (c *Compiler) binary(x *syntax.BinaryExpr) (*Scalar, error) {
	switch x.Op {
	case "and", "or":
		return c.logic(x)
	case "=", "<>", "<", "<=", ">", ">=":
		return c.comparison(x)
	case "is distinct from", "is not distinct from":
		return nil, c.Unsupported("IS DISTINCT FROM", x.Pos)
	case "= any":
		return c.equalsAny(x)
	case "like", "ilike":
		return c.like(x)
	case "+", "-", "*", "/", "%":
		return c.arithmetic(x)
	case "||":
		return c.concat(x)
	case "@>", "<@", "&&":
		return c.containment(x)
	case "->", "->>", "#>", "#>>", "?", "?|", "?&":
		return c.jsonOperator(x)
	}
	if !otherOperators[x.Op] {
		return nil, c.noOperator(x)
	}
	return nil, c.Unsupported("operator "+x.Op, x.Pos)
}

// otherOperators are those of PostgreSQL that the native path does not know.
var otherOperators = func() map[string]bool {
	m := map[string]bool{}
	for _, op := range strings.Fields("-> ->> #> #>> @> <@ ? ?| ?& ~ ~* !~ !~* ~~ !~~ ~~* !~~* ^ && & | # << >> -|- @@ @? ^@ #- &< &> is is-not is distinct") {
		m[op] = true
	}
	return m
}()

// missingOperator says that there is no such operator for the two types.
func (c *Compiler) missingOperator(left uint32, op string, right uint32, pos int) error {
	return c.At(pgerror.Errorf(pgerror.UndefinedFunction, "operator does not exist: %s %s %s", pgvalue.TypeName(left), op, pgvalue.TypeName(right)).
		WithHint("No operator matches the given name and argument types. You might need to add explicit type casts."), pos)
}

func (c *Compiler) noOperator(x *syntax.BinaryExpr) error {
	l, err := c.Compile(x.L)
	if err != nil {
		return err
	}
	r, err := c.Compile(x.R)
	if err != nil {
		return err
	}
	return c.missingOperator(l.OID, x.Op, r.OID, x.Pos)
}

func (c *Compiler) logic(x *syntax.BinaryExpr) (*Scalar, error) {
	l, err := c.Boolean(x.L, strings.ToUpper(x.Op))
	if err != nil {
		return nil, err
	}
	r, err := c.Boolean(x.R, strings.ToUpper(x.Op))
	if err != nil {
		return nil, err
	}
	decides := x.Op == "or" // the value that settles it alone
	return Derived(pgvalue.OIDBool, x.Pos, func(e *Env, v *pgvalue.Value) error {
		if err := l.Eval(e, v); err != nil || v.Kind != pgvalue.Null && v.Bool() == decides {
			return err
		}
		unknown := v.Kind == pgvalue.Null
		if err := r.Eval(e, v); err != nil || v.Kind != pgvalue.Null && v.Bool() == decides {
			return err
		}
		if unknown {
			*v = pgvalue.Value{}
		}
		return nil
	}, l, r), nil
}

// Pair compiles both sides of an operator and brings them to a type they share.
func (c *Compiler) Pair(x *syntax.BinaryExpr) (l, r *Scalar, err error) {
	if l, r, err = c.sides(x); err != nil {
		return nil, nil, err
	}
	return c.pairOf(x, l, r)
}

func (c *Compiler) sides(x *syntax.BinaryExpr) (l, r *Scalar, err error) {
	if l, err = c.Compile(x.L); err != nil {
		return nil, nil, err
	}
	r, err = c.Compile(x.R)
	return l, r, err
}

func (c *Compiler) pairOf(x *syntax.BinaryExpr, l, r *Scalar) (_, _ *Scalar, err error) {
	lOID, rOID := l.OID, r.OID
	if lOID == pgvalue.OIDUnknown {
		lOID = OrText(r)
	}
	if rOID == pgvalue.OIDUnknown {
		rOID = lOID
	}
	if l, err = c.Resolve(l, lOID); err != nil {
		return nil, nil, err
	}
	if r, err = c.Resolve(r, rOID); err != nil {
		return nil, nil, err
	}
	if l.OID != r.OID && IsTimeType(l.OID) && IsTimeType(r.OID) {
		to := uint32(pgvalue.OIDTimestamp)
		if l.OID == pgvalue.OIDTimestamptz || r.OID == pgvalue.OIDTimestamptz {
			to = pgvalue.OIDTimestamptz
		}
		if l.OID != to {
			l = timeCast(l, to, c.Zone)
		}
		if r.OID != to {
			r = timeCast(r, to, c.Zone)
		}
	}
	if !comparable(l.OID, r.OID) {
		return nil, nil, c.missingOperator(l.OID, strings.ToUpper(x.Op), r.OID, x.Pos)
	}
	return l, r, nil
}

func (c *Compiler) comparison(x *syntax.BinaryExpr) (*Scalar, error) {
	l, r, err := c.Pair(x)
	if err != nil {
		return nil, err
	}
	if l.OID == pgvalue.OIDJSON || l.OID == pgvalue.OIDJSONB {
		return nil, c.Unsupported("a comparison of JSON", x.Pos)
	}
	if l.OID == pgvalue.OIDInterval && (c.Selecting || c.Exact) {
		return nil, c.Unsupported("a comparison of intervals", x.Pos)
	}
	op, compare := x.Op, comparison(l.OID, r.OID)
	return strict2(pgvalue.OIDBool, x.Pos, l, r, func(_ *Env, v, r *pgvalue.Value) error {
		*v = pgvalue.BoolValue(holds(op, compare(v, r)))
		return nil
	}), nil
}

func (c *Compiler) in(x *syntax.InExpr) (*Scalar, error) {
	var items []*Scalar
	var compare []func(a, b *pgvalue.Value) int
	left, err := c.Compile(x.X)
	if err != nil {
		return nil, err
	}
	for _, item := range x.List {
		s, err := c.Compile(item)
		if err != nil {
			return nil, err
		}
		if left, err = c.Resolve(left, orTypeOf(left, s)); err != nil {
			return nil, err
		}
		if s, err = c.Resolve(s, left.OID); err != nil {
			return nil, err
		}
		if !comparable(left.OID, s.OID) {
			return nil, c.missingOperator(left.OID, "=", s.OID, x.Pos)
		}
		items, compare = append(items, s), append(compare, comparison(left.OID, s.OID))
	}
	if left.OID == pgvalue.OIDJSON || left.OID == pgvalue.OIDJSONB {
		return nil, c.Unsupported("a comparison of JSON", x.Pos)
	}
	not := x.Not
	var iv pgvalue.Value
	return Derived(pgvalue.OIDBool, x.Pos, func(e *Env, v *pgvalue.Value) error {
		if err := left.Eval(e, v); err != nil || v.Kind == pgvalue.Null {
			return err
		}
		unknown := false
		for i, s := range items {
			if err := e.Pace(i); err != nil {
				return err
			}
			if err := s.Eval(e, &iv); err != nil {
				return err
			}
			if iv.Kind == pgvalue.Null {
				unknown = true
			} else if compare[i](v, &iv) == 0 {
				*v = pgvalue.BoolValue(!not)
				return nil
			}
		}
		*v = pgvalue.BoolValue(not)
		if unknown {
			*v = pgvalue.Value{}
		}
		return nil
	}, append([]*Scalar{left}, items...)...), nil
}

func orTypeOf(s, other *Scalar) uint32 {
	if s.OID == pgvalue.OIDUnknown {
		return OrText(other)
	}
	return s.OID
}

// equalsAny compiles x = ANY(array).
func (c *Compiler) equalsAny(x *syntax.BinaryExpr) (*Scalar, error) {
	l, err := c.Compile(x.L)
	if err != nil {
		return nil, err
	}
	r, err := c.Compile(x.R)
	if err != nil {
		return nil, err
	}
	if l, err = c.Resolve(l, OrText(l)); err != nil {
		return nil, err
	}
	if r, err = c.Resolve(r, syntax.ArrayOf[l.OID]); err != nil {
		return nil, err
	}
	element := pgvalue.ElementType(r.OID)
	if element == 0 {
		return nil, c.At(pgerror.Errorf(pgerror.WrongObjectType, "op ANY/ALL (array) requires array on right side"), x.Pos)
	}
	if !comparable(l.OID, element) {
		return nil, c.missingOperator(l.OID, "=", element, x.Pos)
	}
	var list pgvalue.Value
	compare := comparison(l.OID, element)
	return Derived(pgvalue.OIDBool, x.Pos, func(e *Env, v *pgvalue.Value) error {
		if err := l.Eval(e, v); err != nil || v.Kind == pgvalue.Null {
			return err
		}
		if err := r.Eval(e, &list); err != nil {
			return err
		}
		found, unknown := false, list.Kind == pgvalue.Null
		for i := range list.Array {
			if list.Kind == pgvalue.Null {
				break
			}
			if err := e.Pace(i); err != nil {
				return err
			}
			if list.Array[i].Kind == pgvalue.Null {
				unknown = true
			} else if compare(v, &list.Array[i]) == 0 {
				found = true
				break
			}
		}
		*v = pgvalue.BoolValue(found)
		if !found && unknown {
			*v = pgvalue.Value{}
		}
		return nil
	}, l, r), nil
}

func (c *Compiler) like(x *syntax.BinaryExpr) (*Scalar, error) {
	l, r, err := c.Pair(x)
	if err != nil {
		return nil, err
	}
	if !IsText(l.OID) {
		return nil, c.Unsupported("LIKE on "+pgvalue.TypeName(l.OID), x.Pos)
	}
	fold := x.Op == "ilike"
	return strict2(pgvalue.OIDBool, x.Pos, l, r, func(e *Env, v, pattern *pgvalue.Value) error {
		s, p := v.Text, pattern.Text
		if fold {
			s, p = pgfn.Lower(s), pgfn.Lower(p) // as lc_ctype C has it
		}
		ok, err := MatchLike(e.Look, s, p)
		*v = pgvalue.BoolValue(ok)
		return err
	}), nil
}

func (c *Compiler) arithmetic(x *syntax.BinaryExpr) (*Scalar, error) {
	l, r, err := c.sides(x)
	if err == nil && (l.OID == pgvalue.OIDInterval || r.OID == pgvalue.OIDInterval) {
		return c.timePlus(x, l, r)
	}
	if err == nil && l.OID == pgvalue.OIDJSONB { // what stands on the right is a key or an index, and no JSON
		return nil, c.Unsupported("operator "+x.Op+" on "+pgvalue.TypeName(l.OID), x.Pos)
	}
	if err == nil {
		l, r, err = c.pairOf(x, l, r)
	}
	if err != nil {
		return nil, err
	}
	if !isInteger(l.OID) || !isInteger(r.OID) {
		return nil, c.Unsupported("operator "+x.Op+" on "+pgvalue.TypeName(l.OID)+" and "+pgvalue.TypeName(r.OID), x.Pos)
	}
	oid := l.OID
	if pgvalue.TypeSize(r.OID) > pgvalue.TypeSize(l.OID) {
		oid = r.OID
	}
	op := x.Op
	return strict2(oid, x.Pos, l, r, func(_ *Env, v, r *pgvalue.Value) error {
		result, err := integerOp(op, v.Int, r.Int, oid)
		*v = pgvalue.IntValue(result)
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
			return 0, pgerror.Errorf(pgerror.DivisionByZero, "division by zero")
		}
		if op == "/" {
			x.Quo(x, y)
		} else {
			x.Rem(x, y)
		}
	}
	bits := int(pgvalue.TypeSize(oid)) * 8
	limit := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	if x.Cmp(limit) >= 0 || x.Cmp(limit.Neg(limit)) < 0 {
		return 0, pgerror.Errorf(pgerror.NumericValueOutOfRange, "%s out of range", pgvalue.TypeName(oid))
	}
	return x.Int64(), nil
}

func (c *Compiler) concat(x *syntax.BinaryExpr) (*Scalar, error) {
	l, err := c.Compile(x.L)
	if err != nil {
		return nil, err
	}
	r, err := c.Compile(x.R)
	if err != nil {
		return nil, err
	}
	lText, rText := IsText(OrText(l)), IsText(OrText(r))
	if !lText && !rText || !isScalarType(OrText(l)) || !isScalarType(OrText(r)) {
		return nil, c.Unsupported("operator || on "+pgvalue.TypeName(l.OID)+" and "+pgvalue.TypeName(r.OID), x.Pos)
	}
	// Text || anything appends the other's text form.
	if l, err = c.concatSide(l); err != nil {
		return nil, err
	}
	if r, err = c.concatSide(r); err != nil {
		return nil, err
	}
	return strict2(pgvalue.OIDText, x.Pos, l, r, func(e *Env, v, r *pgvalue.Value) error {
		if n := len(v.Text) + len(r.Text); n > longValue {
			if err := e.spend(n); err != nil {
				return err
			}
		}
		*v = pgvalue.TextValue(v.Text + r.Text)
		return nil
	}), nil
}

func (c *Compiler) concatSide(s *Scalar) (*Scalar, error) {
	s, err := c.Resolve(s, OrText(s))
	if err != nil || IsText(s.OID) {
		return s, err
	}
	return textCast(s, pgvalue.OIDText, c.Zone), nil
}

// isScalarType tells of types that || appends to a text, rather than to one another.
func isScalarType(oid uint32) bool {
	return !isJSONType(oid) && oid != pgvalue.OIDBytea && pgvalue.ElementType(oid) == 0
}
