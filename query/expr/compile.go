package expr

import (
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// Scalar is a compiled expression.
type Scalar struct {
	OID uint32
	// Eval puts the value into v, whose memory it may reuse.
	Eval func(e *Env, v *pgvalue.Value) error
	// Column is the column it is, if it is just that; -1 otherwise.
	Column int
	// Constant: it names no column, so it has one value for the whole statement.
	Constant bool
	// unknown: a literal or null whose type is yet to be resolved; text is its text.
	unknown bool
	text    string
	// Checked: the value is of type json or jsonb, and was found to be JSON before, so that nobody need look again.
	// It is that of parameters: who binds them checks them.
	Checked bool
	null    bool
	// param is the number of the parameter it is, if its type is yet to be resolved.
	param int
	// Deduced is the number of the parameter it is, if its type followed from an earlier
	// use.
	Deduced int
	pos     int
}

// Env is what an expression is evaluated in.
type Env struct {
	Host   Host
	Params []pgvalue.Value
	Row    relation.Row
	Staged int           // staged events that are seen
	Spent  int64         // bytes of long values that the row is made of
	met    pgvalue.Value // of the condition that meets evaluated last
	// Selected is the row of the query of INSERT … SELECT.
	Selected []pgvalue.Value
}

// Compiler turns expressions into scalars, and finds the types of parameters.
type Compiler struct {
	Src      string
	Host     Host
	Rel      *relation.Relation // nil: no columns
	Alias    string
	Params   []uint32 // by number - 1; 0: not known yet
	Declared []uint32 // as the client gave them
	// Mentioned has the numbers of parameters that occur.
	Mentioned map[int]bool
	// Aggregates collects those of a select list that has some; then columns may only
	// stand within them.
	Aggregates *[]*Aggregate
	// ByStream: rows are streams, of which the id and aggregates of the version are known.
	ByStream bool
	// Subquery, if set, compiles a query that stands for a value.
	Subquery  func(x *syntax.UnsupportedExpr) (*Scalar, error)
	depth     int
	steps     int   // expressions compiled
	Beside    int64 // bytes that the plan keeps and the tree's tokens do not tell of: elements of arrays that are written as texts
	Selecting bool  // a SELECT is compiled, which the worker can take instead
	Exact     bool  // what is compiled must mean just what the worker means by it, whoever answers
	JSON      bool  // an operator of jsonb was compiled
	Effects   bool  // a function was named that does something to the session
	Own       bool  // and that the worker cannot call
}

func (c *Compiler) At(e *pgerror.Error, pos int) error { return e.At(syntax.CharPosition(c.Src, pos)) }

func (c *Compiler) Unsupported(what string, pos int) error {
	return syntax.UnsupportedError(c.Src, &syntax.Unsupported{What: what, Pos: pos})
}

// Compile compiles an expression whose type follows from itself.
func (c *Compiler) Compile(x syntax.Expr) (*Scalar, error) {
	if c.depth++; c.depth > syntax.MaxOperands+syntax.MaxDepth {
		return nil, pgerror.Errorf(pgerror.StatementTooComplex, "stack depth limit exceeded")
	}
	defer func() { c.depth-- }()
	if c.steps++; c.steps%syntax.LookEvery == 0 {
		if c.Host != nil {
			if err := c.Host.Pace(); err != nil {
				return nil, err
			}
		}
	}
	switch x := x.(type) {
	case *syntax.Literal:
		return c.literal(x)
	case *syntax.ParamExpr:
		s := c.param(x)
		if (c.Selecting || c.Exact) && !plainType(s.OID) {
			// As for casts: what these mean beyond their text the worker knows.
			return nil, c.Unsupported("a parameter of type "+pgvalue.TypeName(s.OID), x.Pos)
		}
		return s, nil
	case *syntax.ColumnExpr:
		return c.column(x)
	case *syntax.CastExpr:
		return c.cast(x)
	case *syntax.CallExpr:
		return c.call(x)
	case *syntax.UnaryExpr:
		return c.unary(x)
	case *syntax.BinaryExpr:
		return c.binary(x)
	case *syntax.InExpr:
		return c.in(x)
	case *syntax.ArrayExpr:
		return c.array(x)
	case *syntax.CaseExpr:
		return c.caseOf(x)
	case *syntax.UnsupportedExpr:
		if c.Subquery != nil && x.To > 0 {
			return c.Subquery(x)
		}
		return nil, c.Unsupported(x.What, x.Pos)
	case *syntax.DefaultExpr:
		return nil, c.At(pgerror.Errorf(pgerror.SyntaxError, "DEFAULT is not allowed in this context"), x.Pos)
	}
	return nil, c.Unsupported("this expression", x.Position())
}

// CompileAs compiles an expression and converts it to a type, as an assignment would.
func (c *Compiler) CompileAs(x syntax.Expr, oid uint32) (*Scalar, error) {
	s, err := c.Compile(x)
	if err != nil {
		return nil, err
	}
	return c.Resolve(s, oid)
}

// Resolve gives a literal or parameter without a type the given one; others keep theirs.
func (c *Compiler) Resolve(s *Scalar, oid uint32) (*Scalar, error) {
	switch {
	case s.param > 0:
		c.Params[s.param-1] = oid
		return c.paramScalar(s.param, oid, s.pos), nil
	case s.unknown && s.null:
		return nullScalar(oid, s.pos), nil
	case s.unknown:
		if c.Host != nil && IsTimeType(oid) && volatileTime(s.text) {
			c.Host.OnlyOnce()
		}
		if err := c.weigh(oid, s.text); err != nil {
			return nil, err
		}
		v, err := pgvalue.ParseText(oid, s.text, c.Zone())
		if err == nil {
			err = CheckJSON(oid, v.Bytes)
		}
		if err != nil {
			return nil, c.At(err.(*pgerror.Error), s.pos)
		}
		out := constScalar(oid, v, s.pos)
		out.Checked = isJSONType(oid)
		return out, nil
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

func (c *Compiler) Zone() *pgvalue.Zone {
	if c.Host == nil {
		return pgvalue.UTC
	}
	return c.Host.Zone()
}

func constScalar(oid uint32, v pgvalue.Value, pos int) *Scalar {
	return &Scalar{OID: oid, Constant: true, Column: -1, pos: pos, Eval: func(_ *Env, out *pgvalue.Value) error {
		*out = v
		return nil
	}}
}

func nullScalar(oid uint32, pos int) *Scalar {
	s := constScalar(oid, pgvalue.Value{}, pos)
	s.null = true
	return s
}

func (c *Compiler) literal(x *syntax.Literal) (*Scalar, error) {
	switch x.Kind {
	case syntax.TokString:
		return &Scalar{OID: pgvalue.OIDUnknown, unknown: true, text: x.Text, Constant: true, Column: -1, pos: x.Pos}, nil
	case syntax.TokInteger:
		if v, err := strconv.ParseInt(x.Text, 10, 64); err == nil {
			oid := uint32(pgvalue.OIDInt8)
			if v >= -1<<31 && v < 1<<31 {
				oid = pgvalue.OIDInt4
			}
			return constScalar(oid, pgvalue.IntValue(v), x.Pos), nil
		}
		return constScalar(pgvalue.OIDNumeric, pgvalue.TextValue(x.Text), x.Pos), nil
	case syntax.TokDecimal:
		v, err := pgvalue.ParseText(pgvalue.OIDNumeric, x.Text, pgvalue.UTC)
		if err != nil {
			return nil, err
		}
		return constScalar(pgvalue.OIDNumeric, v, x.Pos), nil
	}
	if x.Text == "null" {
		return &Scalar{OID: pgvalue.OIDUnknown, unknown: true, null: true, Constant: true, Column: -1, pos: x.Pos}, nil
	}
	return constScalar(pgvalue.OIDBool, pgvalue.BoolValue(x.Text == "true"), x.Pos), nil
}

func (c *Compiler) param(x *syntax.ParamExpr) *Scalar {
	for len(c.Params) < x.N {
		c.Params = append(c.Params, 0)
	}
	if c.Mentioned == nil {
		c.Mentioned = map[int]bool{}
	}
	c.Mentioned[x.N] = true
	oid := c.Params[x.N-1]
	if oid == 0 || oid == pgvalue.OIDUnknown {
		return &Scalar{OID: pgvalue.OIDUnknown, param: x.N, Constant: true, Column: -1, pos: x.Pos}
	}
	s := c.paramScalar(x.N, oid, x.Pos)
	if x.N > len(c.Declared) || c.Declared[x.N-1] == 0 {
		s.Deduced = x.N
	}
	return s
}

// plainType tells of types of which the wire's own form is all that a value means.
func plainType(oid uint32) bool {
	if element := pgvalue.ElementType(oid); element != 0 && oid != 22 && oid != 30 { // int2vector and oidvector have a text of their own
		oid = element
	}
	switch oid {
	case pgvalue.OIDBool, pgvalue.OIDBytea, pgvalue.OIDName, pgvalue.OIDInt8, pgvalue.OIDInt4, pgvalue.OIDInt2, pgvalue.OIDText, pgvalue.OIDOid, pgvalue.OIDXid,
		pgvalue.OIDJSON, pgvalue.OIDFloat4, pgvalue.OIDFloat8, pgvalue.OIDVarchar, pgvalue.OIDDate, pgvalue.OIDTime, pgvalue.OIDTimestamp,
		pgvalue.OIDTimestamptz, pgvalue.OIDNumeric, pgvalue.OIDUUID, pgvalue.OIDUnknown, pgvalue.OIDVoid, pgvalue.OIDPgLSN, pgvalue.OIDXid8:
		return true
	}
	return false
}

func (c *Compiler) paramScalar(n int, oid uint32, pos int) *Scalar {
	return &Scalar{OID: oid, Constant: true, Column: -1, pos: pos, Checked: isJSONType(oid), Eval: func(e *Env, v *pgvalue.Value) error {
		*v = e.Params[n-1]
		return nil
	}}
}

func (c *Compiler) column(x *syntax.ColumnExpr) (*Scalar, error) {
	if x.Column == "*" {
		return nil, c.At(pgerror.Errorf(pgerror.SyntaxError, "syntax error at or near \"*\""), x.Pos)
	}
	if c.Rel == nil {
		if x.Table != "" {
			return nil, c.At(pgerror.Errorf(pgerror.UndefinedTable, "missing FROM-clause entry for table \"%s\"", x.Table), x.Pos)
		}
		return nil, relation.NoColumn(x, c.Src)
	}
	if x.Table != "" && x.Table != c.Alias {
		if x.Table == c.Rel.Name {
			return nil, c.At(pgerror.Errorf(pgerror.UndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", x.Table).
				WithHint("Perhaps you meant to reference the table alias \""+c.Alias+"\"."), x.Pos)
		}
		return nil, c.At(pgerror.Errorf(pgerror.UndefinedTable, "missing FROM-clause entry for table \"%s\"", x.Table), x.Pos)
	}
	i, ok := c.Rel.ByName[x.Column]
	if !ok && x.Table == "" && x.Column == c.Alias {
		return nil, c.Unsupported("a whole row", x.Pos)
	}
	if !ok {
		return nil, relation.NoColumn(x, c.Src)
	}
	if err := c.checkGrouped(i, x.Pos); err != nil {
		return nil, err
	}
	return columnScalar(c.Rel, i, x.Pos), nil
}

// checkGrouped refuses a column that a group of rows has more than one value of.
func (c *Compiler) checkGrouped(i, pos int) error {
	if c.Aggregates == nil && (!c.ByStream || i == relation.EventStreamID) {
		return nil
	}
	return c.At(pgerror.Errorf(pgerror.GroupingError, "column \"%s.%s\" must appear in the GROUP BY clause or be used in an aggregate function", c.Alias, c.Rel.Columns[i].Name), pos)
}

func columnScalar(rel *relation.Relation, i, pos int) *Scalar {
	return &Scalar{OID: rel.Columns[i].OID, Column: i, pos: pos, Eval: func(e *Env, v *pgvalue.Value) error {
		e.Row.Column(i, v)
		return nil
	}}
}

// Derived makes a scalar of others.
func Derived(oid uint32, pos int, eval func(*Env, *pgvalue.Value) error, of ...*Scalar) *Scalar {
	out := &Scalar{OID: oid, Column: -1, Constant: true, pos: pos, Eval: eval}
	for _, s := range of {
		out.Constant = out.Constant && s.Constant
	}
	return out
}

// OrText is the scalar's type, text where it has none.
func OrText(s *Scalar) uint32 {
	if s.OID == pgvalue.OIDUnknown {
		return pgvalue.OIDText
	}
	return s.OID
}

// array compiles ARRAY[…], whose items share a type.
func (c *Compiler) array(x *syntax.ArrayExpr) (*Scalar, error) {
	element := uint32(0)
	var items []*Scalar
	for _, item := range x.Items {
		s, err := c.Compile(item)
		if err != nil {
			return nil, err
		}
		if element == 0 && s.OID != pgvalue.OIDUnknown {
			element = s.OID
		}
		items = append(items, s)
	}
	if element == 0 {
		element = pgvalue.OIDText
	}
	for i := range items {
		var err error
		if items[i], err = c.Resolve(items[i], element); err != nil {
			return nil, err
		}
		if !comparable(items[i].OID, element) {
			return nil, c.At(pgerror.Errorf(pgerror.DatatypeMismatch, "ARRAY types %s and %s cannot be matched", pgvalue.TypeName(element), pgvalue.TypeName(items[i].OID)), items[i].pos)
		}
	}
	oid := syntax.ArrayOf[element]
	if len(items) == 0 {
		return nil, c.At(pgerror.Errorf(pgerror.IndeterminateDatatype, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[]."), x.Pos)
	}
	if oid == 0 {
		return nil, c.Unsupported("an array of "+pgvalue.TypeName(element), x.Pos)
	}
	return Derived(oid, x.Pos, func(e *Env, v *pgvalue.Value) error {
		list := make([]pgvalue.Value, len(items))
		for i, s := range items {
			if err := s.Eval(e, &list[i]); err != nil {
				return err
			}
		}
		*v = pgvalue.ArrayValue(list)
		return nil
	}, items...), nil
}

// Meets tells whether the current row meets a condition; nil is none.
func (e *Env) Meets(condition *Scalar) (bool, error) {
	if condition == nil {
		return true, nil
	}
	v := &e.met
	err := condition.Eval(e, v)
	return err == nil && v.Kind == pgvalue.KindBool && v.Bool(), err
}

// Knowing compiles what stands in a text whose parameters are of known types.
func Knowing(src string, host Host, alias string, types []uint32) *Compiler {
	c := &Compiler{Src: src, Host: host, Alias: alias, Declared: types}
	c.Know(append([]uint32(nil), types...))
	return c
}

// Know resolves the parameters' types.
func (c *Compiler) Know(oids []uint32) {
	c.Params, c.Mentioned = oids, map[int]bool{}
	for i := range oids {
		c.Mentioned[i+1] = true
	}
}

// FinishParams resolves the parameters that nothing has resolved: they are text. One
// that is not mentioned at all has no type.
func (c *Compiler) FinishParams() ([]uint32, error) {
	for i, oid := range c.Params {
		if oid != 0 && oid != pgvalue.OIDUnknown {
			continue
		}
		if !c.Mentioned[i+1] {
			return nil, pgerror.Errorf(pgerror.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
		c.Params[i] = pgvalue.OIDText
	}
	return c.Params, nil
}
