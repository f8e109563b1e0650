package messagedb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
)

// TestWire: where a client's driver cannot be had (sqlx of Rust, Postgrex of Elixir, Npgsql of F#), its statements are sent in the messages in which that
// driver sends them, and answered as Message DB answers: types of parameters and columns, values in binary, errors.
func TestWire(t *testing.T) {
	for _, d := range []struct {
		name string
		run  func(w *wire)
	}{{"sqlx", sqlx}, {"Postgrex", postgrex}, {"Npgsql", npgsql}} {
		t.Run(d.name, func(t *testing.T) {
			byWire(t, d.run)
		})
	}
}

// byWire is both, for a client that is a connection.
func byWire(t *testing.T, client func(w *wire)) {
	t.Helper()
	both(t, func(t *testing.T, url string) string {
		conn, err := pgconn.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		w := &wire{t: t, conn: conn}
		client(w)
		return w.text.String()
	})
}

// wire is a connection, and what came through it, as text.
type wire struct {
	t    *testing.T
	conn *pgconn.PgConn
	text strings.Builder
}

const write = "SELECT message_store.write_message($1, $2, $3, $4, $5, $6)"

// A question is a statement, the types that a program's values have, and the values.
type question struct {
	sql    string
	types  []uint32
	values [][]byte
}

var questions = []question{
	{"SELECT * FROM get_stream_messages($1, $2, $3)", []uint32{pgtype.TextOID, pgtype.Int8OID, pgtype.Int8OID}, [][]byte{[]byte("a-1"), long(0), long(1000)}},
	{"SELECT * FROM get_category_messages($1, $2, $3, $4, $5, $6)", []uint32{pgtype.TextOID, pgtype.Int8OID, pgtype.Int8OID, pgtype.TextOID, pgtype.Int8OID, pgtype.Int8OID}, [][]byte{[]byte("a"), long(1), nil, []byte("desk"), long(0), long(1)}},
	{"SELECT * FROM get_last_stream_message($1, $2)", []uint32{pgtype.VarcharOID, pgtype.VarcharOID}, [][]byte{[]byte("a-2"), nil}},
	{"SELECT stream_version($1)", []uint32{pgtype.TextOID}, [][]byte{[]byte("a-1")}},
	{"SELECT stream_version($1)", []uint32{pgtype.TextOID}, [][]byte{[]byte("a-404")}},
	{"SELECT * FROM messages WHERE global_position > $1 LIMIT $2", []uint32{pgtype.Int8OID, pgtype.Int8OID}, [][]byte{long(1), long(2)}},
	{"SELECT pg_try_advisory_lock($1)", []uint32{pgtype.Int8OID}, [][]byte{long(42)}},
	{"SELECT * FROM get_stream_messages($1)", []uint32{pgtype.TextOID}, [][]byte{[]byte("a")}},
	{"SELECT * FROM get_category_messages($1, consumer_group_member => $2)", []uint32{pgtype.TextOID, pgtype.Int8OID}, [][]byte{[]byte("a"), long(1)}},
	{"SELECT * FROM get_category_messages($1, $2)", []uint32{pgtype.TextOID, pgtype.Int4OID}, [][]byte{[]byte("a"), {0, 0, 0, 2}}},
	{"SELECT * FROM get_category_messages($1, $2)", []uint32{pgtype.UUIDOID, pgtype.Int8OID}, [][]byte{make([]byte, 16), long(2)}},
}

func long(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// jsonb is JSON in binary: its version is before the text.
func jsonb(text string) []byte { return append([]byte{1}, text...) }

func text(s string) []byte { return []byte(s) }

// messages are parameters of write_message for streams of a category, the last six of which are refused. Their ids are made of round and a number.
func messages(round byte) [][][]byte {
	a, b := text(string('a'+rune(round))+"-1"), text(string('a'+rune(round))+"-2")
	id := func(n byte) []byte { return text(uuid.UUID{5: round, 15: n}.String()) }
	return [][][]byte{
		{id(1), a, text("Opened"), jsonb(`{"b": 1.0, "a": "é"}`), jsonb(`{"correlationStreamName": "desk-1"}`), long(-1)},
		{id(2), a, text("Renewed"), jsonb(`{}`), nil, nil},
		{id(3), b, text("Opened"), nil, nil, nil},
		{id(4), b, text("Closed"), jsonb(`[1, 2]`), nil, long(0)},
		{id(5), a, text("Lost"), jsonb(`{}`), nil, long(0)},
		{id(1), a, text("Again"), jsonb(`{}`), nil, nil},
		{id(5), a, nil, jsonb(`{}`), nil, nil},
		{text("no"), a, text("Bad"), jsonb(`{}`), nil, nil},
		{id(5), a, text("Bad"), jsonb(`{`), nil, nil},
		{id(5), a, text("Bad"), jsonb(`{}`), nil, {0, 0, 0, 1}},
	}
}

var (
	binaries = []int16{pgtype.BinaryFormatCode}
	// rust and fsharp are the types that programs of Rust and F# have for parameters of write_message.
	rust   = []uint32{pgtype.TextOID, pgtype.TextOID, pgtype.TextOID, pgtype.JSONBOID, pgtype.JSONBOID, pgtype.Int8OID}
	fsharp = []uint32{pgtype.TextOID, pgtype.TextOID, pgtype.TextOID, pgtype.JSONBOID, 0, pgtype.Int8OID}
)

// postgrex prepares without types, describes the statement, and sends in binary what the server says it takes. Queries without a cache have no name.
func postgrex(w *wire) {
	w.exec("SET search_path TO message_store, public")
	for i, name := range []string{"ecto_1", ""} {
		if w.prepare(name, write, nil) {
			for _, m := range messages(byte(i)) {
				w.bound(name, m)
			}
		}
		for j, q := range questions {
			of := name
			if of != "" {
				of = fmt.Sprintf("ecto_q%d", j)
			}
			if w.prepare(of, q.sql, nil) && len(q.values[len(q.values)-1]) != 4 { // an int4 is what the server does not take for bigint
				w.bound(of, q.values)
			}
		}
	}
}

// npgsql sends Parse, Bind, Describe of the portal, Execute and Sync at once, with types of the program's values: of DBNull none.
// The statements of one command have one Sync.
func npgsql(w *wire) {
	for _, m := range messages(0) {
		w.note(w.conn.ExecParams(w.t.Context(), write, m, fsharp, binaries, binaries).Read())
	}
	for _, q := range questions {
		batch := &pgconn.Batch{}
		batch.ExecParams("SET role message_store", nil, nil, nil, nil)
		batch.ExecParams(q.sql, q.values, q.types, binaries, binaries)
		results, err := w.conn.ExecBatch(w.t.Context(), batch).ReadAll()
		for _, r := range results {
			w.note(r)
		}
		if err != nil {
			w.fail(err)
		}
	}
	w.exec("DISCARD ALL")
}

// sqlx gives names to its statements, with the types of the program's values, asks one row of a portal where it wants one, and closes it. Its macros look at a
// statement while a program is built: its types, and a plan by EXPLAIN.
func sqlx(w *wire) {
	w.exec("SET search_path TO message_store, public")
	if w.prepare("sqlx_s_1", write, rust) {
		w.explain("EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE sqlx_s_1(NULL, NULL, NULL, NULL, NULL, NULL)")
		for _, m := range messages(0) {
			w.one("sqlx_s_1", m)
		}
	}
	for i, q := range questions {
		name := fmt.Sprintf("sqlx_s_%d", i+2)
		if w.prepare(name, q.sql, q.types) {
			w.one(name, q.values)
			w.bound(name, q.values)
		}
	}
	w.exec("BEGIN")
	m := messages(1)
	w.bound("sqlx_s_1", m[0])
	w.bound("sqlx_s_1", m[0])
	w.bound("sqlx_s_1", m[1]) // the transaction is aborted
	w.exec("ROLLBACK")
	w.bound("sqlx_s_1", m[0])
}

func (w *wire) exec(sql string) {
	results, err := w.conn.Exec(w.t.Context(), sql).ReadAll()
	if err != nil {
		w.fail(err)
	}
	for _, r := range results {
		w.note(r)
	}
}

// explain looks whether a plan is answered: which is the server's own matter.
func (w *wire) explain(sql string) {
	_, err := w.conn.Exec(w.t.Context(), sql).ReadAll()
	fmt.Fprintln(&w.text, sql, err)
}

func (w *wire) prepare(name, sql string, types []uint32) bool {
	fmt.Fprintln(&w.text, sql, types)
	st, err := w.conn.Prepare(w.t.Context(), name, sql, types)
	if err != nil {
		w.fail(err)
		return false
	}
	fmt.Fprintln(&w.text, st.ParamOIDs)
	w.fields(st.Fields)
	return true
}

func (w *wire) bound(name string, values [][]byte) {
	w.note(w.conn.ExecPrepared(w.t.Context(), name, values, binaries, binaries).Read())
}

// one asks for one row, and closes the portal.
func (w *wire) one(name string, values [][]byte) {
	f := w.conn.Frontend()
	f.Send(&pgproto3.Bind{PreparedStatement: name, Parameters: values, ParameterFormatCodes: binaries, ResultFormatCodes: binaries})
	f.Send(&pgproto3.Execute{MaxRows: 1})
	f.Send(&pgproto3.Close{ObjectType: 'P'})
	f.Send(&pgproto3.Sync{})
	if err := f.Flush(); err != nil {
		w.t.Fatal(err)
	}
	for {
		m, err := f.Receive()
		if err != nil {
			w.t.Fatal(err)
		}
		switch m := m.(type) {
		case *pgproto3.DataRow:
			fmt.Fprintf(&w.text, "a row of %d values\n", len(m.Values))
		case *pgproto3.ErrorResponse:
			fmt.Fprintln(&w.text, m.Severity, m.Code, m.Message)
		case *pgproto3.CommandComplete:
			fmt.Fprintf(&w.text, "%s\n", m.CommandTag)
		case *pgproto3.ReadyForQuery:
			fmt.Fprintf(&w.text, "ready %c\n", m.TxStatus)
			return
		default:
			fmt.Fprintf(&w.text, "%T\n", m)
		}
	}
}

func (w *wire) note(r *pgconn.Result) {
	w.fields(r.FieldDescriptions)
	for _, row := range r.Rows {
		for i, v := range row {
			if v == nil {
				fmt.Fprint(&w.text, "NULL ")
			} else if r.FieldDescriptions[i].Name == "time" {
				fmt.Fprintf(&w.text, "%d bytes ", len(v))
			} else {
				fmt.Fprintf(&w.text, "%q ", v)
			}
		}
		fmt.Fprintln(&w.text)
	}
	if r.Err != nil {
		w.fail(r.Err)
		return
	}
	fmt.Fprintln(&w.text, r.CommandTag)
}

func (w *wire) fields(list []pgconn.FieldDescription) {
	for _, f := range list {
		fmt.Fprint(&w.text, f.Name, " ", f.DataTypeOID, " ", f.DataTypeSize, " ", f.TypeModifier, " ", f.Format, ", ")
	}
	fmt.Fprintln(&w.text)
}

// fail notes an error as it comes.
func (w *wire) fail(err error) {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		w.t.Fatal(err)
	}
	fmt.Fprintln(&w.text, e.Severity, e.Code, e.Message, e.Hint, e.SchemaName, e.TableName, e.ColumnName, e.ConstraintName)
}
