package query

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire"
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

func (p *parser) expression() expr { return p.binary(precOr) }

func (p *parser) tooDeep() {
	p.fail(pgwire.Errorf("54001", "stack depth limit exceeded").
		WithHint("The statement nests its expressions too deep.").At(charPosition(p.src, p.tok.pos)))
}

// binary parses operators that bind at least as strongly as min.
func (p *parser) binary(minimum int) expr {
	if p.depth++; p.depth > maxDepth {
		p.tooDeep()
	}
	defer func() { p.depth-- }()
	var left expr
	pos := p.tok.pos
	if p.isWord("not") && minimum <= precNot {
		p.advance()
		left = &unaryExpr{node{pos}, "not", p.binary(precNot)}
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
		if p.operators++; p.operators > maxOperands {
			p.tooDeep()
		}
		left = next
	}
}

// infix parses one operator after left, and its right side; nil if none binds.
func (p *parser) infix(left expr, minimum int) expr {
	pos := p.tok.pos
	if p.tok.kind == tokOp {
		return p.infixOperator(left, minimum)
	}
	if p.tok.kind != tokIdent {
		return nil
	}
	switch p.tok.text {
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
		op := map[string]string{"isnull": "is null", "notnull": "is not null"}[p.tok.text]
		p.advance()
		return &unaryExpr{node{pos}, op, left}
	case "collate", "at":
		if minimum > precAt {
			return nil
		}
		what := strings.ToUpper(p.tok.text)
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
		return &beyondExpr{node{pos}, what}
	case "not", "in", "between", "like", "ilike", "similar":
		if minimum > precLike {
			return nil
		}
		return p.likeTest(left)
	}
	return nil
}

func (p *parser) infixWord(left expr, minimum, prec int) expr {
	if minimum > prec {
		return nil
	}
	pos, op := p.tok.pos, p.tok.text
	p.advance()
	return &binaryExpr{node{pos}, op, left, p.binary(prec + 1)}
}

func (p *parser) infixOperator(left expr, minimum int) expr {
	pos, op := p.tok.pos, p.tok.text
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
		if t := p.peek(); t.kind == tokOp && t.text == "(" {
			return p.quantified(left, op, pos)
		}
	}
	right := p.binary(prec + 1)
	if prec == precCompare && p.tok.kind == tokOp && minimum <= precCompare {
		switch p.tok.text {
		case "<", ">", "=", "<=", ">=", "<>": // comparisons do not associate
			p.unexpected()
		}
	}
	return &binaryExpr{node{pos}, op, left, right}
}

// quantified parses op ANY (array); = ANY is IN over the elements.
func (p *parser) quantified(left expr, op string, pos int) expr {
	anyOf := !p.isWord("all")
	p.advance()
	p.expectOp("(")
	if p.isWord("select") || p.isWord("with") || p.isWord("values") {
		p.skipToParen()
		p.expectOp(")")
		return &beyondExpr{node{pos}, "a subquery"}
	}
	right := p.expression()
	p.expectOp(")")
	if !anyOf || op != "=" {
		return &beyondExpr{node{pos}, op + " ANY or ALL"}
	}
	return &binaryExpr{node{pos}, "= any", left, right}
}

func (p *parser) isTest(left expr) expr {
	pos := p.tok.pos
	p.advance()
	op := "is "
	if p.word("not") {
		op = "is not "
	}
	switch {
	case p.isWord("null") || p.isWord("true") || p.isWord("false") || p.isWord("unknown"):
		op += p.tok.text
		p.advance()
		return &unaryExpr{node{pos}, op, left}
	case p.words("distinct", "from"):
		right := p.binary(precIs + 1)
		return &binaryExpr{node{pos}, op + "distinct from", left, right}
	}
	p.unexpected()
	return nil
}

func (p *parser) likeTest(left expr) expr {
	pos := p.tok.pos
	not := false
	if p.isWord("not") {
		switch t := p.peek(); {
		case t.kind == tokIdent && (t.text == "in" || t.text == "between" || t.text == "like" || t.text == "ilike" || t.text == "similar"):
			p.advance()
			not = true
		default:
			return nil
		}
	}
	op := p.tok.text
	p.advance()
	var out expr
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
			return &beyondExpr{node{pos}, "BETWEEN SYMMETRIC"}
		}
		out = &binaryExpr{node{pos}, "and", &binaryExpr{node{pos}, ">=", left, low}, &binaryExpr{node{pos}, "<=", left, high}}
	case "similar":
		p.expectWord("to")
		p.binary(precOther)
		return &beyondExpr{node{pos}, "SIMILAR TO"}
	default:
		right := p.binary(precOther)
		if p.word("escape") {
			p.binary(precOther)
			return &beyondExpr{node{pos}, "LIKE … ESCAPE"}
		}
		out = &binaryExpr{node{pos}, op, left, right}
	}
	if not {
		return &unaryExpr{node{pos}, "not", out}
	}
	return out
}

// maxInList bounds IN (…); each element costs memory, and a look-up.
const maxInList = 100_000

func (p *parser) inList(left expr, not bool, pos int) expr {
	p.expectOp("(")
	if p.isWord("select") || p.isWord("with") || p.isWord("values") {
		p.skipToParen()
		p.expectOp(")")
		return &beyondExpr{node{pos}, "a subquery"}
	}
	in := &inExpr{node: node{pos}, x: left, not: not}
	for {
		if len(in.list) == maxInList {
			p.fail(pgwire.Errorf("54000", "IN may have %d elements at most", maxInList))
		}
		in.list = append(in.list, p.expression())
		if !p.op(",") {
			break
		}
	}
	p.expectOp(")")
	return in
}

func (p *parser) unary() expr {
	pos := p.tok.pos
	if p.tok.kind == tokOp {
		switch p.tok.text {
		case "-", "+":
			op := p.tok.text
			p.advance()
			if p.depth++; p.depth > maxDepth {
				p.tooDeep()
			}
			x := p.unary() // binds tighter than ^
			p.depth--
			if l, ok := x.(*literal); ok && op == "-" && (l.kind == tokInteger || l.kind == tokDecimal) && !strings.HasPrefix(l.text, "-") {
				return &literal{node{pos}, l.kind, "-" + l.text}
			}
			return &unaryExpr{node{pos}, op, x}
		case "@", "~", "|/", "||/", "!!":
			op := p.tok.text
			p.advance()
			p.binary(precOther + 1)
			return &beyondExpr{node{pos}, "operator " + op}
		}
	}
	return p.postfix(p.primary())
}

// postfix parses casts and subscripts.
func (p *parser) postfix(x expr) expr {
	for n := 0; ; n++ {
		if n > maxDepth {
			p.tooDeep()
		}
		pos := p.tok.pos
		switch {
		case p.op("::"):
			x = &castExpr{node{pos}, x, p.typeName()}
		case p.isOp("["):
			p.advance()
			p.expression()
			if p.op(":") {
				p.expression()
			}
			p.expectOp("]")
			x = &beyondExpr{node{pos}, "an array subscript"}
		default:
			return x
		}
	}
}

func (p *parser) primary() expr {
	t := p.tok
	n := node{t.pos}
	switch t.kind {
	case tokString, tokInteger, tokDecimal:
		p.advance()
		return &literal{n, t.kind, t.text}
	case tokParam:
		p.advance()
		p.noteParam(t)
		return &paramExpr{n, t.num}
	case tokOp:
		if t.text == "(" {
			return p.parenthesized()
		}
		if t.text == "*" {
			p.unexpected()
		}
	case tokIdent:
		if x := p.keywordExpr(t); x != nil {
			return x
		}
		return p.nameExpr()
	case tokQuoted:
		if t.text == "char" && p.peek().kind == tokString {
			return p.typedLiteral()
		}
		return p.nameExpr()
	}
	p.unexpected()
	return nil
}

func (p *parser) parenthesized() expr {
	n := node{p.tok.pos}
	p.expectOp("(")
	if p.isWord("select") || p.isWord("with") || p.isWord("values") {
		p.skipToParen()
		p.expectOp(")")
		return &beyondExpr{n, "a subquery"}
	}
	x := p.expression()
	if p.isOp(",") {
		for p.op(",") {
			p.expression()
		}
		x = &beyondExpr{n, "a row constructor"}
	}
	p.expectOp(")")
	if p.isOp(".") {
		p.advance()
		p.label()
		return &beyondExpr{n, "a field selection"}
	}
	return x
}

// keywordExpr parses an expression that begins with a keyword; nil if t begins none.
func (p *parser) keywordExpr(t token) expr {
	n := node{t.pos}
	switch t.text {
	case "true", "false", "null":
		p.advance()
		return &literal{n, tokIdent, t.text}
	case "default":
		if !p.insert {
			return nil
		}
		p.advance()
		return &defaultExpr{n}
	case "cast":
		if next := p.peek(); next.kind != tokOp || next.text != "(" {
			return nil
		}
		p.advance()
		p.expectOp("(")
		x := p.expression()
		p.expectWord("as")
		typ := p.typeName()
		p.expectOp(")")
		return &castExpr{n, x, typ}
	case "case":
		return p.caseExpr()
	case "array":
		return p.array()
	case "current_timestamp", "current_date", "current_user", "session_user", "user", "current_role",
		"current_catalog", "localtimestamp", "current_schema", "current_time", "localtime":
		p.advance()
		if p.op("(") {
			if p.tok.kind == tokInteger {
				p.advance()
			}
			p.expectOp(")")
		}
		return &callExpr{node: n, name: t.text}
	case "exists":
		if next := p.peek(); next.kind == tokOp && next.text == "(" {
			p.advance()
			p.expectOp("(")
			p.skipToParen()
			p.expectOp(")")
			return &beyondExpr{n, "EXISTS"}
		}
	case "row", "extract", "overlay", "position", "substring", "trim", "xmlelement", "interval", "grouping", "normalize":
		next := p.peek()
		if next.kind == tokOp && next.text == "(" && t.text != "interval" {
			p.advance()
			p.expectOp("(")
			p.skipToParen()
			p.expectOp(")")
			return &beyondExpr{n, strings.ToUpper(t.text)}
		}
	}
	if _, ok := typeNames[t.text]; ok || t.text == "double" {
		if next := p.peek(); next.kind == tokString || next.kind == tokIdent || next.text == "(" {
			return p.typedLiteral()
		}
	}
	return nil
}

// typedLiteral parses a literal after its type: timestamptz '2026-01-01'.
func (p *parser) caseExpr() expr {
	c := &caseExpr{node: node{p.tok.pos}}
	p.expectWord("case")
	if !p.isWord("when") {
		c.subject = p.expression()
	}
	for p.word("when") {
		when := p.expression()
		p.expectWord("then")
		c.whens = append(c.whens, [2]expr{when, p.expression()})
	}
	if len(c.whens) == 0 {
		p.unexpected()
	}
	if p.word("else") {
		c.other = p.expression()
	}
	p.expectWord("end")
	return c
}

func (p *parser) array() expr {
	a := &arrayExpr{node: node{p.tok.pos}}
	p.expectWord("array")
	if p.op("(") {
		p.skipToParen()
		p.expectOp(")")
		return &beyondExpr{a.node, "a subquery"}
	}
	p.expectOp("[")
	if p.op("]") {
		return a
	}
	for {
		a.items = append(a.items, p.expression())
		if !p.op(",") {
			break
		}
	}
	p.expectOp("]")
	return a
}

// nameExpr parses a column or a function call.
func (p *parser) nameExpr() expr {
	n := node{p.tok.pos}
	t := p.tok
	if t.kind == tokIdent && reserved[t.text] && !functionWords[t.text] {
		p.unexpected()
	}
	p.advance()
	parts := []string{t.text}
	for p.op(".") {
		if p.op("*") {
			return &columnExpr{node: n, table: parts[len(parts)-1], column: "*"}
		}
		parts = append(parts, p.label())
	}
	if p.isOp("(") {
		return p.call(n, parts)
	}
	c := &columnExpr{node: n, column: parts[len(parts)-1]}
	if len(parts) > 1 {
		c.table = parts[len(parts)-2]
	}
	return c
}

// functionWords are reserved as columns and allowed as functions.
var functionWords = words(`left right collation`)

func (p *parser) call(n node, parts []string) expr {
	c := &callExpr{node: n, name: parts[len(parts)-1]}
	if len(parts) > 1 {
		c.schema = parts[len(parts)-2]
	}
	p.expectOp("(")
	switch {
	case p.op("*"):
		c.star = true
	case p.isOp(")"):
	default:
		if p.word("distinct") {
			c.beyond = "DISTINCT in an aggregate"
		} else {
			p.word("all")
		}
		for {
			p.word("variadic")
			c.args = append(c.args, p.expression())
			if p.isOp("=>") || p.isOp(":=") {
				c.beyond = "named arguments"
				p.advance()
				c.args = append(c.args, p.expression())
			}
			if !p.op(",") {
				break
			}
		}
		if p.words("order", "by") {
			c.beyond = "ORDER BY in an aggregate"
			p.orderItems()
		}
	}
	p.expectOp(")")
	p.callSuffix(c)
	return c
}

func (p *parser) callSuffix(c *callExpr) {
	for {
		switch {
		case p.words("within", "group"), p.isWord("filter") && p.peek().text == "(":
			if p.isWord("filter") {
				p.advance()
			}
			c.beyond = "FILTER"
			p.expectOp("(")
			p.skipToParen()
			p.expectOp(")")
		case p.word("over"):
			c.beyond = "a window function"
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
