package auth

import (
	"strings"
	"testing"
)

func TestVerifier(t *testing.T) {
	v := NewVerifier("secret")
	if other := NewVerifier("secret"); other.String() == v.String() {
		t.Error("two verifiers of a password are the same")
	}
	again, ok := ParseVerifier(v.String())
	if !ok || again.String() != v.String() {
		t.Errorf("%s reads back as %s", v, again)
	}
	if !again.Check("secret") || again.Check("Secret") || again.Check("") || (Verifier{}).Check("") {
		t.Error("a verifier takes another password")
	}
}

func TestParseVerifier(t *testing.T) {
	const key = "v6PLIqPIT0bk0V0tbxg9E2J5c6h1mlbcBYNqZxSNhgo="
	const good = "SCRAM-SHA-256$4096:c2FsdHNhbHQ=$" + key + ":" + key
	for text, want := range map[string]bool{
		good:                                                                   true,
		strings.Replace(good, "4096", "1", 1):                                  true,
		strings.Replace(good, "4096", "0", 1):                                  false,
		strings.Replace(good, "4096", "-1", 1):                                 false,
		strings.Replace(good, "4096", "+1", 1):                                 false,
		strings.Replace(good, "4096", "4096x", 1):                              false,
		strings.Replace(good, "4096", "99999999999999999999", 1):               false,
		strings.Replace(good, "4096", "10000001", 1):                           false,
		strings.Replace(good, "SHA-256", "SHA-1", 1):                           false,
		strings.Replace(good, "c2FsdHNhbHQ=", "", 1):                           false,
		strings.Replace(good, "c2FsdHNhbHQ=", "c2Fs\ndHNhbHQ=", 1):             false,
		strings.Replace(good, "c2FsdHNhbHQ=", "c2FsdHNhbHQ", 1):                false,
		strings.Replace(good, "c2FsdHNhbHQ=", strings.Repeat("c2Fs", 1000), 1): false,
		good + "=":            false,
		good + "$":            false,
		good[:len(good)-4]:    false,
		"md5" + good:          false,
		"":                    false,
		"SCRAM-SHA-256$":      false,
		"SCRAM-SHA-256$$$$::": false,
	} {
		if _, ok := ParseVerifier(text); ok != want {
			t.Errorf("%q: %v, want %v", text, ok, want)
		}
	}
}

// FuzzParseVerifier: what is read is written the same, as far as its bytes say it.
func FuzzParseVerifier(f *testing.F) {
	f.Add(MakeVerifier("x", []byte("salt"), 1).String())
	f.Add("SCRAM-SHA-256$1:AAAA$:")
	f.Fuzz(func(t *testing.T, s string) {
		v, ok := ParseVerifier(s)
		if !ok {
			return
		}
		again, ok := ParseVerifier(v.String())
		if !ok || again.String() != v.String() {
			t.Fatalf("%q reads as %s, which reads as %s", s, v, again)
		}
	})
}

func TestPrepare(t *testing.T) {
	for password, want := range map[string]string{
		"":                     "",
		"plain \x01":           "plain \x01",
		"I\u00adX":             "IX",           // RFC 4013's examples
		"\u00aa":               "a",            //
		"\u2168":               "IX",           //
		"ü\u00a0\u3000\u200bx": "ü   x",        // spaces
		"\u00ad":               "\u00ad",       // nothing is left
		"ü\x07":                "ü\x07",        // prohibited
		"\u0627\u0031":         "\u0627\u0031", // an example of RFC 4013 that is refused
		"\xff\xfe":             "\xff\xfe",     // no UTF-8
		"\U0001f600":           "\U0001f600",   // no character yet in Unicode 3.2
		"u\u0308":              "ü",
	} {
		if got := Prepare(password); got != want {
			t.Errorf("%+q: got %+q, want %+q", password, got, want)
		}
	}
}
