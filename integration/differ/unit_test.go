package differ

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/eventgres/eventgres/integration/analytics"
)

// TestSeedRepeats makes the same statements twice.
func TestSeedRepeats(t *testing.T) {
	r := &Run{Seed: 3, Generators: []Generator{{"queries", newQuery}}}
	for i := range uint64(300) {
		a, b := r.statement(i), r.statement(i)
		if a == nil || b == nil || a.Show() != b.Show() {
			t.Fatalf("statement %d is not the same twice", i)
		}
	}
}

// TestReread reads what is recorded of statements of every way and mode.
func TestReread(t *testing.T) {
	r := &Run{Seed: 5, Generators: []Generator{{"queries", newQuery}}}
	for i := range uint64(600) {
		s := r.statement(i)
		if s == nil {
			continue
		}
		if i%3 == 0 {
			s.Mode, s.Params = analytics.ExtendedText, []analytics.Param{{OID: 25, Text: "a \"b\" \\ \n $1"}, {Null: true}}
		}
		f := &Finding{Statement: s, Verdict: Verdict{Silent, "rows"}, Want: &analytics.Answer{}, Got: &analytics.Answer{}}
		q, err := Reread(f.Record())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(q.before(true), s.before(true, false)) || q.text != s.asked(false) || q.Mode != s.Mode || !slices.Equal(q.Params, s.Params) || q.Number != i {
			t.Fatalf("read\n%q\n%s\n%v\nof\n%s", q.before(true), q.text, q.Params, s.Show())
		}
	}
}

// TestTemplates makes each template once: none may name what is not there.
func TestTemplates(t *testing.T) {
	for _, set := range []map[string][]string{templates, aggregates, windows} {
		for typ, texts := range set {
			for _, text := range texts {
				g := &grammar{r: rand.New(rand.NewPCG(1, 1))}
				g.values()
				_, own := g.item(scope{})
				made := g.template(typ, text, scope{}.within(own), 1)
				if made == nil {
					t.Errorf("%s cannot be made", text)
				} else if strings.Contains(made.String(), "{"+typ+"}") {
					t.Errorf("%s is left open: %s", text, made)
				}
			}
		}
	}
}

// TestTree changes a tree and wants the one before as it was.
func TestTree(t *testing.T) {
	inner := node("int4", "2")
	rows := list(", ", 1, []*Node{node("", "(1)"), node("", "(2)")})
	rows.Rows = true
	tree := node("", "select ", inner, optional(" where ", inner), " from (values ", rows, ") v")
	if got := tree.replace(inner, node("int4", "3")).String(); got != "select 3 where 3 from (values (1), (2)) v" {
		t.Error(got)
	}
	if got := tree.Turned(); got != "select 2 where 2 from (values (2), (1)) v" {
		t.Error(got)
	}
	var shortest *Node
	for _, s := range smaller(tree) {
		if shortest == nil || len(s.String()) < len(shortest.String()) {
			shortest = s
		}
	}
	if shortest.String() != "select 2 from (values (1), (2)) v" {
		t.Error(shortest)
	}
}

// TestEqualised has pairs of values that are equal and look different, and some that are not.
func TestEqualised(t *testing.T) {
	text := func(oid uint32, s string) string { return equalised(analytics.Column{OID: oid}, []byte(s)) }
	for _, pair := range []struct {
		oid  uint32
		a, b string
		same bool
	}{
		{pgtype.NumericOID, "1.50", "1.5", true},
		{pgtype.NumericOID, "100", "1", false},
		{pgtype.NumericOID, "0.00", "0", true},
		{pgtype.IntervalOID, "1 mon", "30 days", true},
		{pgtype.IntervalOID, "1 mon", "31 days", false},
		{pgtype.Float8OID, "-0", "0", true},
		{pgtype.Float8OID, "-0.5", "0.5", false},
		{pgtype.TextOID, "1.50", "1.5", false},
	} {
		if got := text(pair.oid, pair.a) == text(pair.oid, pair.b); got != pair.same {
			t.Errorf("%s and %s: %t", pair.a, pair.b, got)
		}
	}
	column := analytics.Column{OID: pgtype.NumericOID, Format: 1}
	if a, b := equalised(column, []byte("\x00\x02\x00\x00\x00\x00\x00\x03\x00\x01\x13\x88")), equalised(column, []byte("\x00\x02\x00\x00\x00\x00\x00\x01\x00\x01\x13\x88")); a != b {
		t.Errorf("%q and %q", a, b)
	}
}

// TestJudge changes one thing at a time.
func TestJudge(t *testing.T) {
	rows := func(values ...string) *analytics.Answer {
		a := &analytics.Answer{Columns: []analytics.Column{{Name: "x", OID: pgtype.Float8OID, Size: 8, Modifier: -1}}, Tag: "SELECT"}
		for _, v := range values {
			a.Rows = append(a.Rows, [][]byte{[]byte(v)})
		}
		return a
	}
	fails := func(code, message string) *analytics.Answer {
		return &analytics.Answer{Err: &pgconn.PgError{Code: code, Message: message}}
	}
	for _, test := range []struct {
		name      string
		want, got *analytics.Answer
		order     []int
		class     Class
	}{
		{"same", rows("1", "2"), rows("1", "2"), nil, None},
		{"another order", rows("1", "2"), rows("2", "1"), nil, None},
		{"another order, fixed", rows("1", "2"), rows("2", "1"), []int{0}, Silent},
		{"another value", rows("1"), rows("2"), nil, Silent},
		{"last digits", rows("0.30000000000000004"), rows("0.3"), nil, Digits},
		{"sign of zero", rows("0"), rows("-0"), nil, Silent}, // "how equal values look"
		{"refused", rows("1"), fails("0A000", "no"), nil, Refused},
		{"answered", fails("22012", "division by zero"), rows("1"), nil, Answered},
		{"code", fails("22012", "x"), fails("22003", "x"), nil, Code},
		{"names apart", fails("42703", `column "a" does not exist`), fails("42703", `column "b" does not exist`), nil, None},
		{"message", fails("42703", "x"), fails("42703", "y"), nil, Message},
		{"worker", rows("1"), fails("58000", "the worker was lost"), nil, Lost},
		{"worker, where PostgreSQL refuses", fails("22012", "x"), fails("58000", "the worker was lost"), nil, Lost},
		{"worker, where PostgreSQL gives up", fails("57014", "x"), fails("58000", "the worker was lost"), nil, Lost},
		{"both give up", fails("57014", "x"), fails("57014", "x"), nil, Unclear},
	} {
		if got := judge(test.want, test.got, test.order); got.Class != test.class {
			t.Errorf("%s: %q (%s), want %q", test.name, got.Class, got.What, test.class)
		}
	}
}
