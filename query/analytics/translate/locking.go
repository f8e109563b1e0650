//go:build cgo

package translate

import (
	"regexp"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/eventgres/eventgres/query/analytics"
)

var lockingClauses = map[pg.LockClauseStrength]string{
	pg.LockClauseStrength_LCS_FORUPDATE:      "FOR UPDATE",
	pg.LockClauseStrength_LCS_FORNOKEYUPDATE: "FOR NO KEY UPDATE",
	pg.LockClauseStrength_LCS_FORSHARE:       "FOR SHARE",
	pg.LockClauseStrength_LCS_FORKEYSHARE:    "FOR KEY SHARE",
}

var forWord = regexp.MustCompile(`(?i)\bfor\b`)

// refuseLocking refuses FOR UPDATE and its like wherever in the statement it stands, also where the
// translation does not look: in what is never referred to.
func (c *compiler) refuseLocking(sql string, x *pg.SelectStmt) {
	if !forWord.MatchString(sql) { // the clause cannot be written without it
		return
	}
	walkNodes(x.ProtoReflect(), func(m protoreflect.Message) bool {
		if l, ok := m.Interface().(*pg.LockingClause); ok {
			c.fail(analytics.LockingError(lockingClauses[l.Strength]))
		}
		return true
	})
}
