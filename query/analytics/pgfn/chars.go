package pgfn

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// A "char" is one byte; it is held as PostgreSQL shows it: empty of 0, a backslash and three octal
// digits of what is not ASCII.

// CharIn is the input of "char".
func CharIn(s string) string { return charText(charByte(s)) }

// CharCode is the cast of a "char" to integer.
func CharCode(s string) int { return int(int8(charByte(s))) }

// CharOf is the cast of an integer to "char".
func CharOf(n int) (string, error) {
	if n < -128 || n > 127 {
		return "", pgerror.Errorf(pgerror.NumericValueOutOfRange, "\"char\" out of range")
	}
	return charText(byte(n)), nil
}

func charByte(s string) byte {
	if s == "" {
		return 0
	}
	if len(s) == 4 && s[0] == '\\' && isOctalDigit(s[1]) && isOctalDigit(s[2]) && isOctalDigit(s[3]) {
		return (s[1]-'0')<<6 | (s[2]-'0')<<3 | (s[3] - '0')
	}
	return s[0]
}

func isOctalDigit(c byte) bool { return c >= '0' && c <= '7' }

func charText(c byte) string {
	switch {
	case c == 0:
		return ""
	case c < utf8.RuneSelf:
		return string(rune(c))
	}
	return `\` + string(rune('0'+c>>6)) + string(rune('0'+c>>3&7)) + string(rune('0'+c&7))
}

// Unistr is unistr: escapes of Unicode become characters.
func Unistr(s string) (string, error) {
	invalid := func() error {
		return pgerror.Errorf(pgerror.SyntaxError, "invalid Unicode escape").
			WithHint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.")
	}
	var b strings.Builder
	high := rune(0)
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			if high != 0 {
				return "", pgerror.Errorf(pgerror.SyntaxError, "invalid Unicode surrogate pair")
			}
			b.WriteByte(s[i])
			i++
			continue
		}
		if i+1 < len(s) && s[i+1] == '\\' {
			if high != 0 {
				return "", pgerror.Errorf(pgerror.SyntaxError, "invalid Unicode surrogate pair")
			}
			b.WriteByte('\\')
			i += 2
			continue
		}
		from, n := i+1, 4
		if from < len(s) {
			switch s[from] {
			case '+':
				from, n = from+1, 6
			case 'u':
				from++
			case 'U':
				from, n = from+1, 8
			}
		}
		if from+n > len(s) {
			return "", invalid()
		}
		v, err := strconv.ParseUint(s[from:from+n], 16, 32)
		if err != nil {
			return "", invalid()
		}
		r := rune(v)
		switch {
		case v > utf8.MaxRune || v == 0:
			return "", invalidParameter("invalid Unicode code point: %04X", v)
		case high != 0 && r&^0x3ff == 0xdc00:
			r, high = 0x10000+(high&0x3ff)<<10+r&0x3ff, 0
		case high != 0 || r&^0x3ff == 0xdc00:
			return "", pgerror.Errorf(pgerror.SyntaxError, "invalid Unicode surrogate pair")
		case r&^0x3ff == 0xd800:
			high = r
			i = from + n
			continue
		}
		b.WriteRune(r)
		i = from + n
	}
	if high != 0 {
		return "", pgerror.Errorf(pgerror.SyntaxError, "invalid Unicode surrogate pair")
	}
	return b.String(), nil
}

// LikeEscape is like_escape: a pattern whose escape character becomes the backslash.
func LikeEscape(pattern, escape string) (string, error) {
	r, n := utf8.DecodeRuneInString(escape)
	if n != len(escape) {
		return "", pgerror.Errorf(pgerror.InvalidEscapeSequence, "invalid escape string").WithHint("Escape string must be empty or one character.")
	}
	if escape == `\` {
		return pattern, nil
	}
	var b strings.Builder
	after := false
	for _, c := range pattern {
		switch {
		case escape != "" && c == r && !after:
			b.WriteByte('\\')
			after = true
			continue
		case c == '\\':
			b.WriteByte('\\')
			if !after {
				b.WriteByte('\\')
			}
		default:
			b.WriteRune(c)
		}
		after = false
	}
	return b.String(), nil
}

// ArrayLiteral turns a JSON array into the text of an array, as json_to_record reads it. What is no
// array is taken for such a text.
func ArrayLiteral(json []byte) ([]byte, error) {
	if TypeOf(json) != "array" {
		return json, nil
	}
	items, err := RawElements(json, "json_to_record")
	if err != nil {
		return nil, err
	}
	out := []byte{'{'}
	for i, item := range items {
		if i > 0 {
			out = append(out, ',')
		}
		if TypeOf(item) == "array" {
			return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "multidimensional arrays are not supported")
		}
		text, ok, err := RawText(item)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			out = append(out, "NULL"...)
		default:
			start := len(out)
			out = pgvalue.QuoteElement(append(out, text...), start)
		}
	}
	return append(out, '}'), nil
}
