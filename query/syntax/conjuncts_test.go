package syntax

import (
	"fmt"
	"testing"
)

// TestConjuncts tells the parts of conditions apart as they are written.
func TestConjuncts(t *testing.T) {
	for text, want := range map[string]string{
		"a = 1":                                             "[{a = 1 1}]",
		"a = 1 AND b = ' AND ' and c":                       "[{a = 1 1} {b = ' AND ' 1} {c 1}]",
		"a BETWEEN 1 AND 2 AND b":                           "[{a BETWEEN 1 AND 2 2} {b 1}]",
		"a NOT BETWEEN 1 AND 2 AND b":                       "[{a NOT BETWEEN 1 AND 2 1} {b 1}]",
		"a AND b OR c":                                      "[{a AND b OR c 1}]",
		"(a AND b) AND f(c AND d, ARRAY[e AND f])":          "[{(a AND b) 1} {f(c AND d, ARRAY[e AND f]) 1}]",
		"CASE WHEN a AND b THEN c AND d END AND e":          "[{CASE WHEN a AND b THEN c AND d END 1} {e 1}]",
		"a /* AND */ = $1 AND \"and\" = $$x AND y$$ -- AND": "[{a /* AND */ = $1 1} {\"and\" = $$x AND y$$ -- AND 1}]",
	} {
		if got := fmt.Sprint(Conjuncts(text)); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}
