//go:build cgo

package worker

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// Patterns that statements have used, compiled. The parts of a key are separated by a NUL,
// which no text holds.
var (
	regexps = newMemo(func(key string) (*pgfn.Regexp, error) {
		pattern, flags, _ := strings.Cut(key, "\x00")
		return pgfn.CompileRegexp(pattern, flags)
	})
	likes = newMemo(func(key string) (*pgfn.LikeMatcher, error) {
		parts := strings.SplitN(key, "\x00", 3)
		return pgfn.CompileLike(parts[0], parts[1], parts[2] == "i")
	})
)

func regexpOf(pattern, flags string) (*pgfn.Regexp, error) {
	return regexps.get(pattern + "\x00" + flags)
}

func like(name, fold string) *duck.Function {
	return function(name, tBool, types(tText, tText, tText), func(in []vector, i int, out *writer) error {
		m, err := likes.get(in[1].Text(i) + "\x00" + in[2].Text(i) + "\x00" + fold)
		if err == nil {
			out.SetBool(i, m.Match(in[0].Text(i)))
		}
		return err
	})
}

// split takes the flags apart that are not the pattern's own.
func splitFlags(flags, own string) (rest string, has bool) {
	if !strings.Contains(flags, own) {
		return flags, false
	}
	return strings.ReplaceAll(flags, own, ""), true
}

func patternFunctions() []*duck.Function {
	return []*duck.Function{
		like("pg_like", ""), like("pg_ilike", "i"),
		textToText("pg_similar", func(s string) (string, error) { return pgfn.SimilarToRegexp(s, `\`) }),
		text2("pg_similar_with", pgfn.SimilarToRegexp),
		function("pg_regexp", tBool, types(tText, tText, tText), func(in []vector, i int, out *writer) error {
			r, err := regexpOf(in[1].Text(i), in[2].Text(i))
			if err == nil {
				out.SetBool(i, r.Matches(in[0].Text(i)))
			}
			return err
		}),
		function("pg_regexp_substring", tText, types(tText, tText), func(in []vector, i int, out *writer) error {
			r, err := regexpOf(in[1].Text(i), "")
			if err != nil {
				return err
			}
			s, ok := r.Substring(in[0].Text(i))
			return found(out, i, s, ok)
		}),
		function("pg_regexp_substr", tText, types(tText, tText), func(in []vector, i int, out *writer) error {
			r, err := regexpOf(in[1].Text(i), "")
			if err != nil {
				return err
			}
			s, ok, err := r.Substr(in[0].Text(i), 1, 1, 0)
			if err != nil {
				return err
			}
			return found(out, i, s, ok)
		}),
		function("pg_regexp_instr", tInt, types(tText, tText), func(in []vector, i int, out *writer) error {
			r, err := regexpOf(in[1].Text(i), "")
			if err != nil {
				return err
			}
			n, err := r.Instr(in[0].Text(i), 1, 1, 0, 0)
			out.SetInt32(i, int32(n))
			return err
		}),
		function("pg_regexp_count", tInt, types(tText, tText), func(in []vector, i int, out *writer) error {
			r, err := regexpOf(in[1].Text(i), "")
			if err != nil {
				return err
			}
			n, err := r.Count(in[0].Text(i), 1)
			out.SetInt32(i, int32(n))
			return err
		}),
		function("pg_regexp_replace", tText, types(tText, tText, tText, tText), func(in []vector, i int, out *writer) error {
			flags, global := splitFlags(in[3].Text(i), "g")
			r, err := regexpOf(in[1].Text(i), flags)
			if err != nil {
				return err
			}
			n := 1
			if global {
				n = 0
			}
			s, err := r.Replace(in[0].Text(i), in[2].Text(i), global, 1, n)
			if err == nil {
				out.SetText(i, s)
			}
			return err
		}),
		function("pg_regexp_match", tTexts, types(tText, tText, tText), func(in []vector, i int, out *writer) error {
			if strings.Contains(in[2].Text(i), "g") {
				return pgwire.Errorf("22023", "regexp_match() does not support the \"global\" option").
					WithHint("Use the regexp_matches function instead.")
			}
			r, err := regexpOf(in[1].Text(i), in[2].Text(i))
			if err != nil {
				return err
			}
			m := r.Match(in[0].Text(i))
			setTexts(out, i, m)
			if m == nil {
				out.SetNull(i)
			}
			return nil
		}),
		function("pg_regexp_matches", duck.ListOf(tTexts), types(tText, tText, tText), func(in []vector, i int, out *writer) error {
			r, err := regexpOf(in[1].Text(i), in[2].Text(i))
			if err != nil {
				return err
			}
			all := r.MatchesAll(in[0].Text(i))
			items, from := out.BeginList(i, len(all))
			for k, m := range all {
				setTexts(items, from+k, m)
			}
			return nil
		}),
		function("pg_regexp_split", tTexts, types(tText, tText, tText), func(in []vector, i int, out *writer) error {
			r, err := regexpOf(in[1].Text(i), in[2].Text(i))
			if err == nil {
				setTexts(out, i, pointers(r.SplitToArray(in[0].Text(i))))
			}
			return err
		}),
	}
}
