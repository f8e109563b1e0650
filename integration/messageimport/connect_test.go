package messageimport

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	return conn
}

// chief is the address by which a test that makes roles comes in.
func chief(server *harness.Server) string { return as(server, "postgres") }

func as(server *harness.Server, role string) string {
	return strings.Replace(server.URL(), "user=test", "user="+role, 1)
}

func must(t *testing.T, conn *pgx.Conn, list ...string) {
	t.Helper()
	for _, sql := range list {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// code is the SQLSTATE of an error, empty if there is none.
func code(err error) string {
	var e *pgconn.PgError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return err.Error()
}

// rows are a query's rows as text, by the simple protocol.
func rows(t *testing.T, conn *pgx.Conn, sql string) (out [][]string) {
	t.Helper()
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	for _, row := range results[len(results)-1].Rows {
		texts := make([]string, len(row))
		for i, v := range row {
			texts[i] = "NULL"
			if v != nil {
				texts[i] = string(v)
			}
		}
		out = append(out, texts)
	}
	return out
}
