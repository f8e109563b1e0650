package query

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

const (
	// maxDepth bounds the nesting of expressions. PostgreSQL stops at some thousands,
	// where its stack does.
	maxDepth = 1000
	// maxOperands bounds the operators of one expression: a chain a + b + c … is a tree as
	// deep as it is long.
	maxOperands = 20_000
	// maxItems is PostgreSQL's bound on a select list.
	maxItems = 1664
	// maxStatements bounds one simple query.
	maxStatements = 10_000
)

// parser is a recursive-descent parser for the statements the front understands. What
// it recognises as SQL that only the full path could run it keeps as "beyond".
type parser struct {
	lexer
	tok    token // current
	prev   token // before it
	depth  int
	params int
	// operators counts those of the expression being parsed.
	operators int
	// firstParam is where the first parameter of the statement stands.
	firstParam int
	insert     bool // within VALUES, where DEFAULT may stand
}

// parse splits a text into its statements.
func parse(src string) (list []*parsed, err error) {
	p := &parser{lexer: lexer{src: src}}
	defer func() {
		if r := recover(); r != nil {
			failure, ok := r.(parseFailure)
			if !ok {
				panic(r)
			}
			list, err = nil, failure.err
		}
	}()
	p.advance()
	for {
		for p.isOp(";") {
			p.advance()
		}
		if p.tok.kind == tokEOF {
			return list, nil
		}
		if len(list) == maxStatements {
			return nil, pgwire.Errorf("54000", "a query may have %d statements at most", maxStatements)
		}
		list = append(list, p.statementParsed())
		if p.tok.kind != tokEOF && !p.isOp(";") {
			p.unexpected()
		}
	}
}

// parseFailure carries an error up through the descent; it never leaves parse.
type parseFailure struct{ err error }

func (p *parser) fail(err error) { panic(parseFailure{err}) }

func (p *parser) advance() {
	p.prev = p.tok
	tok, err := p.lexer.next()
	if err != nil {
		p.fail(err)
	}
	p.tok = tok
}

// unexpected reports the current token as a syntax error.
func (p *parser) unexpected() {
	p.unexpectedAt(p.tok)
}

func (p *parser) unexpectedAt(t token) {
	e := pgwire.Errorf("42601", "syntax error at end of input")
	if t.kind != tokEOF {
		e = pgwire.Errorf("42601", "syntax error at or near \"%s\"", clipToken(p.src[t.pos:t.end]))
	}
	p.fail(e.At(charPosition(p.src, t.pos)))
}

func (p *parser) isOp(op string) bool { return p.tok.kind == tokOp && p.tok.text == op }
func (p *parser) isWord(w string) bool {
	return p.tok.kind == tokIdent && p.tok.text == w
}

// word takes a keyword if it comes next.
func (p *parser) word(w string) bool {
	if p.isWord(w) {
		p.advance()
		return true
	}
	return false
}

// words takes the keywords if they come next, all of them.
func (p *parser) words(list ...string) bool {
	if !p.isWord(list[0]) {
		return false
	}
	saved := *p
	for _, w := range list {
		if !p.word(w) {
			*p = saved
			return false
		}
	}
	return true
}

func (p *parser) op(op string) bool {
	if p.isOp(op) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expectWord(w string) {
	if !p.word(w) {
		p.unexpected()
	}
}

func (p *parser) expectOp(op string) {
	if !p.op(op) {
		p.unexpected()
	}
}

// peek returns the token after the current one.
func (p *parser) peek() token {
	saved := p.lexer
	t, err := p.lexer.next()
	p.lexer = saved
	if err != nil {
		return token{kind: tokEOF}
	}
	return t
}

// ident takes an identifier that is not a reserved word.
func (p *parser) ident() string {
	switch {
	case p.tok.kind == tokQuoted, p.tok.kind == tokIdent && !reserved[p.tok.text]:
		text := p.tok.text
		p.advance()
		return text
	}
	p.unexpected()
	return ""
}

// label takes any word, as after AS.
func (p *parser) label() string {
	if p.tok.kind != tokQuoted && p.tok.kind != tokIdent {
		p.unexpected()
	}
	text := p.tok.text
	p.advance()
	return text
}

func (p *parser) name() name {
	pos := p.tok.pos
	return name{text: p.ident(), pos: pos}
}

// statementParsed parses one statement and notes where it lies.
func (p *parser) statementParsed() *parsed {
	saved := p.params
	savedFirst := p.firstParam
	p.params, p.firstParam = 0, -1
	out := &parsed{src: p.src, pos: p.tok.pos}
	if p.atQuery() {
		out.statement = p.query()
	} else {
		out.statement = p.statement()
	}
	out.end = p.prev.end
	out.params, out.firstParam = p.params, p.firstParam
	p.params = max(saved, out.params)
	if savedFirst >= 0 {
		p.firstParam = savedFirst
	}
	return out
}

func (p *parser) statement() statement {
	if p.isOp("(") {
		return p.skipBeyond("a parenthesized query")
	}
	if p.tok.kind != tokIdent {
		p.unexpected()
	}
	switch p.tok.text {
	case "insert":
		return p.insertStatement()
	case "select":
		return p.selectStatement()
	case "values", "with", "table":
		return p.skipBeyond(strings.ToUpper(p.tok.text))
	case "copy":
		return p.copyStatement()
	case "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release":
		return p.transactionStatement()
	case "prepare", "execute", "deallocate":
		return p.preparedStatement()
	case "declare", "fetch", "move", "close":
		return p.cursorStatement()
	case "explain":
		return p.explainStatement()
	case "set", "show", "reset", "discard":
		return p.settingStatement()
	}
	return p.otherStatement()
}

// otherStatement takes statements that are accepted without effect, or refused.
func (p *parser) otherStatement() statement {
	switch word := p.tok.text; word {
	case "unlisten", "vacuum", "analyze", "analyse", "checkpoint":
		p.advance()
		p.skip()
		tag := strings.ToUpper(word)
		if word == "analyse" {
			tag = "ANALYZE"
		}
		return &noopStmt{tag: tag}
	case "update", "delete", "truncate", "merge":
		p.advance()
		for p.word("from") || p.word("table") || p.word("only") || p.word("into") {
		}
		rel := p.relation()
		p.skip()
		return &refusedStmt{what: strings.ToUpper(word), relation: &rel}
	case "create":
		return p.createStatement()
	case "drop":
		return p.dropStatement()
	case "comment":
		return p.commentStatement()
	case "alter", "grant", "revoke", "reindex", "cluster", "refresh", "security", "import", "reassign":
		return p.refused()
	case "listen", "notify", "lock", "call", "do", "load":
		p.advance()
		p.skip()
		return &refusedStmt{what: strings.ToUpper(word)}
	}
	p.unexpected()
	return nil
}

// refused passes over a statement that changes what is fixed here.
func (p *parser) refused() statement {
	what := strings.ToUpper(p.tok.text)
	p.advance()
	if p.tok.kind == tokIdent {
		what += " " + strings.ToUpper(p.tok.text)
	}
	p.skip()
	return &refusedStmt{what: what}
}

// noteParam counts a parameter.
func (p *parser) noteParam(t token) {
	if p.firstParam < 0 {
		p.firstParam = t.pos
	}
	p.params = max(p.params, t.num)
}

// skip passes over the rest of the statement.
func (p *parser) skip() {
	if p.skipTo(func() bool { return p.isOp(";") }) > 0 {
		p.unexpected()
	}
}

// skipTo passes over what comes before the first token outside parentheses that ends it, or
// before the end of the text, and returns how many parentheses are open there.
func (p *parser) skipTo(ends func() bool) (depth int) {
	for p.tok.kind != tokEOF {
		switch {
		case p.isOp("("):
			depth++
		case p.isOp(")"):
			if depth--; depth < 0 {
				p.unexpected()
			}
		case depth == 0 && ends():
			return depth
		case p.tok.kind == tokParam:
			p.noteParam(p.tok)
		}
		p.advance()
	}
	return depth
}

// skipBeyond passes over a statement that only the full path could run.
func (p *parser) skipBeyond(what string) statement {
	s := &beyondStmt{beyond: beyond{what: what, pos: p.tok.pos}}
	if p.depthInParens() {
		p.skipToParen()
	} else {
		p.skip()
	}
	return s
}

func (p *parser) relation() relationRef {
	r := relationRef{pos: p.tok.pos}
	r.table = p.ident()
	for p.op(".") {
		r.schema, r.table = r.table, p.label()
	}
	return r
}

func (p *parser) insertStatement() statement {
	p.expectWord("insert")
	p.expectWord("into")
	s := &insertStmt{relation: p.relation()}
	if p.word("as") {
		s.alias = p.ident()
	}
	if p.isOp("(") && !isQueryStart(p.peek()) {
		p.advance()
		for {
			s.columns = append(s.columns, p.name())
			if p.isOp("[") || p.isOp(".") {
				p.unexpected()
			}
			if !p.op(",") {
				break
			}
		}
		p.expectOp(")")
	}
	if p.words("overriding", "system", "value") || p.words("overriding", "user", "value") {
		s.query = &beyond{what: "OVERRIDING", pos: p.prev.pos}
	}
	switch {
	case p.words("default", "values"):
	case p.word("values"):
		p.valueRows(s)
	case p.isWord("select") || p.isWord("with") || p.isWord("table") || p.isOp("("):
		s.from = p.insertQuery()
	default:
		p.unexpected()
	}
	if p.isWord("on") {
		s.conflict = p.conflict()
	}
	if p.word("returning") {
		s.returning = p.selectItems()
	}
	return s
}

func isQueryStart(t token) bool {
	if t.kind == tokOp && t.text == "(" {
		return true
	}
	return t.kind == tokIdent && (t.text == "select" || t.text == "with" || t.text == "values" || t.text == "table")
}

// maxRows bounds the rows of one INSERT: no append may have more.
const maxRows = 1 << 18

func (p *parser) valueRows(s *insertStmt) {
	p.insert = true
	for {
		if len(s.rows) == maxRows {
			p.fail(pgwire.Errorf("54000", "an INSERT may have %d rows at most", maxRows).WithHint("Use COPY to load more."))
		}
		p.expectOp("(")
		row := make([]expr, 0, len(s.columns))
		for {
			row = append(row, p.expression())
			if !p.op(",") {
				break
			}
		}
		p.expectOp(")")
		s.rows = append(s.rows, row)
		if !p.op(",") {
			break
		}
	}
	p.insert = false
}

func (p *parser) conflict() *conflictClause {
	c := &conflictClause{pos: p.tok.pos}
	p.expectWord("on")
	p.expectWord("conflict")
	switch {
	case p.isOp("("):
		c.targetPos = p.tok.pos
		p.advance()
		for {
			c.target = append(c.target, p.name())
			if !p.op(",") {
				break
			}
		}
		p.expectOp(")")
	case p.words("on", "constraint"):
		pos := p.tok.pos
		c.target = []name{{pos: pos, text: constraintColumns[p.ident()]}}
	}
	p.expectWord("do")
	if p.word("nothing") {
		return c
	}
	if !p.isWord("update") {
		p.unexpected()
	}
	c.beyond = &beyond{what: "ON CONFLICT DO UPDATE", pos: p.tok.pos}
	p.skip()
	return c
}

func (p *parser) selectItems() []selectItem {
	var items []selectItem
	for {
		item := selectItem{pos: p.tok.pos}
		if p.op("*") {
			item.expr = &columnExpr{node: node{item.pos}, column: "*"}
		} else {
			item.expr = p.expression()
			switch {
			case p.word("as"):
				item.alias = p.label()
			case p.tok.kind == tokQuoted, p.tok.kind == tokIdent && !reserved[p.tok.text] && !notBareLabel[p.tok.text]:
				item.alias = p.label()
			}
		}
		items = append(items, item)
		if len(items) > maxItems {
			p.fail(pgwire.Errorf("54011", "target lists can have at most %d entries", maxItems))
		}
		if !p.op(",") {
			return items
		}
	}
}

func (p *parser) selectStatement() statement {
	s := &selectStmt{}
	p.expectWord("select")
	if p.word("all") {
	} else if p.isWord("distinct") {
		return p.skipBeyond("DISTINCT")
	}
	// SELECT FROM t has no columns, and is SQL.
	if !p.isWord("from") && !p.isWord("where") && !p.isOp(";") && p.tok.kind != tokEOF && !p.isOp(")") {
		s.items = p.selectItems()
	}
	if p.isWord("into") {
		return p.skipBeyond("SELECT INTO")
	}
	if p.word("from") {
		if b := p.fromClause(s); b != nil {
			return b
		}
	}
	if p.word("where") {
		start := p.tok.pos
		s.where = p.expression()
		s.whereText = p.src[start:p.prev.end]
	}
	if p.word("group") {
		p.expectWord("by")
		if s.groupBy = p.groupBy(); s.groupBy == nil {
			return p.skipRest(s, "GROUP BY")
		}
	}
	for _, w := range [...]string{"having", "window", "union", "intersect", "except"} {
		if p.isWord(w) {
			return p.skipRest(s, strings.ToUpper(w))
		}
	}
	if p.word("order") {
		p.expectWord("by")
		s.orderBy = p.orderItems()
	}
	p.limits(s)
	if p.isWord("for") {
		return p.skipRest(s, "FOR UPDATE")
	}
	return s
}

// groupBy takes GROUP BY one column, or one item of the select list; nil if it is more than that.
func (p *parser) groupBy() expr {
	start := *p
	x, err := p.tryExpression()
	if isLimit(err) {
		p.fail(err)
	}
	if err == nil && !p.isOp(",") {
		switch x.(type) {
		case *columnExpr, *literal:
			return x
		}
	}
	*p = start
	return nil
}

// skipRest notes what goes beyond the native path and passes over the rest.
func (p *parser) skipRest(s *selectStmt, what string) statement {
	s.beyond = &beyond{what: what, pos: p.tok.pos}
	if p.depthInParens() {
		p.skipToParen()
	} else {
		p.skip()
	}
	return s
}

// depthInParens: a SELECT within COPY (…) ends at the closing parenthesis.
func (p *parser) depthInParens() bool { return p.depth > 0 }

func (p *parser) skipToParen() {
	depth := 0
	for p.tok.kind != tokEOF {
		switch {
		case p.isOp("("):
			depth++
		case p.isOp(")"):
			if depth == 0 {
				return
			}
			depth--
		}
		p.advance()
	}
	p.unexpected()
}

func (p *parser) fromClause(s *selectStmt) statement {
	if p.isOp("(") || p.isWord("lateral") || p.isWord("only") || p.isWord("rows") {
		return p.skipRest(s, "a subquery in FROM")
	}
	r := p.relation()
	if p.isOp("(") {
		return p.skipRest(s, "a function in FROM")
	}
	s.from = &r
	p.op("*")
	switch {
	case p.word("as"):
		r.alias = p.ident()
	case p.tok.kind == tokQuoted, p.tok.kind == tokIdent && !reserved[p.tok.text] && !joinWords[p.tok.text]:
		r.alias = p.ident()
	}
	if p.isOp("(") {
		return p.skipRest(s, "column aliases in FROM")
	}
	if p.isOp(",") || p.tok.kind == tokIdent && joinWords[p.tok.text] {
		return p.skipRest(s, "a join")
	}
	return nil
}

func (p *parser) orderItems() []orderItem {
	var items []orderItem
	for {
		item := orderItem{expr: p.expression()}
		switch {
		case p.word("asc"):
		case p.word("desc"):
			item.desc = true
		case p.word("using"):
			p.skip()
			return items
		}
		if p.words("nulls", "first") {
			first := true
			item.nullsFirst = &first
		} else if p.words("nulls", "last") {
			first := false
			item.nullsFirst = &first
		}
		items = append(items, item)
		if !p.op(",") {
			return items
		}
	}
}

// limits takes LIMIT, OFFSET and FETCH in any order.
func (p *parser) limits(s *selectStmt) {
	limited, skipped := false, false
	for {
		switch {
		case p.isWord("limit") && !limited:
			p.advance()
			limited = true
			if !p.word("all") {
				s.limit = p.expression()
			}
			if p.isOp(",") {
				p.fail(pgwire.Errorf("42601", "LIMIT #,# syntax is not supported").
					WithHint("Use separate LIMIT and OFFSET clauses.").At(charPosition(p.src, p.tok.pos)))
			}
		case p.isWord("offset") && !skipped:
			p.advance()
			skipped = true
			s.offset = p.expression()
			_ = p.word("row") || p.word("rows")
		case p.isWord("fetch") && !limited:
			p.advance()
			limited = true
			if !p.word("first") && !p.word("next") {
				p.unexpected()
			}
			s.limit = &literal{node: node{p.tok.pos}, kind: tokInteger, text: "1"}
			if !p.isWord("row") && !p.isWord("rows") {
				s.limit = p.primary()
			}
			if !p.word("row") && !p.word("rows") {
				p.unexpected()
			}
			if p.words("with", "ties") {
				s.withTies = true
			} else {
				p.expectWord("only")
			}
		default:
			return
		}
	}
}
