package syntax

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// What a statement may hold that goes to the analytics worker, whose parser and planner
// recurse over it: far more than people and tools write, and far less than what would end the
// worker or keep it busy for minutes. The worker's end would disturb other sessions, so the
// parent refuses such text itself.
const (
	maxAnalyticBytes     = 1 << 20
	maxAnalyticTokens    = 100_000
	maxAnalyticNesting   = 200  // of parentheses, brackets and CASE
	maxAnalyticOperators = 2000 // not in parentheses of their own: a chain is a tree as deep as it is long
	maxAnalyticQueries   = 300  // SELECT, VALUES, UNION and the like, each a plan of its own
	maxAnalyticJoins     = 100
)

// CheckComplexity looks at the tokens of src[pos:end].
func CheckComplexity(src string, pos, end int, pace func() error) error {
	if end-pos > maxAnalyticBytes {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "the statement is too long for the analytics worker: %d bytes, the limit is %d", end-pos, maxAnalyticBytes)
	}
	l := &Lexer{Src: src[:end], I: pos}
	depth, operators, tokens, queries, joins := 0, 0, 0, 0, 0
	tooComplex := func(what string, limit int) error {
		return pgerror.Errorf(pgerror.StatementTooComplex, "the statement is too complex").
			WithDetail("It has more than %d %s.", limit, what)
	}
	for {
		t, err := l.Next()
		if err != nil {
			return err
		}
		if t.Kind == TokEOF {
			return nil
		}
		if tokens%LookEvery == 0 {
			if err := pace(); err != nil {
				return err
			}
		}
		if tokens++; tokens > maxAnalyticTokens {
			return pgerror.Errorf(pgerror.ProgramLimitExceeded, "the statement is too long for the analytics worker").WithDetail("It has more than %d words and signs.", maxAnalyticTokens)
		}
		switch {
		case t.Kind == TokOp && (t.Text == "(" || t.Text == "["), t.Kind == TokIdent && t.Text == "case":
			if depth++; depth > maxAnalyticNesting {
				return pgerror.Errorf(pgerror.StatementTooComplex, "stack depth limit exceeded").WithDetail("The statement is nested more than %d deep.", maxAnalyticNesting)
			}
		case t.Kind == TokOp && (t.Text == ")" || t.Text == "]"), t.Kind == TokIdent && t.Text == "end":
			depth--
		case t.Kind == TokOp && t.Text != "," && t.Text != "." && t.Text != ";" && t.Text != ":":
			operators++
		case t.Kind == TokIdent:
			switch t.Text {
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
