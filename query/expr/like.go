package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// MatchLike matches in time proportional to len(s) × len(pattern) at worst: it goes back to the last % only.
// Both are UTF-8, so a byte of a pattern that is no sign of its own matches where its character does.
func MatchLike(pace func() error, s, pattern string) (bool, error) {
	const often = 1 << 14 // bytes that are compared between two looks
	i, j := 0, 0
	star, mark := -1, 0
	for steps := 1; i < len(s); steps++ {
		if steps%often == 0 {
			if err := pace(); err != nil {
				return false, err
			}
		}
		if j < len(pattern) {
			switch c := pattern[j]; {
			case c == '%':
				star, mark = j, i
				j++
				continue
			case c == '_':
				_, n := utf8.DecodeRuneInString(s[i:])
				i, j = i+n, j+1
				continue
			case c == '\\':
				if j+1 == len(pattern) {
					return false, pgerror.Errorf(pgerror.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
				}
				if pattern[j+1] == s[i] {
					i, j = i+1, j+2
					continue
				}
			case c == s[i]:
				i, j = i+1, j+1
				continue
			}
		}
		if star < 0 {
			return false, nil
		}
		_, n := utf8.DecodeRuneInString(s[mark:])
		mark += n
		j = star + 1
		if j < len(pattern) && pattern[j] != '%' && pattern[j] != '_' && pattern[j] != '\\' {
			// Nothing matches before the next byte of the kind.
			next := strings.IndexByte(s[mark:], pattern[j])
			if next < 0 {
				return false, nil
			}
			mark += next
		}
		i = mark
	}
	for j < len(pattern) && pattern[j] == '%' {
		j++
	}
	return j == len(pattern), nil
}
