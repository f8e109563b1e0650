//go:build cgo

package worker

import (
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/analytics/translate"
)

// namedViews are system views of what the session has given names: their placeholders.
var namedViews = map[string]string{"pg_prepared_statements": "statements", "pg_cursors": "cursors"}

func systemTableNamed(name string) *catalog.Table {
	for i := range systemTables {
		if systemTables[i].Name == name {
			return &systemTables[i]
		}
	}
	panic("no " + name)
}

// namedStatementsSQL writes the rows of pg_prepared_statements as a table. A statement is planned
// when it is prepared, and never for its parameters' values.
func namedStatementsSQL(statements []analytics.NamedStatement) string {
	rows := make([]map[string]pgvalue.Value, len(statements))
	for i, s := range statements {
		types := pgvalue.Value{Kind: pgvalue.KindArray, Array: make([]pgvalue.Value, len(s.Parameters))}
		for k, oid := range s.Parameters {
			types.Array[k] = pgvalue.IntValue(int64(oid))
		}
		rows[i] = map[string]pgvalue.Value{
			"name": pgvalue.TextValue(s.Name), "statement": pgvalue.TextValue(s.Text), "prepare_time": pgvalue.TimeValue(s.Made),
			"parameter_types": types, "from_sql": pgvalue.BoolValue(s.SQL), "generic_plans": pgvalue.IntValue(0), "custom_plans": pgvalue.IntValue(0),
		}
	}
	return rowsSQL(systemTableNamed("pg_prepared_statements"), rows)
}

// cursorsSQL writes the rows of pg_cursors as a table.
func cursorsSQL(cursors []analytics.Cursor) string {
	rows := make([]map[string]pgvalue.Value, len(cursors))
	for i, c := range cursors {
		rows[i] = map[string]pgvalue.Value{
			"name": pgvalue.TextValue(c.Name), "statement": pgvalue.TextValue(c.Text), "is_holdable": pgvalue.BoolValue(c.Hold),
			"is_binary": pgvalue.BoolValue(c.Binary), "is_scrollable": pgvalue.BoolValue(c.Scroll), "creation_time": pgvalue.TimeValue(c.Made),
		}
	}
	return rowsSQL(systemTableNamed("pg_cursors"), rows)
}

// channelsSQL writes what pg_listening_channels() returns as a list.
func channelsSQL(names []string) string {
	list := pgvalue.Value{Kind: pgvalue.KindArray}
	for _, name := range names {
		list.Array = append(list.Array, pgvalue.TextValue(name))
	}
	return translate.Literal(pgvalue.OIDTextArray, &list)
}
