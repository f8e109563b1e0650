package query

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/engine"
)

// TestInsertAgain: what one INSERT leaves to the next of its session changes nothing of it: neither an
// empty payload, nor one that is longer or shorter, nor none.
func TestInsertAgain(t *testing.T) {
	store := openStore(t, engine.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for name, mode := range map[string]pgx.QueryExecMode{"prepared": pgx.QueryExecModeCacheStatement, "simple": pgx.QueryExecModeSimpleProtocol} {
		conn, err := connect(ctx, serve(t, NewServer(store, nil)), mode)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		payloads := [][]byte{{}, []byte("abc"), {}, nil, bytes.Repeat([]byte("x"), 100_000), {}, []byte("y"), nil}
		for i, p := range payloads {
			var got []byte
			err := conn.QueryRow(ctx, "INSERT INTO events (stream, type, payload_bytes) VALUES ($1, 'T', $2) RETURNING payload_bytes", name, p).Scan(&got)
			if err != nil || !bytes.Equal(got, p) || (got == nil) != (p == nil) {
				t.Errorf("%s %d: %d bytes (nil %v) are returned as %d (nil %v), %v", name, i, len(p), p == nil, len(got), got == nil, err)
			}
		}
		rows, err := conn.Query(ctx, "SELECT payload_bytes FROM events WHERE stream = $1 ORDER BY version", name)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		if err != nil || len(stored) != len(payloads) {
			t.Fatalf("%s: %d events, %v", name, len(stored), err)
		}
		for i, p := range payloads {
			if !bytes.Equal(stored[i], p) || (stored[i] == nil) != (p == nil) {
				t.Errorf("%s %d: %d bytes (nil %v) are stored as %d (nil %v)", name, i, len(p), p == nil, len(stored[i]), stored[i] == nil)
			}
		}
	}
}
