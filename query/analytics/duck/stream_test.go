//go:build cgo

package duck

import (
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// seenSQL are the rows that are not hidden, by a join: below one the optimizer likes to put conditions.
const seenSQL = "t SEMI JOIN (SELECT n FROM t WHERE NOT hidden) s USING (n)"

// seenRows are the rows of a table that somebody sees.
type seenRows struct {
	db   *DB
	open *atomic.Int64
}

func (s *seenRows) Columns() ([]string, []*Type) {
	return []string{"n", "text", "list"}, []*Type{TInt64, TVarchar, ListOf(TVarchar)}
}

func (s *seenRows) Query(columns []int) (*Rows, func(), error) {
	c, err := s.db.Connect()
	if err != nil {
		return nil, nil, err
	}
	names, _ := s.Columns()
	var list []string
	for _, at := range columns {
		list = append(list, names[at])
	}
	rows, err := c.Query("SELECT " + strings.Join(list, ", ") + " FROM " + seenSQL)
	if err != nil {
		c.Close()
		return nil, nil, err
	}
	s.open.Add(1)
	return rows, func() {
		rows.Close()
		c.Close()
		s.open.Add(-1)
	}, nil
}

// spying are queries with a function that notes which rows it is called for: a rule of the optimizer that moved a condition to where hidden rows
// are would have it called for those.
var spying = []string{
	"SELECT count(*) FROM seen(1)",
	"SELECT sum(spy(text)) FROM seen(1)",
	"SELECT n FROM seen(1) WHERE spy(text) >= 0",
	"SELECT n FROM seen(1) WHERE spy(text) >= 0 AND n % 3 = 0 ORDER BY n LIMIT 5",
	"SELECT n, list FROM seen(1) WHERE n < 3000 AND spy(text) >= 0 ORDER BY spy(text) DESC LIMIT 3",
	"SELECT a.n FROM seen(1) a JOIN seen(1) b ON a.n = b.n WHERE spy(a.text) = spy(b.text)",
	"SELECT a.n FROM seen(1) a LEFT JOIN (SELECT n, spy(text) AS v FROM seen(1)) b ON a.n = b.v",
	"SELECT n FROM seen(1) a WHERE EXISTS (SELECT 1 FROM seen(1) b WHERE b.n = a.n AND spy(b.text) = a.n)",
	"SELECT n FROM seen(1) a WHERE n IN (SELECT spy(text) FROM seen(1))",
	"SELECT spy(text) % 7 AS k, count(*) FROM seen(1) GROUP BY k HAVING count(*) > 0",
	"SELECT n, row_number() OVER (ORDER BY spy(text)) FROM seen(1) QUALIFY row_number() OVER (ORDER BY spy(text)) <= 3",
	"WITH c AS MATERIALIZED (SELECT * FROM seen(1)) SELECT x.n FROM c x, c y WHERE x.n = spy(y.text)",
	"WITH c AS (SELECT * FROM seen(1)) SELECT x.n FROM c x, c y WHERE x.n = spy(y.text)",
	"SELECT n FROM (SELECT * FROM seen(1) UNION ALL SELECT * FROM seen(1)) WHERE spy(text) >= 0",
	"SELECT DISTINCT spy(text) FROM seen(1) WHERE list[1] = 'v'",
	"SELECT (SELECT max(spy(b.text)) FROM seen(1) b WHERE b.n <= a.n) FROM seen(1) a WHERE a.n < 20",
	"SELECT unnest(list), spy(text) FROM seen(1)",
}

// TestStreamHides runs them with each rule of the optimizer off, and with each alone.
func TestStreamHides(t *testing.T) {
	db, err := Open("", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var open atomic.Int64
	if err := c.RegisterStream(&Stream{Name: "seen", Mark: func(err error) error { return err }, Open: func(int64) (Source, error) {
		return &seenRows{db, &open}, nil
	}}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"CREATE TABLE t AS SELECT i AS n, CASE WHEN i % 2 = 0 THEN i::VARCHAR ELSE 'hidden ' || i END AS text, CASE WHEN i % 2 = 0 THEN ['v', NULL, i::VARCHAR] ELSE ['h'] END AS list, i % 2 = 1 AS hidden FROM range(2000) r(i)",
	} {
		if err := c.Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	var hidden atomic.Int64 // rows that it was called for
	if err := c.Register(&Function{Name: "spy", Args: []*Type{TVarchar}, Result: TInt64, Row: func(in []Vector, i int, out *Writer) error {
		n, err := strconv.ParseInt(string(in[0].Bytes(i)), 10, 64)
		if err != nil {
			hidden.Add(1)
		}
		out.SetInt64(i, n)
		return nil
	}, Mark: func(err error) error { return err }}); err != nil {
		t.Fatal(err)
	}
	rules := texts(t, c, "SELECT name FROM duckdb_optimizers()")
	if len(rules) < 10 {
		t.Fatal("the optimizer has no rules: ", rules)
	}
	want := map[string]string{}
	for i, off := range append([]string{""}, rules...) {
		for _, set := range []string{off, alone(rules, off)} {
			if err := c.Exec("SET disabled_optimizers = '" + set + "'"); err != nil {
				t.Fatal(err)
			}
			for _, sql := range spying {
				got := strings.Join(texts(t, c, "SELECT count(*) || ' ' || bit_xor(hash(x))::VARCHAR FROM ("+sql+") x"), ",")
				if i == 0 && set == off {
					want[sql] = got
				} else if got != want[sql] && !strings.Contains(sql, "LIMIT") {
					t.Errorf("without %s: %s: %s, not %s", set, sql, got, want[sql])
				}
			}
		}
	}
	if n := hidden.Load(); n != 0 {
		t.Errorf("it was called for %d hidden rows", n)
	}
	if n := open.Load(); n != 0 {
		t.Errorf("%d readings are still open", n)
	}
	// As a query in its place the optimizer would have shown it.
	if err := c.Exec("SET disabled_optimizers = ''"); err != nil {
		t.Fatal(err)
	}
	for _, sql := range spying {
		texts(t, c, "SELECT count(*)::VARCHAR FROM ("+strings.ReplaceAll(sql, "seen(1)", "(SELECT n, text, list FROM "+seenSQL+")")+") x")
	}
	if hidden.Load() == 0 {
		t.Error("a query in its place would not have shown it either: nothing is tested")
	}
}

// alone are all rules but one, for which that one alone is left.
func alone(rules []string, one string) string {
	var rest []string
	for _, r := range rules {
		if r != one {
			rest = append(rest, r)
		}
	}
	return strings.Join(rest, ",")
}

// texts are the rows of a query of one column.
func texts(t *testing.T, c *Conn, sql string) (out []string) {
	t.Helper()
	rows, err := c.Read(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	for {
		v, n, err := rows.Next()
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return out
		}
		for i := range n {
			out = append(out, string(v[0].Bytes(i)))
		}
	}
}
