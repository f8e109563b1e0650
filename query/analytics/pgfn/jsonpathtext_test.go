package pgfn

import (
	_ "embed"
	"strings"
	"testing"
	"unicode/utf8"
)

// What PostgreSQL 15 shows of paths; but for the one whose parentheses it forgets.
//
//go:embed testdata/jsonpath_text.tsv
var pathTexts string

func TestFormatJSONPath(t *testing.T) {
	for line := range strings.Lines(pathTexts) {
		text, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		got, err := FormatJSONPath(text)
		if err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
			continue
		}
		if again, err := FormatJSONPath(got); again != got {
			t.Errorf("%s is %s, and that is %s, %v", text, got, again, err)
		}
	}
}

func FuzzFormatJSONPath(f *testing.F) {
	for line := range strings.Lines(pathTexts) {
		text, _, _ := strings.Cut(line, "\t")
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "\x00") || !utf8.ValidString(text) {
			return // no text
		}
		got, err := FormatJSONPath(text)
		if err != nil {
			return
		}
		if again, err := FormatJSONPath(got); err != nil && !strings.Contains(err.Error(), "deep") || err == nil && again != got {
			t.Errorf("%q is %q, and that is %q, %v", text, got, again, err)
		}
	})
}
