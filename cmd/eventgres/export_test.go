package main

import (
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
)

// A server that answers nonsense gets an error, not a panic.
func TestForeignRows(t *testing.T) {
	id, number, no := make([]byte, 16), make([]byte, 8), []byte{0}
	good := func() [][]byte {
		return [][]byte{[]byte("a"), id, number, id, []byte("T"), no, []byte("{}"), []byte("\x01{}"), nil}
	}
	types := pgtype.NewMap()
	if _, err := exported(good(), types); err != nil {
		t.Fatal(err)
	}
	for i, bad := range map[int][]byte{1: nil, 2: {1}, 3: []byte("short"), 5: nil, 7: []byte("{}"), 8: []byte("array")} {
		row := good()
		row[i] = bad
		if _, err := exported(row, types); err == nil {
			t.Errorf("column %d: %q was taken", i, bad)
		}
	}
	if _, err := exported(good()[:8], types); err == nil {
		t.Error("a row of eight columns was taken")
	}
}
