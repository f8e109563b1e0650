package query

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/activity"
)

// counted runs statements one after the other and returns what the server has counted of them.
func counted(t *testing.T, server *Server, statements ...string) map[string]int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, err := connect(ctx, serve(t, server), pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, sql := range statements {
		_, _ = conn.Exec(ctx, sql)
	}
	got := map[string]int64{}
	for _, s := range server.Stats().Statements {
		got[s.Kind.String()+" "+s.Path.String()] = s.Count
		if want := uint64(s.Count); server.sessions.Measure && s.Times.Count != want || !server.sessions.Measure && s.Times.Count != 0 {
			t.Errorf("%d times of %d of %s", s.Times.Count, s.Count, s.Kind)
		}
	}
	return got
}

// TestStatementStats: statements are counted by their kind, those that fail while they run too, and those of sessions that have gone.
func TestStatementStats(t *testing.T) {
	server := NewServer(openStore(t, engine.Options{}), nil)
	server.Measure()
	counted(t, server, `SELECT 1; SELECT pg_sleep(-1)`)
	got := counted(
		t, server, `BEGIN`, `INSERT INTO events (stream, type) VALUES ('a', 'T')`, `DECLARE c CURSOR FOR SELECT * FROM events`, `FETCH c`, `CLOSE c`, `COMMIT`,
		`INSERT INTO events (stream, type, expected_version) VALUES ('a', 'T', -1)`, `SELECT * FROM events; SELECT * FROM streams`,
		`SET application_name = 'a'`, `SHOW application_name`, `PREPARE p AS INSERT INTO events (stream, type) VALUES ('b', 'T')`, `EXECUTE p`, `DEALLOCATE p`,
		`COPY events (stream, type) TO STDOUT`, `EXPLAIN SELECT 1`, `CREATE VIEW v AS SELECT 1 AS one`, `VACUUM`, `not SQL`,
	)
	want := map[string]int64{
		"transaction native": 2, "insert native": 3, "cursor native": 3, "select native": 4, "set native": 2, "prepare native": 2,
		"copy native": 1, "explain native": 1, "define native": 1, "other native": 1,
	}
	for kind, n := range want {
		if got[kind] != n {
			t.Errorf("%s: %d, want %d", kind, got[kind], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
	stats := server.Stats()
	if stats.Committed == 0 || stats.RolledBack == 0 {
		t.Errorf("%d committed, %d rolled back", stats.Committed, stats.RolledBack)
	}
}

// TestUnmeasured: times are not taken for who has not asked.
func TestUnmeasured(t *testing.T) {
	if got := counted(t, NewServer(openStore(t, engine.Options{}), nil), `SELECT 1`); got["select native"] != 1 {
		t.Errorf("%v", got)
	}
}

// BenchmarkCountStatement is what counting a statement costs, without and with times taken.
func BenchmarkCountStatement(b *testing.B) {
	for _, measured := range []bool{false, true} {
		name := "counted"
		if measured {
			name = "measured"
		}
		b.Run(name, func(b *testing.B) {
			server := NewServer(openStore(b, engine.Options{}), nil)
			server.sessions.Measure = measured
			entry := &activity.Entry{Conn: new(pgwire.Conn)}
			began := time.Now()
			for b.Loop() {
				server.sessions.Ended(entry, activity.Select, activity.Native, began)
			}
		})
	}
}
