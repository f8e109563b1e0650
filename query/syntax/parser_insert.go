package syntax

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

func (p *parser) insertStatement() Statement {
	p.expectWord("insert")
	p.expectWord("into")
	s := &InsertStmt{Relation: p.relation()}
	if p.word("as") {
		s.Alias = p.ident()
	}
	if p.isOp("(") && !IsQueryStart(p.peek()) {
		p.advance()
		for {
			p.roomForColumn(len(s.Columns))
			s.Columns = append(s.Columns, p.name())
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
		s.Query = &Unsupported{What: "OVERRIDING", Pos: p.prev.Pos}
	}
	switch {
	case p.words("default", "values"):
	case p.isWord("values"):
		p.tryValues(s)
	case p.isWord("select") || p.isWord("with") || p.isWord("table") || p.isOp("("):
		s.From = p.insertQuery()
	default:
		p.unexpected()
	}
	if p.isWord("on") {
		s.Conflict = p.conflict()
	}
	if p.word("returning") {
		p.tryReturning(s)
	}
	return s
}

// tryValues takes the rows of VALUES. What the server's parser does not take of them may be for the worker.
func (p *parser) tryValues(s *InsertStmt) {
	start := *p
	p.advance()
	s.Values.Pos = p.tok.Pos
	if err := p.try(func() { p.valueRows(s) }); err != nil {
		*p = start
		p.advance()
		p.insert, s.Rows, s.Values.Err = false, nil, err
		if p.insertQuery(); p.prev.Text != ")" || p.emptyRow(&start) {
			p.fail(err)
		}
	}
	s.Values.End = p.prev.End
}

// emptyRow tells whether there is nothing in the first row of VALUES.
func (p *parser) emptyRow(start *parser) bool {
	t := *start
	t.advance()
	return t.isOp("(") && t.peek().Text == ")"
}

// tryReturning takes the list of RETURNING, likewise.
func (p *parser) tryReturning(s *InsertStmt) {
	start := *p
	s.Returned.Pos = p.tok.Pos
	err := p.try(func() {
		s.Returning = p.selectItems()
		if p.tok.Kind != TokEOF && !p.isOp(";") && !p.isOp(")") {
			p.unexpected()
		}
	})
	if n := len(s.Returning); err != nil && n > 0 && s.Returning[n-1].Alias != "" {
		p.fail(err) // behind a name nothing belongs to the expression
	}
	if err != nil {
		*p = start
		s.Returning, s.Returned.Err = nil, err
		if depth := p.skipTo(func() bool { return p.isOp(";") }); depth > 0 || p.prev.Pos < s.Returned.Pos {
			p.fail(err)
		}
	}
	s.Returned.End = p.prev.End
}

// withInsert takes WITH … INSERT.
func (p *parser) withInsert() Statement {
	start := *p
	with := &QueryText{Src: p.Src, Pos: p.tok.Pos}
	depth := p.skipTo(func() bool { return p.isOp(";") || p.isWord("insert") && p.prev.Text == ")" })
	if depth > 0 || !p.isWord("insert") {
		*p = start
		return nil
	}
	with.End = p.prev.End
	s := p.insertStatement().(*InsertStmt)
	s.With = with
	return s
}

// MaxRows bounds the rows of one INSERT: no append may have more.
const MaxRows = 1 << 18

func (p *parser) valueRows(s *InsertStmt) {
	p.insert = true
	for {
		if len(s.Rows) == MaxRows {
			p.fail(pgerror.Errorf(pgerror.ProgramLimitExceeded, "an INSERT may have %d rows at most", MaxRows).WithHint("Use COPY to load more."))
		}
		p.expectOp("(")
		row := make([]Expr, 0, len(s.Columns))
		for {
			p.roomForItem(len(row))
			row = append(row, p.expression())
			if !p.op(",") {
				break
			}
		}
		p.expectOp(")")
		s.Rows = append(s.Rows, row)
		if !p.op(",") {
			break
		}
	}
	p.insert = false
}

func (p *parser) conflict() *ConflictClause {
	c := &ConflictClause{pos: p.tok.Pos}
	p.expectWord("on")
	p.expectWord("conflict")
	switch {
	case p.isOp("("):
		c.TargetPos = p.tok.Pos
		p.advance()
		c.Target = columns(p, p.name)
		p.expectOp(")")
	case p.words("on", "constraint"):
		pos := p.tok.Pos
		c.Target = []Name{{Pos: pos, Text: constraintColumns[p.ident()]}}
	}
	p.expectWord("do")
	if p.word("nothing") {
		return c
	}
	if !p.isWord("update") {
		p.unexpected()
	}
	c.Unsupported = &Unsupported{What: "ON CONFLICT DO UPDATE", Pos: p.tok.Pos}
	p.skip()
	return c
}
