package query

import (
	"github.com/eventgres/eventgres/pgwire"
)

// What a statement may hold that goes to the analytics worker, whose parser and planner
// recurse over it: far more than people and tools write, and far less than what would end the
// worker or keep it busy for minutes. The worker's end would disturb other sessions, so the
// front refuses such text itself.
const (
	maxAnalyticBytes     = 1 << 20
	maxAnalyticTokens    = 100_000
	maxAnalyticNesting   = 200  // of parentheses, brackets and CASE
	maxAnalyticOperators = 2000 // not in parentheses of their own: a chain is a tree as deep as it is long
	maxAnalyticQueries   = 300  // SELECT, VALUES, UNION and the like, each a plan of its own
	maxAnalyticJoins     = 100
)

// checkHostile looks at the tokens of src[pos:end].
func checkHostile(src string, pos, end int) error {
	if end-pos > maxAnalyticBytes {
		return pgwire.Errorf("54000", "the statement is too long for the analytics worker: %d bytes, the limit is %d", end-pos, maxAnalyticBytes)
	}
	l := &lexer{src: src[:end], i: pos}
	depth, operators, tokens, queries, joins := 0, 0, 0, 0, 0
	tooComplex := func(what string, limit int) error {
		return pgwire.Errorf("54001", "the statement is too complex").
			WithDetail("It has more than %d %s.", limit, what)
	}
	for {
		t, err := l.next()
		if err != nil {
			return err
		}
		if t.kind == tokEOF {
			return nil
		}
		if tokens++; tokens > maxAnalyticTokens {
			return pgwire.Errorf("54000", "the statement is too long for the analytics worker").WithDetail("It has more than %d words and signs.", maxAnalyticTokens)
		}
		switch {
		case t.kind == tokOp && (t.text == "(" || t.text == "["), t.kind == tokIdent && t.text == "case":
			if depth++; depth > maxAnalyticNesting {
				return pgwire.Errorf("54001", "stack depth limit exceeded").WithDetail("The statement is nested more than %d deep.", maxAnalyticNesting)
			}
		case t.kind == tokOp && (t.text == ")" || t.text == "]"), t.kind == tokIdent && t.text == "end":
			depth--
		case t.kind == tokOp && t.text != "," && t.text != "." && t.text != ";" && t.text != ":":
			operators++
		case t.kind == tokIdent:
			switch t.text {
			case "and", "or", "not", "is", "like", "ilike", "between", "in", "collate", "at":
				operators++
			case "select", "values", "union", "intersect", "except", "table":
				queries++
			case "join":
				joins++
			}
		}
		switch {
		case operators > maxAnalyticOperators:
			return tooComplex("operators", maxAnalyticOperators)
		case queries > maxAnalyticQueries:
			return tooComplex("queries in it", maxAnalyticQueries)
		case joins > maxAnalyticJoins:
			return tooComplex("joins", maxAnalyticJoins)
		}
	}
}
