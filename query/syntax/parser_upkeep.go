package syntax

import "strings"

// Statements that have nothing to do here, in PostgreSQL's grammar: what it would not take is an
// error here too.

// upkeepStatement takes VACUUM, ANALYZE and CHECKPOINT.
func (p *parser) upkeepStatement() Statement {
	word := p.tok.Text
	p.advance()
	s := &UpkeepStmt{Tag: strings.ToUpper(word)}
	switch word {
	case "checkpoint":
		return s
	case "analyse":
		s.Tag = "ANALYZE"
	}
	switch {
	case p.isOp("("):
		p.advance()
		p.upkeepOptions(s)
	case word == "vacuum":
		for _, option := range [...]string{"full", "freeze", "verbose"} {
			p.word(option)
		}
		s.Analyzes = p.word("analyze") || p.word("analyse")
	default:
		p.word("verbose")
	}
	if p.tok.Kind != tokQuoted && (p.tok.Kind != TokIdent || Reserved[p.tok.Text]) {
		if p.prev.Text == "," {
			p.unexpected()
		}
		return s
	}
	for {
		p.room(len(s.Relations), maxOptions, "a list of names")
		s.Relations = append(s.Relations, p.relation())
		if p.op("(") {
			s.Columns = true
			columns(p, p.ident)
			p.expectOp(")")
		}
		if !p.op(",") {
			return s
		}
	}
}

// upkeepOptions takes VACUUM's or ANALYZE's options in parentheses.
func (p *parser) upkeepOptions(s *UpkeepStmt) {
	for {
		p.room(len(s.Options), maxOptions, "a list of options")
		o := CopyOption{Pos: p.tok.Pos, Name: p.label(), Value: "true"}
		if !p.isOp(",") && !p.isOp(")") {
			negative := p.op("-")
			if !negative {
				p.op("+")
			}
			switch p.tok.Kind {
			case TokInteger, TokDecimal:
			case TokString, TokIdent, tokQuoted:
				if negative {
					p.unexpected()
				}
			default:
				p.unexpected()
			}
			o.Value = p.tok.Text
			p.advance()
		}
		s.Options = append(s.Options, o)
		if !p.op(",") {
			p.expectOp(")")
			return
		}
	}
}

// constraints takes the rest of SET CONSTRAINTS.
func (p *parser) constraints() Statement {
	s := &UpkeepStmt{Tag: "SET CONSTRAINTS"}
	if !p.word("all") {
		for n := 0; ; n++ {
			p.room(n, maxOptions, "a list of names")
			if r := p.relation(); s.Constraint == nil {
				s.Constraint = &r
			}
			if !p.op(",") {
				break
			}
		}
	}
	if !p.word("deferred") && !p.word("immediate") {
		p.unexpected()
	}
	return s
}

// locking takes FOR UPDATE and its like, as often as they come. FOR READ ONLY locks nothing.
func (p *parser) locking(s *SelectStmt) {
	for p.isWord("for") {
		pos := p.tok.Pos
		p.advance()
		if p.words("read", "only") {
			return
		}
		clause := ""
		switch {
		case p.word("update"):
			clause = "FOR UPDATE"
		case p.words("no", "key", "update"):
			clause = "FOR NO KEY UPDATE"
		case p.word("share"):
			clause = "FOR SHARE"
		case p.words("key", "share"):
			clause = "FOR KEY SHARE"
		default:
			p.unexpected()
		}
		if s.Locking == nil {
			s.Locking = &Unsupported{What: clause, Pos: pos}
		}
		if p.word("of") {
			for n := 0; ; n++ {
				p.room(n, maxOptions, "a list of names")
				p.relation()
				if !p.op(",") {
					break
				}
			}
		}
		if !p.word("nowait") && p.isWord("skip") {
			p.advance()
			p.expectWord("locked")
		}
	}
}

// peekAssigns tells whether the next token is TO or =: then the one before it is a setting's name.
func (p *parser) peekAssigns() bool {
	next := p.peek()
	return next.Kind == TokOp && next.Text == "=" || next.Kind == TokIdent && next.Text == "to"
}

// roleValue takes the one name that SET ROLE and SET SESSION AUTHORIZATION have.
func (p *parser) roleValue(s *SetStmt, setting string) Statement {
	s.Name = setting
	if setting == "session_authorization" && p.word("default") {
		return s
	}
	if p.tok.Kind != TokString && p.tok.Kind != tokQuoted && (p.tok.Kind != TokIdent || Reserved[p.tok.Text]) {
		p.unexpected()
	}
	s.Values = []string{p.tok.Text}
	p.advance()
	return s
}
