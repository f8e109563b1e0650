package syntax

import (
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// unicodeString reads U&'…', in which \XXXX and \+XXXXXX are characters by number. Another
// escape character, which UESCAPE would name behind it, is not supported.
func (l *Lexer) unicodeString() (token, error) {
	start := l.I
	l.I += 2
	text, err := l.str(false)
	if err != nil {
		return token{}, err
	}
	var b strings.Builder
	high := rune(0) // of a surrogate pair
	for i := 0; i < len(text); {
		if text[i] != '\\' || strings.HasPrefix(text[i:], `\\`) {
			if high != 0 {
				return token{}, l.errorf(start, "invalid Unicode surrogate pair")
			}
			n := 1
			if text[i] == '\\' {
				n = 2
			}
			b.WriteByte(text[i])
			i += n
			continue
		}
		digits, skip := 4, 1
		if strings.HasPrefix(text[i:], `\+`) {
			digits, skip = 6, 2
		}
		r, ok := hexRune(text[i+skip:], digits)
		if !ok {
			return token{}, pgerror.Errorf(pgerror.SyntaxError, "invalid Unicode escape").
				WithHint(`Unicode escapes must be \XXXX or \+XXXXXX.`).At(CharPosition(l.Src, start))
		}
		i += skip + digits
		switch {
		case high != 0 && r >= 0xDC00 && r < 0xE000:
			r, high = 0x10000+(high-0xD800)<<10+r-0xDC00, 0
		case high == 0 && r >= 0xD800 && r < 0xDC00:
			high = r
			continue
		}
		if high != 0 || !utf8.ValidRune(r) || r == 0 {
			return token{}, l.errorf(start, "invalid Unicode escape value")
		}
		b.WriteRune(r)
	}
	if high != 0 {
		return token{}, l.errorf(start, "invalid Unicode surrogate pair")
	}
	return token{Kind: TokString, Text: b.String()}, nil
}

// hexRune reads a number of hexadecimal digits.
func hexRune(s string, n int) (r rune, ok bool) {
	if len(s) < n {
		return 0, false
	}
	for i := range n {
		d := pgvalue.HexDigit(s[i])
		if d < 0 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}
