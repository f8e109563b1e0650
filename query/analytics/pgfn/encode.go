package pgfn

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Encode is encode(bytea, format).
func Encode(b []byte, format string) (string, error) {
	switch Lower(format) {
	case "hex":
		return hex.EncodeToString(b), nil
	case "base64":
		s := base64.StdEncoding.EncodeToString(b)
		var out strings.Builder
		for len(s) >= 76 { // a newline after every full line, even the last
			out.WriteString(s[:76])
			out.WriteByte('\n')
			s = s[76:]
		}
		out.WriteString(s)
		return out.String(), nil
	case "escape":
		var out strings.Builder
		for _, c := range b {
			switch {
			case c == 0 || c >= 0x80:
				out.Write([]byte{'\\', '0' + c>>6, '0' + c>>3&7, '0' + c&7})
			case c == '\\':
				out.WriteString(`\\`)
			default:
				out.WriteByte(c)
			}
		}
		return out.String(), nil
	}
	return "", invalidParameter("unrecognized encoding: \"%s\"", format)
}

// Decode is decode(text, format).
func Decode(s, format string) ([]byte, error) {
	switch Lower(format) {
	case "hex":
		return decodeHex(s)
	case "base64":
		return decodeBase64(s)
	case "escape":
		return decodeEscape(s)
	}
	return nil, invalidParameter("unrecognized encoding: \"%s\"", format)
}

func firstRune(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

func decodeHex(s string) ([]byte, error) {
	out := make([]byte, 0, len(s)/2)
	space := func(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
	for i := 0; i < len(s); {
		if space(s[i]) {
			i++
			continue
		}
		high := pgvalue.HexDigit(s[i])
		if high < 0 {
			return nil, invalidParameter("invalid hexadecimal digit: \"%s\"", firstRune(s[i:]))
		}
		if i++; i >= len(s) {
			return nil, invalidParameter("invalid hexadecimal data: odd number of digits")
		}
		low := pgvalue.HexDigit(s[i])
		if low < 0 {
			return nil, invalidParameter("invalid hexadecimal digit: \"%s\"", firstRune(s[i:]))
		}
		i++
		out = append(out, byte(high<<4|low))
	}
	return out, nil
}

func base64Value(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case isDigit(c):
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}

func decodeBase64(s string) ([]byte, error) {
	out := make([]byte, 0, len(s)*3/4)
	buf, count, end := uint32(0), 0, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		v := 0
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			continue
		case c == '=':
			if end == 0 {
				switch count {
				case 2:
					end = 1
				case 3:
					end = 2
				default:
					return nil, invalidParameter("unexpected \"=\" while decoding base64 sequence")
				}
			}
		default:
			if v = base64Value(c); v < 0 {
				return nil, invalidParameter("invalid symbol \"%s\" found while decoding base64 sequence", firstRune(s[i:]))
			}
		}
		buf = buf<<6 + uint32(v)
		if count++; count == 4 {
			out = append(out, byte(buf>>16))
			if end == 0 || end > 1 {
				out = append(out, byte(buf>>8))
			}
			if end == 0 || end > 2 {
				out = append(out, byte(buf))
			}
			buf, count = 0, 0
		}
	}
	if count != 0 {
		return nil, pgerror.Errorf(pgerror.InvalidParameterValue, "invalid base64 end sequence").
			WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
	}
	return out, nil
}

func decodeEscape(s string) ([]byte, error) {
	out := make([]byte, 0, len(s))
	octal := func(i int, top byte) bool { return i < len(s) && s[i] >= '0' && s[i] <= top }
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			out = append(out, s[i])
		case octal(i+1, '3') && octal(i+2, '7') && octal(i+3, '7'):
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		case i+1 < len(s) && s[i+1] == '\\':
			out = append(out, '\\')
			i++
		default:
			return nil, pgerror.Errorf(pgerror.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return out, nil
}
