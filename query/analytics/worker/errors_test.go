//go:build cgo

package worker

import (
	"strings"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/duck"
)

// DuckDB shows the SQL where an error was raised. A mark in it is no error, and no client
// sees any of it.
func TestErrorsShowNoSQL(t *testing.T) {
	const place = "\n\nLINE 1: SELECT CASE WHEN t1.c1 = 0 THEN error('EVG22012:division by zero') ELSE\n  ^"
	for _, c := range []struct{ kind, message, code, want string }{
		{"Invalid Input", "EVG22012:division by zero", "22012", "division by zero"},
		{"Invalid Input", "EVG22012:division by zero" + place, "22012", "division by zero"},
		{"Conversion", "Type INT64 with value 3000000000 can't be cast because the value is out of range for the destination type INT32" + place, "22003", "integer out of range"},
		{"Conversion", "Could not convert t1.c1" + place, "22003", "value out of range"},
		{"Binder", "No function matches pg_num(t1.c1)" + place, "0A000", "the analytics worker cannot run this statement"},
		{"Invalid Input", "something else EVG22012:division by zero" + place, "22023", "invalid input for a function"},
		{"INTERNAL", "Failed to bind column reference \"c1\"" + place, "0A000", "the analytics worker cannot run this statement"},
		{"INTERNAL", "t1.c1" + place, "XX000", "the analytics engine failed in this statement"},
	} {
		e, ok := duckError(&duck.Error{Kind: c.kind, Message: c.message}).(*pgerror.Error)
		if !ok || e.Code != c.code || e.Message != c.want {
			t.Errorf("%s Error: %s: got %v, want %s %s", c.kind, c.message, e, c.code, c.want)
			continue
		}
		for _, text := range []string{e.Message, e.Detail, e.Hint} {
			if strings.Contains(text, "t1.c1") || strings.Contains(text, "LINE ") {
				t.Errorf("%s Error: %s: shows SQL: %s", c.kind, c.message, text)
			}
		}
	}
}
