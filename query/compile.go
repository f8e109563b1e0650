package query

import (
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
	staged  int          // staged events that are seen
	met     pgwire.Value // of the condition that meets evaluated last
	// selected is the row of the query of INSERT … SELECT.
	selected []pgwire.Value
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
	// byStream: rows are streams, of which the id and aggregates of the version are known.
	byStream  bool
	depth     int
	selecting bool // a SELECT is compiled, which the worker can take instead
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
	if err := c.checkGrouped(i, x.pos); err != nil {
		return nil, err
	}
	return columnScalar(c.rel, i, x.pos), nil
}

// checkGrouped refuses a column that a group of rows has more than one value of.
func (c *compiler) checkGrouped(i, pos int) error {
	if c.aggregates == nil && (!c.byStream || i == evStreamID) {
		return nil
	}
	return c.at(pgwire.Errorf("42803", "column \"%s.%s\" must appear in the GROUP BY clause or be used in an aggregate function", c.alias, c.rel.columns[i].name), pos)
}

func columnScalar(rel *relation, i, pos int) *scalar {
	return &scalar{oid: rel.columns[i].oid, column: i, pos: pos, eval: func(e *env, v *pgwire.Value) error {
		e.row.column(i, v)
		return nil
	}}
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
// orText is the scalar's type, text where it has none.
func orText(s *scalar) uint32 {
	if s.oid == pgwire.OIDUnknown {
		return pgwire.OIDText
	}
	return s.oid
}

// otherOperators are those of PostgreSQL that the native path does not know.
// pair compiles both sides of an operator and brings them to a type they share.
// comparable tells whether PostgreSQL has comparison operators for the two types
// that the native path shares.
// compareValues orders two values of comparable types, as PostgreSQL with collation C.
// compareNumbers compares across integers, numeric and float.
// equalsAny compiles x = ANY(array).
// matchLike matches in time proportional to len(s) × len(pattern) at worst: it goes
// back to the last % only.
// isScalarType tells of types that || appends to a text, rather than to one another.
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
