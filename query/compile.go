package query

import (
	"context"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

// scalar is a compiled expression.
type scalar struct {
	oid uint32
	// eval puts the value into v, whose memory it may reuse.
	eval func(e *env, v *pgwire.Value) error
	// column is the column it is, if it is just that; -1 otherwise.
	column int
	// constant: it names no column, so it has one value for the whole statement.
	constant bool
	// unknown: a literal or null whose type is yet to be settled; text is its text.
	unknown bool
	text    string
	null    bool
	// param is the number of the parameter it is, if its type is yet to be settled.
	param int
	// deduced is the number of the parameter it is, if its type followed from an earlier
	// use.
	deduced int
	pos     int
}

// env is what an expression is evaluated in.
type env struct {
	session *Session
	params  []pgwire.Value
	row     row
	staged  int // staged events that are seen
}

// compiler turns expressions into scalars, and finds the types of parameters.
type compiler struct {
	src      string
	session  *Session
	rel      *relation // nil: no columns
	alias    string
	params   []uint32 // by number - 1; 0: not known yet
	declared []uint32 // as the client gave them
	// mentioned has the numbers of parameters that occur.
	mentioned map[int]bool
	// aggregates collects those of a select list that has some; then columns may only
	// stand within them.
	aggregates *[]*aggregate
	depth      int
}

func (c *compiler) at(e *pgwire.Error, pos int) error { return e.At(charPosition(c.src, pos)) }

func (c *compiler) beyond(what string, pos int) error {
	return beyondError(c.src, &beyond{what: what, pos: pos})
}

// compile compiles an expression whose type follows from itself.
func (c *compiler) compile(x expr) (*scalar, error) {
	if c.depth++; c.depth > maxOperands+maxDepth {
		return nil, pgwire.Errorf("54001", "stack depth limit exceeded")
	}
	defer func() { c.depth-- }()
	switch x := x.(type) {
	case *literal:
		return c.literal(x)
	case *paramExpr:
		return c.param(x), nil
	case *columnExpr:
		return c.column(x)
	case *castExpr:
		return c.cast(x)
	case *callExpr:
		return c.call(x)
	case *unaryExpr:
		return c.unary(x)
	case *binaryExpr:
		return c.binary(x)
	case *inExpr:
		return c.in(x)
	case *arrayExpr:
		return c.array(x)
	case *caseExpr:
		return nil, c.beyond("CASE", x.pos)
	case *beyondExpr:
		return nil, c.beyond(x.what, x.pos)
	case *defaultExpr:
		return nil, c.at(pgwire.Errorf("42601", "DEFAULT is not allowed in this context"), x.pos)
	}
	return nil, c.beyond("this expression", x.position())
}

// compileAs compiles an expression and converts it to a type, as an assignment would.
func (c *compiler) compileAs(x expr, oid uint32) (*scalar, error) {
	s, err := c.compile(x)
	if err != nil {
		return nil, err
	}
	return c.settle(s, oid)
}

// settle gives a literal or parameter without a type the given one; others keep theirs.
func (c *compiler) settle(s *scalar, oid uint32) (*scalar, error) {
	switch {
	case s.param > 0:
		c.params[s.param-1] = oid
		return c.paramScalar(s.param, oid, s.pos), nil
	case s.unknown && s.null:
		return nullScalar(oid, s.pos), nil
	case s.unknown:
		if c.session != nil && isTimeType(oid) && volatileTime(s.text) {
			c.session.volatile = true
		}
		v, err := pgwire.ParseText(oid, s.text, c.zone())
		if err == nil {
			err = checkJSON(oid, v.Bytes)
		}
		if err != nil {
			return nil, c.at(err.(*pgwire.Error), s.pos)
		}
		return constScalar(oid, v, s.pos), nil
	}
	return s, nil
}

// volatileTime tells of texts that stand for the moment they are read at.
func volatileTime(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "now", "today", "tomorrow", "yesterday":
		return true
	}
	return false
}

func (c *compiler) zone() *pgwire.Zone {
	if c.session == nil {
		return pgwire.UTC
	}
	return c.session.conn.Zone
}

func constScalar(oid uint32, v pgwire.Value, pos int) *scalar {
	return &scalar{oid: oid, constant: true, column: -1, pos: pos, eval: func(_ *env, out *pgwire.Value) error {
		*out = v
		return nil
	}}
}

func nullScalar(oid uint32, pos int) *scalar {
	s := constScalar(oid, pgwire.Value{}, pos)
	s.null = true
	return s
}

func (c *compiler) literal(x *literal) (*scalar, error) {
	switch x.kind {
	case tokString:
		return &scalar{oid: pgwire.OIDUnknown, unknown: true, text: x.text, constant: true, column: -1, pos: x.pos}, nil
	case tokInteger:
		if v, err := strconv.ParseInt(x.text, 10, 64); err == nil {
			oid := uint32(pgwire.OIDInt8)
			if v >= -1<<31 && v < 1<<31 {
				oid = pgwire.OIDInt4
			}
			return constScalar(oid, pgwire.IntValue(v), x.pos), nil
		}
		return constScalar(pgwire.OIDNumeric, pgwire.TextValue(x.text), x.pos), nil
	case tokDecimal:
		return constScalar(pgwire.OIDNumeric, pgwire.TextValue(pgwire.CanonicalNumeric(x.text)), x.pos), nil
	}
	if x.text == "null" {
		return &scalar{oid: pgwire.OIDUnknown, unknown: true, null: true, constant: true, column: -1, pos: x.pos}, nil
	}
	return constScalar(pgwire.OIDBool, pgwire.BoolValue(x.text == "true"), x.pos), nil
}

func (c *compiler) param(x *paramExpr) *scalar {
	for len(c.params) < x.n {
		c.params = append(c.params, 0)
	}
	if c.mentioned == nil {
		c.mentioned = map[int]bool{}
	}
	c.mentioned[x.n] = true
	oid := c.params[x.n-1]
	if oid == 0 || oid == pgwire.OIDUnknown {
		return &scalar{oid: pgwire.OIDUnknown, param: x.n, constant: true, column: -1, pos: x.pos}
	}
	s := c.paramScalar(x.n, oid, x.pos)
	if x.n > len(c.declared) || c.declared[x.n-1] == 0 {
		s.deduced = x.n
	}
	return s
}

func (c *compiler) paramScalar(n int, oid uint32, pos int) *scalar {
	return &scalar{oid: oid, constant: true, column: -1, pos: pos, eval: func(e *env, v *pgwire.Value) error {
		*v = e.params[n-1]
		return nil
	}}
}

func (c *compiler) column(x *columnExpr) (*scalar, error) {
	if x.column == "*" {
		return nil, c.at(pgwire.Errorf("42601", "syntax error at or near \"*\""), x.pos)
	}
	if c.rel == nil {
		if x.table != "" {
			return nil, c.at(pgwire.Errorf("42P01", "missing FROM-clause entry for table \"%s\"", x.table), x.pos)
		}
		return nil, badColumn(x, c.src)
	}
	if x.table != "" && x.table != c.alias {
		if x.table == c.rel.name {
			return nil, c.at(pgwire.Errorf("42P01", "invalid reference to FROM-clause entry for table \"%s\"", x.table).
				WithHint("Perhaps you meant to reference the table alias \""+c.alias+"\"."), x.pos)
		}
		return nil, c.at(pgwire.Errorf("42P01", "missing FROM-clause entry for table \"%s\"", x.table), x.pos)
	}
	i, ok := c.rel.byName[x.column]
	if !ok {
		return nil, badColumn(x, c.src)
	}
	if c.aggregates != nil {
		return nil, c.at(pgwire.Errorf("42803", "column \"%s.%s\" must appear in the GROUP BY clause or be used in an aggregate function", c.alias, x.column), x.pos)
	}
	return columnScalar(c.rel, i, x.pos), nil
}

func columnScalar(rel *relation, i, pos int) *scalar {
	return &scalar{oid: rel.columns[i].oid, column: i, pos: pos, eval: func(e *env, v *pgwire.Value) error {
		e.row.column(i, v)
		return nil
	}}
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

// derived makes a scalar of others.
func derived(oid uint32, pos int, eval func(*env, *pgwire.Value) error, of ...*scalar) *scalar {
	out := &scalar{oid: oid, column: -1, constant: true, pos: pos, eval: eval}
	for _, s := range of {
		out.constant = out.constant && s.constant
	}
	return out
}

// boolean compiles an expression that must be boolean, as WHERE's; what names the
// place for the error.
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

// orText is the scalar's type, text where it has none.
func orText(s *scalar) uint32 {
	if s.oid == pgwire.OIDUnknown {
		return pgwire.OIDText
	}
	return s.oid
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

// otherOperators are those of PostgreSQL that the native path does not know.
var otherOperators = func() map[string]bool {
	m := map[string]bool{}
	for _, op := range strings.Fields("-> ->> #> #>> @> <@ ? ?| ?& ~ ~* !~ !~* ~~ !~~ ~~* !~~* ^ && & | # << >> -|- @@ @? ^@ #- &< &> is is-not is distinct") {
		m[op] = true
	}
	return m
}()

func (c *compiler) noOperator(x *binaryExpr) error {
	l, err := c.compile(x.l)
	if err != nil {
		return err
	}
	r, err := c.compile(x.r)
	if err != nil {
		return err
	}
	return c.at(pgwire.Errorf("42883", "operator does not exist: %s %s %s", pgwire.TypeName(l.oid), x.op, pgwire.TypeName(r.oid)).
		WithHint("No operator matches the given name and argument types. You might need to add explicit type casts."), x.pos)
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

// pair compiles both sides of an operator and brings them to a type they share.
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
		return nil, nil, c.at(pgwire.Errorf("42883", "operator does not exist: %s %s %s", pgwire.TypeName(l.oid), strings.ToUpper(x.op), pgwire.TypeName(r.oid)).
			WithHint("No operator matches the given name and argument types. You might need to add explicit type casts."), x.pos)
	}
	return l, r, nil
}

func isInteger(oid uint32) bool {
	switch oid {
	case pgwire.OIDInt2, pgwire.OIDInt4, pgwire.OIDInt8, pgwire.OIDOid, pgwire.OIDXid:
		return true
	}
	return false
}

func isNumber(oid uint32) bool {
	switch oid {
	case pgwire.OIDNumeric, pgwire.OIDFloat4, pgwire.OIDFloat8:
		return true
	}
	return isInteger(oid)
}

func isText(oid uint32) bool {
	switch oid {
	case pgwire.OIDText, pgwire.OIDVarchar, pgwire.OIDBpchar, pgwire.OIDName:
		return true
	}
	return false
}

// comparable tells whether PostgreSQL has comparison operators for the two types
// that the native path shares.
func comparable(a, b uint32) bool {
	return a == b || isNumber(a) && isNumber(b) || isText(a) && isText(b)
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
	var rv pgwire.Value
	return derived(pgwire.OIDBool, x.pos, func(e *env, v *pgwire.Value) error {
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
		*v = pgwire.BoolValue(holds(op, compareValues(v, &rv)))
		return nil
	}, l, r), nil
}

func holds(op string, order int) bool {
	switch op {
	case "=":
		return order == 0
	case "<>":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// compareValues orders two values of comparable types, as PostgreSQL with collation C.
func compareValues(a, b *pgwire.Value) int {
	if a.Kind != b.Kind || a.Kind == pgwire.KindFloat {
		return compareNumbers(a, b)
	}
	switch a.Kind {
	case pgwire.KindInt, pgwire.KindBool, pgwire.KindTime:
		switch {
		case a.Int < b.Int:
			return -1
		case a.Int > b.Int:
			return 1
		}
		return 0
	case pgwire.KindUUID:
		return strings.Compare(string(a.UUID[:]), string(b.UUID[:]))
	case pgwire.KindBytes:
		return strings.Compare(string(a.Bytes), string(b.Bytes))
	case pgwire.KindArray:
		for i := 0; i < len(a.Array) && i < len(b.Array); i++ {
			x, y := a.Array[i].Kind == pgwire.Null, b.Array[i].Kind == pgwire.Null
			switch {
			case x && y:
				continue
			case x:
				return 1 // within arrays null is the greatest
			case y:
				return -1
			}
			if order := compareValues(&a.Array[i], &b.Array[i]); order != 0 {
				return order
			}
		}
		return len(a.Array) - len(b.Array)
	}
	return strings.Compare(a.Text, b.Text)
}

// compareNumbers compares across integers, numeric and float.
func compareNumbers(a, b *pgwire.Value) int {
	if a.Kind == pgwire.KindFloat || b.Kind == pgwire.KindFloat {
		x, y := asFloat(a), asFloat(b)
		switch {
		case math.IsNaN(x) && math.IsNaN(y):
			return 0
		case math.IsNaN(x):
			return 1 // NaN is equal to itself and greater than all others
		case math.IsNaN(y):
			return -1
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	if isNaNText(a) || isNaNText(b) {
		switch {
		case isNaNText(a) && isNaNText(b):
			return 0
		case isNaNText(a):
			return 1
		}
		return -1
	}
	return asRat(a).Cmp(asRat(b))
}

func isNaNText(v *pgwire.Value) bool {
	return v.Kind == pgwire.KindText && strings.EqualFold(v.Text, "nan")
}

func asFloat(v *pgwire.Value) float64 {
	switch v.Kind {
	case pgwire.KindFloat:
		return v.Float
	case pgwire.KindInt:
		return float64(v.Int)
	}
	f, _ := strconv.ParseFloat(v.Text, 64)
	return f
}

func asRat(v *pgwire.Value) *big.Rat {
	if v.Kind == pgwire.KindInt {
		return new(big.Rat).SetInt64(v.Int)
	}
	if r, ok := new(big.Rat).SetString(v.Text); ok {
		return r
	}
	return new(big.Rat)
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
			return nil, c.at(pgwire.Errorf("42883", "operator does not exist: %s = %s", pgwire.TypeName(left.oid), pgwire.TypeName(s.oid)).
				WithHint("No operator matches the given name and argument types. You might need to add explicit type casts."), x.pos)
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

// equalsAny compiles x = ANY(array).
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
		return nil, c.at(pgwire.Errorf("42883", "operator does not exist: %s = %s", pgwire.TypeName(l.oid), pgwire.TypeName(element)).
			WithHint("No operator matches the given name and argument types. You might need to add explicit type casts."), x.pos)
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
	var pattern pgwire.Value
	return derived(pgwire.OIDBool, x.pos, func(e *env, v *pgwire.Value) error {
		if err := l.eval(e, v); err != nil || v.Kind == pgwire.Null {
			return err
		}
		if err := r.eval(e, &pattern); err != nil {
			return err
		}
		if pattern.Kind == pgwire.Null {
			*v = pgwire.Value{}
			return nil
		}
		s, p := v.Text, pattern.Text
		if fold {
			s, p = strings.ToLower(s), strings.ToLower(p)
		}
		ok, err := matchLike(e.session.ctx, []rune(s), []rune(p))
		*v = pgwire.BoolValue(ok)
		return err
	}, l, r), nil
}

// matchLike matches in time proportional to len(s) × len(pattern) at worst: it goes
// back to the last % only.
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
	var rv pgwire.Value
	return derived(oid, x.pos, func(e *env, v *pgwire.Value) error {
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
		result, err := integerOp(op, v.Int, rv.Int, oid)
		*v = pgwire.IntValue(result)
		return err
	}, l, r), nil
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
	var rv pgwire.Value
	return derived(pgwire.OIDText, x.pos, func(e *env, v *pgwire.Value) error {
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
		*v = pgwire.TextValue(v.Text + rv.Text)
		return nil
	}, l, r), nil
}

func (c *compiler) concatSide(s *scalar) (*scalar, error) {
	s, err := c.settle(s, orText(s))
	if err != nil || isText(s.oid) {
		return s, err
	}
	return textCast(s, pgwire.OIDText, c.zone), nil
}

// isScalarType tells of types that || appends to a text, rather than to one another.
func isScalarType(oid uint32) bool {
	return !isJSONType(oid) && oid != pgwire.OIDBytea && pgwire.ElementType(oid) == 0
}

func (c *compiler) array(x *arrayExpr) (*scalar, error) {
	element := uint32(0)
	var items []*scalar
	for _, item := range x.items {
		s, err := c.compile(item)
		if err != nil {
			return nil, err
		}
		if element == 0 && s.oid != pgwire.OIDUnknown {
			element = s.oid
		}
		items = append(items, s)
	}
	if element == 0 {
		element = pgwire.OIDText
	}
	for i := range items {
		var err error
		if items[i], err = c.settle(items[i], element); err != nil {
			return nil, err
		}
		if !comparable(items[i].oid, element) {
			return nil, c.at(pgwire.Errorf("42804", "ARRAY types %s and %s cannot be matched", pgwire.TypeName(element), pgwire.TypeName(items[i].oid)), items[i].pos)
		}
	}
	oid := arrayOf[element]
	if len(items) == 0 {
		return nil, c.at(pgwire.Errorf("42P18", "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[]."), x.pos)
	}
	if oid == 0 {
		return nil, c.beyond("an array of "+pgwire.TypeName(element), x.pos)
	}
	return derived(oid, x.pos, func(e *env, v *pgwire.Value) error {
		list := make([]pgwire.Value, len(items))
		for i, s := range items {
			if err := s.eval(e, &list[i]); err != nil {
				return err
			}
		}
		*v = pgwire.ArrayValue(list)
		return nil
	}, items...), nil
}
