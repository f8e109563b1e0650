package timetravel

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// connect opens a connection, with options of the start-up packet.
func connect(t *testing.T, url, options string) *pgx.Conn {
	t.Helper()
	conn, err := open(t, url, options)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func open(t *testing.T, url, options string) (*pgx.Conn, error) {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	if options != "" {
		config.RuntimeParams["options"] = options
	}
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err == nil {
		t.Cleanup(func() { conn.Close(t.Context()) })
	}
	return conn, err
}

// chief is the address by which a test that makes roles comes in.
func chief(server *harness.Server) string {
	return strings.Replace(server.URL(), "user=test", "user=postgres", 1)
}

// must runs statements that have to succeed.
func must(t *testing.T, conn *pgx.Conn, list ...string) {
	t.Helper()
	for _, sql := range list {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// said is what a statement ends in: its tag, or the error's code and message.
func said(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	tag, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	var e *pgconn.PgError
	switch {
	case errors.As(err, &e):
		return e.Code + " " + e.Message
	case err != nil:
		return err.Error()
	case len(tag) == 0:
		return ""
	}
	return tag[len(tag)-1].CommandTag.String()
}

// one is the only value of a query, as text.
func one(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	return simple(t, conn, sql)
}

// simple is a query's rows as text, by the simple protocol.
func simple(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var out []string
	for _, r := range results {
		for _, row := range r.Rows {
			out = append(out, text(row))
		}
	}
	return strings.Join(out, "\n")
}

// extended is the same by the extended protocol: prepared, and run twice.
func extended(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	const name = "asked"
	if _, err := conn.PgConn().Prepare(t.Context(), name, sql, nil); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var answers [2]string
	for i := range answers {
		r := conn.PgConn().ExecPrepared(t.Context(), name, nil, nil, nil).Read()
		if r.Err != nil {
			t.Fatalf("%s: %v", sql, r.Err)
		}
		var out []string
		for _, row := range r.Rows {
			out = append(out, text(row))
		}
		answers[i] = strings.Join(out, "\n")
	}
	must(t, conn, "DEALLOCATE "+name)
	if answers[0] != answers[1] {
		t.Fatalf("%s: twice, and two answers:\n%s\n%s", sql, answers[0], answers[1])
	}
	return answers[0]
}

func text(row [][]byte) string {
	values := make([]string, len(row))
	for i, v := range row {
		if values[i] = string(v); v == nil {
			values[i] = "<null>"
		}
	}
	return strings.Join(values, " | ")
}

// cursor is a query's rows by a cursor, in a transaction: all, then once more from the beginning.
func cursor(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	must(t, conn, "DECLARE c SCROLL CURSOR FOR "+sql)
	var out []string
	for {
		rows := simple(t, conn, "FETCH 7 FROM c")
		if rows == "" {
			break
		}
		out = append(out, rows)
	}
	must(t, conn, "MOVE ABSOLUTE 0 FROM c")
	all := simple(t, conn, "FETCH ALL FROM c")
	must(t, conn, "CLOSE c")
	if got := strings.Join(out, "\n"); got != all {
		t.Fatalf("%s: a cursor's rows:\n%s\nand from the beginning:\n%s", sql, got, all)
	}
	return all
}

// copied is what COPY sends of a query, made to look as the others.
func copied(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := conn.PgConn().CopyTo(t.Context(), &b, fmt.Sprintf("COPY (%s) TO STDOUT", sql)); err != nil {
		t.Fatalf("COPY (%s): %v", sql, err)
	}
	return strings.NewReplacer("\t", " | ", `\N`, "<null>").Replace(strings.TrimSuffix(b.String(), "\n"))
}
