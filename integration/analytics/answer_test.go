package analytics

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// TestCompare changes one thing at a time, and wants it noticed.
func TestCompare(t *testing.T) {
	rows := func() *Answer {
		return &Answer{
			Params:  []uint32{pgtype.TextOID},
			Columns: []Column{{Name: "n", OID: pgtype.Int8OID, Size: 8, Modifier: -1}},
			Rows:    [][][]byte{{[]byte("1")}, {nil}, {{}}},
			Tag:     "SELECT 3",
		}
	}
	refusal := func() *Answer {
		return &Answer{Err: &pgconn.PgError{Severity: "ERROR", Code: "42703", Message: "no", Position: 8}}
	}
	for _, test := range []struct {
		name   string
		make   func() *Answer
		change func(*Answer)
		want   string
	}{
		{"nothing", rows, func(*Answer) {}, ""},
		{"nothing of an error", refusal, func(*Answer) {}, ""},
		{"parameter", rows, func(a *Answer) { a.Params[0] = pgtype.VarcharOID }, "parameters"},
		{"name", rows, func(a *Answer) { a.Columns[0].Name = "N" }, "columns"},
		{"type", rows, func(a *Answer) { a.Columns[0].OID = pgtype.Int4OID }, "columns"},
		{"size", rows, func(a *Answer) { a.Columns[0].Size = 4 }, "columns"},
		{"modifier", rows, func(a *Answer) { a.Columns[0].Modifier = 6 }, "columns"},
		{"value", rows, func(a *Answer) { a.Rows[0][0] = []byte("2") }, "row 1"},
		{"null and empty", rows, func(a *Answer) { a.Rows[1][0] = []byte{} }, "row 2"},
		{"empty and null", rows, func(a *Answer) { a.Rows[2][0] = nil }, "row 3"},
		{"order", rows, func(a *Answer) { a.Rows[0], a.Rows[1] = a.Rows[1], a.Rows[0] }, "row 1"},
		{"count", rows, func(a *Answer) { a.Rows = a.Rows[1:] }, "2 rows instead of 3"},
		{"tag", rows, func(a *Answer) { a.Tag = "SELECT" }, "tags"},
		{"an error", rows, func(a *Answer) { *a = *refusal(); a.Params = rows().Params }, "one is an error"},
		{"severity", refusal, func(a *Answer) { a.Err.Severity = "FATAL" }, "severities"},
		{"state", refusal, func(a *Answer) { a.Err.Code = "42P01" }, "SQLSTATEs"},
		{"message", refusal, func(a *Answer) { a.Err.Message = "yes" }, "messages"},
		{"position", refusal, func(a *Answer) { a.Err.Position = 9 }, "positions"},
	} {
		got := test.make()
		test.change(got)
		difference := Difference(test.make(), got)
		if (difference == "") != (test.want == "") || !strings.Contains(difference, test.want) {
			t.Errorf("%s: %q, which does not say %q", test.name, difference, test.want)
		}
	}
	swapped := rows()
	swapped.Rows[0], swapped.Rows[2] = swapped.Rows[2], swapped.Rows[0]
	if difference := Difference(rows().sorted(), swapped.sorted()); difference != "" {
		t.Errorf("as multisets: %s", difference)
	}
}
