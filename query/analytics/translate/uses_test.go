//go:build cgo

package translate

import (
	"fmt"
	"testing"
)

func TestUses(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT 1":                    "[]",
		"SELECT stream FROM events e": "[[ events]]",
		"WITH w AS (SELECT * FROM events) SELECT * FROM w JOIN public.streams USING (stream_id)": "[[ events] [public streams]]",
		"SELECT (SELECT count(*) FROM a), x FROM b WHERE EXISTS (TABLE c) UNION SELECT * FROM b": "[[ a] [ b] [ c]]",
		"nonsense": "[]",
	} {
		if got := fmt.Sprint(Uses(query)); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}
