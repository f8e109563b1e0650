package pgvalue

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// failure writes an error as !SQLSTATE and its message.
func failure(err error) string {
	var e *pgerror.Error
	if !errors.As(err, &e) {
		return fmt.Sprintf("!????? %v", err)
	}
	return "!" + e.Code + " " + e.Message
}

// textOf reads a text and writes the value in text, or the error.
func textOf(oid uint32, s string, zone *Zone) string {
	v, err := ParseText(oid, s, zone)
	switch {
	case err != nil:
		return failure(err)
	case v.IsNull():
		return "NULL"
	}
	return string(AppendText(nil, oid, &v, zone))
}

// TestText: the texts and messages are PostgreSQL 15's.
func TestText(t *testing.T) {
	for _, c := range []struct {
		oid      uint32
		in, want string
	}{
		{OIDInt8, "9223372036854775807", "9223372036854775807"},
		{OIDInt8, " \t-9223372036854775808\n", "-9223372036854775808"},
		{OIDInt8, "+7", "7"},
		{OIDInt8, "9223372036854775808", `!22003 value "9223372036854775808" is out of range for type bigint`},
		{OIDInt8, "", `!22P02 invalid input syntax for type bigint: ""`},
		{OIDInt8, "1_000", `!22P02 invalid input syntax for type bigint: "1_000"`},
		{OIDInt8, "--1", `!22P02 invalid input syntax for type bigint: "--1"`},
		{OIDInt4, "2147483648", `!22003 value "2147483648" is out of range for type integer`},
		{OIDInt2, "-32769", `!22003 value "-32769" is out of range for type smallint`},
		{OIDOid, "4294967295", "4294967295"},
		{OIDOid, "-1", "4294967295"},
		{OIDOid, "4294967296", `!22003 value "4294967296" is out of range for type oid`},

		{OIDBool, "t", "t"},
		{OIDBool, " TRU ", "t"},
		{OIDBool, "of", "f"},
		{OIDBool, "n", "f"},
		{OIDBool, "o", `!22P02 invalid input syntax for type boolean: "o"`},
		{OIDBool, "", `!22P02 invalid input syntax for type boolean: ""`},

		{OIDFloat8, "0.1", "0.1"},
		{OIDFloat8, "1e15", "1e+15"},
		{OIDFloat8, "123456789012345", "123456789012345"},
		{OIDFloat8, "0.0001", "0.0001"},
		{OIDFloat8, "0.00001", "1e-05"},
		{OIDFloat8, "-0", "-0"},
		{OIDFloat8, "infinity", "Infinity"},
		{OIDFloat8, "-inf", "-Infinity"},
		{OIDFloat8, "nan", "NaN"},
		{OIDFloat8, "x", `!22P02 invalid input syntax for type double precision: "x"`},
		{OIDFloat8, "1e-400", `!22003 "1e-400" is out of range for type double precision`},
		{OIDFloat8, "-0.00e-999", "-0"},
		{OIDFloat8, "1e400", `!22003 "1e400" is out of range for type double precision`},
		{OIDFloat4, "0.1", "0.1"},
		{OIDFloat4, "123456", "123456"},
		{OIDFloat4, "1000000", "1e+06"},
		{OIDFloat4, "1e39", `!22003 "1e39" is out of range for type real`},

		{OIDNumeric, " 1.50 ", "1.50"},
		{OIDNumeric, "-12345678901234567890.123", "-12345678901234567890.123"},
		{OIDNumeric, "1x", `!22P02 invalid input syntax for type numeric: "1x"`},
		{OIDNumeric, "", `!22P02 invalid input syntax for type numeric: ""`},
		{OIDNumeric, "0x1p2", `!22P02 invalid input syntax for type numeric: "0x1p2"`},

		{OIDUUID, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{OIDUUID, "{a0eebc999c0b4ef8bb6d6bb9bd380a11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{OIDUUID, "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{OIDUUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", `!22P02 invalid input syntax for type uuid: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1"`},
		{OIDUUID, "a0e-ebc99-9c0b-4ef8-bb6d-6bb9bd380a11", `!22P02 invalid input syntax for type uuid: "a0e-ebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`},

		{OIDBytea, `\x00 fF`, `\x00ff`},
		{OIDBytea, `\x0`, `!22023 invalid hexadecimal data: odd number of digits`},
		{OIDBytea, `\x0g`, `!22023 invalid hexadecimal digit: "g"`},
		{OIDBytea, `a\\b\000\377`, `\x615c6200ff`},
		{OIDBytea, `a\b`, `!22P02 invalid input syntax for type bytea`},
		{OIDBytea, "", `\x`},

		{OIDText, " a ", " a "},
		{OIDJSONB, `{"b": 1,  "a":2}`, `{"b": 1,  "a":2}`}, // byte for byte

		{OIDTextArray, `{}`, `{}`},
		{OIDTextArray, ` { a b , "c,d" , NULL, "null", "", \\x } `, `{"a b","c,d",NULL,"null","","\\x"}`},
		{OIDTextArray, `{"a\"b\\c"}`, `{"a\"b\\c"}`},
		{OIDTextArray, `{N\ULL}`, `{"NULL"}`},
		{OIDTextArray, "{\"a\nb\",é}", "{\"a\nb\",é}"},
		{OIDTextArray, `{a,}`, `!22P02 malformed array literal: "{a,}"`},
		{OIDTextArray, `{,a}`, `!22P02 malformed array literal: "{,a}"`},
		{OIDTextArray, `{"a" b}`, `!22P02 malformed array literal: "{"a" b}"`},
		{OIDTextArray, `{a`, `!22P02 malformed array literal: "{a"`},
		{OIDTextArray, `{"a`, `!22P02 malformed array literal: "{"a"`},
		{OIDTextArray, `{}x`, `!22P02 malformed array literal: "{}x"`},
		{OIDTextArray, `a`, `!22P02 malformed array literal: "a"`},
		{OIDTextArray, ``, `!22P02 malformed array literal: ""`},
		{OIDTextArray, `{{a}}`, `!0A000 multidimensional arrays are not supported`},
		{OIDInt8Array, `{1, -2,NULL}`, `{1,-2,NULL}`},
		{OIDInt8Array, `{x}`, `!22P02 invalid input syntax for type bigint: "x"`},
		{OIDUUIDArray, `{a0eebc999c0b4ef8bb6d6bb9bd380a11}`, `{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}`},
		{999999, "x", `!0A000 values of type with OID 999999 are not supported`},
	} {
		if got := textOf(c.oid, c.in, UTC); got != c.want {
			t.Errorf("%s %q: got %s, want %s", TypeName(c.oid), c.in, got, c.want)
		}
	}
}

// TestBinary: the encodings are those that PostgreSQL's send functions give.
func TestBinary(t *testing.T) {
	for _, c := range []struct {
		oid       uint32
		text, hex string
	}{
		{OIDInt8, "-2", "fffffffffffffffe"},
		{OIDInt4, "258", "00000102"},
		{OIDInt2, "-1", "ffff"},
		{OIDOid, "4294967295", "ffffffff"},
		{OIDBool, "t", "01"},
		{OIDBool, "f", "00"},
		{OIDFloat8, "1.5", "3ff8000000000000"},
		{OIDFloat4, "-2", "c0000000"},
		{OIDText, "é", "c3a9"},
		{OIDText, "", ""},
		{OIDBytea, `\x00ff`, "00ff"},
		{OIDJSON, `{}`, "7b7d"},
		{OIDJSONB, `{}`, "017b7d"},
		{OIDUUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc999c0b4ef8bb6d6bb9bd380a11"},
		{OIDNumeric, "0", "0000000000000000"},
		{OIDNumeric, "12345.678", "000300010000000300010929" + "1a7c"},
		{OIDNumeric, "-1.50", "0002000040000002" + "00011388"},
		{OIDTimestamptz, "2000-01-01 00:00:00+00", "0000000000000000"},
		{OIDTimestamptz, "2026-11-23 18:00:01.5+00", "000303f421a50b60"},
		{OIDTimestamptz, "1999-12-31 23:59:59.999999+00", "ffffffffffffffff"},
		{OIDTimestamptz, "infinity", "7fffffffffffffff"},
		{OIDTimestamptz, "-infinity", "8000000000000000"},
		{OIDTimestamp, "2000-01-01 00:00:01", "00000000000f4240"},
		{OIDDate, "2000-01-02", "00000001"},
		{OIDDate, "1999-12-31", "ffffffff"},
		{OIDDate, "infinity", "7fffffff"},
		{OIDDate, "-infinity", "80000000"},
		{OIDTextArray, "{}", "000000000000000000000019"},
		{OIDTextArray, "{a,NULL}", "000000010000000100000019" + "0000000200000001" + "0000000161" + "ffffffff"},
		{OIDInt8Array, "{1}", "000000010000000000000014" + "0000000100000001" + "000000080000000000000001"},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		v, err := ParseText(c.oid, c.text, UTC)
		if err != nil {
			t.Errorf("%s %s: %v", TypeName(c.oid), c.text, err)
			continue
		}
		if got := AppendBinary(nil, c.oid, &v); !bytes.Equal(got, b) {
			t.Errorf("%s %s: written as %x, want %s", TypeName(c.oid), c.text, got, c.hex)
		}
		v, err = ParseBinary(c.oid, b, 1)
		if err != nil {
			t.Errorf("%s %s: %v", TypeName(c.oid), c.hex, err)
			continue
		}
		if got := string(AppendText(nil, c.oid, &v, UTC)); got != c.text {
			t.Errorf("%s %s: read as %s, want %s", TypeName(c.oid), c.hex, got, c.text)
		}
	}
}

// TestNumericBinary: the binary form of any numeric is read as its text.
func TestNumericBinary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	digits := func(n int) string {
		out := make([]byte, n)
		for i := range out {
			out[i] = "0001234567890009"[r.IntN(16)]
		}
		return string(out)
	}
	for range 20_000 {
		text := strings.TrimLeft(digits(r.IntN(14)), "0")
		if text == "" {
			text = "0"
		}
		if n := r.IntN(14); n > 0 {
			text += "." + digits(n)
		}
		if r.IntN(2) == 0 && strings.ContainsAny(text, "123456789") {
			text = "-" + text
		}
		v := TextValue(text)
		b := AppendBinary(nil, OIDNumeric, &v)
		got, err := ParseBinary(OIDNumeric, b, 1)
		if err != nil || got.Text != text {
			t.Fatalf("%s: %s %v", text, got.Text, err)
		}
		for range 4 {
			bad := append([]byte(nil), b...)
			bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			_, _ = ParseBinary(OIDNumeric, bad[:r.IntN(len(bad)+1)], 1) // it must only not panic
		}
	}
}

func TestBinaryErrors(t *testing.T) {
	const short, bad = "!08P01 insufficient data left in message", "!22P03 incorrect binary data format in bind parameter 3"
	for _, c := range []struct {
		oid       uint32
		hex, want string
	}{
		{OIDInt8, "00", short},
		{OIDInt4, "", short},
		{OIDInt4, "0000000000", bad},
		{OIDUUID, "00", short},
		{OIDBool, "0101", bad},
		{OIDText, "00", `!22021 invalid byte sequence for encoding "UTF8": 0x00`},
		{OIDText, "ff", `!22021 invalid byte sequence for encoding "UTF8": 0xff`},
		{OIDJSONB, "", short},
		{OIDJSONB, "027b7d", "!22P03 unsupported jsonb version number 2"},
		{OIDNumeric, "00", short},
		{OIDTextArray, "00", short},
		{OIDTextArray, "ffffffff0000000000000019", "!22P03 invalid number of dimensions: -1"},
		{OIDTextArray, "000000070000000000000019", "!54000 number of array dimensions (7) exceeds the maximum allowed (6)"},
		{OIDTextArray, "000000010000000200000019", "!22P03 invalid array flags"},
		{OIDTextArray, "000000010000000000000014", "!42804 binary data has array element type 20 (bigint) instead of expected 25 (text)"},
		{OIDTextArray, "000000020000000000000019", "!0A000 multidimensional arrays are not supported"},
		{OIDTextArray, "000000010000000000000019000003e800000001", short},
		{OIDTextArray, "000000010000000000000019000000010000000100000002" + "61", "!22P03 insufficient data left in message"},
		{OIDTextArray, "000000010000000000000019000000010000000100000001" + "6161", bad},
		// Times that the type cannot hold.
		{OIDTimestamptz, "7ffffffffffffffe", "!22008 timestamp out of range"},
		{OIDDate, "7ffffffe", "!22008 date out of range"},
		{999999, "00", "!0A000 values of type with OID 999999 are not supported in binary format"},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if v, err := ParseBinary(c.oid, b, 3); err != nil {
			got = failure(err)
		} else {
			got = string(AppendText(nil, c.oid, &v, UTC))
		}
		if got != c.want {
			t.Errorf("%s %s: got %s, want %s", TypeName(c.oid), c.hex, got, c.want)
		}
	}
}

func TestCheckText(t *testing.T) {
	const message = `!22021 invalid byte sequence for encoding "UTF8": `
	for in, want := range map[string]string{
		"":                     "",
		"aé€😀":                 "",
		"\ufffd":               "", // the replacement character itself
		"a\x00":                message + "0x00",
		"\xff":                 message + "0xff",
		"\x80":                 message + "0x80",
		"\xc3(":                message + "0xc3 0x28",
		"\xc3":                 message + "0xc3",
		"\xe2\x82":             message + "0xe2 0x82",
		"\xed\xa0\x80":         message + "0xed 0xa0 0x80",      // a surrogate
		"\xc0\xaf":             message + "0xc0 0xaf",           // overlong
		"\xf4\x90\x80\x80":     message + "0xf4 0x90 0x80 0x80", // beyond U+10FFFF
		"ok \xf0\x9f\x98 then": message + "0xf0 0x9f 0x98 0x20",
	} {
		got := ""
		if err := CheckText([]byte(in)); err != nil {
			got = failure(err)
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

// TestArrayBound: an array literal cannot take memory without end.
func TestArrayBound(t *testing.T) {
	text := "{" + strings.Repeat("1,", MaxArrayElements) + "1}"
	if _, err := ParseText(OIDInt8Array, text, UTC); err == nil || failure(err)[:6] != "!54000" {
		t.Errorf("got %v", err)
	}
}
