package syntax

import "testing"

// FuzzScanRows: whatever stands behind VALUES, the rows that are found lie in the text, each with its values.
func FuzzScanRows(f *testing.F) {
	for _, text := range []string{
		"(1, 'a'), (DEFAULT, f(x, [1]))", "('x'", "", ")", ")(", "(", "[1]", "((1), (2)", "(1))", "(,)", "(1,)", "('a' 'x')", "(1), ", "(1) RETURNING x", "( /* ) */ 1)", "($1, $$)$$)",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := ScanRows("x"+text, 1, 1+len(text))
		if err != nil {
			return
		}
		if len(rows) == 0 {
			t.Fatalf("%q has no row", text)
		}
		for _, row := range rows {
			if row.Pos > row.End || row.End > 1+len(text) {
				t.Fatalf("%q: a row from %d to %d", text, row.Pos, row.End)
			}
			for _, item := range row.Items {
				if item.Pos < row.Pos || item.Pos > row.End {
					t.Fatalf("%q: a value at %d, of a row from %d to %d", text, item.Pos, row.Pos, row.End)
				}
			}
		}
	})
}
