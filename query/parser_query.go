package query

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

// queryText is where a query stands in a text.
type queryText struct {
	src      string
	pos, end int
	beyond   *beyondStmt // if the front's parser did not take it
}

// atQuery tells whether a query begins here.
func (p *parser) atQuery() bool {
	return p.isOp("(") || p.isWord("select") || p.isWord("values") || p.isWord("with") || p.isWord("table")
}

// query parses a query. What the front's own parser does not take, the worker's does, which
// is PostgreSQL's, and whose word on syntax is the last.
func (p *parser) query() statement {
	start := *p
	s, err := p.tryStatement()
	if b, ok := s.(*beyondStmt); ok {
		b.query = true
	}
	if err == nil {
		// What follows must end the query.
		ends := p.tok.kind == tokEOF || p.isOp(";") || p.depthInParens() && p.isOp(")")
		if ends {
			return s
		}
		err = pgwire.Errorf("42601", "syntax error at or near \"%s\"", clipToken(p.src[p.tok.pos:p.tok.end])).At(charPosition(p.src, p.tok.pos))
	}
	if isLimit(err) {
		p.fail(err)
	}
	*p = start
	b := &beyondStmt{beyond: beyond{what: "this query", pos: p.tok.pos}, query: true, err: err}
	if p.trySkip() != nil {
		p.fail(err) // not even its words can be told
	}
	return b
}

// isLimit tells of an error that is about the size of a statement and not its form.
func isLimit(err error) bool {
	e, ok := err.(*pgwire.Error)
	return ok && strings.HasPrefix(e.Code, "54")
}

func (p *parser) tryStatement() (s statement, err error) {
	defer catch(&err)
	return p.statement(), nil
}

func (p *parser) tryExpression() (x expr, err error) {
	defer catch(&err)
	return p.expression(), nil
}

// trySkip passes over a query.
func (p *parser) trySkip() (err error) {
	defer catch(&err)
	if p.depthInParens() {
		p.skipToParen()
	} else {
		p.skip()
	}
	return nil
}

// catch turns a failure of the parser into an error.
func catch(err *error) {
	if r := recover(); r != nil {
		failure, ok := r.(parseFailure)
		if !ok {
			panic(r)
		}
		*err = failure.err
	}
}

// insertQuery passes over the query of INSERT … SELECT, up to what follows it.
func (p *parser) insertQuery() *queryText {
	q := &queryText{src: p.src, pos: p.tok.pos}
	p.skipTo(func() bool {
		return p.isOp(";") || p.isWord("returning") || p.isWord("on") && p.peek().kind == tokIdent && p.peek().text == "conflict"
	})
	q.end = p.prev.end
	return q
}
