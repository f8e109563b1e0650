package setting

import (
	"slices"
	"testing"
)

func TestSplitOptions(t *testing.T) {
	for options, want := range map[string][]string{
		"":                            nil,
		"  ":                          nil,
		"-c a=b":                      {"-c", "a=b"},
		" -ca=b\t--c-d=e ":            {"-ca=b", "--c-d=e"},
		`-c search_path=a,\ b\\c`:     {"-c", `search_path=a, b\c`},
		`-c a=\`:                      {"-c", `a=\`},
		`-c application_name=x\ y -c`: {"-c", "application_name=x y", "-c"},
	} {
		if got := splitOptions(options); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", options, got, want)
		}
	}
}
