//go:build cgo

package worker

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/translate"
)

// engineFunctions are the names of all functions that the engine has, its table functions
// and pragmas too.
func engineFunctions(t *testing.T, c *duck.Conn, where string) []string {
	t.Helper()
	return column(t, c, "SELECT DISTINCT function_name FROM duckdb_functions() WHERE "+where+" ORDER BY 1")
}

// column is the texts that a query returns.
func column(t *testing.T, c *duck.Conn, sql string) []string {
	t.Helper()
	rows, err := c.Read(sql)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var names []string
	for {
		v, n, err := rows.Next()
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return names
		}
		for i := range n {
			names = append(names, strings.Clone(v[0].Text(i)))
		}
	}
}

func memoryDB(t *testing.T) (*duck.DB, *duck.Conn) {
	t.Helper()
	db, err := duck.Open("", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	c, err := db.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return db, c
}

// postgresTables are functions in FROM that PostgreSQL has too, under the same name.
var postgresTables = map[string]bool{"generate_series": true, "unnest": true, "generate_subscripts": true, "pg_timezone_names": true, "json_each": true, "repeat": true, "version": true}

// TestEngineFunctions walks the engine's own list: none of its table functions can be named,
// so that a new version cannot add a way out unseen, and none of its scalar functions but those
// that PostgreSQL has.
func TestEngineFunctions(t *testing.T) {
	_, c := memoryDB(t)
	schema := testSchema()
	refused := func(sql string) bool {
		_, err := translate.Translate(sql, translate.Options{Catalog: schema})
		var e *pgerror.Error
		return errors.As(err, &e) && (e.Code == "42883" || e.Code == "0A000" || e.Code == "42601" || e.Code == "42809" || e.Code == "42P01")
	}
	quoted := func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
	tables := engineFunctions(t, c, "function_type IN ('table', 'table_macro', 'pragma')")
	if len(tables) < 50 {
		t.Fatalf("the engine lists %d table functions", len(tables))
	}
	for _, name := range tables {
		if postgresTables[name] {
			continue
		}
		for _, args := range []string{"", "'/etc/passwd'", "'a', 'b'"} {
			for _, form := range []string{"SELECT * FROM %s(%s) AS t", "SELECT %s(%s)", "SELECT * FROM pg_catalog.%s(%s) AS t"} {
				if sql := fmt.Sprintf(form, quoted(name), args); !refused(sql) {
					t.Errorf("it has a translation: %s", sql)
				}
			}
		}
	}
	// What reaches outside among the scalar functions.
	for _, name := range []string{"getenv", "getvariable", "nextval", "currval", "write_log", "current_query", "current_connection_id", "in_search_path", "get_current_timestamp", "error"} {
		for _, args := range []string{"", "'HOME'", "'a', 'b'"} {
			if sql := fmt.Sprintf("SELECT %s(%s)", quoted(name), args); !refused(sql) {
				t.Errorf("it has a translation: %s", sql)
			}
		}
	}
}

// TestOwnFunctions: the functions behind translations are not PostgreSQL's, and no statement can
// call them.
func TestOwnFunctions(t *testing.T) {
	schema := testSchema()
	own := append(textFunctions(), numberFunctions()...)
	own = append(append(append(own, jsonFunctions()...), timeFunctions()...), catalogFunctions(&Worker{})...)
	allowed := map[string]bool{"pg_size": true, "pg_sleep": true}
	for _, f := range own {
		args := make([]string, len(f.Args))
		for i := range args {
			args[i] = "'1'"
		}
		sql := fmt.Sprintf("SELECT %s(%s)", f.Name, strings.Join(args, ", "))
		if _, err := translate.Translate(sql, translate.Options{Catalog: schema}); err == nil && !allowed[f.Name] {
			t.Errorf("it has a translation: %s", sql)
		}
	}
}

// testSchema is that of a server without views.
func testSchema() *schema {
	w := &Worker{projection: &projection{}}
	return w.newSchema(&analytics.Schema{})
}
