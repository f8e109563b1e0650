package messagedb

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// TestDatabaseSQL: what clients of Message DB's for Go ask is answered through the drivers of database/sql as Message DB answers.
func TestDatabaseSQL(t *testing.T) {
	for _, d := range []struct{ name, driver, options string }{
		{"lib-pq", "postgres", ""},
		{"lib-pq-binary", "postgres", "&binary_parameters=yes"},
		{"pgx", "pgx", ""},
		{"pgx-exec", "pgx", "&default_query_exec_mode=exec"},
		{"pgx-simple", "pgx", "&default_query_exec_mode=simple_protocol"},
	} {
		t.Run(d.name, func(t *testing.T) {
			both(t, func(t *testing.T, url string) string {
				db, err := sql.Open(d.driver, url+d.options)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				n := &notes{t: t, db: db}
				n.statements()
				// What the driver sends for bytes with binary parameters is no jsonb. PostgreSQL calls that an internal error, Eventgres the client's.
				return strings.ReplaceAll(n.text.String(), "XX000", "22P03")
			})
		})
	}
}

// notes are what a database has answered, as text.
type notes struct {
	t    *testing.T
	db   *sql.DB
	text strings.Builder
}

const id = "00000000-0000-4000-8000-0000000000"

func (n *notes) statements() {
	const write = "SELECT write_message($1, $2, $3, $4, $5, $6)"
	n.ask(write, id+"01", "loan-1", "Opened", []byte(`{"b": 1, "a": "é"}`), []byte(`{"correlationStreamName": "desk-1"}`), int64(-1))
	n.ask(write, id+"02", "loan-1", "Renewed", `{"n": 1.50}`, nil, nil)
	n.ask("SELECT message_store.write_message($1::varchar, $2::varchar, $3::varchar, $4::jsonb, $5::jsonb)", id+"03", "loan-2", "Opened", nil, nil)
	n.ask("SELECT * FROM write_message($1, $2, $3, $4, $5, $6)", id+"04", "loan-2", "Closed", `{}`, `{}`, 0)
	const columns = "SELECT id, stream_name, type, position, global_position, data, metadata FROM "
	n.ask(columns+"get_stream_messages($1, $2, $3)", "loan-1", 0, 1000)
	n.ask(columns+"get_stream_messages($1, $2, $3, $4)", "loan-1", int64(1), nil, nil)
	n.ask(columns+"get_category_messages($1, $2, $3, $4, $5, $6, $7)", "loan", 2, -1, nil, nil, nil, nil)
	n.ask(columns+"get_category_messages($1, $2, $3, $4, $5, $6, $7)", "loan", 0, 1000, "desk", 0, 1, nil)
	n.ask(columns+"get_last_stream_message($1)", "loan-2")
	n.ask(columns+"get_last_stream_message(stream_name => $1, type => $2)", "loan-1", "Opened")
	n.ask("SELECT * FROM stream_version($1)", "loan-1")
	n.ask("SELECT * FROM stream_version($1)", "loan-404")
	n.ask("SELECT data, metadata, id FROM messages WHERE global_position > $1 ORDER BY global_position LIMIT $2", 1, 2)
	n.ask("SELECT time > $1 AS later, position FROM messages WHERE stream_name = $2 ORDER BY position", "2020-01-01", "loan-1")
	n.ask("SELECT position FROM messages WHERE category(stream_name) = $1 AND position = $2 ORDER BY global_position", "loan", 1)
	n.ask(write, id+"05", "loan-1", "Lost", `{}`, nil, 0)
	n.ask(write, id+"01", "loan-1", "Again", `{}`, nil, nil)
	n.ask(write, id+"05", "loan-1", "Bad", `{`, nil, nil)
	n.ask(write, "5", "loan-1", "Bad", `{}`, nil, nil)
	n.ask(write, id+"05", "loan-1", nil, `{}`, nil, nil)
	n.ask(columns+"get_stream_messages($1, $2, $3)", "loan", 0, 1000)
	n.ask(columns+"get_category_messages($1, $2, $3)", "loan-1", 0, 1000)
	n.ask(columns+"get_category_messages($1, condition => $2)", "loan", "true")
	n.batch(write)
	n.ask("SELECT position, type, data FROM get_stream_messages($1)", "loan-3")
	n.ask("SELECT position, type, data FROM get_stream_messages($1)", "loan-1")
}

// batch writes in a transaction with a prepared statement, and looks at what it has written.
func (n *notes) batch(write string) {
	tx, err := n.db.BeginTx(n.t.Context(), nil)
	if err != nil {
		n.t.Fatal(err)
	}
	st, err := tx.PrepareContext(n.t.Context(), write)
	if err != nil {
		n.t.Fatal(err)
	}
	for i := range 3 {
		var position int64
		err := st.QueryRowContext(n.t.Context(), fmt.Sprintf("%s1%d", id, i), "loan-3", "Batch", fmt.Appendf(nil, `{"i": %d}`, i), nil, i-1).Scan(&position)
		fmt.Fprintln(&n.text, position, told(err))
	}
	var now sql.NullInt64
	err = tx.QueryRowContext(n.t.Context(), "SELECT stream_version($1)", "loan-3").Scan(&now)
	fmt.Fprintln(&n.text, now, told(err))
	fmt.Fprintln(&n.text, told(tx.Commit()))
}

// ask notes what a statement answers, with its columns and the types in which the driver hands them over.
func (n *notes) ask(query string, args ...any) {
	fmt.Fprintln(&n.text, query, args)
	rows, err := n.db.QueryContext(n.t.Context(), query, args...)
	if err != nil {
		fmt.Fprintln(&n.text, told(err))
		return
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		n.t.Fatal(err)
	}
	values, into := make([]any, len(types)), make([]any, len(types))
	for i := range types {
		fmt.Fprint(&n.text, types[i].Name(), " ", types[i].DatabaseTypeName(), " ")
		into[i] = &values[i]
	}
	fmt.Fprintln(&n.text)
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			n.t.Fatal(err)
		}
		for _, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			fmt.Fprintf(&n.text, "%T %v | ", v, v)
		}
		fmt.Fprintln(&n.text)
	}
	if err := rows.Err(); err != nil {
		fmt.Fprintln(&n.text, told(err))
	}
}
