package auth

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// speaker is the client's side, as RFC 5802 has it, written apart from the server's.
type speaker struct {
	password, gs2, nonce string
	binding              []byte
	first                string
	ServerSignature      string
}

func (s *speaker) begin() string {
	s.first = "n=,r=" + s.nonce
	return s.gs2 + s.first
}

func (s *speaker) final(t *testing.T, challenge string) string {
	t.Helper()
	fields := strings.SplitN(challenge, ",", 3)
	salt, err := base64.StdEncoding.DecodeString(fields[1][2:])
	if err != nil {
		t.Fatal(err)
	}
	iterations, err := strconv.Atoi(fields[2][2:])
	if err != nil {
		t.Fatal(err)
	}
	salted, err := pbkdf2.Key(sha256.New, s.password, salt, iterations, 32)
	if err != nil {
		t.Fatal(err)
	}
	sum := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	key := sum(salted, "Client Key")
	stored := sha256.Sum256(key)
	bare := "c=" + base64.StdEncoding.EncodeToString(append([]byte(s.gs2), s.binding...)) + "," + fields[0]
	whole := s.first + "," + challenge + "," + bare
	signature := sum(stored[:], whole)
	for i := range key {
		key[i] ^= signature[i]
	}
	s.ServerSignature = "v=" + base64.StdEncoding.EncodeToString(sum(sum(salted, "Server Key"), whole))
	return bare + ",p=" + base64.StdEncoding.EncodeToString(key)
}

// TestVector is the example of RFC 7677, section 3.
func TestVector(t *testing.T) {
	salt, _ := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	x, err := NewExchange(Scram, nil, MakeVerifier("pencil", salt, 4096), true)
	if err != nil {
		t.Fatal(err)
	}
	// The example's nonce is no base64: what follows the client's is put in its place.
	answer, _, err := x.Next([]byte("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"))
	if err != nil {
		t.Fatal(err)
	}
	const nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
	x.serverFirst = strings.Replace(string(answer), x.nonce, nonce, 1)
	x.nonce = nonce
	if want := "r=" + nonce + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"; x.serverFirst != want {
		t.Fatalf("got %s, want %s", x.serverFirst, want)
	}
	answer, done, err := x.Next([]byte("c=biws,r=" + nonce + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
	if err != nil || !done || string(answer) != "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" {
		t.Fatalf("got %s %v %v", answer, done, err)
	}
}

func TestExchange(t *testing.T) {
	binding := []byte("the hash of a certificate, thirty")
	verifier := NewVerifier("secret")
	for _, c := range []struct {
		name, mechanism, gs2, password string
		binding, theirs                []byte
		unknown                        bool
		want                           string // SQLSTATE and message; "proof"; empty: in
	}{
		{name: "plain", mechanism: Scram, gs2: "n,,", password: "secret"},
		{name: "plain, a client that could bind", mechanism: Scram, gs2: "y,,", password: "secret"},
		{name: "plain over TLS", mechanism: Scram, gs2: "n,,", password: "secret", binding: binding},
		{name: "bound", mechanism: ScramPlus, gs2: "p=tls-server-end-point,,", password: "secret", binding: binding, theirs: binding},
		{name: "wrong password", mechanism: Scram, gs2: "n,,", password: "Secret", want: "proof"},
		{name: "wrong password, bound", mechanism: ScramPlus, gs2: "p=tls-server-end-point,,", password: "", binding: binding, theirs: binding, want: "proof"},
		{name: "no such role, though the proof is right", mechanism: Scram, gs2: "n,,", password: "secret", unknown: true, want: "proof"},
		{
			name: "another certificate", mechanism: ScramPlus, gs2: "p=tls-server-end-point,,", password: "secret", binding: binding, theirs: []byte("another"),
			want: "28000 SCRAM channel binding check failed",
		},
		{name: "PLUS taken out of the offer", mechanism: Scram, gs2: "y,,", password: "secret", binding: binding, want: "28000 SCRAM channel binding negotiation error"},
		{name: "binding without PLUS", mechanism: Scram, gs2: "p=tls-server-end-point,,", password: "secret", binding: binding, theirs: binding, want: "08P01 malformed SCRAM message"},
		{name: "PLUS without binding", mechanism: ScramPlus, gs2: "n,,", password: "secret", binding: binding, want: "08P01 malformed SCRAM message"},
		{name: "PLUS and a client that would not", mechanism: ScramPlus, gs2: "y,,", password: "secret", binding: binding, want: "08P01 malformed SCRAM message"},
		{name: "PLUS where it was not offered", mechanism: ScramPlus, gs2: "p=tls-server-end-point,,", password: "secret", want: "08P01 client selected an invalid SASL authentication mechanism"},
		{name: "another binding", mechanism: ScramPlus, gs2: "p=tls-unique,,", password: "secret", binding: binding, want: `08P01 unsupported SCRAM channel-binding type "tls-unique"`},
		{name: "for somebody else", mechanism: Scram, gs2: "n,a=postgres,", password: "secret", want: "0A000 client uses authorization identity, but it is not supported"},
		{name: "another mechanism", mechanism: "SCRAM-SHA-1", gs2: "n,,", password: "secret", want: "08P01 client selected an invalid SASL authentication mechanism"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := speaker{password: c.password, gs2: c.gs2, nonce: "fyko+d2lbbFgONRv9qkxdawL", binding: c.theirs}
			got := ""
			answer, err := converse(t, &client, c.mechanism, c.binding, verifier, !c.unknown)
			var e *pgerror.Error
			switch {
			case errors.Is(err, ErrProof):
				got = "proof"
			case errors.As(err, &e):
				got = e.Code + " " + e.Message
			case err != nil:
				t.Fatal(err)
			case answer != client.ServerSignature:
				t.Errorf("the server proves itself with %s, want %s", answer, client.ServerSignature)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func converse(t *testing.T, client *speaker, mechanism string, binding []byte, v Verifier, ok bool) (string, error) {
	t.Helper()
	x, err := NewExchange(mechanism, binding, v, ok)
	if err != nil {
		return "", err
	}
	challenge, done, err := x.Next([]byte(client.begin()))
	if err != nil {
		return "", err
	}
	if done {
		t.Error("done without a proof")
	}
	answer, done, err := x.Next([]byte(client.final(t, string(challenge))))
	if done != (err == nil) {
		t.Errorf("done is %v with %v", done, err)
	}
	if _, again, err := x.Next([]byte("n,,n=,r=x")); again || err == nil {
		t.Error("a third message is answered")
	}
	return string(answer), err
}

// TestMock: a role that is not there has the same salt each time, another than others, and the iterations of those that are.
func TestMock(t *testing.T) {
	a, again, other, elsewhere := Mock("a", []byte("s"), 4096), Mock("a", []byte("s"), 4096), Mock("b", []byte("s"), 4096), Mock("a", []byte("t"), 4096)
	if string(a.Salt) != string(again.Salt) || string(a.Salt) == string(other.Salt) || string(a.Salt) == string(elsewhere.Salt) ||
		len(a.Salt) != SaltBytes || a.Iterations != 4096 {
		t.Errorf("%x %x %x %x", a.Salt, again.Salt, other.Salt, elsewhere.Salt)
	}
}

// FuzzExchange: whatever a client sends, an exchange ends with an error that has a SQLSTATE, or a wrong proof.
func FuzzExchange(f *testing.F) {
	for _, first := range []string{
		"n,,n=,r=abc", "y,,n=,r=abc,x=1", "p=tls-server-end-point,,n=,r=abc", "n,a=x,n=,r=a", "n,,m=1,n=,r=a", "", "n", "n,", "n,,n", "z", "n,,n=,r=\x01", "\xff", "n,,n=,r=a,\x00",
	} {
		for _, final := range []string{
			"c=biws,r=abc,p=" + strings.Repeat("A", 43) + "=", "c=", "c=biws,r=abc,x=1,p=", "c=biws,r=abc,p=AA==,", "c=eSws,r=", strings.Repeat("x", 2000),
		} {
			f.Add(first, final, true)
			f.Add(first, final, false)
		}
	}
	verifier := Verifier{Iterations: 4096, Salt: make([]byte, SaltBytes)}
	f.Fuzz(func(t *testing.T, first, final string, plus bool) {
		mechanism, binding := Scram, []byte(nil)
		if plus {
			mechanism, binding = ScramPlus, []byte("hash")
		}
		x, err := NewExchange(mechanism, binding, verifier, true)
		if err != nil {
			t.Fatal(err)
		}
		x.random = func([]byte) {}
		for _, message := range []string{first, strings.ReplaceAll(final, "abc", x.nonce), final} {
			answer, done, err := x.Next([]byte(message))
			var e *pgerror.Error
			switch {
			case done:
				t.Fatal("a proof without the password")
			case err == nil && (len(answer) == 0 || len(answer) > MaxMessage+1024):
				t.Fatalf("an answer of %d bytes", len(answer))
			case err != nil && !errors.Is(err, ErrProof) && (!errors.As(err, &e) || len(e.Code) != 5):
				t.Fatalf("error without a SQLSTATE: %v", err)
			}
		}
	})
}
