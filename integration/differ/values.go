package differ

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// pool is the values of each type, as the text that its input function takes. Types are
// named as pg_type does. NULL comes from elsewhere.
var pool = map[string][]string{
	"int2":    {"0", "1", "-1", "2", "32767", "-32768"},
	"int4":    {"0", "1", "-1", "2", "7", "-5", "100", "2147483647", "-2147483648"},
	"int8":    {"0", "1", "-3", "10", "9223372036854775807", "-9223372036854775808", "123456789012"},
	"numeric": {"0", "1.5", "-2.5", "0.005", "123456.789", "-0.1", "100", "1e10", "2.50", "99999999999999999999", "3", "NaN", "1e-7", "12345678901234567890123456789012345678901234.5"},
	"float8":  {"0", "1.5", "-2.5", "0.1", "1e20", "-1e-10", "100", "3", "0.5", "NaN", "Infinity", "-0", "1e308"},
	"float4":  {"0", "1.5", "-2.5", "0.1", "100", "1e10", "NaN"},
	"text": {
		"", "abc", "Hello World", "é😀x", "  pad ", "a,b,c", "12", "2024-02-29", "a%b_c", "foobarbaz", "ABC", "x", "l", "o", "true", "{1,2}", "ÀÉ",
		`{"a":1}`, "a\\b", "it's", "-3.5", "1 day", "tab\there", "line\nbreak", "a", "b", "day", "UTC", "utf8", "hex",
	},
	"varchar":     {"abc", "", "Xy"},
	"bpchar":      {"ab", "ab ", ""},
	"name":        {"abc", "events", ""},
	"bool":        {"true", "false"},
	"date":        {"2024-02-29", "2023-12-31", "1969-07-20", "0001-01-01", "2024-03-31", "1582-10-10", "infinity", "4000-01-01", "0044-03-15 BC", "5874897-12-31", "4713-01-01 BC"},
	"time":        {"12:34:56.789", "00:00:00", "23:59:59.999999", "24:00:00"},
	"timetz":      {"12:34:56.789+02", "00:00:00-05:30"},
	"timestamp":   {"2024-02-29 12:34:56.789012", "2024-03-31 02:30:00", "1969-12-31 23:59:59.5", "2024-10-27 02:30:00", "1900-01-01 00:00:00", "2023-12-31 23:59:59.999999", "infinity", "0044-03-15 10:00:00 BC", "294276-12-31 23:59:59.999999", "4713-01-01 00:00:00 BC"},
	"timestamptz": {"2024-02-29 12:34:56.789012+00", "2024-03-31 01:30:00+00", "1969-12-31 23:59:59.5+00", "2024-10-27 00:30:00+00", "2024-10-27 01:30:00+00", "1900-01-01 00:00:00+00", "-infinity", "2024-03-10 07:30:00+00"},
	"interval":    {"1 day", "1 mon -3 days 04:05:06.789", "-1 year 2 mons", "36:00:00", "0", "-00:00:01.5", "45 days", "1 year 13 mons 40 days", "24:00:00", "30 days", "1 mon", "178000000 years", "-2147483648 days"},
	"jsonb":       {`{"a":1,"b":[1,2,{"c":null}],"d":"x"}`, `[1,"two",null,{"a":1}]`, "null", "1.50", `"str"`, "{}", "[]", `{"a":null,"z":{"a":2}}`, "true", `["a","b","a"]`, "1e3", `{"b":2,"aa":1}`},
	"json":        {`{"a":1,"b":[1,2,{"c":null}],"d":"x"}`, `[1,"two",null,{"a":1}]`, "{}", "[]", `{"a":1, "a": 2}`, ` 1.50 `, "null"},
	"jsonpath":    {"$", "$.a", "$.b[*]", "$[*] ? (@ > 1)", "strict $.z.a", "$.b.size()"},
	"_text":       {"{}", "{a,b,c}", `{a,NULL,""}`, "{x}", "{{a,b},{c,d}}", `{"a,b","it's"}`},
	"_int4":       {"{}", "{1,2,3}", "{3,NULL,1}", "{7}", "{{1,2},{3,4}}", "[0:1]={5,6}"},
	"_int8":       {"{}", "{1,2,3}", "{NULL}"},
	"_numeric":    {"{}", "{1.5,2.50,NULL}"},
	"_float8":     {"{}", "{0.5,1e10,NULL}"},
	"bytea":       {`\x`, `\x0102ff`, `\x616263`, `\x00`},
	"uuid":        {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"},
	"bit":         {"101", "0"},
	"varbit":      {"101", "", "11110000"},
	"oid":         {"0", "25", "4294967295"},
	"\"char\"":    {"a", ""},
}

// sqlNames are the types that SQL calls otherwise than pg_type.
var sqlNames = map[string]string{
	"_text": "text[]", "_int4": "int4[]", "_int8": "int8[]", "_numeric": "numeric[]", "_float8": "float8[]",
	"timestamptz": "timestamptz", "bit": "bit(3)",
}

func sqlName(typ string) string {
	if name, ok := sqlNames[typ]; ok {
		return name
	}
	return typ
}

// typeNames are the pool's types in a fixed order: a map has none, and a seed must repeat.
var typeNames = func() []string {
	names := make([]string, 0, len(pool))
	for name := range pool {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}()

// quoted is a string literal.
func quoted(text string) string {
	escaped := strings.ReplaceAll(text, "'", "''")
	if strings.ContainsAny(text, "\\\n\t") {
		return "E'" + strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`).Replace(escaped) + "'"
	}
	return "'" + escaped + "'"
}

// literal is a constant of the type, cast to it; one in twelve is NULL.
func literal(r *rand.Rand, typ string) *Node {
	if r.IntN(12) == 0 {
		return node(typ, "null::"+sqlName(typ))
	}
	return constant(typ, pick(r, pool[typ]))
}

// plain is a constant of the type that few things are wrong with: in the midst of a query an
// array of two dimensions, or the largest integer, hides whatever else there is to see.
func plain(r *rand.Rand, typ string) *Node {
	for range 4 {
		n := literal(r, typ)
		if text := n.String(); !strings.Contains(text, "{{") && !strings.Contains(text, "[0:1]") && !strings.Contains(text, "infinity") && !strings.Contains(text, "214748364") && !strings.Contains(text, "922337203685477580") {
			return n
		}
	}
	return node(typ, "null::"+sqlName(typ))
}

func constant(typ, text string) *Node { return node(typ, quoted(text)+"::"+sqlName(typ)) }
