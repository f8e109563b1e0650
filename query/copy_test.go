package query

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/copyfmt"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// patience is how long anything may take before a test gives up on it; far more than it needs, for machines under load.
const patience = 2 * time.Minute

// copyProbe is a server whose every statement reads COPY data with a copyReader, so that
// data reaches it in the pieces in which a client sends it.
type copyProbe struct {
	plan   *copyPlan
	answer chan string // what the reader made of it
	conn   *pgconn.PgConn
}

func startCopyProbe(t *testing.T) *copyProbe {
	t.Helper()
	p := &copyProbe{answer: make(chan string, 1)}
	addr := serve(t, p)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	conn, err := pgconn.Connect(ctx, "postgres://u@"+addr+"/d?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	p.conn = conn
	return p
}

// serve serves a handler on a loopback address until the test ends.
func serve(t testing.TB, h pgwire.Handler) string {
	t.Helper()
	return serveServer(t, &pgwire.Server{Handler: h})
}

// serveServer is serve, with a server of the test's own making.
func serveServer(t testing.TB, server *pgwire.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error("shutdown:", err)
		}
		if err := <-served; err != nil {
			t.Error("serve:", err)
		}
	})
	return l.Addr().String()
}

// read sends data in the pieces that r gives, and returns the rows or the error.
func (p *copyProbe) read(t *testing.T, plan *copyPlan, r io.Reader) string {
	t.Helper()
	p.plan = plan
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := p.conn.CopyFrom(ctx, r, "copy"); err != nil {
		t.Fatal(err)
	}
	return <-p.answer
}

func (p *copyProbe) Connect(context.Context, *pgwire.Conn) (pgwire.Session, error) { return p, nil }
func (p *copyProbe) Parse(_ context.Context, sql string) ([]pgwire.Query, error) {
	return []pgwire.Query{new(syntax.Parsed)}, nil
}

func (p *copyProbe) Prepare(context.Context, pgwire.Query, []uint32) (pgwire.Statement, error) {
	return p, nil
}

func (p *copyProbe) Bind(context.Context, pgwire.Statement, []pgvalue.Value) (pgwire.Portal, error) {
	return p, nil
}
func (p *copyProbe) Sync(context.Context) error { return nil }
func (p *copyProbe) Fail()                      {}
func (p *copyProbe) Status() byte               { return 'I' }
func (p *copyProbe) Close()                     {}
func (p *copyProbe) ParameterOIDs() []uint32    { return nil }
func (p *copyProbe) Columns() []pgvalue.Column  { return nil }

func (p *copyProbe) Execute(ctx context.Context, out *pgwire.Output, _ int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	in, err := out.BeginCopyIn(len(p.plan.columns), p.plan.format.Kind == "binary", nil)
	if err != nil {
		return pgwire.Tag{}, false, err
	}
	answer, err := p.readAll(ctx, in)
	for err == nil { // what is left after an error of the data
		_, err = in.Next(ctx)
	}
	if !errors.Is(err, io.EOF) {
		return pgwire.Tag{}, false, err
	}
	p.answer <- answer
	return pgwire.Tag{Command: "COPY"}, true, nil
}

// readAll reads binary data as it comes, other in blocks that are as small as can be.
func (p *copyProbe) readAll(ctx context.Context, in *pgwire.CopyReader) (string, error) {
	if p.plan.format.Kind == "binary" {
		return readRows(ctx, copyfmt.NewReader(in, &p.plan.format, p.plan.columns, pgvalue.UTC))
	}
	blocks := copyfmt.NewBlocks(in, &p.plan.format)
	blocks.Size = 1
	var answer strings.Builder
	for line := int64(0); ; {
		block, err := blocks.Next(ctx)
		if errors.Is(err, io.EOF) {
			return answer.String(), nil
		}
		if err != nil {
			return "", err
		}
		r := copyfmt.NewBlockReader(block, line, &p.plan.format, p.plan.columns, pgvalue.UTC)
		rows, err := readRows(ctx, r)
		answer.WriteString(rows)
		if err != nil || r.Ended || strings.Contains(rows, "!") {
			return answer.String(), err
		}
		line = r.Line
	}
}

// readRows writes rows as [a|b] with ~ for null; after the last an error of the data, as
// !SQLSTATE and its message. An error of the connection is returned.
func readRows(ctx context.Context, r *copyfmt.Reader) (string, error) {
	var out strings.Builder
	for {
		fields, err := r.Row(ctx)
		if errors.Is(err, io.EOF) {
			return out.String(), nil
		}
		if err == nil {
			out.WriteByte('[')
			err = writeRow(&out, r, fields)
			out.WriteByte(']')
			r.Column = -1
		}
		var e *pgerror.Error
		switch {
		case errors.As(err, &e):
			fmt.Fprintf(&out, "!%s %s", e.Code, e.Message)
			return out.String(), nil
		case err != nil:
			return "", err
		}
	}
}

func writeRow(out *strings.Builder, r *copyfmt.Reader, fields []copyfmt.Field) error {
	for i, f := range fields {
		if i > 0 {
			out.WriteByte('|')
		}
		if f.Null {
			out.WriteByte('~')
			continue
		}
		column := r.Columns[i]
		r.Column = column
		v, err := r.Value(column, f.Data)
		if err != nil {
			return err
		}
		out.Write(pgvalue.AppendText(nil, relation.Events.Columns[column].OID, &v, pgvalue.UTC))
	}
	return nil
}

// copyOf makes the plan of a COPY statement.
func copyOf(t *testing.T, sql string) *copyPlan {
	t.Helper()
	list, err := syntax.Parse(sql)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := (&Session{}).prepareCopy(&expr.Compiler{Src: sql}, list[0].Statement.(*syntax.CopyStmt), nil)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return plan.(*copyPlan)
}

// eachSplit gives data in one piece, in two that are cut at every place, and byte by
// byte.
func eachSplit(data string, f func(how string, r io.Reader)) {
	f("whole", strings.NewReader(data))
	for i := 1; i < len(data); i++ {
		f(fmt.Sprintf("cut at %d", i), io.MultiReader(strings.NewReader(data[:i]), strings.NewReader(data[i:])))
	}
	f("byte by byte", iotest.OneByteReader(strings.NewReader(data)))
}

func TestCopyRead(t *testing.T) {
	probe := startCopyProbe(t)
	const text, csv = "copy events (stream, type) from stdin", "copy events (stream, type) from stdin (format csv"
	for _, c := range []struct{ sql, data, want string }{
		// Text.
		{text, "", ""},
		{text, "a\tb\nc\td\n", "[a|b][c|d]"},
		{text, "a\tb\r\nc\td", "[a|b][c|d]"},
		{text, "a\tb\rc\td\r", "[a|b][c|d]"},
		{text, "\\N\t\n", "[~|]"},
		{text, "a\\tb\\\\\t\\x41\\101\\n\\q\n", "[a\tb\\|AA\nq]"},
		{text, "a\\\nb\tc\n", "[a\nb|c]"},
		{text, "a\\\tb\tc\n", "[a\tb|c]"},
		{text, "é\t€\n", "[é|€]"},
		{text, "a\tb\n\\.\nc\td\n", "[a|b]"},
		{text, "a\tb\n\\.", "[a|b]"},
		{text, "a\tb\na\n", `[a|b]!22P04 missing data for column "type"`},
		{text, "a\tb\tc\n", "!22P04 extra data after last expected column"},
		{text, "a\t\xff\n", `!22021 invalid byte sequence for encoding "UTF8": 0xff`},
		{text, "a\t\\xff\n", `[a|]!22021 invalid byte sequence for encoding "UTF8": 0xff`},
		{text + " (delimiter '|', null 'x')", "a|\\|\nx|\\x\n", "[a||][~|x]"},
		{text + " (header)", "stream\ttype\na\tb\n", "[a|b]"},
		{text + " (header match)", "stream\ttype\na\tb\n", "[a|b]"},
		{text + " (header match)", "stream\tx\n", `!22P04 column name mismatch in header line field 2: got "x", expected "type"`},
		{"copy events (version) from stdin", "1\n x \n", `[1][]!22P02 invalid input syntax for type bigint: " x "`},

		// CSV.
		{csv + ")", "a,b\r\nc,d", "[a|b][c|d]"},
		{csv + ")", `a,"b ""q"", c` + "\n\nd\"\n", "[a|b \"q\", c\n\nd]"},
		{csv + ")", "\"a\r\nb\",c\r\n", "[a\r\nb|c]"},
		{csv + ")", `,""` + "\n", "[~|]"},
		{csv + ")", `a" b "c,d` + "\n", "[a b c|d]"},
		{csv + ")", "a,b\n\\.\nc,d\n", "[a|b]"},
		{csv + ")", "a,\"b\n", "!22P04 unterminated CSV quoted field"},
		{csv + ", header)", "\"x\ny\",z\na,b\n", "[a|b]"},
		{csv + `, escape '\')`, `a,"b\"c\\d\e"` + "\n", `[a|b"c\d\e]`},
		{csv + `, quote '''', delimiter ';', null 'NULL')`, "'a;''b';'NULL'\nNULL;c\n", "[a;'b|NULL][~|c]"},
		{csv + `, force_null (stream), force_not_null (type))`, `"",` + "\n", "[~|]"},
		{csv + ")", "a\n", `!22P04 missing data for column "type"`},

		// Binary.
		{text + " (format binary)", binaryCopy("", "a", "b"), "[a|b]"},
		{text + " (format binary)", binaryCopy("extension", "a", "~") + "x", "[a|~]!22P04 received copy data after EOF marker"},
		{text + " (format binary)", binaryCopy("", "a", "b")[:30], "!22P04 unexpected EOF in COPY data"},
		{text + " (format binary)", "PGCOPY\n\xff\r\n\x01", "!22P04 COPY file signature not recognized"},
		{text + " (format binary)", "PGCOPY\n\xff\r\n\x00\x00", "!22P04 invalid COPY file header (missing flags)"},
		{text + " (format binary)", "PGCOPY\n\xff\r\n\x00\x00\x01\x00\x00\x00\x00\x00\x00", "!22P04 invalid COPY file header (WITH OIDS)"},
		{text + " (format binary)", binaryCopy("", "a"), "!22P04 row field count is 1, expected 2"},
		{"copy events (version) from stdin (format binary)", binaryCopy("", "\x00\x00\x00\x00\x00\x00\x00\x07"), "[7]"},
		{"copy events (version) from stdin (format binary)", binaryCopy("", "\x00\x00\x00\x00\x00\x00\x00\x00\x07"), "[]!22P03 incorrect binary data format"},
	} {
		plan := copyOf(t, c.sql)
		wrong := false // one report of a case is enough
		eachSplit(c.data, func(how string, r io.Reader) {
			if got := probe.read(t, plan, r); got != c.want && !wrong {
				wrong = true
				t.Errorf("%s, %q, %s:\ngot  %q\nwant %q", c.sql, c.data, how, got, c.want)
			}
		})
	}
}

// binaryCopy is COPY data of one row in the binary format; ~ is null.
func binaryCopy(extension string, fields ...string) string {
	b := append([]byte(copyfmt.BinarySignature), 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(len(extension)))
	b = append(b, extension...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(fields)))
	for _, f := range fields {
		if f == "~" {
			b = append(b, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	return string(append(b, 0xff, 0xff))
}

// TestCopyRoundTrip: what COPY TO writes, COPY FROM reads as it was.
func TestCopyRoundTrip(t *testing.T) {
	probe := startCopyProbe(t)
	nasty := "a,\"b\"\t\\N \\. '|\r\n\b\f\v é\\"
	rows := [][]pgvalue.Value{
		{pgvalue.TextValue(nasty), pgvalue.IntValue(-1), pgvalue.BytesValue([]byte(`{"a": "x\ny"}`)), pgvalue.ArrayValue([]pgvalue.Value{pgvalue.TextValue(nasty), {}})},
		{pgvalue.TextValue(""), {}, {}, pgvalue.ArrayValue([]pgvalue.Value{})},
		{pgvalue.TextValue(`\.`), pgvalue.IntValue(1<<63 - 1), pgvalue.BytesValue([]byte("[]")), {}},
		{pgvalue.TextValue(`\N`), pgvalue.IntValue(0), {}, {}},
	}
	columns := []int{relation.EventStream, relation.EventVersion, relation.EventPayload, relation.EventTags}
	var want strings.Builder
	for _, row := range rows {
		want.WriteByte('[')
		for i, v := range row {
			if i > 0 {
				want.WriteByte('|')
			}
			if v.IsNull() {
				want.WriteByte('~')
			} else {
				want.Write(pgvalue.AppendText(nil, relation.Events.Columns[columns[i]].OID, &v, pgvalue.UTC))
			}
		}
		want.WriteByte(']')
	}
	for _, options := range []string{
		"", "(delimiter '|', null '')", "(delimiter E'\\b')", "(header)",
		"(format csv)", "(format csv, header)", "(format csv, delimiter E'\\t', quote '''')", `(format csv, escape '\', null 'N')`,
		"(format binary)",
	} {
		plan := copyOf(t, "copy events (stream, version, payload, tags) from stdin "+options)
		if options == "(delimiter '|', null '')" { // an empty text is null then
			plan.format.Null = "null"
		}
		w := copyfmt.Writer{Format: &plan.format, Zone: pgvalue.UTC}
		for _, c := range columns {
			w.Columns = append(w.Columns, expr.TableColumn(relation.Events, c, relation.Events.Columns[c].Name))
		}
		data := bytes.Clone(w.Begin())
		for _, row := range rows {
			written, err := w.Row(row)
			if err != nil {
				t.Fatal(err)
			}
			data = append(data, written...)
		}
		data = append(data, w.End()...)
		if got := probe.read(t, plan, iotest.OneByteReader(bytes.NewReader(data))); got != want.String() {
			t.Errorf("%s: %q\ngot  %q\nwant %q", options, data, got, want.String())
		}
	}
}

func TestCopyOptions(t *testing.T) {
	for options, want := range map[string]string{
		"":                                        "",
		"(format xml)":                            "22023",
		"(nosuch)":                                "42601",
		"(format csv, format csv)":                "42601",
		"(delimiter '')":                          "0A000",
		"(delimiter 'ab')":                        "0A000",
		"(delimiter 'a')":                         "22023",
		"(format csv, delimiter 'a')":             "",
		"(delimiter E'\\n')":                      "22023",
		"(null E'a\\nb')":                         "22023",
		"(null E'a\\tb')":                         "0A000",
		"(quote 'x')":                             "0A000",
		"(format csv, quote ',')":                 "22023",
		`(format csv, null '"')`:                  "0A000",
		"(format binary, delimiter ',')":          "42601",
		"(format binary, null 'x')":               "42601",
		"(format binary, header)":                 "0A000",
		"(header maybe)":                          "42601",
		"(force_quote *)":                         "0A000",
		"(force_null (type))":                     "0A000",
		"(format csv, force_null *)":              "22023",
		"(format csv, force_null)":                "22023",
		"(format csv, force_null 'type')":         "22023",
		"(format csv, force_null (nosuch))":       "42703",
		"(format csv, force_null (type, type))":   "42701",
		"csv force null type force not null tags": "",
		"csv force null type force null tags":     "42601",
		"csv force not null nosuch":               "42703",
		"csv force quote *":                       "0A000",
		"csv force type":                          "42601",
		"csv encoding as 'utf8'":                  "42601",
		"text":                                    "42601",
		"delimiters '|' csv":                      "",
		"using delimiters '|' null 'x'":           "",
		"using delimiter '|'":                     "42601",
		"delimiters as '|'":                       "42601",
		"delimiters '|' delimiter ','":            "42601",
		"(format csv, force_not_null (type))":     "",
		"(encoding 'utf8')":                       "",
		"(encoding 'nosuch')":                     "22023",
		"csv header null 'x' quote as '''' ":      "",
		"(format csv, quote '''', escape '\\')":   "",
	} {
		sql := "copy events from stdin " + options
		list, err := syntax.Parse(sql)
		if err == nil {
			_, err = (&Session{}).prepareCopy(&expr.Compiler{Src: sql}, list[0].Statement.(*syntax.CopyStmt), nil)
		}
		if want == "" && err != nil || want != "" && sqlstate(err) != want {
			t.Errorf("%s: got %v, want %s", options, err, want)
		}
	}
}
