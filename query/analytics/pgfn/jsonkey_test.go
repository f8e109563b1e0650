package pgfn

import (
	"bytes"
	"testing"
)

func TestJSONSortKey(t *testing.T) {
	values := []string{
		`[]`, `null`, `"A"`, `"a"`, `"ab"`, `-1.5`, `0`, `1`, `1.0`, `2`, `1e2`, `false`, `true`, `[null]`, `[1]`, `["x"]`, `[true]`, `[[]]`, `[{}]`,
		`[1, 2]`, `[1, 3]`, `{}`, `{"a": 1}`, `{"a": 2}`, `{"b": 1}`, `{"a": 1, "b": 2}`, `{"aa": 1}`,
	}
	for _, a := range values {
		for _, b := range values {
			ka, errA := JSONSortKey(nil, []byte(a))
			kb, errB := JSONSortKey(nil, []byte(b))
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			if got, want := bytes.Compare(ka, kb), Compare([]byte(a), []byte(b)); got != want {
				t.Errorf("%s and %s: keys compare as %d, values as %d", a, b, got, want)
			}
		}
	}
}
