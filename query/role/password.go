package role

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/auth"
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// maxPassword is PostgreSQL's bound on a password, bytes.
const maxPassword = 1 << 16

// HashPassword is what a role keeps of a password that it is given: its verifier. A text that is a verifier already is kept as
// it is, as PostgreSQL does. empty: the password is, which nobody could give, so that none is kept.
func HashPassword(password string) (verifier string, empty bool, err error) {
	if len(password) > maxPassword {
		return "", false, pgerror.Errorf(pgerror.InvalidParameterValue, "the password may have %d bytes at most", maxPassword)
	}
	if _, is := auth.ParseVerifier(password); is {
		return strings.Clone(password), false, nil
	}
	if isMD5(password) {
		return "", false, pgerror.Errorf(pgerror.FeatureNotSupported, "passwords that are stored as MD5 hashes are not supported").
			WithHint("Give the password itself, or what PostgreSQL makes of it with password_encryption = scram-sha-256.")
	}
	if password == "" {
		return "", true, nil
	}
	return auth.NewVerifier(password).String(), false, nil
}

// isMD5 tells whether a text is what PostgreSQL takes for an MD5 hash of a password.
func isMD5(s string) bool {
	const digits = "0123456789abcdef"
	return len(s) == 35 && strings.HasPrefix(s, "md5") && strings.Trim(s[3:], digits) == ""
}
