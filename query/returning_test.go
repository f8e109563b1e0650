package query

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// TestCancelBehindAppend: a cancel that comes once the events are appended, while the rows of RETURNING wait for a slow client, does
// not make an error of what has been done.
func TestCancelBehindAppend(t *testing.T) {
	store := openStore(t, engine.Options{})
	addr := serve(t, NewServer(store, nil))
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(patience))
	f := pgproto3.NewFrontend(nc, nc)
	f.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "u"}})
	key := new(pgproto3.CancelRequest)
	answer := func() (rows int, tag, code string) {
		t.Helper()
		if err := f.Flush(); err != nil {
			t.Fatal(err)
		}
		for {
			m, err := f.Receive()
			if err != nil {
				t.Fatal(err)
			}
			switch m := m.(type) {
			case *pgproto3.BackendKeyData:
				key.ProcessID, key.SecretKey = m.ProcessID, append([]byte(nil), m.SecretKey...)
			case *pgproto3.DataRow:
				rows++
			case *pgproto3.CommandComplete:
				tag = string(m.CommandTag)
			case *pgproto3.ErrorResponse:
				code = m.Code
			case *pgproto3.ReadyForQuery:
				return rows, tag, code
			}
		}
	}
	answer()

	// More than the sockets between them hold.
	const events = 15
	row := fmt.Sprintf("('s', 'T', '%q')", strings.Repeat("x", 1_000_000))
	f.Send(&pgproto3.Query{String: "INSERT INTO events (stream, type, payload) VALUES " + strings.Repeat(row+",", events-1) + row + " RETURNING payload, version + 1"})
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); store.Index().GlobalPosition() < events-1; {
		if time.Now().After(deadline) {
			t.Fatal("the events were not appended")
		}
	}
	canceller, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer canceller.Close()
	text, err := key.Encode(nil)
	if err == nil {
		_, err = canceller.Write(text)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, canceller) // the server closes it when it has been heard
	}
	if err != nil {
		t.Fatal(err)
	}
	if rows, tag, code := answer(); rows != events || tag != fmt.Sprintf("INSERT 0 %d", events) || code != "" {
		t.Errorf("%d rows, %q, error %q: the events are there", rows, tag, code)
	}
	f.Send(&pgproto3.Query{String: "SELECT count(*) FROM events"})
	if rows, tag, code := answer(); rows != 1 || tag != "SELECT 1" || code != "" {
		t.Errorf("the next statement: %d rows, %q, error %q", rows, tag, code)
	}
}

// TestSkipAtCommit: what ON CONFLICT DO NOTHING did not find, and told as inserted, is a conflict where somebody else appends it before
// COMMIT: who tries again finds it. Without the clause it is a violation.
func TestSkipAtCommit(t *testing.T) {
	addr := serve(t, NewServer(openStore(t, engine.Options{}), nil))
	ctx := t.Context()
	var conns [2]*pgx.Conn
	for i := range conns {
		c, err := connect(ctx, addr, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(ctx)
		conns[i] = c
	}
	for i, c := range []struct{ columns, values, conflict, code string }{
		{"event_id", "id", "", pgerror.UniqueViolation},
		{"event_id", "id", "ON CONFLICT (event_id) DO NOTHING", pgerror.SerializationFailure},
		{"version", "0", "ON CONFLICT (stream_id, version) DO NOTHING", pgerror.SerializationFailure},
		{"version", "0", "ON CONFLICT DO NOTHING", pgerror.SerializationFailure},
		{"version", "0", "ON CONFLICT (event_id) DO NOTHING", pgerror.UniqueViolation},
	} {
		value := strings.Replace(c.values, "id", fmt.Sprintf("'00000000-0000-0000-0000-0000000000%d'", 10+i), 1)
		insert := fmt.Sprintf("INSERT INTO events (stream, type, %s) VALUES ('s%d', 'T', %s) ", c.columns, i, value)
		for at, sql := range []string{"BEGIN; SAVEPOINT a; " + insert + "; ROLLBACK TO a; " + insert + c.conflict, insert} {
			if _, err := conns[at].Exec(ctx, sql); err != nil {
				t.Fatal(sql, err)
			}
		}
		_, err := conns[0].Exec(ctx, "COMMIT")
		var e *pgconn.PgError
		if !errors.As(err, &e) || e.Code != c.code {
			t.Errorf("%q: COMMIT says %v, not %s", c.conflict, err, c.code)
		}
		if tag, err := conns[0].Exec(ctx, insert+c.conflict); c.code == pgerror.SerializationFailure && (err != nil || tag.RowsAffected() != 0) {
			t.Errorf("%q: again: %s, %v", c.conflict, tag, err)
		}
	}
}
