//go:build cgo

package worker

import (
	"testing"

	"github.com/eventgres/eventgres/query/analytics"
)

// TestCopies: a schema's system tables are there while anyone may read them, and no longer.
func TestCopies(t *testing.T) {
	db, c := memoryDB(t)
	if err := c.Exec("ATTACH ':memory:' AS cat"); err != nil {
		t.Fatal(err)
	}
	w := &Worker{projection: &projection{db: db}, fixed: map[string]bool{}}
	tables := func() int {
		return len(column(t, c, "SELECT table_name FROM duckdb_tables() WHERE database_name = 'cat'"))
	}
	load := func(s *schema, name string) {
		t.Helper()
		if err := s.copies.load(s, s.tables[name]); err != nil {
			t.Fatal(err)
		}
	}
	w.become(w.newSchema(&analytics.Schema{Version: 1}))
	first := w.schema.Load()
	first.copies.hold() // a portal's
	load(first, "pg_catalog.pg_class")
	load(first, "pg_catalog.pg_class")
	load(first, "pg_catalog.pg_type")
	if n := tables(); n != 2 {
		t.Fatalf("%d tables instead of 2", n)
	}
	w.become(w.newSchema(&analytics.Schema{Version: 2}))
	if n := tables(); n != 2 {
		t.Fatalf("a portal lost its tables: %d are left", n)
	}
	second := w.schema.Load()
	second.copies.hold()
	load(second, "pg_catalog.pg_class")
	w.release(first)
	if n := tables(); n != 1 {
		t.Fatalf("%d tables instead of the current schema's", n)
	}
	w.release(second)
	if n := tables(); n != 1 {
		t.Fatalf("the current schema's table is not kept: %d", n)
	}
	load(second, "pg_catalog.pg_operator") // the same for all
	if n := tables(); n != 2 {
		t.Fatalf("%d tables with one that is fixed", n)
	}
	// One that was let go of can be used again.
	first.copies.hold()
	load(first, "pg_catalog.pg_class")
	load(first, "pg_catalog.pg_operator")
	w.release(first)
	if n := tables(); n != 2 {
		t.Fatalf("%d tables after a schema was used again", n)
	}
}
