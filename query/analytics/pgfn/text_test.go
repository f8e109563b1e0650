package pgfn

import (
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func textCase(f func(a caseArgs) string) caseFunc {
	return func(a caseArgs) (*string, error) { return text(f(a)), nil }
}

func textErrCase(f func(a caseArgs) (string, error)) caseFunc {
	return func(a caseArgs) (*string, error) {
		s, err := f(a)
		if err != nil {
			return nil, err
		}
		return &s, nil
	}
}

// joined is array_to_string(items, '|', '<null>').
func joined(items []*string) *string {
	if items == nil {
		return nil
	}
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = "<null>"
		if item != nil {
			out[i] = *item
		}
	}
	return text(strings.Join(out, "|"))
}

func regexpCase(flags int, f func(r *Regexp, a caseArgs) (*string, error)) caseFunc {
	return func(a caseArgs) (*string, error) {
		r, err := CompileRegexp(a.s(1), a.s(flags))
		if err != nil {
			return nil, err
		}
		return f(r, a)
	}
}

func likeCase(fold bool) caseFunc {
	return func(a caseArgs) (*string, error) {
		m, err := CompileLike(a.s(1), a.s(2), fold)
		if err != nil {
			return nil, err
		}
		return text(strconv.FormatBool(m.Match(a.s(0)))), nil
	}
}

const noFlags = 99 // an argument that no case has

var _ = register(map[string]caseFunc{
	"t_initcap":    textCase(func(a caseArgs) string { return Initcap(a.s(0)) }),
	"t_upper":      textCase(func(a caseArgs) string { return Upper(a.s(0)) }),
	"t_lower":      textCase(func(a caseArgs) string { return Lower(a.s(0)) }),
	"t_split":      textErrCase(func(a caseArgs) (string, error) { return SplitPart(a.s(0), a.s(1), a.int(2)) }),
	"t_translate":  textCase(func(a caseArgs) string { return Translate(a.s(0), a.s(1), a.s(2)) }),
	"t_overlay":    textErrCase(func(a caseArgs) (string, error) { return Overlay(a.s(0), a.s(1), a.int(2), a.int(3)) }),
	"t_substr":     textErrCase(func(a caseArgs) (string, error) { return Substring(a.s(0), a.int(1), a.int(2)) }),
	"t_substrfrom": textCase(func(a caseArgs) string { return SubstringFrom(a.s(0), a.int(1)) }),
	"t_left":       textCase(func(a caseArgs) string { return Left(a.s(0), a.int(1)) }),
	"t_right":      textCase(func(a caseArgs) string { return Right(a.s(0), a.int(1)) }),
	"t_lpad":       textErrCase(func(a caseArgs) (string, error) { return Lpad(a.s(0), a.int(1), a.s(2)) }),
	"t_rpad":       textErrCase(func(a caseArgs) (string, error) { return Rpad(a.s(0), a.int(1), a.s(2)) }),
	"t_btrim":      textCase(func(a caseArgs) string { return Btrim(a.s(0), a.s(1)) }),
	"t_ltrim":      textCase(func(a caseArgs) string { return Ltrim(a.s(0), a.s(1)) }),
	"t_rtrim":      textCase(func(a caseArgs) string { return Rtrim(a.s(0), a.s(1)) }),
	"t_repeat":     textErrCase(func(a caseArgs) (string, error) { return Repeat(a.s(0), a.int(1)) }),
	"t_replace":    textErrCase(func(a caseArgs) (string, error) { return Replace(a.s(0), a.s(1), a.s(2)) }),
	"t_reverse":    textCase(func(a caseArgs) string { return Reverse(a.s(0)) }),
	"t_position":   textCase(func(a caseArgs) string { return strconv.Itoa(Position(a.s(0), a.s(1))) }),
	"t_ascii":      textCase(func(a caseArgs) string { return strconv.Itoa(Ascii(a.s(0))) }),
	"t_chr":        textErrCase(func(a caseArgs) (string, error) { return Chr(a.int(0)) }),
	"t_format":     textErrCase(func(a caseArgs) (string, error) { return Format(a.s(0), a[1:]) }),
	"t_ident":      textCase(func(a caseArgs) string { return QuoteIdent(a.s(0)) }),
	"t_literal":    textCase(func(a caseArgs) string { return QuoteLiteral(a.s(0)) }),
	"t_md5":        textCase(func(a caseArgs) string { return MD5(a.s(0)) }),
	"t_sha":        textCase(func(a caseArgs) string { return hex.EncodeToString(Sha256(a.b(0))) }),
	"t_encode": textErrCase(func(a caseArgs) (string, error) {
		b, err := Decode(a.s(0), "hex")
		if err != nil {
			return "", err
		}
		return Encode(b, a.s(1))
	}),
	"t_decode": textErrCase(func(a caseArgs) (string, error) {
		b, err := Decode(a.s(0), a.s(1))
		return hex.EncodeToString(b), err
	}),
	"t_toarray":   func(a caseArgs) (*string, error) { return joined(StringToArray(a.s(0), a[1], a[2])), nil },
	"t_tohex":     textCase(func(a caseArgs) string { return ToHex(int64(a.int(0))) }),
	"t_like":      likeCase(false),
	"t_ilike":     likeCase(true),
	"t_similar":   textErrCase(func(a caseArgs) (string, error) { return SimilarToRegexp(a.s(0), a.s(1)) }),
	"t_similarto": textErrCase(func(a caseArgs) (string, error) { return similarTo(a.s(0), a.s(1)) }),
	"r_like": regexpCase(2, func(r *Regexp, a caseArgs) (*string, error) {
		if r.Global {
			return nil, errGlobal("regexp_like()")
		}
		return text(strconv.FormatBool(r.Matches(a.s(0)))), nil
	}),
	"r_match": regexpCase(2, func(r *Regexp, a caseArgs) (*string, error) { return joined(r.Match(a.s(0))), nil }),
	"r_all": regexpCase(2, func(r *Regexp, a caseArgs) (*string, error) {
		out := []string{}
		for _, m := range r.MatchesAll(a.s(0)) {
			out = append(out, *joined(m))
		}
		return lines(out), nil
	}),
	"r_replace": regexpCase(5, func(r *Regexp, a caseArgs) (*string, error) {
		s, err := r.Replace(a.s(0), a.s(2), r.Global, a.int(3), a.int(4))
		return &s, err
	}),
	"r_split": regexpCase(noFlags, func(r *Regexp, a caseArgs) (*string, error) {
		return text(strings.Join(r.SplitToArray(a.s(0)), "|")), nil
	}),
	"r_substring": regexpCase(noFlags, func(r *Regexp, a caseArgs) (*string, error) {
		s, ok := r.Substring(a.s(0))
		if !ok {
			return nil, nil
		}
		return &s, nil
	}),
	"r_count": regexpCase(noFlags, func(r *Regexp, a caseArgs) (*string, error) {
		n, err := r.Count(a.s(0), a.int(2))
		return text(strconv.Itoa(n)), err
	}),
	"r_instr": regexpCase(noFlags, func(r *Regexp, a caseArgs) (*string, error) {
		n, err := r.Instr(a.s(0), a.int(2), a.int(3), a.int(4), a.int(5))
		return text(strconv.Itoa(n)), err
	}),
	"r_substr": regexpCase(noFlags, func(r *Regexp, a caseArgs) (*string, error) {
		s, ok, err := r.Substr(a.s(0), a.int(2), a.int(3), a.int(4))
		if err != nil || !ok {
			return nil, err
		}
		return &s, nil
	}),
})

func errGlobal(function string) error {
	return invalidParameter("%s does not support the \"global\" option", function)
}

func similarTo(s, pattern string) (string, error) {
	p, err := SimilarToRegexp(pattern, `\`)
	if err != nil {
		return "", err
	}
	r, err := CompileRegexp(p, "")
	if err != nil {
		return "", err
	}
	return strconv.FormatBool(r.Matches(s)), nil
}

func TestBounds(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for name, f := range map[string]func() error{
		"Repeat":  func() error { _, err := Repeat(long, 65); return err },
		"Lpad":    func() error { _, err := Lpad("x", 1<<30, "y"); return err },
		"Replace": func() error { _, err := Replace(long, "x", long); return err },
		"Format":  func() error { _, err := Format("%1000000000s", []*string{&long}); return err },
	} {
		if err := f(); err == nil || errorText(err) != "54000 requested length too large" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// slowLike is LIKE by way of a regular expression.
func slowLike(s, pattern string) bool {
	var b strings.Builder
	escaped := false
	for _, r := range pattern {
		switch {
		case !escaped && r == '\\':
			escaped = true
			continue
		case !escaped && r == '%':
			b.WriteString(".*")
		case !escaped && r == '_':
			b.WriteByte('.')
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
		escaped = false
	}
	return regexp.MustCompile(`\A(?s:` + b.String() + `)\z`).MatchString(s)
}

func FuzzLike(f *testing.F) {
	f.Add("abc", "a%")
	f.Add("mississippi", "%iss_ip%")
	f.Add(`a\%`, `_\\\%`)
	f.Fuzz(func(t *testing.T, s, pattern string) {
		if !utf8.ValidString(s) || !utf8.ValidString(pattern) || len(s)+len(pattern) > 200 {
			return
		}
		m, err := CompileLike(pattern, `\`, false)
		if err != nil {
			return
		}
		if got, want := m.Match(s), slowLike(s, pattern); got != want {
			t.Fatalf("%q like %q = %v", s, pattern, got)
		}
		if fold, err := CompileLike(pattern, `\`, true); err != nil || m.Match(s) && !fold.Match(s) {
			t.Fatalf("%q ilike %q does not match, %v", s, pattern, err)
		}
	})
}

func FuzzRegexp(f *testing.F) {
	for _, p := range []string{`(a|b)*?c{1,3}`, `\mfoo\M[[:alpha:]\d-]`, `***=a.b`, `(?xi)a b#c`, `[^]a-z]`, `\u00e9\x41`} {
		f.Add("foo bar", p, "gi")
	}
	f.Fuzz(func(t *testing.T, s, pattern, flags string) {
		if !utf8.ValidString(s) || !utf8.ValidString(pattern) || len(s)+len(pattern) > 300 {
			return
		}
		if p, err := SimilarToRegexp(pattern, `\`); err == nil {
			CompileRegexp(p, "")
		}
		r, err := CompileRegexp(pattern, flags)
		if err != nil {
			return
		}
		if r.Matches(s) != (r.Match(s) != nil) {
			t.Fatalf("%q ~ %q", s, pattern)
		}
		n, _ := r.Count(s, 1)
		if n > 0 != r.Matches(s) {
			t.Fatalf("%q ~ %q: count %d", s, pattern, n)
		}
		r.MatchesAll(s)
		r.Replace(s, `\1\&`, true, 1, 0)
		r.SplitToArray(s)
		r.Substr(s, 2, 2, 1)
		r.Instr(s, 1, 1, 1, 1)
	})
}

func BenchmarkLike(b *testing.B) {
	b.ReportAllocs()
	m, _ := CompileLike("%order%_placed%", `\`, false)
	for b.Loop() {
		m.Match("the order was placed by someone")
	}
}
