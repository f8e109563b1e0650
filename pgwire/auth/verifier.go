package auth

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"
)

const (
	// DefaultIterations and SaltBytes are PostgreSQL's.
	DefaultIterations = 4096
	SaltBytes         = 16

	// maxSaltBytes and maxIterations bound what a verifier that somebody else made can have a client, or a check of a
	// plain password, do. A client's own salts and counts are PostgreSQL's, or a few times that.
	maxSaltBytes  = 512
	maxIterations = 10_000_000

	verifierScheme = "SCRAM-SHA-256"
)

// Verifier stands for a password: with it a server checks a proof, and cannot make one. Its zero value is of no
// password.
type Verifier struct {
	Iterations int
	Salt       []byte
	StoredKey  [sha256.Size]byte
	ServerKey  [sha256.Size]byte
}

// NewVerifier makes the verifier of a password with a salt of its own.
func NewVerifier(password string) Verifier {
	salt := make([]byte, SaltBytes)
	_, _ = rand.Read(salt) // never fails
	return MakeVerifier(password, salt, DefaultIterations)
}

// MakeVerifier makes the verifier of a password, after [Prepare]. It costs the time of iterations.
func MakeVerifier(password string, salt []byte, iterations int) Verifier {
	v := Verifier{Iterations: iterations, Salt: salt}
	salted, err := pbkdf2.Key(sha256.New, Prepare(password), salt, iterations, sha256.Size)
	if err != nil { // only a key of no length
		panic(err)
	}
	v.StoredKey = sha256.Sum256(mac(salted, "Client Key"))
	copy(v.ServerKey[:], mac(salted, "Server Key"))
	return v
}

func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// ParseVerifier reads PostgreSQL's text form of a verifier, SCRAM-SHA-256$4096:salt$StoredKey:ServerKey; false if it
// is none. PostgreSQL takes such a text for a password.
func ParseVerifier(s string) (Verifier, bool) {
	scheme, rest, _ := strings.Cut(s, "$")
	parameters, keys, _ := strings.Cut(rest, "$")
	iterations, salt, ok := strings.Cut(parameters, ":")
	stored, server, ok2 := strings.Cut(keys, ":")
	if scheme != verifierScheme || !ok || !ok2 {
		return Verifier{}, false
	}
	var v Verifier
	var err error
	v.Iterations, err = strconv.Atoi(iterations)
	if err != nil || v.Iterations < 1 || v.Iterations > maxIterations || iterations[0] == '+' {
		return Verifier{}, false
	}
	v.Salt, ok = decode(salt)
	if !ok || len(v.Salt) == 0 || len(v.Salt) > maxSaltBytes || !decodeKey(&v.StoredKey, stored) || !decodeKey(&v.ServerKey, server) {
		return Verifier{}, false
	}
	return v, true
}

// String is PostgreSQL's text form, which pg_authid holds. It is a secret: it lets whoever has it guess passwords as
// fast as they can compute.
func (v Verifier) String() string {
	return verifierScheme + "$" + strconv.Itoa(v.Iterations) + ":" + encode(v.Salt) + "$" + encode(v.StoredKey[:]) + ":" + encode(v.ServerKey[:])
}

// Check tells whether the verifier is of a password. It costs the time of the verifier's iterations.
func (v Verifier) Check(password string) bool {
	if v.Iterations < 1 {
		return false
	}
	made := MakeVerifier(password, v.Salt, v.Iterations)
	return subtle.ConstantTimeCompare(made.StoredKey[:], v.StoredKey[:]) == 1
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// decode reads base64 without the line ends that Go's decoder passes over.
func decode(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := base64.StdEncoding.DecodeString(s)
	return b, err == nil
}

func decodeKey(key *[sha256.Size]byte, s string) bool {
	b, ok := decode(s)
	return ok && copy(key[:], b) == len(key) && len(b) == len(key)
}
