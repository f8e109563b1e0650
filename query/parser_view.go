package query

// createStatement takes CREATE [OR REPLACE] VIEW; what else can be created in PostgreSQL is
// refused.
func (p *parser) createStatement() statement {
	start := *p
	p.expectWord("create")
	s := &createViewStmt{replace: p.words("or", "replace")}
	if !p.word("view") {
		*p = start
		return p.refused()
	}
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
	if p.word("with") { // (security_barrier) and the like change nothing here
		p.expectOp("(")
		p.skipToParen()
		p.expectOp(")")
	}
	p.expectWord("as")
	if !p.atQuery() {
		p.unexpected()
	}
	s.query = &queryText{src: p.src, pos: p.tok.pos}
	if b, ok := p.query().(*beyondStmt); ok {
		s.query.beyond = b
	}
	s.query.end = p.prev.end
	return s
}

// dropStatement takes DROP VIEW.
func (p *parser) dropStatement() statement {
	start := *p
	p.expectWord("drop")
	if !p.word("view") {
		*p = start
		return p.refused()
	}
	s := &dropViewStmt{ifExists: p.words("if", "exists")}
	for {
		s.relations = append(s.relations, p.relation())
		if !p.op(",") {
			break
		}
	}
	if s.cascade = p.word("cascade"); !s.cascade {
		p.word("restrict")
	}
	return s
}

// commentStatement takes COMMENT ON a relation or a column.
func (p *parser) commentStatement() statement {
	start := *p
	p.expectWord("comment")
	p.expectWord("on")
	s := &commentStmt{}
	switch {
	case p.word("table"):
		s.kind = "table"
	case p.word("view"):
		s.kind = "view"
	case p.word("column"):
		s.kind = "column"
	default:
		*p = start
		return p.refused()
	}
	path := []string{p.ident()}
	pos := p.prev.pos
	for p.op(".") {
		path = append(path, p.label())
	}
	if s.kind == "column" {
		if len(path) < 2 {
			p.unexpected()
		}
		s.column, path = path[len(path)-1], path[:len(path)-1]
	}
	s.relation = relationRef{table: path[len(path)-1], pos: pos}
	if len(path) > 1 {
		s.relation.schema = path[len(path)-2]
	}
	p.expectWord("is")
	if p.word("null") {
		return s
	}
	if p.tok.kind != tokString {
		p.unexpected()
	}
	s.text = p.tok.text
	p.advance()
	return s
}
