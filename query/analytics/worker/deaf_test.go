//go:build cgo

package worker

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/query/analytics/duck"
)

// allFunctions are the functions in Go that a translation may call.
func allFunctions() []*duck.Function {
	var all []*duck.Function
	for _, list := range [][]*duck.Function{
		textFunctions(), numberFunctions(), jsonFunctions(), timeFunctions(), arrayFunctions(), patternFunctions(), formatFunctions(),
	} {
		all = append(all, list...)
	}
	return all
}

// bigTexts are SQL for texts of about n bytes that functions take long over.
func bigTexts(n int) []string {
	r := func(s string) string { return fmt.Sprintf("repeat('%s', %d)", s, max(n/len(s), 1)) }
	return []string{
		r("a"), r("a,b "), r("7"), "'[' || " + r("1,") + " || '1]'", "'[' || " + r("{\"a\":[1]},") + " || '1]'", "'{\"k\":0' || " + r(",\"k\":1") + " || '}'",
		r("(a|b)*"), r("%a_"), r("9") + " || '.' || " + r("3"), "'{' || " + r("a,") + " || 'b}'", "'[' || " + r(strings.Repeat("7", 1000)+",") + " || '1]'",
	}
}

// smallTexts are SQL for texts that make functions do much with the others.
var smallTexts = []string{"'a'", "'(a|ab)(c|bcd)*(d*)|a.*z'", "'%a%a_a%'", "'$.**.a'", "'{a}'", "'g'", "''", "'9999999999.99EEEE'", "'1.5'", "'{\"a\":[1]}'", "'[]'", "'=UTC'", "'\\y(a|aa)+z?\\y'"}

// arguments are SQL for an argument of a type; big for the one that is.
func arguments(t *duck.Type, n int, big bool) []string {
	switch t.Kind {
	case duck.Varchar:
		if big {
			return bigTexts(n)
		}
		return smallTexts
	case duck.Blob:
		if big {
			return []string{fmt.Sprintf("CAST(repeat('a', %d) AS BLOB)", n)}
		}
		return []string{"CAST('a' AS BLOB)"}
	case duck.List:
		item := arguments(t.Child, 10, false)[0]
		if big {
			if t.Child.Kind == duck.List {
				return []string{fmt.Sprintf("list_transform(range(%d), lambda x: [%s])", n/100+1, item)}
			}
			return []string{fmt.Sprintf("list_transform(range(%d), lambda x: %s)", n/20+1, item)}
		}
		return []string{"[" + item + "]"}
	case duck.Int64, duck.Int32, duck.Int16:
		if big {
			return []string{fmt.Sprint(min(n, 30000)), "1000000"}
		}
		return []string{"1"}
	case duck.Bool:
		return []string{"TRUE"}
	case duck.Double, duck.Float:
		return []string{"1e300"}
	case duck.Interval:
		return []string{"INTERVAL '1 microsecond'"}
	case duck.Timestamp:
		return []string{"TIMESTAMP '2020-01-01'"}
	case duck.Date:
		return []string{"DATE '2020-01-01'"}
	}
	return []string{"NULL"}
}

// calls are calls of a function with one big argument each.
func bigCalls(f *duck.Function, n int) []string {
	args := f.Args
	if f.Variadic != nil {
		args = append(args[:len(args):len(args)], f.Variadic)
	}
	name := func(t *duck.Type) string { return typeSQL(t) }
	var out []string
	for big := range args {
		for _, value := range arguments(args[big], n, true) {
			width := 1
			for i, t := range args {
				if i != big {
					width = max(width, len(arguments(t, n, false)))
				}
			}
			for k := range width {
				parts := make([]string, len(args))
				for i, t := range args {
					parts[i] = value
					if i != big {
						list := arguments(t, n, false)
						parts[i] = list[k%len(list)]
					}
					parts[i] = "CAST(" + parts[i] + " AS " + name(t) + ")"
				}
				out = append(out, f.Name+"("+strings.Join(parts, ", ")+")")
			}
		}
	}
	// And all of them big.
	for k := range bigTexts(n) {
		parts := make([]string, len(args))
		for i, t := range args {
			list := arguments(t, n, true)
			parts[i] = "CAST(" + list[k%len(list)] + " AS " + name(t) + ")"
		}
		out = append(out, f.Name+"("+strings.Join(parts, ", ")+")")
	}
	return out
}

func typeSQL(t *duck.Type) string {
	if t.Kind == duck.List {
		return typeSQL(t.Child) + "[]"
	}
	return map[duck.Kind]string{
		duck.Bool: "BOOLEAN", duck.Int16: "SMALLINT", duck.Int32: "INTEGER", duck.Int64: "BIGINT", duck.HugeInt: "HUGEINT", duck.Float: "FLOAT", duck.Double: "DOUBLE",
		duck.Varchar: "VARCHAR", duck.Blob: "BLOB", duck.UUID: "UUID", duck.Date: "DATE", duck.Time: "TIME", duck.Timestamp: "TIMESTAMP", duck.Interval: "INTERVAL",
	}[t.Kind]
}

// TestDeaf calls every function with big values, one argument after the other, and cancels what has not ended
// soon: it must end then.
func TestDeaf(t *testing.T) {
	const (
		patience = 100 * time.Millisecond
		deaf     = 20 * time.Second // on a machine that does other things: the calls themselves see it in milliseconds, and one that does not takes minutes
	)
	sizes := []int{20_000}
	every := 7 // of the calls, in the short form
	if testing.Short() {
		every = 29
	}
	if os.Getenv("EVENTGRES_LONG") != "" {
		sizes, every = []int{10_000, 100_000, 1_000_000, 10_000_000}, 3
	}
	_, c := memoryDB(t)
	if err := register(c, &Worker{projection: &projection{}}); err != nil {
		t.Fatal(err)
	}
	count, ended := 0, 0
	for _, f := range allFunctions() {
		if f.Name == "pg_sleep" || strings.HasPrefix(f.Name, "pg_size") {
			continue
		}
		for _, n := range sizes {
			for i, call := range bigCalls(f, n) {
				if (i+len(f.Name))%every != 0 {
					continue
				}
				count++
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				began := time.Now()
				var rows *duck.Rows
				err := interruptible(ctx, c.Interrupt, func() (err error) { // again and again: the first may come before the call
					rows, err = c.Read("SELECT count(" + call + ")")
					return err
				})
				took := time.Since(began)
				cancel()
				if err == nil {
					rows.Close()
				} else if strings.Contains(err.Error(), "canceled") {
					ended++
				}
				if took > patience+deaf {
					t.Errorf("it took %v (%v): %s", took, err, shorten(call))
				}
			}
		}
	}
	t.Logf("%d calls, of which %d were ended", count, ended)
}

func shorten(s string) string { return s[:min(len(s), 300)] }
