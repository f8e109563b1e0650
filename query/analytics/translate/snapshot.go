//go:build cgo

package translate

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/relation"
)

// Places in the log and transactions' ids, as PostgreSQL has them, are positions here: see
// docs/sql.md. They are held as UBIGINT, snapshots as their text.

func isSnapshot(oid uint32) bool {
	return oid == pgvalue.OIDPgSnapshot || oid == pgvalue.OIDTxidSnapshot
}

// lsnArithmetic compiles + and - of a pg_lsn; nil if neither is one.
func (c *compiler) lsnArithmetic(op string, l, r *ex) *ex {
	const lsn = pgvalue.OIDPgLSN
	switch {
	case l.oid != lsn && (op != "+" || r.oid != lsn):
		return nil
	case op == "-" && (r.oid == lsn || r.oid == pgvalue.OIDUnknown):
		r = c.coerce(r, lsn, -1, implicit)
		return c.make(call("pg_lsn_diff", l.sql, r.sql), pgvalue.OIDNumeric, l, r)
	case l.oid != lsn:
		l, r = r, l
	}
	f := map[string]string{"+": "pg_lsn_add", "-": "pg_lsn_subtract"}[op]
	if f == "" || r.oid != pgvalue.OIDUnknown && r.oid != pgvalue.OIDNumeric && !isInteger(r.oid) {
		return nil
	}
	n := c.asText(c.coerce(r, pgvalue.OIDNumeric, -1, implicit))
	out := c.make(call(f, l.sql, n.sql), lsn, l, n)
	out.fallible = true
	return out
}

// refused says why a function of PostgreSQL's can mean nothing here.
var refused = func() map[string]string {
	m := map[string]string{}
	for _, list := range [...][2]string{
		{"Segments of the log do not end at multiples of a size. pg_ls_waldir() lists them.", "pg_walfile_name pg_walfile_name_offset pg_split_walfile_name"},
		{"A segment of the log ends by itself when it is full.", "pg_switch_wal"},
		{"The log is not replayed from a base backup; every position is a point that can be restored to.", "pg_create_restore_point pg_wal_replay_pause pg_wal_replay_resume pg_promote"},
		{"What a transaction was is told by the events that it appended: their recorded_at is the time of the commit.", "pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_last_committed_xact pg_get_multixact_members"},
		{"The server itself answers it, where it is all that stands in FROM. The analytics worker, which does the rest, knows no verifiers.", relation.AuthQuery.Name},
		{"The server itself answers it: it stands alone in FROM.", relation.Consume.Name},
		{"The server itself calls it, in a SELECT without FROM.", "create_consumer drop_consumer alter_consumer reset_consumer ack nack leave unpark expect_version"},
	} {
		for _, name := range strings.Fields(list[1]) {
			m[name] = list[0]
		}
	}
	return m
}()
