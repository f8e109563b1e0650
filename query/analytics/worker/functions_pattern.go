//go:build cgo

package worker

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
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

// longText is from which length on a pattern's call looks at whether it is to end.
const longText = 1024

// regexpOf is the expression for a call that searches a text.
func regexpOf(pattern, flags, text string, out *writer) (*pgfn.Regexp, error) {
	r, err := regexps.get(pattern + "\x00" + flags)
	if err != nil || len(text) < longText {
		return r, err
	}
	return r.With(out.Work), nil
}

func like(name, fold string) *duck.Function {
	return function(name, tBool, types(tText, tText, tText), func(in []vector, i int, out *writer) error {
		m, err := likes.get(in[1].Text(i) + "\x00" + in[2].Text(i) + "\x00" + fold)
		if err != nil {
			return err
		}
		s := in[0].Text(i)
		if len(s) >= longText {
			m = m.With(out.Work)
		}
		out.SetBool(i, m.Match(s))
		return nil
	})
}

// splitFlags takes the flags apart that are not the pattern's own.
func splitFlags(flags, own string) (rest string, has bool) {
	if !strings.Contains(flags, own) {
		return flags, false
	}
	return strings.ReplaceAll(flags, own, ""), true
}

// regexpWithoutGlobal is regexpOf for a function that takes no flag g.
func regexpWithoutGlobal(pattern, flags, text string, out *writer, function string) (*pgfn.Regexp, error) {
	if strings.Contains(flags, "g") {
		return nil, pgerror.Errorf(pgerror.InvalidParameterValue, "%s does not support the \"global\" option", function)
	}
	return regexpOf(pattern, flags, text, out)
}

func patternFunctions() []*duck.Function {
	return []*duck.Function{
		like("pg_like", ""), like("pg_ilike", "i"),
		textToText("pg_similar", func(s string) (string, error) { return pgfn.SimilarToRegexp(s, `\`) }),
		text2("pg_similar_with", pgfn.SimilarToRegexp), text2("pg_like_escape", pgfn.LikeEscape),
		function("pg_regexp", tBool, types(tText, tText, tText), func(in []vector, i int, out *writer) error {
			r, err := regexpOf(in[1].Text(i), in[2].Text(i), in[0].Text(i), out)
			if err == nil {
				out.SetBool(i, r.Matches(in[0].Text(i)))
			}
			return err
		}),
		function("pg_regexp_substring", tText, types(tText, tText), func(in []vector, i int, out *writer) error {
			r, err := regexpOf(in[1].Text(i), "", in[0].Text(i), out)
			if err != nil {
				return err
			}
			s, ok := r.Substring(in[0].Text(i))
			return found(out, i, s, ok)
		}),
		function("pg_regexp_substr", tText, types(tText, tText, tInt, tInt, tText, tInt), func(in []vector, i int, out *writer) error {
			r, err := regexpWithoutGlobal(in[1].Text(i), in[4].Text(i), in[0].Text(i), out, "regexp_substr()")
			if err != nil {
				return err
			}
			s, ok, err := r.Substr(in[0].Text(i), int(in[2].Int32(i)), int(in[3].Int32(i)), int(in[5].Int32(i)))
			if err != nil {
				return err
			}
			return found(out, i, s, ok)
		}),
		function("pg_regexp_instr", tInt, types(tText, tText, tInt, tInt, tInt, tText, tInt), func(in []vector, i int, out *writer) error {
			r, err := regexpWithoutGlobal(in[1].Text(i), in[5].Text(i), in[0].Text(i), out, "regexp_instr()")
			if err != nil {
				return err
			}
			n, err := r.Instr(in[0].Text(i), int(in[2].Int32(i)), int(in[3].Int32(i)), int(in[4].Int32(i)), int(in[6].Int32(i)))
			out.SetInt32(i, int32(n))
			return err
		}),
		function("pg_regexp_count", tInt, types(tText, tText, tInt, tText), func(in []vector, i int, out *writer) error {
			r, err := regexpWithoutGlobal(in[1].Text(i), in[3].Text(i), in[0].Text(i), out, "regexp_count()")
			if err != nil {
				return err
			}
			n, err := r.Count(in[0].Text(i), int(in[2].Int32(i)))
			out.SetInt32(i, int32(n))
			return err
		}),
		function("pg_regexp_replace_at", tText, types(tText, tText, tText, tInt, tInt, tText), func(in []vector, i int, out *writer) error {
			flags, _ := splitFlags(in[5].Text(i), "g") // the number says which
			r, err := regexpOf(in[1].Text(i), flags, in[0].Text(i), out)
			if err != nil {
				return err
			}
			n := int(in[4].Int32(i))
			s, err := r.Replace(in[0].Text(i), in[2].Text(i), n == 0, int(in[3].Int32(i)), n)
			if err == nil {
				out.SetText(i, s)
			}
			return err
		}),
		function("pg_regexp_replace", tText, types(tText, tText, tText, tText), func(in []vector, i int, out *writer) error {
			flags, global := splitFlags(in[3].Text(i), "g")
			r, err := regexpOf(in[1].Text(i), flags, in[0].Text(i), out)
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
				return pgerror.Errorf(pgerror.InvalidParameterValue, "regexp_match() does not support the \"global\" option").
					WithHint("Use the regexp_matches function instead.")
			}
			r, err := regexpOf(in[1].Text(i), in[2].Text(i), in[0].Text(i), out)
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
			r, err := regexpOf(in[1].Text(i), in[2].Text(i), in[0].Text(i), out)
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
			r, err := regexpOf(in[1].Text(i), in[2].Text(i), in[0].Text(i), out)
			if err == nil {
				setTexts(out, i, pointers(r.SplitToArray(in[0].Text(i))))
			}
			return err
		}),
	}
}
