package pgwire

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/pgwire/auth"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Authenticator decides who a client is, while its connection starts.
type Authenticator interface {
	// Authenticate is called on a connection's goroutine, when its start-up packet was read and before it takes a session's
	// place. An error, which should be a [pgerror.Error], ends the connection with it. ctx ends when the connection has to.
	Authenticate(ctx context.Context, l *Login) (Identity, error)
}

// Identity is who a client has proved to be.
type Identity struct {
	Role      string
	Superuser bool // it may take the places that are kept for superusers
	Method    auth.Method
}

// Identity is who the client has proved to be; the zero value without an [Authenticator].
func (c *Conn) Identity() Identity { return c.identity }

// Login is a connection that asks for a session. Its methods are for the Authenticator, while Authenticate runs.
type Login struct{ c *Conn }

// User is the role that the client wants to be.
func (l *Login) User() string { return l.c.startupParams["user"] }

// Database is what the client wants to see.
func (l *Login) Database() string { return l.c.startupParams["database"] }

// Encrypted tells whether the connection is.
func (l *Login) Encrypted() bool { return l.c.secure != nil }

// Unix tells whether the client came through a Unix socket.
func (l *Login) Unix() bool { return l.c.raw.RemoteAddr().Network() == "unix" }

// Address is the client's; invalid for Unix sockets.
func (l *Login) Address() netip.Addr {
	if tcp, ok := l.c.raw.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// Origin is what counts as one address, to those who count attempts.
func (l *Login) Origin() string { return origin(l.c.raw.RemoteAddr()) }

// Certificate is the client's, which the server's authority has signed; nil if it gave none.
func (l *Login) Certificate() *x509.Certificate {
	if l.c.secure == nil {
		return nil
	}
	if chains := l.c.secure.ConnectionState().VerifiedChains; len(chains) > 0 {
		return chains[0][0]
	}
	return nil
}

// PeerID is the operating system's number of the user at the other end of a Unix socket.
func (l *Login) PeerID() (uint32, error) { return peerID(l.c.raw) }

// Scram has the client prove that it knows the password of a verifier; ok is false for one of [auth.Mock]. before is called when the proof
// has come, and may keep it waiting, or end the exchange with an error. The error is [auth.ErrProof] for a wrong proof, and otherwise what the client is to be told.
func (l *Login) Scram(verifier auth.Verifier, ok bool, before func() error) error {
	c := l.c
	c.send(&pgproto3.AuthenticationSASL{AuthMechanisms: auth.Mechanisms(c.binding)})
	if err := c.flush(); err != nil {
		return err
	}
	m, err := c.response()
	if err != nil {
		return err
	}
	mechanism := m.stringBytes()
	if m.bad {
		return fatalProtocol("invalid string in message")
	}
	exchange, err := auth.NewExchange(string(mechanism), c.binding, verifier, ok)
	if err != nil {
		return err
	}
	var first []byte
	size := m.int32()
	if size != -1 {
		first = m.take(int(size))
	}
	if err := m.end(); err != nil {
		return err
	}
	if size == -1 { // the client waits to be asked
		c.send(&pgproto3.AuthenticationSASLContinue{})
		if first, err = c.ask(); err != nil {
			return err
		}
	}
	challenge, _, err := exchange.Next(first)
	if err != nil {
		return err
	}
	c.send(&pgproto3.AuthenticationSASLContinue{Data: challenge})
	proof, err := c.ask()
	if err != nil {
		return err
	}
	if err := before(); err != nil {
		return err
	}
	var answer []byte
	if turn := proofs.check(c.ctx, l.Origin(), func() { answer, _, err = exchange.Next(proof) }); turn != nil {
		return turn
	}
	if err != nil {
		return err
	}
	c.send(&pgproto3.AuthenticationSASLFinal{Data: answer})
	return nil
}

// ask asks for the next response, and returns its data.
func (c *Conn) ask() ([]byte, error) {
	if err := c.flush(); err != nil {
		return nil, err
	}
	m, err := c.response()
	return m.b, err
}

// errResponseLength ends a connection whose response is too long to be one; PostgreSQL says no more.
var errResponseLength = errors.New("invalid message length")

// response reads a message that answers a request for a proof.
func (c *Conn) response() (message, error) {
	var header [5]byte
	if _, err := io.ReadFull(c.r, header[:1]); err != nil {
		return message{}, errDisconnected
	}
	if header[0] != 'p' {
		return message{}, fatalProtocol("expected SASL response, got message type %d", header[0])
	}
	if _, err := io.ReadFull(c.r, header[1:]); err != nil {
		return message{}, errDisconnected
	}
	length := int64(int32(pgvalue.Be.Uint32(header[1:]))) - 4
	if length < 0 || length > auth.MaxMessage-4 { // PostgreSQL counts the length itself
		return message{}, errResponseLength
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(c.r, body); err != nil {
		return message{}, errDisconnected
	}
	return message{b: body}, nil
}

// authenticate asks the server's Authenticator, if it has one, who the client is.
func (c *Conn) authenticate() error {
	packet := c.packet
	c.packet = nil
	if c.server.Authenticator == nil {
		return nil
	}
	// While it waits for a client that may never prove itself, the server keeps the packet, and not what it makes of it, which may be
	// twenty times as much.
	all := c.startupParams
	c.startupParams = map[string]string{"user": all["user"], "database": all["database"]}
	identity, err := c.server.Authenticator.Authenticate(c.ctx, &Login{c})
	if err != nil {
		if errors.Is(err, errDisconnected) {
			return err
		}
		e := asError(err)
		e.Severity = "FATAL"
		return e
	}
	c.identity = identity
	_, err = c.readParameters(packet) // as it did before
	return err
}

var errReserved = &pgerror.Error{
	Severity: "FATAL", Code: pgerror.TooManyConnections, Message: "remaining connection slots are reserved for non-replication superuser connections",
}
