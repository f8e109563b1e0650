package query

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/engine"
)

// BenchmarkStatement: what the server does for one prepared statement and its answer, by a client that allocates nothing.
func BenchmarkStatement(b *testing.B) {
	for _, s := range []struct {
		name, sql string
		params    [][]byte
	}{
		{"append", "INSERT INTO events (stream, type, payload) VALUES ($1, 'Noted', $2)", [][]byte{[]byte("s"), []byte(`{"order": 4711, "amount": 129.95, "currency": "EUR"}`)}},
		{"point", "SELECT * FROM events WHERE position = $1", [][]byte{[]byte("0")}},
		{"stream", "SELECT * FROM events WHERE stream = $1 ORDER BY version LIMIT 20", [][]byte{[]byte("first")}},
	} {
		b.Run(s.name, func(b *testing.B) {
			c := dialRaw(b, serve(b, NewServer(openStore(b, engine.Options{}), nil)))
			defer c.nc.Close()
			for range 20 {
				c.query("INSERT INTO events (stream, type, payload) VALUES ('first', 'A', '1')")
			}
			c.f.Send(&pgproto3.Parse{Name: "p", Query: s.sql})
			c.until(true)
			if err := c.nc.SetDeadline(time.Time{}); err != nil {
				b.Fatal(err)
			}
			var request bytes.Buffer
			raw := pgproto3.NewFrontend(nil, &request)
			raw.Send(&pgproto3.Bind{PreparedStatement: "p", Parameters: s.params})
			raw.Send(&pgproto3.Execute{})
			raw.Send(&pgproto3.Sync{})
			if err := raw.Flush(); err != nil {
				b.Fatal(err)
			}
			answer := make([]byte, 64<<10)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.nc.Write(request.Bytes()); err != nil {
					b.Fatal(err)
				}
				if err := readyBehind(c.nc, answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// readyBehind reads to the end of ReadyForQuery, whose six bytes come last.
func readyBehind(r io.Reader, answer []byte) error {
	tail := []byte{'Z', 0, 0, 0, 5, 'I'}
	for n := 0; ; {
		k, err := r.Read(answer[n:])
		if err != nil {
			return err
		}
		if n += k; bytes.HasSuffix(answer[:n], tail) {
			return nil
		}
	}
}
