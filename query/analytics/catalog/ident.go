package catalog

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// ParseIdent is parse_ident: the parts of a qualified name. Unlike the input of
// regclass it knows what an identifier is made of. What stands behind the name
// is an error if strict.
func ParseIdent(text string, strict bool) ([]string, error) {
	invalid := func(detail string) error {
		e := pgerror.Errorf(pgerror.InvalidParameterValue, "string is not a valid identifier: \"%s\"", text)
		e.Detail = detail
		return e
	}
	var parts []string
	rest := strings.TrimLeft(text, spaces)
	for {
		n := 0
		switch {
		case strings.HasPrefix(rest, `"`):
			end := 1
			for end < len(rest) && (rest[end] != '"' || strings.HasPrefix(rest[end+1:], `"`)) {
				if rest[end] == '"' {
					end++
				}
				end++
			}
			if end >= len(rest) {
				return nil, invalid("String has unclosed double quotes.")
			}
			if end == 1 {
				return nil, invalid("Quoted identifier must not be empty.")
			}
			parts, n = append(parts, strings.ReplaceAll(rest[1:end], `""`, `"`)), end+1
		default:
			for n < len(rest) && identifierByte(rest[n], n == 0) {
				n++
			}
			parts = append(parts, lower(rest[:n]))
		}
		if n == 0 {
			switch {
			case len(parts) > 1:
				return nil, invalid("No valid identifier after \".\".")
			case strings.HasPrefix(rest, "."):
				return nil, invalid("No valid identifier before \".\".")
			}
			return nil, invalid("")
		}
		rest = strings.TrimLeft(rest[n:], spaces)
		switch {
		case strings.HasPrefix(rest, "."):
			rest = strings.TrimLeft(rest[1:], spaces)
		case rest == "" || !strict:
			return parts, nil
		default:
			return nil, invalid("")
		}
	}
}

func identifierByte(b byte, first bool) bool {
	return b == '_' || b >= 0x80 || b|0x20 >= 'a' && b|0x20 <= 'z' || !first && (b == '$' || b >= '0' && b <= '9')
}
