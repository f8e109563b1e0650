package auth

import (
	"strings"
	"unicode/utf8"

	"github.com/xdg-go/stringprep"
)

// PostgreSQL looks for what is prohibited before it normalizes, where RFC 4013 does so afterwards.
var (
	mapAndCheck = stringprep.Profile{Mappings: stringprep.SASLprep.Mappings, Prohibits: stringprep.SASLprep.Prohibits, CheckBiDi: true}
	normalize   = stringprep.Profile{Normalize: true}
)

// Prepare is a password as SCRAM computes with it: what SASLprep (RFC 4013) makes of it, or, where that refuses it
// and where it is no UTF-8, the password as it stands. So does PostgreSQL, and ASCII it leaves alone, control
// characters included.
func Prepare(password string) string {
	if ascii(password) || !utf8.ValidString(password) {
		return password
	}
	// U+200B is a space, and one of those that are mapped to nothing; to PostgreSQL it is a space.
	checked, err := mapAndCheck.Prepare(strings.ReplaceAll(password, "\u200b", " "))
	if err != nil || checked == "" {
		return password
	}
	prepared, _ := normalize.Prepare(checked) // it refuses nothing
	return prepared
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
