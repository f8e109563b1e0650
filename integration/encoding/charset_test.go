package encoding

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/pgwire/charset"
)

// postgresConverts is how PostgreSQL converts each of some texts: hexadecimal, or the error.
const postgresConverts = `
create function pg_temp.decoded(e name, b bytea) returns text language plpgsql as $$
begin
	return encode(convert_to(convert_from(b, e), 'UTF8'), 'hex');
exception when others then
	return sqlstate || ' ' || sqlerrm;
end $$;
create function pg_temp.encoded(e name, r int) returns text language plpgsql as $$
begin
	return encode(convert_to(chr(r), e), 'hex');
exception when others then
	return sqlstate || ' ' || sqlerrm;
end $$`

func outcome(b []byte, err error) string {
	if err == nil {
		return hex.EncodeToString(b)
	}
	e := new(charset.Error)
	if !errors.As(err, &e) {
		return err.Error()
	}
	return e.Code + " " + e.Message
}

// TestCharacters: every sequence of two bytes, many longer ones, and the characters of Unicode are converted as
// PostgreSQL converts them, errors included. EVENTGRES_LONG=1 tries all characters.
func TestCharacters(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), harness.Postgres(t).URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), postgresConverts); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(harness.Seed(t), 1))
	tried := 0
	for id := range 42 {
		e := charset.ByID(id)
		if e.Same() {
			continue
		}
		var sequences [][]byte
		for first := 0x80; first < 0x100; first++ {
			sequences = append(sequences, []byte{byte(first)})
			for second := range 0x100 {
				if second >= 0x40 || second%8 == 0 || id == charset.Lookup("GB18030").ID {
					sequences = append(sequences, []byte{byte(first), byte(second)})
				}
			}
		}
		// Bytes that begin characters of three and four, and those that go on with them, are likely.
		likely := []byte{0x8e, 0x8f, 0x30, 0x35, 0x39, 0x81, 0xa1, 0xa2, 0xa7, 0xd2, 0xe0, 0xfe, 0xff, 0x7f, 0x41, 0}
		for range 5_000 {
			b := make([]byte, 3+random.IntN(4))
			for i := range b {
				if b[i] = byte(random.IntN(256)); random.IntN(2) == 0 {
					b[i] = likely[random.IntN(len(likely))]
				}
			}
			sequences = append(sequences, b)
		}
		rows, err := conn.Query(t.Context(), "select pg_temp.decoded($1, b) from unnest($2::bytea[]) with ordinality u(b, n) order by n", e.Name, sequences)
		if err != nil {
			t.Fatal(err)
		}
		wrong := 0
		for i := 0; rows.Next(); i++ {
			var want string
			if err := rows.Scan(&want); err != nil {
				t.Fatal(err)
			}
			text, err := []byte(nil), e.Check(sequences[i]) // convert_from looks at all of it first
			if err == nil {
				text, err = e.Decode(nil, sequences[i])
			}
			if got := outcome(text, err); got != want {
				if wrong++; wrong < 10 {
					t.Errorf("from %s, % x: %s, PostgreSQL: %s", e.Name, sequences[i], got, want)
				}
			}
			tried++
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
		step, end := 13, 0x30000
		if harness.Long() {
			step, end = 1, 0x110000
		}
		rows, err = conn.Query(t.Context(), "select r, pg_temp.encoded($1, r) from generate_series(1+$2::int, $3::int, $4::int) r", e.Name, random.IntN(step), end, step)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var r rune
			var want string
			if err := rows.Scan(&r, &want); err != nil {
				t.Fatal(err)
			}
			if r >= 0xd800 && r < 0xe000 {
				continue // chr itself refuses them
			}
			if got := outcome(e.Encode(nil, []byte(string(r)))); got != want && r < 0x110000 {
				if wrong++; wrong < 10 {
					t.Errorf("to %s, %U: %s, PostgreSQL: %s", e.Name, r, got, want)
				}
			}
			tried++
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
	}
	t.Logf("%d conversions", tried)
}

// TestNames: names of encodings, in any spelling, are PostgreSQL's.
func TestNames(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), harness.Postgres(t).URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var names []string
	for _, prefix := range []string{
		"", "abc", "alt", "big", "euc", "euc_", "gb", "iso8859", "ISO-8859-", "iso_8859_", "johab", "koi8", "koi-8-", "latin", "LATIN-", "mskanji",
		"mule", "mule_internal", "shift", "Shift_JIS_", "sjis", "sql_ascii", "tcvn", "uhc", "utf-", "unicode", "vscii", "win", "windows", "Windows-", "cp", "us-ascii", "ascii", "eucjis",
	} {
		names = append(names, prefix)
		for n := range 20 {
			names = append(names, fmt.Sprint(prefix, n))
		}
		for _, suffix := range []string{"cn", "jp", "kr", "tw", "r", "u", "k", "2004", "jis2004", "JIS_2004", "1250", "1258", "866", "874", "932", "936", "949", "950", "18030", "5712", "é"} {
			names = append(names, prefix+suffix)
		}
	}
	for _, name := range names {
		var id int
		var canonical string
		if err := conn.QueryRow(t.Context(), "select pg_char_to_encoding($1), pg_encoding_to_char(pg_char_to_encoding($1))", name).Scan(&id, &canonical); err != nil {
			t.Fatal(err)
		}
		switch e := charset.Lookup(name); {
		case e == nil && id >= 0:
			t.Errorf("%q is %s in PostgreSQL", name, canonical)
		case e != nil && (e.ID != id || e.Name != canonical):
			t.Errorf("%q is %s, in PostgreSQL %s", name, e.Name, canonical)
		}
	}
}

// TestPlain: ASCII is told from what is not, wherever in a text it stands.
func TestPlain(t *testing.T) {
	for size := range 40 {
		text := bytes.Repeat([]byte{'a'}, size)
		if !charset.Plain(text) {
			t.Fatalf("%d letters are not plain", size)
		}
		for i := range text {
			for _, c := range []byte{0, 1, 0x7f, 0x80, 0xff} {
				text[i] = c
				if want := c != 0 && c < 0x80; charset.Plain(text) != want {
					t.Errorf("%#x at %d of %d: %v", c, i, size, !want)
				}
			}
			text[i] = 'a'
		}
	}
}
