package query

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
)

// TestFunctionsInCatalog: pg_proc says of each function what its registration says, in the schema that it says.
func TestFunctionsInCatalog(t *testing.T) {
	c := catalog.New(catalog.State{MessageStore: true})
	rows := func(name string) (*catalog.Table, [][]any) {
		for _, table := range catalog.Tables() {
			if table.Name == name && table.Schema == "pg_catalog" {
				return &table, c.Rows(&table)
			}
		}
		t.Fatalf("there is no %s", name)
		return nil, nil
	}
	schemas := map[any]any{}
	_, list := rows("pg_namespace")
	for _, row := range list {
		schemas[row[0]] = row[1]
	}
	table, procs := rows("pg_proc")
	at := func(row []any, column string) any {
		return row[slices.IndexFunc(table.Columns, func(c catalog.Column) bool { return c.Name == column })]
	}
	found := map[string]string{}
	for _, row := range procs {
		key := fmt.Sprint(schemas[at(row, "pronamespace")], ".", at(row, "proname"), at(row, "proargtypes"))
		found[key] = fmt.Sprint(at(row, "prorettype"), at(row, "proisstrict"), at(row, "provolatile"))
	}
	for name, forms := range expr.Registered() {
		for _, f := range forms {
			for n := len(f.Args) - f.Optional; n <= len(f.Args) && !f.Word; n++ {
				key := fmt.Sprint(cmp.Or(f.Schema, "pg_catalog"), ".", name, f.Args[:n])
				if n < len(f.Args) && found[key] == "" {
					continue // a default of the longer form's
				}
				if want := fmt.Sprint(f.Result, f.Strict, string(f.Volatile)); found[key] != want {
					t.Errorf("%s is registered with %s; pg_proc says %q", key, want, found[key])
				}
			}
		}
	}
}

// TestOwnFunctions: what PostgreSQL has not has a meaning, and the README tells of it.
func TestOwnFunctions(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range relation.Functions {
		if f.Out == nil && expr.FindFunction(f.Schema, f.Name, f.Args) == nil {
			t.Errorf("%s.%s is declared and not registered", f.Schema, f.Name)
		}
		if f.About == "" || !strings.Contains(string(readme), f.Name+"(") {
			t.Errorf("%s.%s is not documented", f.Schema, f.Name)
		}
	}
	for _, f := range relation.MessageStoreFunctions {
		if f.Result != relation.MessageTypeOID && expr.FindFunction(f.Schema, f.Name, f.Args) == nil {
			t.Errorf("%s.%s is declared and not registered", f.Schema, f.Name)
		}
	}
	for name, forms := range expr.Registered() {
		for _, f := range forms {
			if f.Schema != "" && f.Schema != searchpath.MessageStore && !relation.FunctionIn(f.Schema, name) {
				t.Errorf("%s.%s is registered and not declared", f.Schema, name)
			}
		}
	}
}
