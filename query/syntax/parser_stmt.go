package syntax

import (
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

func (p *parser) copyStatement() Statement {
	p.expectWord("copy")
	s := &CopyStmt{}
	binary := p.word("binary") // the syntax of PostgreSQL 7
	if p.op("(") {
		if !p.atQuery() && !p.isWord("subscribe") {
			s.Unsupported = &Unsupported{What: "COPY of this statement", Pos: p.tok.Pos}
			p.skipToParen()
			p.expectOp(")")
			p.skip()
			return s
		}
		p.depth++
		p.copyQuery(s)
		p.depth--
		p.expectOp(")")
	} else {
		s.Relation = p.relation()
		if p.op("(") {
			s.Columns = columns(p, p.name)
			p.expectOp(")")
		}
	}
	switch {
	case s.Text == nil && p.word("from"):
		s.From = true
		if p.tok.Kind == TokString || p.isWord("program") {
			p.refuseFile()
		}
		p.client()
	case p.word("to"):
		if p.tok.Kind == TokString || p.isWord("program") {
			p.refuseFile()
		}
		p.client()
	default:
		p.unexpected()
	}
	if pos := p.tok.Pos; s.Text == nil && (p.word("using") || p.isWord("delimiters")) { // older still
		p.expectWord("delimiters")
		s.Options = append(s.Options, CopyOption{Name: "delimiter", Value: p.copyString(), Pos: pos})
	}
	p.word("with")
	if p.op("(") {
		s.Options = append(s.Options, p.copyOptions()...)
	} else {
		s.Options = append(s.Options, p.oldCopyOptions()...)
	}
	if binary {
		s.Options = append(s.Options, CopyOption{Name: "format", Value: "binary", Pos: p.prev.Pos})
	}
	if s.Text == nil && p.word("where") {
		at := p.prev.Pos
		s.Where = p.expression()
		if !s.From {
			p.fail(pgerror.Errorf(pgerror.SyntaxError, "WHERE clause not allowed with COPY TO").At(CharPosition(p.Src, at)))
		}
	}
	return s
}

// copyQuery takes the query of COPY (…).
func (p *parser) copyQuery(s *CopyStmt) {
	s.Text = &QueryText{Src: p.Src, Pos: p.tok.Pos}
	if p.isWord("subscribe") {
		s.Subscribe = p.subscribeStatement()
	} else {
		switch q := p.query().(type) {
		case *SelectStmt:
			s.Query = q
		case *UnsupportedStmt:
			s.Text.Unsupported = q
		default:
			s.Unsupported = &Unsupported{What: "COPY of this statement", Pos: s.Text.Pos}
		}
	}
	s.Text.End = p.prev.End
}

// client takes STDIN or STDOUT, which PostgreSQL does not tell apart: programs write either.
func (p *parser) client() {
	if !p.word("stdin") {
		p.expectWord("stdout")
	}
}

func (p *parser) refuseFile() {
	p.fail(pgerror.Errorf(pgerror.InsufficientPrivilege, "COPY to or from a file or program is not possible here").
		WithHint("Use COPY … FROM STDIN or TO STDOUT; psql's \\copy does the rest on the client."))
}

// copyOptions takes the options in parentheses.
func (p *parser) copyOptions() []CopyOption {
	var options []CopyOption
	for {
		p.room(len(options), maxOptions, "a list of options")
		o := CopyOption{Pos: p.tok.Pos}
		o.Name = p.label()
		switch {
		case p.op("("):
			o.List = columns(p, p.label)
			p.expectOp(")")
		case p.op("*"):
			o.List = []string{"*"}
		case p.isOp(",") || p.isOp(")"):
			o.Value = "true"
		default:
			switch p.tok.Kind {
			case TokIdent, tokQuoted, TokString, TokInteger, TokDecimal:
				o.Value = p.tok.Text
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
func (p *parser) oldCopyOptions() []CopyOption {
	var options []CopyOption
	for p.tok.Kind == TokIdent {
		p.room(len(options), maxOptions, "a list of options")
		o := CopyOption{Pos: p.tok.Pos, Name: p.tok.Text, Value: "true"}
		switch p.tok.Text {
		case "binary", "csv":
			o.Name, o.Value = "format", p.tok.Text
			p.advance()
		case "header", "freeze":
			p.advance()
		case "delimiter", "null", "quote", "escape", "encoding":
			p.advance()
			if o.Name != "encoding" {
				p.word("as")
			}
			o.Value = p.copyString()
		case "force":
			p.advance()
			o.Name = "force_" + p.forced()
			if o.Name == "force_quote" && p.op("*") {
				o.List = []string{"*"}
				break
			}
			o.List = columns(p, p.ident)
		default:
			return options
		}
		options = append(options, o)
	}
	return options
}

// forced is what FORCE does to a list of columns.
func (p *parser) forced() string {
	switch {
	case p.word("quote"):
		return "quote"
	case p.word("not"):
		p.expectWord("null")
		return "not_null"
	default:
		p.expectWord("null")
		return "null"
	}
}

func (p *parser) copyString() string {
	if p.tok.Kind != TokString {
		p.unexpected()
	}
	text := p.tok.Text
	p.advance()
	return text
}

func (p *parser) transactionStatement() Statement {
	verb := p.tok.Text
	p.advance()
	s := &TransactionStmt{}
	switch verb {
	case "begin":
		s.Verb = "BEGIN"
		_ = p.word("work") || p.word("transaction")
		s.Modes = p.transactionModes()
	case "start":
		s.Verb = "START TRANSACTION"
		p.expectWord("transaction")
		s.Modes = p.transactionModes()
	case "commit", "end":
		s.Verb = "COMMIT"
		if verb == "commit" && p.isWord("prepared") {
			return p.skipUnsupported("two-phase commit")
		}
		_ = p.word("work") || p.word("transaction")
		p.chain(s)
	case "rollback", "abort":
		s.Verb = "ROLLBACK"
		if p.isWord("prepared") {
			return p.skipUnsupported("two-phase commit")
		}
		_ = p.word("work") || p.word("transaction")
		if verb == "rollback" && p.word("to") {
			s.Verb = "ROLLBACK TO"
			p.word("savepoint")
			s.Savepoint = p.ident()
			return s
		}
		p.chain(s)
	case "savepoint":
		s.Verb = "SAVEPOINT"
		s.Savepoint = p.ident()
	case "release":
		s.Verb = "RELEASE"
		p.word("savepoint")
		s.Savepoint = p.ident()
	}
	return s
}

func (p *parser) chain(s *TransactionStmt) {
	if p.word("and") {
		s.Chain = !p.word("no")
		p.expectWord("chain")
	}
}

func (p *parser) transactionModes() []TransactionMode {
	var modes []TransactionMode
	for {
		var m TransactionMode
		yes, no := true, false
		switch {
		case p.words("isolation", "level"):
			switch {
			case p.word("serializable"):
				m.Isolation = "serializable"
			case p.words("repeatable", "read"):
				m.Isolation = "repeatable read"
			case p.words("read", "committed"):
				m.Isolation = "read committed"
			case p.words("read", "uncommitted"):
				m.Isolation = "read uncommitted"
			default:
				p.unexpected()
			}
		case p.words("read", "only"):
			m.ReadOnly = &yes
		case p.words("read", "write"):
			m.ReadOnly = &no
		case p.words("not", "deferrable"):
			m.Deferrable = &no
		case p.word("deferrable"):
			m.Deferrable = &yes
		default:
			if len(modes) > 0 && p.prev.Text == "," {
				p.unexpected()
			}
			return modes
		}
		p.room(len(modes), maxOptions, "a list of options")
		modes = append(modes, m)
		p.op(",")
	}
}

func (p *parser) preparedStatement() Statement {
	verb := p.tok.Text
	p.advance()
	switch verb {
	case "prepare":
		if p.isWord("transaction") {
			return p.skipUnsupported("two-phase commit")
		}
		s := &PrepareStmt{Name: p.ident()}
		if p.op("(") {
			for {
				p.room(len(s.Types), maxParams, "a list of parameters")
				s.Types = append(s.Types, p.parameterType())
				if !p.op(",") {
					break
				}
			}
			p.expectOp(")")
		}
		p.expectWord("as")
		outer, first := p.params, p.firstParam
		s.Body = p.body()
		p.params, p.firstParam = outer, first // the parameters are the body's own
		return s
	case "execute":
		s := &ExecuteStmt{Name: p.ident()}
		if p.op("(") {
			p.arguments(s)
			p.expectOp(")")
		}
		return s
	}
	p.word("prepare")
	if p.word("all") {
		return &DeallocateStmt{}
	}
	return &DeallocateStmt{Name: p.ident()}
}

// arguments takes those of EXECUTE. What the server's parser does not take of them may be for the worker.
func (p *parser) arguments(s *ExecuteStmt) {
	start := *p
	s.Text.Pos = p.tok.Pos
	err := p.try(func() {
		s.Args = p.expressions(maxParams, "a list of parameters")
		if !p.isOp(")") {
			p.unexpected()
		}
	})
	if err != nil {
		*p = start
		s.Args, s.Text.Err = nil, err
		if p.skipToParen(); !p.isOp(")") {
			p.fail(err)
		}
	}
	s.Text.End = p.prev.End
}

// body parses a statement within another; its parameters are its own.
func (p *parser) body() *Parsed {
	switch p.tok.Text {
	case "insert", "select", "values", "with", "table", "update", "delete", "merge", "execute", "subscribe":
		if p.tok.Kind == TokIdent {
			if p.depth++; p.depth > MaxDepth {
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

func (p *parser) cursorStatement() Statement {
	verb := p.tok.Text
	p.advance()
	switch verb {
	case "declare":
		return p.declare()
	case "close":
		if p.word("all") {
			return &CloseStmt{}
		}
		return &CloseStmt{Name: p.ident()}
	}
	return p.fetch(verb == "move")
}

func (p *parser) declare() Statement {
	s := &DeclareStmt{Name: p.ident()}
	for {
		switch {
		case p.word("binary"):
			s.Binary = true
		case p.word("insensitive"), p.word("asensitive"):
		case p.words("no", "scroll"):
			s.NoScroll = true
		case p.word("scroll"):
			s.Scroll = true
		default:
			p.expectWord("cursor")
			if p.words("with", "hold") {
				s.Hold = true
			} else {
				p.words("without", "hold")
			}
			p.expectWord("for")
			s.Body = p.body()
			return s
		}
	}
}

func (p *parser) fetch(move bool) Statement {
	s := &FetchStmt{Move: move, How: "FORWARD", Count: 1}
	direction := true
	switch {
	case p.word("next"):
	case p.word("prior"):
		s.How = "BACKWARD"
	case p.word("first"):
		s.How = "ABSOLUTE"
	case p.word("last"):
		s.How, s.Count = "ABSOLUTE", -1
	case p.word("absolute"):
		s.How, s.Count = "ABSOLUTE", p.signedInteger()
	case p.word("relative"):
		s.How, s.Count = "RELATIVE", p.signedInteger()
	case p.isWord("forward") || p.isWord("backward"):
		s.How = strings.ToUpper(p.tok.Text)
		p.advance()
		if p.word("all") {
			s.All = true
		} else if p.tok.Kind == TokInteger || p.isOp("-") || p.isOp("+") {
			s.Count = p.signedInteger()
		}
	case p.isWord("all"):
		p.advance()
		s.All = true
	case p.tok.Kind == TokInteger || p.isOp("-") || p.isOp("+"):
		s.Count = p.signedInteger()
	default:
		direction = false
	}
	if !p.word("from") && !p.word("in") && !direction && Reserved[p.tok.Text] {
		p.unexpected()
	}
	s.Cursor = p.ident()
	if p.word("with") {
		s.Timeout = p.option("timeout")
	}
	return s
}

func (p *parser) signedInteger() int64 {
	sign := int64(1)
	if p.op("-") {
		sign = -1
	} else {
		p.op("+")
	}
	if p.tok.Kind != TokInteger {
		p.unexpected()
	}
	v, err := strconv.ParseInt(p.tok.Text, 10, 64)
	if err != nil {
		p.unexpected()
	}
	p.advance()
	return sign * v
}

func (p *parser) settingStatement() Statement {
	verb := p.tok.Text
	p.advance()
	switch verb {
	case "set":
		return p.set()
	case "show":
		return &ShowStmt{Name: p.settingName()}
	case "reset":
		return &ResetStmt{Name: p.settingName()}
	}
	what := p.tok.Text
	switch what {
	case "all", "plans", "sequences", "temp", "temporary":
		p.advance()
	default:
		p.unexpected()
	}
	return &DiscardStmt{What: strings.ToUpper(strings.Replace(what, "temporary", "temp", 1))}
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
	parts := []string{p.ident()}
	for p.op(".") {
		p.room(len(parts), maxNameParts, "a name")
		parts = append(parts, p.label())
	}
	return strings.ToLower(strings.Join(parts, "."))
}

func (p *parser) set() Statement {
	s := &SetStmt{}
	switch {
	case p.words("session", "characteristics", "as", "transaction"):
		return &SetTransactionStmt{Session: true, Modes: p.transactionModes()}
	case p.word("transaction"):
		return p.setTransaction()
	case p.word("constraints"):
		return p.constraints()
	case p.words("session", "authorization"):
		return p.roleValue(s, "session_authorization")
	}
	if p.word("local") {
		s.Local = true
	} else {
		p.word("session")
	}
	s.pos = p.tok.Pos
	switch {
	case p.isWord("transaction") && !p.peekAssigns():
		p.advance()
		if s.Local && p.isWord("snapshot") {
			return p.skipUnsupported("SET LOCAL TRANSACTION SNAPSHOT")
		}
		return p.setTransaction()
	case p.words("session", "authorization"):
		return p.roleValue(s, "session_authorization")
	case p.words("time", "zone"):
		s.Name = "timezone"
		if p.word("local") {
			return s
		}
		if p.word("interval") {
			s.Values = []string{p.zoneInterval()}
			return s
		}
	case p.isWord("names") && !p.peekAssigns():
		p.advance()
		s.Name = "client_encoding"
		if p.tok.Kind == TokString {
			s.Values = []string{p.tok.Text}
			p.advance()
		} else if !p.word("default") && p.tok.Kind != TokEOF && !p.isOp(";") {
			p.unexpected()
		}
		return s
	case p.isWord("role") && !p.peekAssigns():
		p.advance()
		return p.roleValue(s, "role")
	default:
		s.Name = p.settingName()
		if s.Name == "all" {
			p.unexpectedAt(p.prev)
		}
		if !p.word("to") && !p.op("=") {
			p.unexpected()
		}
	}
	p.setValue(s)
	return s
}

// setTransaction takes what follows SET TRANSACTION.
func (p *parser) setTransaction() Statement {
	if !p.word("snapshot") {
		return &SetTransactionStmt{Modes: p.transactionModes()}
	}
	if p.tok.Kind != TokString {
		p.unexpected()
	}
	id := p.tok.Text
	p.advance()
	return &SetTransactionStmt{Snapshot: &id}
}

// zoneInterval takes what follows SET TIME ZONE INTERVAL, and returns it as a value of the setting.
func (p *parser) zoneInterval() string {
	if p.op("(") {
		if p.tok.Kind != TokInteger {
			p.unexpected()
		}
		p.advance()
		p.expectOp(")")
	}
	if p.tok.Kind != TokString {
		p.unexpected()
	}
	text := p.tok.Text
	p.advance()
	fields, at := pgfn.AllFields, p.tok.Pos
	switch {
	case p.words("hour", "to", "minute"):
		fields = pgfn.FieldHour | pgfn.FieldMinute
	case p.word("hour"):
		fields = pgfn.FieldHour
		if p.isWord("to") {
			p.advance()
			if !p.isWord("second") {
				p.unexpected()
			}
			p.zoneIntervalFields(at)
		}
	case p.isWord("year"), p.isWord("month"), p.isWord("day"), p.isWord("minute"), p.isWord("second"):
		p.zoneIntervalFields(at)
	}
	iv, err := pgfn.ParseIntervalFields(text, fields)
	if err != nil {
		p.fail(err)
	}
	return "INTERVAL '" + fields.Restrict(iv).String() + "'"
}

func (p *parser) zoneIntervalFields(at int) {
	p.fail(pgerror.Errorf(pgerror.SyntaxError, "time zone interval must be HOUR or HOUR TO MINUTE").At(CharPosition(p.Src, at)))
}

func (p *parser) setValue(s *SetStmt) {
	if p.word("default") {
		return
	}
	for {
		negative := p.op("-")
		if !negative {
			p.op("+")
		}
		text := p.tok.Text
		switch p.tok.Kind {
		case TokString, TokInteger, TokDecimal, TokIdent, tokQuoted:
			p.advance()
		default:
			p.unexpected()
		}
		if negative {
			text = "-" + text
		}
		p.room(len(s.Values), maxOptions, "a list of values")
		s.Values = append(s.Values, text)
		if !p.op(",") {
			return
		}
	}
}
