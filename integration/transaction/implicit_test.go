package transaction

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestImplicitCommit: an INSERT that ends a text of several statements is committed with all that came before it in
// the text, or not at all, whatever that was.
func TestImplicitCommit(t *testing.T) {
	s := harness.Eventgres(t)
	c := dial(t, s.URL())
	exec(t, c, `INSERT INTO events (stream, type) VALUES ('a', 'first')`)
	const insert = `INSERT INTO events (stream, type) VALUES ('a', 'second')`
	for _, last := range []string{
		insert, insert + ` RETURNING position`, insert + ` RETURNING upper(type), position::text || type`,
		`INSERT INTO events (stream, type) SELECT 'a', 'second'`, `COPY events (stream, type) FROM STDIN`,
	} {
		for _, failing := range []string{ // at the commit, and not before
			`DECLARE held CURSOR WITH HOLD FOR SELECT 1 / (length(type) - length(type)) FROM events`,
			`DECLARE held CURSOR WITH HOLD FOR SELECT 1 / (position - position) FROM events WHERE stream = 'a'`,
		} {
			before := one(t, c, `SELECT count(*) FROM events`)
			var code string
			if last[0] == 'C' {
				code = copied(t, c, failing+"; "+last, "a\tsecond\n")
			} else {
				_, code = try(t, c, failing+"; "+last)
			}
			if code != "22012" {
				t.Errorf("%s; %s: %q", failing, last, code)
			}
			if after := one(t, c, `SELECT count(*) FROM events`); after != before {
				t.Errorf("%s; %s: there are %s events, %s before", failing, last, after, before)
			}
		}
	}
}

// TestImplicitTold: what a text was told of where its events will lie holds, or they are not appended.
func TestImplicitTold(t *testing.T) {
	s := harness.Eventgres(t)
	own, other := dial(t, s.URL()), dial(t, s.URL())
	exec(t, other, `SELECT pg_advisory_lock(7)`)
	codes := make(chan string, 1)
	go func() {
		_, err := own.Exec(t.Context(), `SELECT txid_current(); SELECT pg_advisory_lock(7); INSERT INTO events (stream, type) VALUES ('a', 'own')`).ReadAll()
		e := new(pgconn.PgError)
		_ = errors.As(err, &e)
		codes <- e.Code
	}()
	for one(t, other, `SELECT count(*) FROM pg_locks WHERE NOT granted`) == "0" {
	}
	exec(t, other, `INSERT INTO events (stream, type) VALUES ('a', 'other')`)
	exec(t, other, `SELECT pg_advisory_unlock(7)`)
	if code := <-codes; code != "40001" {
		t.Errorf("%q, want 40001", code)
	}
	if got := one(t, other, `SELECT count(*) FROM events`); got != "1" {
		t.Errorf("%s events", got)
	}
}

// copied sends a text that ends in COPY, and its data, and returns the code of the error.
func copied(t *testing.T, c *pgconn.PgConn, sql, data string) string {
	t.Helper()
	_, err := c.CopyFrom(t.Context(), strings.NewReader(data), sql)
	if e := new(pgconn.PgError); errors.As(err, &e) {
		return e.Code
	} else if err != nil {
		t.Fatal(err)
	}
	return ""
}
