package query

import (
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

func (p *parser) copyStatement() statement {
	p.expectWord("copy")
	s := &copyStmt{}
	binary := p.word("binary") // the syntax of PostgreSQL 7
	if p.op("(") {
		if !p.atQuery() {
			s.beyond = &beyond{what: "COPY of this statement", pos: p.tok.pos}
			p.skipToParen()
			p.expectOp(")")
			p.skip()
			return s
		}
		p.depth++
		s.text = &queryText{src: p.src, pos: p.tok.pos}
		switch q := p.query().(type) {
		case *selectStmt:
			s.query = q
		case *beyondStmt:
			s.text.beyond = q
		}
		s.text.end = p.prev.end
		p.depth--
		p.expectOp(")")
	} else {
		s.relation = p.relation()
		if p.op("(") {
			for {
				s.columns = append(s.columns, p.name())
				if !p.op(",") {
					break
				}
			}
			p.expectOp(")")
		}
	}
	switch {
	case s.text == nil && p.word("from"):
		s.from = true
		if p.tok.kind == tokString || p.isWord("program") {
			p.refuseFile()
		}
		p.expectWord("stdin")
	case p.word("to"):
		if p.tok.kind == tokString || p.isWord("program") {
			p.refuseFile()
		}
		p.expectWord("stdout")
	default:
		p.unexpected()
	}
	p.word("with")
	if p.op("(") {
		s.options = p.copyOptions()
	} else {
		s.options = p.oldCopyOptions()
	}
	if binary {
		s.options = append(s.options, copyOption{name: "format", value: "binary", pos: p.prev.pos})
	}
	if p.isWord("where") {
		s.beyond = &beyond{what: "COPY … WHERE", pos: p.tok.pos}
		p.skip()
	}
	return s
}

func (p *parser) refuseFile() {
	p.fail(pgwire.Errorf("42501", "COPY to or from a file or program is not possible here").
		WithHint("Use COPY … FROM STDIN or TO STDOUT; psql's \\copy does the rest on the client."))
}

// copyOptions takes the options in parentheses.
func (p *parser) copyOptions() []copyOption {
	var options []copyOption
	for {
		o := copyOption{pos: p.tok.pos}
		o.name = p.label()
		switch {
		case p.op("("):
			for {
				o.list = append(o.list, p.label())
				if !p.op(",") {
					break
				}
			}
			p.expectOp(")")
		case p.op("*"):
			o.list = []string{"*"}
		case p.isOp(",") || p.isOp(")"):
			o.value = "true"
		default:
			switch p.tok.kind {
			case tokIdent, tokQuoted, tokString, tokInteger, tokDecimal:
				o.value = p.tok.text
				p.advance()
			default:
				p.unexpected()
			}
		}
		options = append(options, o)
		if !p.op(",") {
			p.expectOp(")")
			return options
		}
	}
}

// oldCopyOptions takes the syntax from before PostgreSQL 9.0, which programs still
// send: BINARY, CSV HEADER, DELIMITER AS ','.
func (p *parser) oldCopyOptions() []copyOption {
	var options []copyOption
	for p.tok.kind == tokIdent {
		o := copyOption{pos: p.tok.pos, name: p.tok.text, value: "true"}
		switch p.tok.text {
		case "binary", "csv", "text":
			o.name, o.value = "format", p.tok.text
			p.advance()
		case "header", "freeze":
			p.advance()
		case "delimiter", "delimiters", "null", "quote", "escape", "encoding":
			if o.name == "delimiters" {
				o.name = "delimiter"
			}
			p.advance()
			p.word("as")
			if p.tok.kind != tokString {
				p.unexpected()
			}
			o.value = p.tok.text
			p.advance()
		default:
			return options
		}
		options = append(options, o)
	}
	return options
}

func (p *parser) transactionStatement() statement {
	verb := p.tok.text
	p.advance()
	s := &transactionStmt{}
	switch verb {
	case "begin":
		s.verb = "BEGIN"
		_ = p.word("work") || p.word("transaction")
		s.modes = p.transactionModes()
	case "start":
		s.verb = "START TRANSACTION"
		p.expectWord("transaction")
		s.modes = p.transactionModes()
	case "commit", "end":
		s.verb = "COMMIT"
		if verb == "commit" && p.isWord("prepared") {
			return p.skipBeyond("two-phase commit")
		}
		_ = p.word("work") || p.word("transaction")
		p.chain(s)
	case "rollback", "abort":
		s.verb = "ROLLBACK"
		if p.isWord("prepared") {
			return p.skipBeyond("two-phase commit")
		}
		_ = p.word("work") || p.word("transaction")
		if p.word("to") {
			s.verb = "ROLLBACK TO"
			p.word("savepoint")
			s.savepoint = p.ident()
			return s
		}
		p.chain(s)
	case "savepoint":
		s.verb = "SAVEPOINT"
		s.savepoint = p.ident()
	case "release":
		s.verb = "RELEASE"
		p.word("savepoint")
		s.savepoint = p.ident()
	}
	return s
}

func (p *parser) chain(s *transactionStmt) {
	if p.words("and", "no", "chain") {
		return
	}
	s.chain = p.words("and", "chain")
}

func (p *parser) transactionModes() []transactionMode {
	var modes []transactionMode
	for {
		var m transactionMode
		yes, no := true, false
		switch {
		case p.words("isolation", "level"):
			switch {
			case p.word("serializable"):
				m.isolation = "serializable"
			case p.words("repeatable", "read"):
				m.isolation = "repeatable read"
			case p.words("read", "committed"):
				m.isolation = "read committed"
			case p.words("read", "uncommitted"):
				m.isolation = "read uncommitted"
			default:
				p.unexpected()
			}
		case p.words("read", "only"):
			m.readOnly = &yes
		case p.words("read", "write"):
			m.readOnly = &no
		case p.words("not", "deferrable"), p.word("deferrable"):
			m.deferrable = true
		default:
			if len(modes) > 0 && p.prev.text == "," {
				p.unexpected()
			}
			return modes
		}
		modes = append(modes, m)
		p.op(",")
	}
}

func (p *parser) preparedStatement() statement {
	verb := p.tok.text
	p.advance()
	switch verb {
	case "prepare":
		if p.isWord("transaction") {
			return p.skipBeyond("two-phase commit")
		}
		s := &prepareStmt{name: p.ident()}
		if p.op("(") {
			for {
				s.types = append(s.types, p.typeName())
				if !p.op(",") {
					break
				}
			}
			p.expectOp(")")
		}
		p.expectWord("as")
		outer, first := p.params, p.firstParam
		s.body = p.body()
		p.params, p.firstParam = outer, first // the parameters are the body's own
		return s
	case "execute":
		s := &executeStmt{name: p.ident()}
		if p.op("(") {
			for {
				s.args = append(s.args, p.expression())
				if !p.op(",") {
					break
				}
			}
			p.expectOp(")")
		}
		return s
	}
	p.word("prepare")
	if p.word("all") {
		return &deallocateStmt{}
	}
	return &deallocateStmt{name: p.ident()}
}

// body parses a statement within another; its parameters are its own.
func (p *parser) body() *parsed {
	switch p.tok.text {
	case "insert", "select", "values", "with", "table", "update", "delete", "merge", "execute":
		if p.tok.kind == tokIdent {
			if p.depth++; p.depth > maxDepth {
				p.tooDeep()
			}
			defer func() { p.depth-- }()
			outer := p.depth
			p.depth = 0 // within a statement of its own, not within parentheses
			b := p.statementParsed()
			p.depth = outer
			return b
		}
	}
	p.unexpected()
	return nil
}

func (p *parser) cursorStatement() statement {
	verb := p.tok.text
	p.advance()
	switch verb {
	case "declare":
		return p.declare()
	case "close":
		if p.word("all") {
			return &closeStmt{}
		}
		return &closeStmt{name: p.ident()}
	}
	return p.fetch(verb == "move")
}

func (p *parser) declare() statement {
	s := &declareStmt{name: p.ident()}
	for {
		switch {
		case p.word("binary"):
			s.binary = true
		case p.word("insensitive"), p.word("asensitive"):
		case p.words("no", "scroll"):
			s.noScroll = true
		case p.word("scroll"):
			s.scroll = true
		default:
			p.expectWord("cursor")
			if p.words("with", "hold") {
				s.hold = true
			} else {
				p.words("without", "hold")
			}
			p.expectWord("for")
			s.body = p.body()
			return s
		}
	}
}

func (p *parser) fetch(move bool) statement {
	s := &fetchStmt{move: move, how: "FORWARD", count: 1}
	direction := true
	switch {
	case p.word("next"):
	case p.word("prior"):
		s.how = "BACKWARD"
	case p.word("first"):
		s.how = "ABSOLUTE"
	case p.word("last"):
		s.how, s.count = "ABSOLUTE", -1
	case p.word("absolute"):
		s.how, s.count = "ABSOLUTE", p.signedInteger()
	case p.word("relative"):
		s.how, s.count = "RELATIVE", p.signedInteger()
	case p.isWord("forward") || p.isWord("backward"):
		s.how = strings.ToUpper(p.tok.text)
		p.advance()
		if p.word("all") {
			s.all = true
		} else if p.tok.kind == tokInteger || p.isOp("-") || p.isOp("+") {
			s.count = p.signedInteger()
		}
	case p.isWord("all"):
		p.advance()
		s.all = true
	case p.tok.kind == tokInteger || p.isOp("-") || p.isOp("+"):
		s.count = p.signedInteger()
	default:
		direction = false
	}
	if !p.word("from") && !p.word("in") && !direction && reserved[p.tok.text] {
		p.unexpected()
	}
	s.cursor = p.ident()
	return s
}

func (p *parser) signedInteger() int64 {
	sign := int64(1)
	if p.op("-") {
		sign = -1
	} else {
		p.op("+")
	}
	if p.tok.kind != tokInteger {
		p.unexpected()
	}
	v, err := strconv.ParseInt(p.tok.text, 10, 64)
	if err != nil {
		p.unexpected()
	}
	p.advance()
	return sign * v
}

func (p *parser) explainStatement() statement {
	p.advance()
	s := &explainStmt{format: "text"}
	if p.op("(") {
		for {
			option := p.label()
			value := "true"
			if !p.isOp(",") && !p.isOp(")") {
				value = strings.ToLower(p.tok.text)
				p.advance()
			}
			switch option {
			case "analyze":
				s.analyze = value == "true" || value == "on" || value == "1"
			case "format":
				s.format = value
			case "verbose", "costs", "buffers", "timing", "summary", "settings", "wal":
			default:
				p.fail(pgwire.Errorf("42601", "unrecognized EXPLAIN option \"%s\"", option).At(charPosition(p.src, p.prev.pos)))
			}
			if !p.op(",") {
				break
			}
		}
		p.expectOp(")")
	} else {
		if p.word("analyze") || p.word("analyse") {
			s.analyze = true
		}
		p.word("verbose")
	}
	s.body = p.body()
	return s
}

func (p *parser) settingStatement() statement {
	verb := p.tok.text
	p.advance()
	switch verb {
	case "set":
		return p.set()
	case "show":
		return &showStmt{name: p.settingName()}
	case "reset":
		return &resetStmt{name: p.settingName()}
	}
	what := p.tok.text
	switch what {
	case "all", "plans", "sequences", "temp", "temporary":
		p.advance()
	default:
		p.unexpected()
	}
	return &discardStmt{what: strings.ToUpper(strings.Replace(what, "temporary", "temp", 1))}
}

// settingName takes the name of a setting, in one of its spellings.
func (p *parser) settingName() string {
	switch {
	case p.words("time", "zone"):
		return "timezone"
	case p.words("transaction", "isolation", "level"):
		return "transaction_isolation"
	case p.words("session", "authorization"):
		return "session_authorization"
	case p.word("all"):
		return "all"
	}
	name := p.ident()
	for p.op(".") {
		name += "." + p.label()
	}
	return strings.ToLower(name)
}

func (p *parser) set() statement {
	s := &setStmt{}
	switch {
	case p.words("session", "characteristics", "as", "transaction"):
		return &setTransactionStmt{session: true, modes: p.transactionModes()}
	case p.word("transaction"):
		if p.isWord("snapshot") {
			return p.skipBeyond("SET TRANSACTION SNAPSHOT")
		}
		return &setTransactionStmt{modes: p.transactionModes()}
	case p.word("constraints"):
		p.skip()
		return &noopStmt{tag: "SET CONSTRAINTS"}
	case p.words("session", "authorization"):
		s.name = "session_authorization"
		p.setValue(s)
		return s
	}
	if p.word("local") {
		s.local = true
	} else {
		p.word("session")
	}
	s.pos = p.tok.pos
	switch {
	case p.words("time", "zone"):
		s.name = "timezone"
		if p.word("local") {
			return s
		}
	case p.isWord("names"):
		p.advance()
		s.name = "client_encoding"
	case p.isWord("role"):
		p.advance()
		s.name = "role"
	default:
		s.name = p.settingName()
		if s.name == "all" {
			p.unexpectedAt(p.prev)
		}
		if !p.word("to") && !p.op("=") {
			p.unexpected()
		}
	}
	p.setValue(s)
	return s
}

func (p *parser) setValue(s *setStmt) {
	if p.word("default") {
		return
	}
	for {
		negative := p.op("-")
		if !negative {
			p.op("+")
		}
		text := p.tok.text
		switch p.tok.kind {
		case tokString, tokInteger, tokDecimal, tokIdent, tokQuoted:
			p.advance()
		default:
			p.unexpected()
		}
		if negative {
			text = "-" + text
		}
		s.values = append(s.values, text)
		if !p.op(",") {
			return
		}
	}
}
