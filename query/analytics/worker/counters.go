//go:build cgo

package worker

import (
	"fmt"

	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/analytics/translate"
	"github.com/eventgres/eventgres/query/relation"
)

// counterNames are the placeholders of analytics.DatabaseCounters.
var counterNames = [...]string{"sessions", "committed", "rolled_back", "appended"}

// usesCounters tells of a statement that shows what is counted.
func usesCounters(st *translate.Statement) bool {
	for _, name := range counterNames {
		if st.Uses(name) {
			return true
		}
	}
	return false
}

// countersOf are columns of system views that show what the server counts, which other rows
// than the database's or that of events do not: SQL of a column, by views and columns.
var countersOf = func() map[string]map[string]string {
	of := func(key string, oid uint32, column, kind, counter string) string {
		return fmt.Sprintf(`CAST(CASE WHEN %%s."%s" = %d THEN %s ELSE %%s."%s" END AS %s)`, key, oid, translate.Placeholder(counter), column, kind)
	}
	database := func(column, kind, counter string) string {
		return of("datid", catalog.DatabaseOID, column, kind, counter)
	}
	events := map[string]string{
		"n_tup_ins":  of("relid", relation.Events.OID, "n_tup_ins", "BIGINT", "appended"),
		"n_live_tup": of("relid", relation.Events.OID, "n_live_tup", "BIGINT", "position"),
	}
	return map[string]map[string]string{
		"pg_stat_database": {
			"numbackends": database("numbackends", "INTEGER", "sessions"), "xact_commit": database("xact_commit", "BIGINT", "committed"),
			"xact_rollback": database("xact_rollback", "BIGINT", "rolled_back"), "tup_inserted": database("tup_inserted", "BIGINT", "appended"),
		},
		"pg_stat_all_tables": events, "pg_stat_user_tables": events,
	}
}()
