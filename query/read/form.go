package read

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/syntax"
)

// NotByRow is the first of what a SELECT asks for that is not said of its rows one by one, as it is called, and where that stands; empty: there is
// nothing of the kind. WHERE and ORDER BY are not looked at.
func NotByRow(st *syntax.SelectStmt) (what string, pos int) {
	if st.Unsupported != nil {
		return st.Unsupported.What, st.Unsupported.Pos
	}
	if st.Locking != nil {
		return st.Locking.What, st.Locking.Pos
	}
	for _, clause := range []struct {
		what string
		x    syntax.Expr
	}{{"GROUP BY", st.GroupBy}, {"LIMIT", st.Limit}, {"OFFSET", st.Offset}} {
		if clause.x != nil {
			return clause.what, clause.x.Position()
		}
	}
	for _, item := range st.Items {
		if expr.HasAggregate(item.Expr) {
			return "an aggregate", item.Expr.Position()
		}
	}
	return "", 0
}

// StandsAlone checks that a SELECT whose rows consume returns asks for nothing but columns of them: they are what is given to a member, and which
// they are must not hang on what is done with them.
func StandsAlone(c *expr.Compiler, st *syntax.SelectStmt) error {
	what, pos := NotByRow(st)
	switch {
	case what != "":
	case st.Where != nil:
		what, pos = "WHERE", st.Where.Position()
	case len(st.OrderBy) > 0:
		what, pos = "ORDER BY", st.OrderBy[0].Expr.Position()
	default:
		return nil
	}
	return c.At(pgerror.Errorf(pgerror.FeatureNotSupported, "%s is not supported with consume()", what).
		WithHint("It stands alone in FROM. What a consumer is about says its filter, and how many events it gives, the batch."), pos)
}
