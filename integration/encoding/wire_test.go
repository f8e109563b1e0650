package encoding

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/pgwire/charset"
)

// connect opens a connection whose client is in an encoding.
func connect(t *testing.T, url, encoding string) *pgconn.PgConn {
	t.Helper()
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["client_encoding"] = encoding
	conn, err := pgconn.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// exchange sends messages and returns what comes back, a line a message.
func exchange(t *testing.T, conn *pgconn.PgConn, messages ...pgproto3.FrontendMessage) (out []string) {
	t.Helper()
	front := conn.Frontend()
	for _, m := range messages {
		front.Send(m)
	}
	if err := front.Flush(); err != nil {
		t.Fatal(err)
	}
	for {
		m, err := conn.ReceiveMessage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		switch m := m.(type) {
		case *pgproto3.RowDescription:
			line := "columns"
			for _, f := range m.Fields {
				line += fmt.Sprintf(" %q:%d", f.Name, f.DataTypeOID)
			}
			out = append(out, line)
		case *pgproto3.DataRow:
			out = append(out, fmt.Sprintf("row %q", m.Values))
		case *pgproto3.CopyData:
			out = append(out, fmt.Sprintf("copy %q", m.Data))
		case *pgproto3.CopyInResponse:
			out = append(out, "copy in")
			return out
		case *pgproto3.ErrorResponse:
			out = append(out, fmt.Sprintf("%s %s %q at %d, where %q", m.Severity, m.Code, m.Message, m.Position, where(m.Where)))
		case *pgproto3.NoticeResponse:
			out = append(out, fmt.Sprintf("%s %s %q", m.Severity, m.Code, m.Message))
		case *pgproto3.CommandComplete:
			out = append(out, "tag "+string(m.CommandTag))
		case *pgproto3.ParameterStatus:
			out = append(out, "parameter "+m.Name+" = "+m.Value)
		case *pgproto3.ReadyForQuery:
			return out
		}
	}
}

// where leaves out what only says which parameter it was.
func where(s string) string {
	if strings.HasPrefix(s, "unnamed portal") {
		return ""
	}
	return s
}

// characters returns characters of an encoding, in its bytes.
func characters(e *charset.Encoding, random *rand.Rand, n int) (out [][]byte) {
	if e.Same() {
		for range n {
			out = append(out, []byte(string([]rune{'ä', 'é', '€', 'я', '漢', '😀', rune(0x100 + random.IntN(0x1000))}[random.IntN(7)])))
		}
		return out
	}
	for len(out) < n {
		b := make([]byte, 1+random.IntN(4))
		for i := range b {
			b[i] = byte(0x30 + random.IntN(0xcf))
		}
		b[0] |= 0x80
		text, err := e.Decode(nil, b)
		if err == nil && len([]rune(string(text))) == 1 && e.Characters(b) == 1 {
			out = append(out, b)
		}
	}
	return out
}

// TestClients: in each encoding, what clients send and are sent, in text, in binary and by COPY, is PostgreSQL's, as
// are the errors for what is no text and for characters that the encoding lacks.
func TestClients(t *testing.T) {
	server := harness.Eventgres(t)
	theirs := harness.Postgres(t).Database(t)
	random := rand.New(rand.NewPCG(harness.Seed(t), 2))
	for id := range 42 {
		e := charset.ByID(id)
		if !e.Convertible() {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			a, b := connect(t, server.URL(), strings.ToLower(e.Name)), connect(t, theirs, strings.ToLower(e.Name))
			if got, want := a.ParameterStatus("client_encoding"), b.ParameterStatus("client_encoding"); got != want {
				t.Errorf("client_encoding is %s, in PostgreSQL %s", got, want)
			}
			same := func(messages ...pgproto3.FrontendMessage) {
				t.Helper()
				got, want := exchange(t, a, messages...), exchange(t, b, messages...)
				if !slices.Equal(got, want) {
					sent := ""
					for _, m := range messages {
						sent += fmt.Sprintf("%T %+q ", m, m)
					}
					t.Errorf("%s\n got %s\nwant %s", sent, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
				}
			}
			query := func(format string, args ...any) {
				t.Helper()
				same(&pgproto3.Query{String: fmt.Sprintf(format, args...)})
			}
			chars := characters(e, random, 60)
			joined := string(slices.Concat(chars...))
			query("select '%s' as \"%s\", length('%s')", joined, chars[0], joined)
			query("select '%s'::int", chars[1])
			query("select '%s', %s", joined, chars[2])
			query("select upper(x) from (values ('%s'), ('a')) v(x) order by 1", joined)
			query("select * from \"%s\"", chars[3])
			query("select convert_to('%s', '%s'), pg_client_encoding(), current_setting('client_encoding')", joined, e.Name)
			for _, bad := range []string{"\xff\xff", "\x81", "\xa1", "\x8f\xa1", "\xf0\x9f", "\xc3", "\x8d "} {
				query("select 'a%s'", bad)
				query("select 1 as \"a%sb\"", bad)
			}
			for _, r := range []rune{'ä', '€', 'я', 'ع', 'ก', '漢', '가', '😀', 0x80, 0xffff} {
				query("select 'a' union all select chr(%d)", r)
				query("select chr(x)::int from (values (%d), (%[1]d)) v(x)", r)
				query("copy (select 'a' union all select chr(%d)) to stdout csv header", r)
			}
			for _, text := range append(chars[:10:10], []byte("\xff\xfe"), []byte("a\x00"), []byte("\xa1"), nil) {
				for _, format := range []int16{0, 1} {
					jsonb := []byte(fmt.Sprintf("\"%s\"", text))
					if format == 1 {
						jsonb = append([]byte{1}, jsonb...)
					}
					array := []byte(fmt.Sprintf("{\"%s\",x,NULL}", text))
					if format == 1 {
						array = []byte{0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 3, 0, 0, 0, 1}
						array = append(binary.BigEndian.AppendUint32(array, uint32(len(text))), text...)
						array = append(array, 0, 0, 0, 1, 'x', 0xff, 0xff, 0xff, 0xff)
					}
					same(&pgproto3.Parse{Query: "select $1::text as a, $2::jsonb as b, $3::text[] as c, $4::varchar as d"},
						&pgproto3.Describe{ObjectType: 'S'},
						&pgproto3.Bind{ParameterFormatCodes: []int16{format}, Parameters: [][]byte{text, jsonb, array, text}, ResultFormatCodes: []int16{format}},
						&pgproto3.Execute{}, &pgproto3.Sync{})
				}
				same(&pgproto3.Parse{Name: string(slices.DeleteFunc(slices.Clone(text), func(c byte) bool { return c == 0 })), Query: "select 1"}, &pgproto3.Sync{})
			}
			for _, format := range []string{"text", "csv", "binary"} {
				query("copy (select '%s', '{\"a\":\"%s\"}'::jsonb, array['%s']) to stdout (format %s)", joined, chars[4], chars[5], format)
			}
			query("copy (select '%s') to stdout (encoding 'utf8')", joined)
			query("prepare \"%s\" as select '%s'; execute \"%s\"; deallocate \"%s\"", chars[6], joined, chars[6], chars[7])
			query("begin; set local client_encoding = 'utf8'; select chr(228); rollback")
			query("select chr(228)")
			query("set names 'utf8'; select chr(8364)")
			query("select 'ä€'")
			query("reset client_encoding; show client_encoding")
		})
	}
}

// TestCopyIn: COPY takes text in any encoding, also where a message ends within a character, and tells of what is none
// in which line it is.
func TestCopyIn(t *testing.T) {
	server := harness.Eventgres(t)
	theirs := harness.Postgres(t).Database(t)
	random := rand.New(rand.NewPCG(harness.Seed(t), 3))
	number := 0
	for id := range 42 {
		e := charset.ByID(id)
		if !e.Convertible() {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			a, b := connect(t, server.URL(), "UTF8"), connect(t, theirs, "UTF8")
			for round := range 8 {
				number++
				stream := fmt.Sprint("copy-", number)
				option := fmt.Sprintf("format %s", []string{"text", "csv"}[round%2])
				if round < 4 {
					option += ", encoding '" + e.Name + "'"
				} else {
					set := &pgproto3.Query{String: "set client_encoding = '" + e.Name + "'"}
					exchange(t, a, set)
					exchange(t, b, set)
				}
				var data []byte
				for line, c := range characters(e, random, 40) {
					data = fmt.Appendf(data, "%s%ctype%d%c\"%s\"\n", stream, "\t,"[round%2], line, "\t,"[round%2], quoted(c, round%2 == 1))
					if round%4 == 3 && line == 20 {
						data = append(data, "x\xff\xa1\n"...)
					}
				}
				send := func(conn *pgconn.PgConn) []string {
					got := exchange(t, conn, &pgproto3.Query{String: "copy events (stream, type, payload) from stdin (" + option + ")"})
					var messages []pgproto3.FrontendMessage
					for rest := data; len(rest) > 0; {
						n := min(len(rest), 1+number%7)
						messages, rest = append(messages, &pgproto3.CopyData{Data: rest[:n]}), rest[n:]
					}
					return append(got, exchange(t, conn, append(messages, &pgproto3.CopyDone{})...)...)
				}
				got, want := send(a), send(b)
				if !slices.Equal(got, want) {
					t.Errorf("%s, %q\n got %s\nwant %s", option, data, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
				}
				read := &pgproto3.Query{String: "set client_encoding = utf8; select type, payload from events where stream = '" + stream + "' order by position"}
				if got, want := exchange(t, a, read), exchange(t, b, read); !slices.Equal(got, want) {
					t.Errorf("%s\n got %s\nwant %s", option, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
				}
			}
		})
	}
}

// quoted is a character for a JSON text, which may be one that has a meaning in CSV.
func quoted(c []byte, csv bool) string {
	if csv {
		return "\"" + string(c) + "\"\""
	}
	return string(c)
}

// TestPsql: psql in a terminal of another encoding.
func TestPsql(t *testing.T) {
	server := harness.Eventgres(t)
	cluster := harness.Postgres(t)
	psql := cluster.Program(t, "psql")
	run := func(url, encoding, input string) string {
		cmd := exec.CommandContext(t.Context(), psql, "-X", "-d", url)
		cmd.Env = append(cmd.Environ(), "PGCLIENTENCODING="+encoding)
		cmd.Stdin = strings.NewReader(input)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	theirs := cluster.Database(t)
	for _, c := range []struct{ encoding, word string }{{"LATIN1", "M\xfcller \xbd"}, {"SJIS", "\x83\x5c\x83\x7c"}, {"WIN1251", "\xef\xf0\xe8\xe2\xe5\xf2"}, {"BIG5", "\xa4\xa4\xa4\xe5"}} {
		input := fmt.Sprintf(`\encoding
insert into events (stream, type, payload) values ('psql-%[1]s', '%[2]s', '{"name": "%[2]s"}') returning type, payload;
select type as "%[2]s", payload->>'name' from events where stream = 'psql-%[1]s';
\copy events (stream, type) from stdin
psql-%[1]s	%[2]s
\.
\copy (select type, payload from events where stream = 'psql-%[1]s' order by position) to stdout csv header
select chr(3634);
select '%[2]s'::uuid;
`, c.encoding, c.word)
		if got, want := run(server.URL(), c.encoding, input), run(theirs, c.encoding, input); got != want {
			t.Errorf("%s: %q, PostgreSQL: %q", c.encoding, got, want)
		}
	}
}
