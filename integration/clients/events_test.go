package clients

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
)

const (
	appendSQL = `INSERT INTO events (stream, type, payload, expected_version)
VALUES ($1, $2, $3, $4) RETURNING position, version`
	columns = "position, stream_id, stream, version, event_id, type, payload, metadata, tags, recorded_at"
	readSQL = "SELECT version, type FROM events WHERE stream = $1 ORDER BY version"
)

// Everything that array, JSON and text syntax give a meaning to.
var (
	tags     = []string{"red", "with,comma", `quote"d`, "brace{}", `back\slash`, "", "NULL", "日本"}
	payload  = `{"text": "naïve 😀 Ω \"q\" \\"}`
	metadata = `{"who": "Ünal"}`
)

// sqlState is the SQLSTATE of either driver's error, and the constraint's name if it has one.
func sqlState(err error) string {
	var p *pgconn.PgError
	if errors.As(err, &p) {
		return withConstraint(p.Code, p.ConstraintName)
	}
	var q *pq.Error
	if errors.As(err, &q) {
		return withConstraint(string(q.Code), q.Constraint)
	}
	return fmt.Sprintf("not an answer of the server: %v", err)
}

func withConstraint(code, constraint string) string {
	if constraint == "" {
		return code
	}
	return code + " " + constraint
}

func expectState(t *testing.T, what string, err error, want string) {
	t.Helper()
	if got := sqlState(err); got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func expect[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A recorded is one event as a client reads it.
type recorded struct {
	position, version int64
	streamID, eventID uuid.UUID
	stream            *string
	kind              string
	payload, metadata *string
	tags              []string
	at                time.Time
}

// fields are where a driver scans the columns to; tags go through what the
// driver needs for arrays.
func (e *recorded) fields(tags any) []any {
	return []any{
		&e.position, &e.streamID, &e.stream, &e.version, &e.eventID, &e.kind, &e.payload, &e.metadata, tags, &e.at,
	}
}

func (e *recorded) check(t *testing.T, stream string, id uuid.UUID) {
	t.Helper()
	expect(t, "stream", *e.stream, stream)
	expect(t, "version of the stream's id", e.streamID.Version(), 5)
	expect(t, "version", e.version, 0)
	expect(t, "event_id", e.eventID, id)
	expect(t, "type", e.kind, "Ünï")
	expect(t, "payload", *e.payload, payload)
	expect(t, "metadata", *e.metadata, metadata)
	expect(t, "tags", e.tags, tags)
	if age := time.Since(e.at).Abs(); age > time.Hour {
		t.Errorf("recorded_at %v is %v off", e.at, age)
	}
}

func (e *recorded) checkNulls(t *testing.T) {
	t.Helper()
	if e.stream != nil || e.metadata != nil || e.tags != nil {
		t.Errorf("stream %v, metadata %v, tags %v: want nulls", e.stream, e.metadata, e.tags)
	}
	expect(t, "payload", *e.payload, "[]")
}

// loadLarge appends events with payload {"i": n} by COPY.
func loadLarge(t *testing.T, to target, stream string, rows int) {
	t.Helper()
	conn := to.connect(t).PgConn()
	reader, writer := io.Pipe()
	go func() {
		for i := range rows {
			// A reader that has gone away ends the COPY, which reports it.
			if _, err := fmt.Fprintf(writer, "%s\tLoaded\t{\"i\": %d}\n", stream, i); err != nil {
				return
			}
		}
		writer.Close()
	}()
	defer reader.Close()
	tag, err := conn.CopyFrom(testContext(t), reader, "COPY events (stream, type, payload) FROM STDIN")
	must(t, err)
	expect(t, "rows copied", tag.RowsAffected(), int64(rows))
}

// checkLarge reads what loadLarge wrote, one row at a time.
func checkLarge(t *testing.T, rows pgx.Rows, want int) {
	t.Helper()
	n := 0
	for ; rows.Next(); n++ {
		var version int64
		var body struct{ I int }
		must(t, rows.Scan(&version, &body))
		if version != int64(n) || body.I != n {
			t.Fatalf("row %d: version %d, payload %d", n, version, body.I)
		}
	}
	must(t, rows.Err())
	expect(t, "rows", n, want)
}

// history is a stream as text: version and type of each event.
func history(ctx context.Context, t *testing.T, conn *pgx.Conn, stream string) string {
	t.Helper()
	rows, err := conn.Query(ctx, readSQL, stream)
	must(t, err)
	text, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		var version int64
		var kind string
		err := row.Scan(&version, &kind)
		return fmt.Sprint(version, kind), err
	})
	must(t, err)
	return fmt.Sprint(text)
}

func expectContains(t *testing.T, what, text, want string) {
	t.Helper()
	if !strings.Contains(text, want) {
		t.Errorf("%s: no %q in %q", what, want, text)
	}
}
