package query

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/syntax"
)

// evalText compiles and evaluates a constant expression without a connection, and writes
// its type and its text as psql would; an error as !SQLSTATE and its message.
func evalText(x string) string {
	list, err := syntax.Parse("select " + x)
	if err != nil {
		return fmt.Sprintf("!%s %s", sqlstate(err), err.(*pgerror.Error).Message)
	}
	c := &expr.Compiler{Src: list[0].Src}
	scalars, columns, err := expr.CompileItems(c, list[0].Statement.(*syntax.SelectStmt).Items)
	var v pgvalue.Value
	if err == nil {
		err = scalars[0].Eval(&expr.Env{Host: &Session{ctx: context.Background()}}, &v)
	}
	if err != nil {
		return fmt.Sprintf("!%s %s", sqlstate(err), err.(*pgerror.Error).Message)
	}
	if v.IsNull() {
		return pgvalue.TypeName(columns[0].OID) + " NULL"
	}
	return pgvalue.TypeName(columns[0].OID) + " " + string(pgvalue.AppendText(nil, columns[0].OID, &v, pgvalue.UTC))
}

// TestConstants: the answers are PostgreSQL 15's.
func TestConstants(t *testing.T) {
	for _, c := range []struct{ x, want string }{
		// Literals and their types.
		{`1`, `integer 1`},
		{`2147483648`, `bigint 2147483648`},
		{`-2147483648`, `integer -2147483648`},
		{`-9223372036854775808`, `bigint -9223372036854775808`},
		{`9223372036854775808`, `numeric 9223372036854775808`},
		{`.5`, `numeric 0.5`},
		{`1.50`, `numeric 1.50`},
		{`1.`, `numeric 1`},
		{`1.5e3`, `numeric 1500`},
		{`1e-3`, `numeric 0.001`},
		{`'a'`, `text a`},
		{`null`, `text NULL`},
		{`true`, `boolean t`},

		// Integers.
		{`7 / 2`, `integer 3`},
		{`-7 / 2`, `integer -3`},
		{`-7 % 3`, `integer -1`},
		{`2 * 3 + 4`, `integer 10`},
		{`1 + 2147483647::bigint`, `bigint 2147483648`},
		{`2147483647 + 1`, `!22003 integer out of range`},
		{`9223372036854775807 + 1`, `!22003 bigint out of range`},
		{`-9223372036854775808 / -1`, `!22003 bigint out of range`},
		{`32767::smallint + 1::smallint`, `!22003 smallint out of range`},
		{`1 / 0`, `!22012 division by zero`},
		{`1 % 0`, `!22012 division by zero`},
		{`-(1)`, `integer -1`},
		{`- - 1`, `integer 1`},
		{`-('-2147483648'::int)`, `!22003 integer out of range`},
		{`-('-9223372036854775808'::bigint)`, `!22003 bigint out of range`},
		{`1 + null`, `integer NULL`},
		{`1 + '2'`, `integer 3`},
		{`1 + 'x'`, `!22P02 invalid input syntax for type integer: "x"`},

		// Three-valued logic.
		{`null and false`, `boolean f`},
		{`null and true`, `boolean NULL`},
		{`null or true`, `boolean t`},
		{`not null`, `boolean NULL`},
		{`null = null`, `boolean NULL`},
		{`null is null`, `boolean t`},
		{`1 is not null`, `boolean t`},
		{`(1 = 2) is false`, `boolean t`},
		{`(null = 1) is unknown`, `boolean t`},
		{`(null = 1) is not true`, `boolean t`},
		{`1 in (2, null)`, `boolean NULL`},
		{`1 in (1, null)`, `boolean t`},
		{`1 not in (2, 3)`, `boolean t`},
		{`1 not in (2, null)`, `boolean NULL`},
		{`null in (1)`, `boolean NULL`},
		{`1 = any('{2,NULL}')`, `boolean NULL`},
		{`1 = any('{2,1}')`, `boolean t`},
		{`'a' = any(array['b'])`, `boolean f`},
		{`1 = any(null::int[])`, `boolean NULL`},
		{`1 and true`, `!42804 argument of AND must be type boolean, not type integer`},

		// Comparisons.
		{`1 = 1.0`, `boolean t`},
		{`1 < 1.5`, `boolean t`},
		{`9007199254740993 = 9007199254740992.0`, `boolean f`},
		{`'B' < 'a'`, `boolean t`},
		{`'2' > 10`, `boolean f`},
		{`true > false`, `boolean t`},
		{`'NaN'::float8 = 1::float8`, `boolean f`},
		{`'NaN'::float8 > 'Infinity'::float8`, `boolean t`},
		{`'NaN'::float8 = 'NaN'::float8`, `boolean t`},
		{`'NaN'::numeric > 1`, `boolean t`},
		{`1 = 'a'::text`, `!42883 operator does not exist: integer = text`},
		{`2 between 1 and 3`, `boolean t`},
		{`2 not between 1 and 3`, `boolean f`},
		{`'2026-01-01'::timestamptz = '2026-01-01 01:00+01'`, `boolean t`},

		// Casts.
		{`'12'::int`, `integer 12`},
		{`' 12 '::int`, `integer 12`},
		{`'1.5'::int`, `!22P02 invalid input syntax for type integer: "1.5"`},
		{`1.5::int`, `integer 2`},
		{`2.5::int`, `integer 3`},
		{`-2.5::int`, `integer -3`},
		{`2.5::float8::int`, `integer 2`},
		{`70000::smallint`, `!22003 smallint out of range`},
		{`9223372036854775808::bigint`, `!22003 bigint out of range`},
		{`1::text`, `text 1`},
		{`true::text`, `text true`},
		{`'t'::bool`, `boolean t`},
		{`1::bool`, `boolean t`},
		{`true::int`, `integer 1`},
		{`1::bigint::bool`, `!42846 cannot cast type bigint to boolean`},
		{`'1e5'::numeric`, `numeric 100000`},
		{`'007.50'::numeric`, `numeric 7.50`},
		{`'+.5'::numeric`, `numeric 0.5`},
		{`'nan'::numeric`, `numeric NaN`},
		{`1::numeric`, `numeric 1`},
		{`'{"a":1}'::jsonb`, `jsonb {"a":1}`},
		{`'{a}'::jsonb`, `!22P02 invalid input syntax for type json`},
		{`'2026-01-02'::date`, `date 2026-01-02`},
		{`'2026-01-02 03:04'::timestamp::date`, `date 2026-01-02`},
		{`'2026-01-02'::date::timestamptz`, `timestamp with time zone 2026-01-02 00:00:00+00`},
		{`'infinity'::timestamptz::date`, `date infinity`},
		{`'2026-01-02 03:04:05.5+02'::timestamptz::timestamp`, `timestamp without time zone 2026-01-02 01:04:05.5`},
		{`'0044-03-15 10:00:00.25 BC'::timestamptz::timestamp`, `timestamp without time zone 0044-03-15 10:00:00.25 BC`},
		{`'12345-03-15 10:00:00.25'::timestamptz::timestamp`, `timestamp without time zone 12345-03-15 10:00:00.25`},
		{`'{A0EEBC99-9C0B4EF8-BB6D6BB9BD380A11}'::uuid`, `uuid a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11`},
		{`'\xDEAD'::bytea`, `bytea \xdead`},
		{`1::nosuch`, `!42704 type "nosuch" does not exist`},

		// Text and arrays.
		{`'a' || 'b'`, `text ab`},
		{`'a' || 1`, `text a1`},
		{`1 || 'a'`, `text 1a`},
		{`'a' || null`, `text NULL`},
		{`lower('ÀB')`, `text Àb`},
		{`upper('straße')`, `text STRAßE`},
		{`'É' ilike 'é'`, `boolean f`},
		{`100::numeric > 3::numeric`, `boolean t`},
		{`1e10::numeric < 123456.789::numeric`, `boolean f`},
		{`1.5::numeric in (1.50::numeric)`, `boolean t`},
		{`'NaN'::numeric = 'nan'::numeric`, `boolean t`},
		{`'1e-3'::numeric`, `numeric 0.001`},
		{`'-infinity'::numeric`, `numeric -Infinity`},
		{`'Infinity'::float8::numeric`, `numeric Infinity`},
		{`'1e131072'::numeric`, `!22003 value overflows numeric format`},
		{`'NaN'::numeric::int4`, `!0A000 cannot convert NaN to integer`},
		{`(-3)::int8::oid`, `!22003 OID out of range`},
		{`(-1)::int4::oid`, `oid 4294967295`},
		{`4294967295::oid::int4`, `integer -1`},
		{`upper(null)`, `text NULL`},
		{`coalesce(null, 1, 2)`, `integer 1`},
		{`coalesce(null, 'a')`, `text a`},
		{`coalesce(1, 'x'::text)`, `!42804 COALESCE types integer and text cannot be matched`},
		{`array[1, 2]`, `integer[] {1,2}`},
		{`array['a b', null]`, `text[] {"a b",NULL}`},
		{`array[]::text[]`, `text[] {}`},
		{`array[]`, `!42P18 cannot determine type of empty array`},
		{`stream_id('order-17') = stream_id('order-17')`, `boolean t`},
		{`current_schemas(true)`, `name[] {pg_catalog,public}`},

		// What is missing, and what only the full path knows.
		{`nosuch(1)`, `!42883 function nosuch(integer) does not exist`},
		{`lower(1)`, `!42883 function lower(integer) does not exist`},
		{`nosuch`, `!42703 column "nosuch" does not exist`},
		{`a.b`, `!42P01 missing FROM-clause entry for table "a"`},
	} {
		if got := evalText(c.x); got != c.want {
			t.Errorf("select %s: got %s, want %s", c.x, got, c.want)
		}
	}
	for _, x := range []string{`abs(1)`, `(1, 2)`, `case when true then 1 end`, `1.5 + 1`, `exists (select 1)`} {
		if got := evalText(x); !strings.HasPrefix(got, "!0A000 ") {
			t.Errorf("select %s: got %s, want 0A000", x, got)
		}
	}
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		s, pattern string
		want       bool
	}{
		{"", "", true},
		{"", "%", true},
		{"", "_", false},
		{"a", "", false},
		{"abc", "abc", true},
		{"abc", "a%", true},
		{"abc", "%c", true},
		{"abc", "%b%", true},
		{"abc", "a_c", true},
		{"abc", "a_", false},
		{"abc", "%%%", true},
		{"abc", "%_%_%_%", true},
		{"abc", "%_%_%_%_%", false},
		{"aab", "%ab", true},
		{"abab", "%ab%ab", true},
		{"abab", "a%b_", false},
		{"é", "_", true},
		{"日本", "日_", true},
		{"100%", `100\%`, true},
		{"100x", `100\%`, false},
		{"a_b", `%\_b`, true},
		{`a\b`, `a\\b`, true},
		{"ab", `a\b`, true},
		{"ABC", "abc", false},
		{"a\nb", "a%b", true},
	} {
		got, err := expr.MatchLike(t.Context().Err, c.s, c.pattern)
		if err != nil || got != c.want {
			t.Errorf("%q LIKE %q: got %v, %v", c.s, c.pattern, got, err)
		}
	}
	if _, err := expr.MatchLike(t.Context().Err, "ab", `a\`); sqlstate(err) != "22025" {
		t.Errorf("a pattern that ends in a backslash: got %v", err)
	}
	if got := evalText(`'aBÀ' ilike 'Ab_'`); got != "boolean t" {
		t.Errorf("ILIKE: got %s", got)
	}
	if got := evalText(`'a' not like null`); got != "boolean NULL" {
		t.Errorf("LIKE null: got %s", got)
	}
}

// TestLikeIsNotExponential: patterns with many % take time in proportion to the text.
func TestLikeIsNotExponential(t *testing.T) {
	s, pattern := strings.Repeat("a", 5_000), strings.Repeat("%a", 500)+"%b"
	withinTime(t, "LIKE", func() {
		if ok, err := expr.MatchLike(t.Context().Err, s, pattern); ok || err != nil {
			t.Errorf("got %v, %v", ok, err)
		}
	})
}

func TestSpan(t *testing.T) {
	const lowest = -1 << 63
	for _, c := range []struct {
		op     string
		v      int64
		lo, hi int64 // of 0 and more; hi < lo: nothing
	}{
		{"=", 5, 5, 5},
		{">", 5, 6, read.MaxInt64},
		{">=", 5, 5, read.MaxInt64},
		{"<", 5, 0, 4},
		{"<=", 5, 0, 5},
		{"=", read.MaxInt64, read.MaxInt64, read.MaxInt64},
		{">=", read.MaxInt64, read.MaxInt64, read.MaxInt64},
		{">", read.MaxInt64 - 1, read.MaxInt64, read.MaxInt64},
		{">", read.MaxInt64, 1, 0},
		{"<", read.MaxInt64, 0, read.MaxInt64 - 1},
		{"<=", read.MaxInt64, 0, read.MaxInt64},
		{"=", lowest, 1, 0},
		{"<", lowest, 1, 0},
		{"<=", lowest, 1, 0},
		{">", lowest, 0, read.MaxInt64},
		{">=", lowest, 0, read.MaxInt64},
		{"<", 0, 1, 0},
		{"<=", -1, 1, 0},
		{">", -1, 0, read.MaxInt64},
	} {
		r := read.Span{Lo: 0, Hi: read.MaxInt64}
		r.Narrow(c.op, c.v)
		if empty := c.lo > c.hi; empty != (r.Lo > r.Hi) || !empty && (r.Lo != c.lo || r.Hi != c.hi) {
			t.Errorf("%s %d: got %d to %d, want %d to %d", c.op, c.v, r.Lo, r.Hi, c.lo, c.hi)
		}
		r.Narrow("=", 5)
		if inside := c.lo <= 5 && 5 <= c.hi; inside != (r.Lo <= r.Hi) {
			t.Errorf("%s %d, then = 5: got %d to %d", c.op, c.v, r.Lo, r.Hi)
		}
	}
}
