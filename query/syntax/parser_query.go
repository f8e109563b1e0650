package syntax

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// QueryText is where a query stands in a text.
type QueryText struct {
	Src         string
	Pos, End    int
	Unsupported *UnsupportedStmt // if the server's parser did not take it
}

// atQuery tells whether a query begins here.
func (p *parser) atQuery() bool {
	return p.isOp("(") || p.isWord("select") || p.isWord("values") || p.isWord("with") || p.isWord("table")
}

// query parses a query. What the server's own parser does not take, the worker's does, which
// is PostgreSQL's, and whose word on syntax is the last.
func (p *parser) query() Statement {
	start := *p
	s, err := p.tryStatement()
	if b, ok := s.(*UnsupportedStmt); ok {
		b.Query = true
	}
	if err == nil {
		// What follows must end the query.
		ends := p.tok.Kind == TokEOF || p.isOp(";") || p.depthInParens() && p.isOp(")") || p.view && p.isWord("with")
		if ends {
			return s
		}
		err = pgerror.Errorf(pgerror.SyntaxError, "syntax error at or near \"%s\"", clipToken(p.Src[p.tok.Pos:p.tok.End])).At(CharPosition(p.Src, p.tok.Pos))
	}
	if IsLimit(err) {
		p.fail(err)
	}
	*p = start
	b := &UnsupportedStmt{Unsupported: Unsupported{What: "this query", Pos: p.tok.Pos}, Query: true, Err: err}
	if p.trySkip() != nil {
		p.fail(err) // not even its words can be told
	}
	return b
}

// IsLimit tells of an error that is about the size of a statement or its time, and not its form.
func IsLimit(err error) bool {
	if err == nil {
		return false
	}
	e, ok := err.(*pgerror.Error)
	return !ok || strings.HasPrefix(e.Code, "54") || strings.HasPrefix(e.Code, "53") || strings.HasPrefix(e.Code, "57")
}

func (p *parser) tryStatement() (s Statement, err error) {
	defer catch(&err)
	return p.statement(), nil
}

func (p *parser) tryExpression() (x Expr, err error) {
	defer catch(&err)
	return p.expression(), nil
}

// trySkip passes over a query.
func (p *parser) trySkip() (err error) {
	defer catch(&err)
	if p.depthInParens() {
		p.skipToParen()
	} else {
		p.skipTo(func() bool { return p.isOp(";") }) // one that is not closed, the worker's parser finds
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
func (p *parser) insertQuery() *QueryText {
	q := &QueryText{Src: p.Src, Pos: p.tok.Pos}
	p.skipTo(func() bool {
		return p.isOp(";") || p.isWord("returning") || p.isWord("on") && p.peek().Kind == TokIdent && p.peek().Text == "conflict"
	})
	q.End = p.prev.End
	return q
}

// ParseCondition reads a condition on events that was kept as a text, and returns it with the text that it stands in; nil if it is more than
// the native path knows.
func ParseCondition(text string) (x Expr, src string, err error) {
	src = "SELECT 1 FROM events WHERE (" + text + "\n)"
	list, err := Parse(src)
	if err != nil {
		return nil, "", err
	}
	st, ok := list[0].Statement.(*SelectStmt)
	if !ok || len(list) != 1 {
		return nil, "", nil
	}
	return st.Where, src, nil
}
