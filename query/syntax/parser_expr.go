package syntax

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Binding powers of PostgreSQL's operators, weakest first.
const (
	precOr = iota + 1
	precAnd
	precNot
	precIs
	precCompare
	precLike // BETWEEN IN LIKE ILIKE SIMILAR
	precOther
	precAdd
	precMultiply
	precPower
	precAt
	precUnary
)

func (p *parser) expression() Expr { return p.binary(precOr) }

func (p *parser) tooDeep() {
	p.fail(pgerror.Errorf(pgerror.StatementTooComplex, "stack depth limit exceeded").
		WithHint("The statement nests its expressions too deep.").At(CharPosition(p.Src, p.tok.Pos)))
}

// binary parses operators that bind at least as strongly as min.
func (p *parser) binary(minimum int) Expr {
	if p.depth++; p.depth > MaxDepth {
		p.tooDeep()
	}
	defer func() { p.depth-- }()
	var left Expr
	pos := p.tok.Pos
	if p.isWord("not") && minimum <= precNot {
		p.advance()
		left = &UnaryExpr{node{pos}, "not", p.binary(precNot)}
	} else {
		left = p.unary()
	}
	if p.depth == 1 {
		p.operators = 0
	}
	for {
		next := p.infix(left, minimum)
		if next == nil {
			return left
		}
		if p.operators++; p.operators > MaxOperands {
			p.tooDeep()
		}
		left = next
	}
}

// infix parses one operator after left, and its right side; nil if none binds.
func (p *parser) infix(left Expr, minimum int) Expr {
	pos := p.tok.Pos
	if p.tok.Kind == TokOp {
		return p.infixOperator(left, minimum)
	}
	if p.tok.Kind != TokIdent {
		return nil
	}
	switch p.tok.Text {
	case "or":
		return p.infixWord(left, minimum, precOr)
	case "and":
		return p.infixWord(left, minimum, precAnd)
	case "is":
		if minimum > precIs {
			return nil
		}
		return p.isTest(left)
	case "isnull", "notnull":
		if minimum > precIs {
			return nil
		}
		op := map[string]string{"isnull": "is null", "notnull": "is not null"}[p.tok.Text]
		p.advance()
		return &UnaryExpr{node{pos}, op, left}
	case "collate", "at":
		if minimum > precAt {
			return nil
		}
		what := strings.ToUpper(p.tok.Text)
		p.advance()
		if what == "AT" {
			p.expectWord("time")
			p.expectWord("zone")
			what = "AT TIME ZONE"
			p.binary(precUnary)
		} else {
			p.label()
			for p.op(".") {
				p.label()
			}
		}
		return &UnsupportedExpr{node: node{pos}, What: what}
	case "not", "in", "between", "like", "ilike", "similar":
		if minimum > precLike {
			return nil
		}
		return p.likeTest(left)
	}
	return nil
}

func (p *parser) infixWord(left Expr, minimum, prec int) Expr {
	if minimum > prec {
		return nil
	}
	pos, op := p.tok.Pos, p.tok.Text
	p.advance()
	return &BinaryExpr{node{pos}, op, left, p.binary(prec + 1)}
}

func (p *parser) infixOperator(left Expr, minimum int) Expr {
	pos, op := p.tok.Pos, p.tok.Text
	prec := 0
	switch op {
	case "<", ">", "=", "<=", ">=", "<>":
		prec = precCompare
	case "+", "-":
		prec = precAdd
	case "*", "/", "%":
		prec = precMultiply
	case "^":
		prec = precPower
	case "(", ")", ",", ";", ".", "[", "]", ":", "::", ":=", "..", "=>":
		return nil
	default:
		prec = precOther
	}
	if minimum > prec {
		return nil
	}
	p.advance()
	if p.isWord("any") || p.isWord("some") || p.isWord("all") {
		if t := p.peek(); t.Kind == TokOp && t.Text == "(" {
			return p.quantified(left, op, pos)
		}
	}
	right := p.binary(prec + 1)
	if prec == precCompare && p.tok.Kind == TokOp && minimum <= precCompare {
		switch p.tok.Text {
		case "<", ">", "=", "<=", ">=", "<>": // comparisons do not associate
			p.unexpected()
		}
	}
	return &BinaryExpr{node{pos}, op, left, right}
}

// quantified parses op ANY (array); = ANY is IN over the elements.
func (p *parser) quantified(left Expr, op string, pos int) Expr {
	anyOf := !p.isWord("all")
	p.advance()
	p.expectOp("(")
	if p.isWord("select") || p.isWord("with") || p.isWord("values") {
		p.skipToParen()
		p.expectOp(")")
		return &UnsupportedExpr{node: node{pos}, What: "a subquery"}
	}
	right := p.expression()
	p.expectOp(")")
	if !anyOf || op != "=" {
		return &UnsupportedExpr{node: node{pos}, What: op + " ANY or ALL"}
	}
	return &BinaryExpr{node{pos}, "= any", left, right}
}

func (p *parser) isTest(left Expr) Expr {
	pos := p.tok.Pos
	p.advance()
	op := "is "
	if p.word("not") {
		op = "is not "
	}
	switch {
	case p.isWord("null") || p.isWord("true") || p.isWord("false") || p.isWord("unknown"):
		op += p.tok.Text
		p.advance()
		return &UnaryExpr{node{pos}, op, left}
	case p.words("distinct", "from"):
		right := p.binary(precIs + 1)
		return &BinaryExpr{node{pos}, op + "distinct from", left, right}
	}
	p.unexpected()
	return nil
}

func (p *parser) likeTest(left Expr) Expr {
	pos := p.tok.Pos
	not := false
	if p.isWord("not") {
		switch t := p.peek(); {
		case t.Kind == TokIdent && (t.Text == "in" || t.Text == "between" || t.Text == "like" || t.Text == "ilike" || t.Text == "similar"):
			p.advance()
			not = true
		default:
			return nil
		}
	}
	op := p.tok.Text
	p.advance()
	var out Expr
	switch op {
	case "in":
		return p.inList(left, not, pos)
	case "between":
		symmetric := p.word("symmetric")
		p.word("asymmetric")
		low := p.binary(precOther)
		p.expectWord("and")
		high := p.binary(precOther)
		if symmetric {
			return &UnsupportedExpr{node: node{pos}, What: "BETWEEN SYMMETRIC"}
		}
		out = &BinaryExpr{node{pos}, "and", &BinaryExpr{node{pos}, ">=", left, low}, &BinaryExpr{node{pos}, "<=", left, high}}
	case "similar":
		p.expectWord("to")
		p.binary(precOther)
		if p.word("escape") {
			p.binary(precOther)
		}
		return &UnsupportedExpr{node: node{pos}, What: "SIMILAR TO"}
	default:
		right := p.binary(precOther)
		if p.word("escape") {
			p.binary(precOther)
			return &UnsupportedExpr{node: node{pos}, What: "LIKE … ESCAPE"}
		}
		out = &BinaryExpr{node{pos}, op, left, right}
	}
	if not {
		return &UnaryExpr{node{pos}, "not", out}
	}
	return out
}

func (p *parser) inList(left Expr, not bool, pos int) Expr {
	p.expectOp("(")
	if p.isWord("select") || p.isWord("with") || p.isWord("values") {
		p.skipToParen()
		p.expectOp(")")
		return &UnsupportedExpr{node: node{pos}, What: "a subquery"}
	}
	in := &InExpr{node: node{pos}, X: left, Not: not, List: p.expressions(MaxList, "IN")}
	p.expectOp(")")
	return in
}

func (p *parser) unary() Expr {
	pos := p.tok.Pos
	if p.tok.Kind == TokOp {
		switch p.tok.Text {
		case "-", "+":
			op := p.tok.Text
			p.advance()
			if p.depth++; p.depth > MaxDepth {
				p.tooDeep()
			}
			x := p.unary() // binds tighter than ^
			p.depth--
			if l, ok := x.(*Literal); ok && op == "-" && (l.Kind == TokInteger || l.Kind == TokDecimal) && !strings.HasPrefix(l.Text, "-") {
				return &Literal{node{pos}, l.Kind, "-" + l.Text}
			}
			return &UnaryExpr{node{pos}, op, x}
		case "@", "~", "|/", "||/", "!!":
			op := p.tok.Text
			p.advance()
			p.binary(precOther + 1)
			return &UnsupportedExpr{node: node{pos}, What: "operator " + op}
		}
	}
	return p.postfix(p.primary())
}

// postfix parses casts and subscripts.
func (p *parser) postfix(x Expr) Expr {
	for n := 0; ; n++ {
		if n > MaxDepth {
			p.tooDeep()
		}
		pos := p.tok.Pos
		switch {
		case p.op("::"):
			x = &CastExpr{node{pos}, x, p.typeName()}
		case p.isOp("["):
			p.advance()
			p.expression()
			if p.op(":") {
				p.expression()
			}
			p.expectOp("]")
			x = &UnsupportedExpr{node: node{pos}, What: "an array subscript"}
		default:
			return x
		}
	}
}

func (p *parser) primary() Expr {
	t := p.tok
	n := node{t.Pos}
	switch t.Kind {
	case tokBits:
		p.advance()
		return &UnsupportedExpr{node: n, What: "a bit string"}
	case TokString, TokInteger, TokDecimal:
		p.advance()
		return &Literal{n, t.Kind, t.Text}
	case tokParam:
		p.advance()
		return &ParamExpr{n, t.num}
	case TokOp:
		if t.Text == "(" {
			return p.parenthesized()
		}
		if t.Text == "*" {
			p.unexpected()
		}
	case TokIdent:
		if x := p.keywordExpr(t); x != nil {
			return x
		}
		return p.nameExpr()
	case tokQuoted:
		if t.Text == "char" && p.peek().Kind == TokString {
			return p.typedLiteral()
		}
		return p.nameExpr()
	}
	p.unexpected()
	return nil
}

func (p *parser) parenthesized() Expr {
	n := node{p.tok.Pos}
	p.expectOp("(")
	if p.isWord("select") || p.isWord("with") || p.isWord("values") {
		return p.subquery(n, ScalarQuery)
	}
	x := p.expression()
	if p.isOp(",") {
		for items := 1; p.op(","); items++ {
			if items == maxItems {
				p.tooMany(pgerror.TooManyColumns, "ROW expressions can have at most %d entries", maxItems)
			}
			p.expression()
		}
		x = &UnsupportedExpr{node: n, What: "a row constructor"}
	}
	p.expectOp(")")
	if p.isOp(".") {
		p.advance()
		p.label()
		return &UnsupportedExpr{node: n, What: "a field selection"}
	}
	return x
}

// subquery passes over a query that stands for a value.
func (p *parser) subquery(n node, what string) Expr {
	x := &UnsupportedExpr{node: n, What: what, From: p.tok.Pos}
	p.skipToParen()
	x.To = p.tok.Pos
	p.expectOp(")")
	return x
}

// keywordExpr parses an expression that begins with a keyword; nil if t begins none.
func (p *parser) keywordExpr(t token) Expr {
	n := node{t.Pos}
	switch t.Text {
	case "true", "false", "null":
		p.advance()
		return &Literal{n, TokIdent, t.Text}
	case "default":
		if !p.insert {
			return nil
		}
		p.advance()
		return &DefaultExpr{n}
	case "cast":
		if next := p.peek(); next.Kind != TokOp || next.Text != "(" {
			return nil
		}
		p.advance()
		p.expectOp("(")
		x := p.expression()
		p.expectWord("as")
		typ := p.typeName()
		p.expectOp(")")
		return &CastExpr{n, x, typ}
	case "case":
		return p.caseExpr()
	case "array":
		return p.array()
	case "current_timestamp", "current_date", "current_user", "session_user", "user", "current_role",
		"current_catalog", "localtimestamp", "current_schema", "current_time", "localtime":
		p.advance()
		if p.op("(") {
			if p.tok.Kind == TokInteger {
				p.advance()
			}
			p.expectOp(")")
		}
		return &CallExpr{node: n, Name: t.Text}
	case "exists":
		if next := p.peek(); next.Kind == TokOp && next.Text == "(" {
			p.advance()
			p.expectOp("(")
			return p.subquery(n, ExistsQuery)
		}
	case "row", "extract", "overlay", "position", "substring", "trim", "xmlelement", "interval", "grouping", "normalize":
		next := p.peek()
		if next.Kind == TokOp && next.Text == "(" && t.Text != "interval" {
			p.advance()
			p.expectOp("(")
			p.skipToParen()
			p.expectOp(")")
			return &UnsupportedExpr{node: n, What: strings.ToUpper(t.Text)}
		}
	}
	if _, ok := typeNames[t.Text]; ok || t.Text == "double" {
		if next := p.peek(); next.Kind == TokString || next.Kind == TokIdent || next.Text == "(" {
			return p.typedLiteral()
		}
	}
	return nil
}

// typedLiteral parses a literal after its type: timestamptz '2026-01-01'.
func (p *parser) caseExpr() Expr {
	c := &CaseExpr{node: node{p.tok.Pos}}
	p.expectWord("case")
	if !p.isWord("when") {
		c.Subject = p.expression()
	}
	for p.word("when") {
		p.room(len(c.Whens), MaxList, "CASE")
		when := p.expression()
		p.expectWord("then")
		c.Whens = append(c.Whens, [2]Expr{when, p.expression()})
	}
	if len(c.Whens) == 0 {
		p.unexpected()
	}
	if p.word("else") {
		c.Other = p.expression()
	}
	p.expectWord("end")
	return c
}

func (p *parser) array() Expr {
	a := &ArrayExpr{node: node{p.tok.Pos}}
	p.expectWord("array")
	if p.op("(") {
		p.skipToParen()
		p.expectOp(")")
		return &UnsupportedExpr{node: a.node, What: "a subquery"}
	}
	p.expectOp("[")
	if p.op("]") {
		return a
	}
	a.Items = p.expressions(MaxList, "ARRAY")
	p.expectOp("]")
	return a
}

// nameExpr parses a column or a function call.
func (p *parser) nameExpr() Expr {
	n := node{p.tok.Pos}
	t := p.tok
	if t.Kind == TokIdent && Reserved[t.Text] && !functionWords[t.Text] {
		p.unexpected()
	}
	p.advance()
	parts := []string{t.Text}
	for p.op(".") {
		if p.op("*") {
			return &ColumnExpr{node: n, Table: parts[len(parts)-1], Column: "*"}
		}
		p.room(len(parts), maxNameParts, "a name")
		parts = append(parts, p.label())
	}
	if p.isOp("(") {
		return p.call(n, parts)
	}
	c := &ColumnExpr{node: n, Column: parts[len(parts)-1]}
	if len(parts) > 1 {
		c.Table = parts[len(parts)-2]
	}
	return c
}

// functionWords are reserved as columns and allowed as functions.
var functionWords = Words(`left right collation`)

func (p *parser) call(n node, parts []string) Expr {
	c := &CallExpr{node: n, Name: parts[len(parts)-1]}
	if len(parts) > 1 {
		c.Schema = parts[len(parts)-2]
	}
	p.expectOp("(")
	switch {
	case p.op("*"):
		c.Star = true
	case p.isOp(")"):
	default:
		if p.word("distinct") {
			c.Unsupported = "DISTINCT in an aggregate"
		} else {
			p.word("all")
		}
		p.callArguments(c)
		if p.words("order", "by") {
			c.Unsupported = "ORDER BY in an aggregate"
			p.orderItems()
		}
	}
	p.expectOp(")")
	p.callSuffix(c)
	return c
}

func (p *parser) callSuffix(c *CallExpr) {
	for {
		switch {
		case p.words("within", "group"), p.isWord("filter") && p.peek().Text == "(":
			if p.isWord("filter") {
				p.advance()
			}
			c.Unsupported = "FILTER"
			p.expectOp("(")
			p.skipToParen()
			p.expectOp(")")
		case p.word("over"):
			c.Unsupported = "a window function"
			if p.op("(") {
				p.skipToParen()
				p.expectOp(")")
			} else {
				p.ident()
			}
		default:
			return
		}
	}
}

// typeNames maps the names a type goes by, in lower case, to its OID.
// typeName parses a type and finds it.
// typeModifier takes a length or precision, which has no effect on what is kept here.
