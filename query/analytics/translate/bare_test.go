//go:build cgo

package translate

import (
	"fmt"
	"testing"
)

// TestBareNames: names without a schema are found where they stand, wherever that is in a query.
func TestBareNames(t *testing.T) {
	for query, want := range map[string]string{
		"select 1":                            "[]",
		"select * from events":                "[{14 events}]",
		"SELECT 'from events', a FROM events": "[{29 events}]",
		"select * from public.events e, streams join v on exists (select from \"Ü\" where x = 'events')": "[{31 streams} {44 v} {69 Ü}]",
		"with w as (select * from a) select * from w, b union table c":                                   "[{25 a} {45 b} {59 c}]",
		"select 'é' from only events": "[{22 events}]",
		"no query":                    "[]",
	} {
		if got := fmt.Sprint(BareNames(query)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}
