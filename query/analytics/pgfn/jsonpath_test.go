package pgfn

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func pathCase(f func(p *Path, a caseArgs) (*string, error)) caseFunc {
	return func(a caseArgs) (*string, error) {
		p, err := CompilePath(a.s(1))
		if err != nil {
			return nil, err
		}
		return f(p, a)
	}
}

func queryCase(silent bool) caseFunc {
	return pathCase(func(p *Path, a caseArgs) (*string, error) {
		items, err := p.Query(a.b(0), a.b(2), silent)
		out := []string{}
		for _, item := range items {
			out = append(out, string(item))
		}
		return lines(out), err
	})
}

func boolPathCase(f func(p *Path, json, vars []byte, silent bool) (bool, bool, error), silent bool) caseFunc {
	return pathCase(func(p *Path, a caseArgs) (*string, error) {
		v, ok, err := f(p, a.b(0), a.b(2), silent)
		if !ok {
			return nil, err
		}
		return text(strconv.FormatBool(v)), err
	})
}

var _ = register(map[string]caseFunc{
	"p_query":    queryCase(false),
	"p_silent":   queryCase(true),
	"p_exists":   boolPathCase((*Path).Exists, false),
	"p_match":    boolPathCase((*Path).Match, false),
	"p_opexists": boolPathCase((*Path).Exists, true),
	"p_opmatch":  boolPathCase((*Path).Match, true),
})

func FuzzPath(f *testing.F) {
	for _, p := range []string{
		`$.a[*] ? (@ > 1 && exists(@.b)).c.size()`, `strict $.**{1 to last}`, `-$.a[0 to last] * 2 == $x`,
		`$ ? (@ like_regex "a" flag "i")`, `"2024-01-01".datetime("YYYY-MM-DD")`, `$.keyvalue()`,
	} {
		f.Add(p, `{"a":[1,{"b":2}]}`)
	}
	f.Fuzz(func(t *testing.T, path, doc string) {
		if len(path)+len(doc) > 500 || !utf8.ValidString(path) || strings.ContainsRune(path, 0) {
			return
		}
		p, err := CompilePath(path)
		if err != nil {
			return
		}
		items, err := p.Query([]byte(doc), []byte(`{"x":1}`), false)
		if err != nil {
			return
		}
		for _, item := range items {
			if err := Validate(item); err != nil {
				t.Fatalf("%q of %q: %s: %v", path, doc, item, err)
			}
		}
		if ok, _, err := p.Exists([]byte(doc), []byte(`{"x":1}`), false); err != nil || ok != (len(items) > 0) {
			t.Fatalf("%q of %q: %d items, exists %v, %v", path, doc, len(items), ok, err)
		}
	})
}
