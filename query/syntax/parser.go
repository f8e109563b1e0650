package syntax

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

const (
	// MaxDepth bounds the nesting of expressions. PostgreSQL stops at some thousands,
	// where its stack does.
	MaxDepth = 1000
	// MaxOperands bounds the operators of one expression: a chain a + b + c … is a tree as
	// deep as it is long.
	MaxOperands = 20_000
	// MaxStatements bounds one simple query.
	MaxStatements = 10_000
)

// parser is a recursive-descent parser for the statements the server understands. What
// it recognises as SQL that only the full path could run it keeps as unsupported.
type parser struct {
	Lexer
	tok    token // current
	prev   token // before it
	depth  int
	params int
	// operators counts those of the expression being parsed.
	operators int
	// firstParam is where the first parameter of the statement stands.
	firstParam int
	view       bool   // within CREATE VIEW, where WITH CHECK OPTION may follow the query
	insert     bool   // within VALUES, where DEFAULT may stand
	secrets    []span // parts of the text that nobody else may see
	meter      *Meter
}

// Parse splits a text into its statements.
func Parse(src string) ([]*Parsed, error) { return ParseMetered(src, new(Meter)) }

func ParseMetered(src string, m *Meter) (list []*Parsed, err error) {
	p := &parser{Lexer: Lexer{Src: src}, meter: m}
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
		if p.tok.Kind == TokEOF {
			p.hide(list)
			return list, nil
		}
		if len(list) == MaxStatements {
			return nil, pgerror.Errorf(pgerror.ProgramLimitExceeded, "a query may have %d statements at most", MaxStatements)
		}
		list = append(list, p.statementParsed())
		if p.tok.Kind != TokEOF && !p.isOp(";") {
			p.unexpected()
		}
	}
}

// parseFailure carries an error up through the descent; it never leaves parse.
type parseFailure struct{ err error }

func (p *parser) fail(err error) { panic(parseFailure{err}) }

func (p *parser) advance() {
	if p.tok.Kind == tokParam { // also where a tree is made of nothing
		p.noteParam(p.tok)
	}
	p.prev = p.tok
	tok, err := p.Lexer.Next()
	if err != nil {
		p.fail(err)
	}
	p.tok = tok
	m := p.meter
	m.Tokens++
	if p.built > 0 {
		m.Tokens += p.built / TokenBytes
		p.built = 0
	}
	if m.Steps++; m.Steps%LookEvery == 0 || tok.End-tok.Pos > LookBytes {
		p.look()
	}
}

// unexpected reports the current token as a syntax error.
func (p *parser) unexpected() {
	p.unexpectedAt(p.tok)
}

func (p *parser) unexpectedAt(t token) {
	e := pgerror.Errorf(pgerror.SyntaxError, "syntax error at end of input")
	if t.Kind != TokEOF {
		e = pgerror.Errorf(pgerror.SyntaxError, "syntax error at or near \"%s\"", clipToken(p.Src[t.Pos:t.End]))
	}
	p.fail(e.At(CharPosition(p.Src, t.Pos)))
}

func (p *parser) isOp(op string) bool { return p.tok.Kind == TokOp && p.tok.Text == op }
func (p *parser) isWord(w string) bool {
	return p.tok.Kind == TokIdent && p.tok.Text == w
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
	saved := p.Lexer
	t, err := p.Lexer.Next()
	p.Lexer = saved
	if err != nil {
		return token{Kind: TokEOF}
	}
	return t
}

// ident takes an identifier that is not a reserved word.
func (p *parser) ident() string {
	switch {
	case p.tok.Kind == tokQuoted, p.tok.Kind == TokIdent && !Reserved[p.tok.Text]:
		text := p.tok.Text
		p.advance()
		return text
	}
	p.unexpected()
	return ""
}

// label takes any word, as after AS.
func (p *parser) label() string {
	if p.tok.Kind != tokQuoted && p.tok.Kind != TokIdent {
		p.unexpected()
	}
	text := p.tok.Text
	p.advance()
	return text
}

func (p *parser) name() Name {
	pos := p.tok.Pos
	return Name{Text: p.ident(), Pos: pos}
}

// statementParsed parses one statement and notes where it lies.
func (p *parser) statementParsed() *Parsed {
	saved := p.params
	savedFirst := p.firstParam
	p.params, p.firstParam = 0, -1
	out := &Parsed{Src: p.Src, Pos: p.tok.Pos}
	tokens := p.meter.Tokens
	if p.atQuery() {
		out.Statement = p.query()
	} else {
		out.Statement = p.statement()
	}
	out.End = p.prev.End
	out.tokens = p.meter.Tokens - tokens
	out.Params, out.FirstParam = p.params, p.firstParam
	p.params = max(saved, out.Params)
	if savedFirst >= 0 {
		p.firstParam = savedFirst
	}
	return out
}

func (p *parser) statement() Statement {
	if p.isOp("(") {
		return p.skipUnsupported("a parenthesized query")
	}
	if p.tok.Kind != TokIdent {
		p.unexpected()
	}
	switch p.tok.Text {
	case "insert":
		return p.insertStatement()
	case "select":
		return p.selectStatement()
	case "with":
		if s := p.withInsert(); s != nil {
			return s
		}
		return p.skipUnsupported("WITH")
	case "values", "table":
		return p.skipUnsupported(strings.ToUpper(p.tok.Text))
	case "subscribe":
		return p.subscribeStatement()
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
func (p *parser) otherStatement() Statement {
	switch word := p.tok.Text; word {
	case "vacuum", "analyze", "analyse", "checkpoint":
		return p.upkeepStatement()
	case "listen", "unlisten", "notify":
		return p.notifyStatement()
	case "update", "delete", "truncate", "merge":
		p.advance()
		for p.word("from") || p.word("table") || p.word("only") || p.word("into") {
		}
		rel := p.relation()
		p.skip()
		return &RefusedStmt{What: strings.ToUpper(word), Relation: &rel}
	case "create":
		return p.createStatement()
	case "drop":
		return p.dropStatement()
	case "comment":
		return p.commentStatement()
	case "alter":
		return p.alterStatement()
	case "grant", "revoke":
		return p.grantStatement()
	case "reassign":
		return p.ownedStatement()
	case "reindex", "cluster", "refresh", "security", "import":
		return p.refused()
	case "lock":
		return p.lockStatement()
	case "call", "do", "load":
		p.advance()
		p.skip()
		return &RefusedStmt{What: strings.ToUpper(word)}
	}
	p.unexpected()
	return nil
}

// refused passes over a statement that changes what is fixed here.
func (p *parser) refused() Statement {
	what := strings.ToUpper(p.tok.Text)
	p.advance()
	if p.tok.Kind == TokIdent {
		what += " " + strings.ToUpper(p.tok.Text)
	}
	p.skip()
	return &RefusedStmt{What: what}
}

// noteParam counts a parameter.
func (p *parser) noteParam(t token) {
	if p.firstParam < 0 {
		p.firstParam = t.Pos
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
	defer func(n int) { p.meter.Tokens = n }(p.meter.Tokens) // no tree is made of them
	for p.tok.Kind != TokEOF {
		switch {
		case p.isOp("("):
			depth++
		case p.isOp(")"):
			if depth--; depth < 0 {
				p.unexpected()
			}
		case depth == 0 && ends():
			return depth
		}
		p.advance()
	}
	return depth
}

// skipUnsupported passes over a statement that only the full path could run.
func (p *parser) skipUnsupported(what string) Statement {
	s := &UnsupportedStmt{Unsupported: Unsupported{What: what, Pos: p.tok.Pos}}
	if p.depthInParens() {
		p.skipToParen()
	} else {
		p.skip()
	}
	return s
}

func (p *parser) relation() RelationRef {
	r := RelationRef{Pos: p.tok.Pos}
	r.Table = p.ident()
	for p.op(".") {
		r.Schema, r.Table = r.Table, p.label()
	}
	return r
}

// try runs a part of the parser, whose failure may be the server's alone.
func (p *parser) try(part func()) (err error) {
	defer func() {
		if IsLimit(err) {
			p.fail(err)
		}
	}()
	defer catch(&err)
	part()
	return nil
}

func IsQueryStart(t token) bool {
	if t.Kind == TokOp && t.Text == "(" {
		return true
	}
	return t.Kind == TokIdent && (t.Text == "select" || t.Text == "with" || t.Text == "values" || t.Text == "table")
}

func (p *parser) selectItems() []SelectItem {
	var items []SelectItem
	for {
		p.roomForItem(len(items))
		item := SelectItem{pos: p.tok.Pos}
		if p.op("*") {
			item.Expr = &ColumnExpr{node: node{item.pos}, Column: "*"}
		} else {
			item.Expr = p.expression()
			switch {
			case p.word("as"):
				item.Alias = p.label()
			case p.tok.Kind == tokQuoted, p.tok.Kind == TokIdent && !Reserved[p.tok.Text] && !notBareLabel[p.tok.Text]:
				item.Alias = p.label()
			}
		}
		items = append(items, item)
		if !p.op(",") {
			return items
		}
	}
}

func (p *parser) selectStatement() Statement {
	s := &SelectStmt{}
	p.expectWord("select")
	if p.word("all") {
	} else if p.isWord("distinct") {
		return p.skipUnsupported("DISTINCT")
	}
	// SELECT FROM t has no columns, and is SQL.
	if !p.isWord("from") && !p.isWord("where") && !p.isOp(";") && p.tok.Kind != TokEOF && !p.isOp(")") {
		s.Items = p.selectItems()
	}
	if p.isWord("into") {
		return p.skipUnsupported("SELECT INTO")
	}
	if p.word("from") {
		if b := p.fromClause(s); b != nil {
			return b
		}
	}
	if p.word("where") {
		start := p.tok.Pos
		s.Where = p.expression()
		s.WhereText = p.Src[start:p.prev.End]
	}
	if p.word("group") {
		p.expectWord("by")
		if s.GroupBy = p.groupBy(); s.GroupBy == nil {
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
		s.OrderBy = p.orderItems()
	}
	p.limits(s)
	if p.isWord("for") {
		p.locking(s)
		p.limits(s)
		if p.isWord("for") {
			p.locking(s)
		}
	}
	return s
}

// groupBy takes GROUP BY one column, or one item of the select list; nil if it is more than that.
func (p *parser) groupBy() Expr {
	start := *p
	x, err := p.tryExpression()
	if IsLimit(err) {
		p.fail(err)
	}
	if err == nil && !p.isOp(",") {
		switch x.(type) {
		case *ColumnExpr, *Literal:
			return x
		}
	}
	*p = start
	return nil
}

// skipRest notes what the native path does not support and passes over the rest.
func (p *parser) skipRest(s *SelectStmt, what string) Statement {
	s.Unsupported = &Unsupported{What: what, Pos: p.tok.Pos}
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
	defer func(n int) { p.meter.Tokens = n }(p.meter.Tokens)
	depth := 0
	for p.tok.Kind != TokEOF {
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

func (p *parser) fromClause(s *SelectStmt) Statement {
	if p.isOp("(") || p.isWord("lateral") || p.isWord("only") || p.isWord("rows") {
		return p.skipRest(s, "a subquery in FROM")
	}
	r := p.relation()
	if p.isOp("(") && !p.tableFunction(&r) {
		return p.skipRest(s, "a function in FROM")
	}
	s.From = &r
	p.op("*")
	switch {
	case p.word("as"):
		r.Alias = p.ident()
	case p.tok.Kind == tokQuoted, p.tok.Kind == TokIdent && !Reserved[p.tok.Text] && !joinWords[p.tok.Text]:
		r.Alias = p.ident()
	}
	if p.isOp("(") {
		return p.skipRest(s, "column aliases in FROM")
	}
	if p.isOp(",") || p.tok.Kind == TokIdent && joinWords[p.tok.Text] {
		return p.skipRest(s, "a join")
	}
	return nil
}

func (p *parser) orderItems() []orderItem {
	var items []orderItem
	for {
		p.roomForItem(len(items))
		item := orderItem{Expr: p.expression()}
		switch {
		case p.word("asc"):
		case p.word("desc"):
			item.Desc = true
		case p.isWord("using"):
			p.advance()
			// Which other operators order, and how, the full path knows.
			switch {
			case p.op("<"):
			case p.op(">"):
				item.Desc = true
			default:
				item.Unsupported = &Unsupported{What: "ORDER BY … USING", Pos: p.tok.Pos}
				if p.word("operator") {
					p.expectOp("(")
					p.skipToParen()
					p.expectOp(")")
				} else if p.tok.Kind == TokOp {
					p.advance()
				} else {
					p.unexpected()
				}
			}
		}
		if p.words("nulls", "first") {
			first := true
			item.NullsFirst = &first
		} else if p.words("nulls", "last") {
			first := false
			item.NullsFirst = &first
		}
		items = append(items, item)
		if !p.op(",") {
			return items
		}
	}
}

// limits takes LIMIT, OFFSET and FETCH in any order.
func (p *parser) limits(s *SelectStmt) {
	limited, skipped := false, false
	for {
		switch {
		case p.isWord("limit") && !limited:
			p.advance()
			limited = true
			if !p.word("all") {
				s.Limit = p.expression()
			}
			if p.isOp(",") {
				p.fail(pgerror.Errorf(pgerror.SyntaxError, "LIMIT #,# syntax is not supported").
					WithHint("Use separate LIMIT and OFFSET clauses.").At(CharPosition(p.Src, p.tok.Pos)))
			}
		case p.isWord("offset") && !skipped:
			p.advance()
			skipped = true
			s.Offset = p.expression()
			_ = p.word("row") || p.word("rows")
		case p.isWord("fetch") && !limited:
			p.advance()
			limited = true
			if !p.word("first") && !p.word("next") {
				p.unexpected()
			}
			s.Limit = &Literal{node: node{p.tok.Pos}, Kind: TokInteger, Text: "1"}
			if !p.isWord("row") && !p.isWord("rows") {
				s.Limit = p.primary()
			}
			if !p.word("row") && !p.word("rows") {
				p.unexpected()
			}
			if p.words("with", "ties") {
				s.WithTies = true
			} else {
				p.expectWord("only")
			}
		default:
			return
		}
	}
}
