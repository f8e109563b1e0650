package pgwire

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/eventgres/eventgres/pgwire/auth"
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// alpn is the protocol's name in a TLS handshake. Direct TLS wants it, so that no handshake that was meant for another
// protocol is taken for one of this.
const alpn = "postgresql"

// TLS is what connections are encrypted with: a certificate and its key, and the authority of clients' certificates, as
// they stand in files. When these change it takes them anew, before the next handshake; while what stands there
// is bad, it keeps what it has, says so in the log, and tries again. It is safe for concurrent use.
type TLS struct {
	logger *slog.Logger

	mu     sync.Mutex
	files  TLSFiles
	offer  *offer
	looked time.Time   // when the files were last looked at
	marks  [3]fileMark // as they were then
	bad    string      // why what was there then is not used, as the log has it; empty: it is
}

// TLSFiles names files in PEM.
type TLSFiles struct {
	Cert string // the server's certificate, and those between it and a root
	Key  string // its key, which nobody else may read
	// ClientCA are the roots of clients' certificates; empty: no certificate is asked for.
	ClientCA string
}

// offer is what one handshake uses.
type offer struct {
	config  *tls.Config
	binding []byte // what SCRAM-SHA-256-PLUS binds to; nil: it is not offered
}

// fileMark tells whether a file has changed.
type fileMark struct {
	changed time.Time
	size    int64
}

// lookEvery bounds how often handshakes look at the files.
const lookEvery = time.Second

// LoadTLS reads the files; nil logs nothing.
func LoadTLS(files TLSFiles, logger *slog.Logger) (*TLS, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	t := &TLS{files: files, logger: logger, marks: files.marks(), looked: time.Now()}
	var err error
	t.offer, err = files.load()
	return t, err
}

// Reload takes the files as they are now, or returns why they cannot be used: then what was there before stays.
func (t *TLS) Reload() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bad = "" // who asks is told again
	return t.reload(t.files.marks())
}

// Use takes other files in place of those that it has, or returns why they cannot be used: then those stay.
func (t *TLS) Use(files TLSFiles) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, marks, bad := t.files, t.marks, t.bad
	t.files, t.bad = files, ""
	err := t.reload(files.marks())
	if err != nil {
		t.files, t.marks, t.bad = before, marks, bad
	}
	return err
}

func (t *TLS) reload(marks [3]fileMark) error {
	t.marks, t.looked = marks, time.Now()
	made, err := t.files.load()
	if err != nil {
		if why := err.Error(); why != t.bad {
			t.bad = why
			t.logger.Error("the TLS certificate was not loaded; the one before stays", "error", err)
		}
		return err
	}
	t.offer, t.bad = made, ""
	t.logger.Info("loaded the TLS certificate", "file", t.files.Cert, "until", made.config.Certificates[0].Leaf.NotAfter)
	return nil
}

// Files are those that it was told of.
func (t *TLS) Files() TLSFiles {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.files
}

// ClientCA tells whether certificates of clients can be checked.
func (t *TLS) ClientCA() bool { return t.Files().ClientCA != "" }

// current is what the next handshake uses.
func (t *TLS) current() *offer {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); now.Sub(t.looked) >= lookEvery {
		t.looked = now
		// What is bad may become good without a mark: who may read a file is none.
		if marks := t.files.marks(); marks != t.marks || t.bad != "" {
			_ = t.reload(marks) // it is in the log
		}
	}
	return t.offer
}

func (f TLSFiles) marks() (marks [3]fileMark) {
	for i, name := range []string{f.Cert, f.Key, f.ClientCA} {
		if info, err := os.Stat(name); err == nil {
			marks[i] = fileMark{info.ModTime(), info.Size()}
		}
	}
	return marks
}

func (f TLSFiles) load() (*offer, error) {
	if err := checkKeyFile(f.Key); err != nil {
		return nil, err
	}
	certificate, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", f.Cert, f.Key, err)
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}, NextProtos: []string{alpn},
		// Where a session is resumed no certificate is sent, and there is nothing that SCRAM could be bound to.
		SessionTicketsDisabled: true,
	}
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if _, direct := hello.Conn.(*readAhead); direct || slices.Contains(hello.SupportedProtos, alpn) {
			return nil, nil
		}
		other := config.Clone() // who asked for TLS within the protocol may call it what he likes
		other.NextProtos = nil
		return other, nil
	}
	if f.ClientCA != "" {
		text, err := os.ReadFile(f.ClientCA)
		if err != nil {
			return nil, err
		}
		config.ClientAuth, config.ClientCAs = tls.VerifyClientCertIfGiven, x509.NewCertPool()
		if !config.ClientCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate", f.ClientCA)
		}
	}
	return &offer{config, auth.EndPoint(certificate.Leaf)}, nil
}

// errKeyMode is PostgreSQL's refusal of a key that others may read.
var errKeyMode = errors.New("file must have permissions u=rw (0600) or less if it is this user's, or u=rw,g=r (0640) or less if it is root's")

// checkKeyFile refuses a key that others may read.
func checkKeyFile(name string) error {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("private key file %s is not a regular file", name)
	case openToOthers(info):
		return &fs.PathError{Op: "private key file", Path: name, Err: fmt.Errorf("has group or world access: %w", errKeyMode)}
	}
	return nil
}

// readAhead is a connection of which bytes were read that are the handshake's.
type readAhead struct {
	net.Conn
	bytes []byte
}

func (r *readAhead) Read(b []byte) (int, error) {
	if len(r.bytes) == 0 {
		return r.Conn.Read(b)
	}
	n := copy(b, r.bytes)
	r.bytes = r.bytes[n:]
	return n, nil
}

// offersTLS tells whether the connection may be encrypted. Through a Unix socket none is, as in PostgreSQL.
func (c *Conn) offersTLS() bool {
	return c.server.TLS != nil && c.secure == nil && c.raw.RemoteAddr().Network() != "unix"
}

// encrypt makes a TLS connection of one whose client has asked for it; direct: it has not, and has sent the handshake's
// first bytes.
func (c *Conn) encrypt(direct bool) error {
	offer := c.server.TLS.current()
	under := c.raw
	if direct {
		sent, _ := c.r.Peek(c.r.Buffered())
		under = &readAhead{c.raw, slices.Clone(sent)}
	}
	c.mu.Lock()
	c.encrypted = true // nobody else writes to it from now on
	c.mu.Unlock()
	secure := tls.Server(under, offer.config)
	_ = c.raw.SetWriteDeadline(time.Now().Add(c.server.StartupTimeout))
	if err := secure.HandshakeContext(c.ctx); err != nil {
		c.server.Logger.Info("TLS handshake failed", "address", c.raw.RemoteAddr().String(), "error", err)
		return errDisconnected
	}
	_ = c.raw.SetWriteDeadline(time.Time{})
	if direct && secure.ConnectionState().NegotiatedProtocol != alpn {
		c.server.Logger.Info("direct TLS without ALPN", "address", c.raw.RemoteAddr().String())
		return errDisconnected
	}
	c.secure, c.binding, c.net = secure, offer.binding, secure
	c.r.Reset(newTurnReader(secure, c.server.turns))
	return nil
}

// TLS is the state of the connection's encryption; nil: there is none.
func (c *Conn) TLS() *tls.ConnectionState {
	if c.secure == nil {
		return nil
	}
	state := c.secure.ConnectionState()
	return &state
}

// errUnencrypted is of bytes that came before the handshake that was asked for: they would be taken for what follows it.
func errUnencrypted() *pgerror.Error {
	return fatalProtocol("received unencrypted data after SSL request").
		WithDetail("This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.")
}
