package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"slices"
	"strconv"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// The mechanisms, by their names in the protocol.
const (
	Scram     = "SCRAM-SHA-256"
	ScramPlus = "SCRAM-SHA-256-PLUS"
)

// MaxMessage bounds each message of an exchange, in bytes; PostgreSQL's PG_MAX_SASL_MESSAGE_LENGTH.
const MaxMessage = 1024

// nonceBytes is PostgreSQL's SCRAM_RAW_NONCE_LEN.
const nonceBytes = 18

// ErrProof is the end of an exchange whose proof is not of the password, or that was of no role: the caller answers
// the same to both.
var ErrProof = errors.New("the proof is wrong")

// Exchange is the server's side of one SCRAM exchange: one message of the client's, one of the server's, twice. Errors
// that are [pgerror.Error] are what PostgreSQL answers to such a message.
type Exchange struct {
	verifier Verifier
	doomed   bool   // it ends with ErrProof, however good the proof
	tls      bool   // over TLS with a certificate that has a hash: PLUS was offered
	plus     bool   // it was chosen
	binding  []byte // of PLUS

	step        int
	gs2         string // the client's header
	nonce       string // of both sides
	clientFirst string // without its header
	serverFirst string

	random func([]byte) // makes nonces, for tests
}

// Mechanisms are those that a server offers, the best first. binding is what [EndPoint] gives of the certificate that
// this connection's handshake used; nil without TLS, and for one that has none.
func Mechanisms(binding []byte) []string {
	if len(binding) == 0 {
		return []string{Scram}
	}
	return []string{ScramPlus, Scram}
}

// NewExchange begins an exchange with the mechanism that the client chose of [Mechanisms]. Where a role has no
// verifier or does not exist, ok is false and verifier one of [Mock], so that the client cannot tell.
func NewExchange(mechanism string, binding []byte, verifier Verifier, ok bool) (*Exchange, error) {
	if !slices.Contains(Mechanisms(binding), mechanism) {
		return nil, pgerror.Errorf(pgerror.ProtocolViolation, "client selected an invalid SASL authentication mechanism")
	}
	return &Exchange{
		verifier: verifier, doomed: !ok, tls: len(binding) > 0, plus: mechanism == ScramPlus, binding: binding,
		random: func(b []byte) { _, _ = rand.Read(b) },
	}, nil
}

// Mock is a verifier for a role that has none: its salt is always the same for a name and a secret, so that asking
// twice does not tell that it is made up. iterations are those of the verifiers that the server makes.
func Mock(name string, secret []byte, iterations int) Verifier {
	salt := hmac.New(sha256.New, secret)
	salt.Write([]byte(name))
	return Verifier{Iterations: iterations, Salt: salt.Sum(nil)[:SaltBytes]}
}

// Next takes a message of the client's and returns the answer to it. done tells that the client has proved itself: the
// answer is the last. The error ends the exchange.
func (x *Exchange) Next(message []byte) (answer []byte, done bool, err error) {
	s, err := checkMessage(message)
	if err != nil {
		return nil, false, err
	}
	x.step++
	switch x.step {
	case 1:
		answer, err = x.first(s)
		return answer, false, err
	case 2:
		answer, err = x.final(s)
		return answer, err == nil, err
	}
	return nil, false, pgerror.Errorf(pgerror.ProtocolViolation, "invalid SCRAM exchange state")
}

func checkMessage(message []byte) (string, error) {
	switch {
	case len(message) == 0:
		return "", malformed("The message is empty.")
	case len(message) > MaxMessage || slices.Contains(message, 0):
		return "", malformed("Message length does not match input length.")
	}
	return string(message), nil
}

// first answers the client-first-message.
func (x *Exchange) first(s string) ([]byte, error) {
	m := attributes{rest: s}
	if err := x.header(&m); err != nil {
		return nil, err
	}
	x.gs2, x.clientFirst = s[:len(s)-len(m.rest)], m.rest
	if m.peek() == 'm' {
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "client requires an unsupported SCRAM extension")
	}
	// The name is left aside: who the client wants to be it said in its start-up packet.
	if _, err := m.value('n'); err != nil {
		return nil, err
	}
	nonce, err := m.value('r')
	if err != nil {
		return nil, err
	}
	for i := range len(nonce) {
		if nonce[i] <= ' ' || nonce[i] > '~' {
			return nil, pgerror.Errorf(pgerror.ProtocolViolation, "non-printable characters in SCRAM nonce")
		}
	}
	for !m.end() { // extensions
		if _, _, err := m.any(); err != nil {
			return nil, err
		}
	}
	var own [nonceBytes]byte
	x.random(own[:])
	x.nonce = nonce + encode(own[:])
	x.serverFirst = "r=" + x.nonce + ",s=" + encode(x.verifier.Salt) + ",i=" + strconv.Itoa(x.verifier.Iterations)
	return []byte(x.serverFirst), nil
}

// header reads how the client wants to bind the exchange to the channel, and who it wants to act for.
func (x *Exchange) header(m *attributes) error {
	switch m.peek() {
	case 'n', 'y':
		if x.plus {
			return malformed("The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel binding data.")
		}
		// Somebody between may have taken PLUS out of what was offered.
		if m.peek() == 'y' && x.tls {
			return pgerror.Errorf(pgerror.InvalidAuthorizationSpecification, "SCRAM channel binding negotiation error").WithDetail(
				"The client supports SCRAM channel binding but thinks the server does not.  However, this server does support channel binding.")
		}
		m.skip(1)
		if m.peek() != ',' {
			return malformed(`Comma expected, but found character "%s".`, m.shown())
		}
		m.skip(1)
	case 'p':
		if !x.plus {
			return malformed("The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel binding data.")
		}
		kind, err := m.value('p')
		if err != nil {
			return err
		}
		if kind != "tls-server-end-point" {
			return pgerror.Errorf(pgerror.ProtocolViolation, `unsupported SCRAM channel-binding type "%s"`, shownText(kind))
		}
	default:
		return malformed(`Unexpected channel-binding flag "%s".`, m.shown())
	}
	switch m.peek() {
	case 'a':
		return pgerror.Errorf(pgerror.FeatureNotSupported, "client uses authorization identity, but it is not supported")
	case ',':
		m.skip(1)
		return nil
	}
	return malformed(`Unexpected attribute "%s" in client-first-message.`, m.shown())
}

// final answers the client-final-message.
func (x *Exchange) final(s string) ([]byte, error) {
	m := attributes{rest: s}
	binding, err := m.value('c')
	if err != nil {
		return nil, err
	}
	if x.plus {
		if want := encode(append([]byte(x.gs2), x.binding...)); subtle.ConstantTimeCompare([]byte(binding), []byte(want)) != 1 {
			return nil, pgerror.Errorf(pgerror.InvalidAuthorizationSpecification, "SCRAM channel binding check failed")
		}
	} else if binding != encode([]byte(x.gs2)) {
		return nil, pgerror.Errorf(pgerror.ProtocolViolation, "unexpected SCRAM channel-binding attribute in client-final-message")
	}
	nonce, err := m.value('r')
	if err != nil {
		return nil, err
	}
	var signed, encoded string
	for name := byte(0); name != 'p'; { // extensions before it
		signed = s[:len(s)-len(m.rest)]
		if name, encoded, err = m.any(); err != nil {
			return nil, err
		}
	}
	var proof [sha256.Size]byte
	if !decodeKey(&proof, encoded) {
		return nil, malformed("Malformed proof in client-final-message.")
	}
	if !m.end() {
		return nil, malformed("Garbage found at the end of client-final-message.")
	}
	if subtle.ConstantTimeCompare([]byte(nonce), []byte(x.nonce)) != 1 {
		return nil, pgerror.Errorf(pgerror.ProtocolViolation, "invalid SCRAM response").WithDetail("Nonce does not match.")
	}
	if len(signed) > 0 && signed[len(signed)-1] == ',' {
		signed = signed[:len(signed)-1]
	}
	return x.prove(proof, x.clientFirst+","+x.serverFirst+","+signed)
}

// prove checks the proof, a doomed exchange's too, which takes as long then.
func (x *Exchange) prove(proof [sha256.Size]byte, exchanged string) ([]byte, error) {
	signature := mac(x.verifier.StoredKey[:], exchanged)
	subtle.XORBytes(proof[:], proof[:], signature) // the client's key
	stored := sha256.Sum256(proof[:])
	right := subtle.ConstantTimeCompare(stored[:], x.verifier.StoredKey[:]) == 1
	answer := mac(x.verifier.ServerKey[:], exchanged)
	if !right || x.doomed {
		return nil, ErrProof
	}
	return []byte("v=" + encode(answer)), nil
}

func malformed(format string, args ...any) *pgerror.Error {
	return pgerror.Errorf(pgerror.ProtocolViolation, "malformed SCRAM message").WithDetail(format, args...)
}
