package pgwire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// authority signs certificates for a test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir(), pool: x509.NewCertPool()}
	a.cert, a.key = a.sign("root", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	a.pool.AddCert(a.cert)
	return a
}

// sign makes a certificate, and writes it and its key to NAME.crt and NAME.key.
func (a *authority) sign(name string, change ...func(*x509.Certificate)) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	for _, f := range change {
		f(template)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(name+".crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	a.write(name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	return made, key
}

func (a *authority) write(name string, text []byte) {
	a.t.Helper()
	if err := os.WriteFile(a.path(name), text, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) files(name string) TLSFiles {
	return TLSFiles{Cert: a.path(name + ".crt"), Key: a.path(name + ".key"), ClientCA: a.path("root.crt")}
}

func (a *authority) load(name string) *TLS {
	a.t.Helper()
	made, err := LoadTLS(a.files(name), nil)
	if err != nil {
		a.t.Fatal(err)
	}
	return made
}

const askTLS = "\x00\x00\x00\x08\x04\xd2\x16\x2f"

// secure asks for TLS and makes it.
func (c *client) secure(config *tls.Config) (*client, error) {
	c.t.Helper()
	c.send(askTLS)
	one := make([]byte, 1)
	if _, err := c.Read(one); err != nil || one[0] != 'S' {
		c.t.Fatalf("the answer to SSLRequest is %q, %v", one, err)
	}
	return c.handshake(config)
}

func (c *client) handshake(config *tls.Config) (*client, error) {
	secure := tls.Client(c.Conn, config)
	return &client{c.t, secure}, secure.HandshakeContext(c.t.Context())
}

func TestTLS(t *testing.T) {
	a := newAuthority(t)
	a.sign("server")
	addr, _ := listen(t, &Server{Handler: echoHandler{}, TLS: a.load("server")})
	in := startup(protocol30, "user", "u")
	base := tls.Config{RootCAs: a.pool, ServerName: "localhost"}
	for _, c := range []struct {
		name   string
		direct bool
		change func(*tls.Config)
		want   string // empty: no handshake
	}{
		{name: "TLS 1.2", change: func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, want: "RSKZ"},
		{name: "TLS 1.3", want: "RSKZ"},
		{name: "TLS 1.1", change: func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }},
		{name: "with ALPN", change: func(c *tls.Config) { c.NextProtos = []string{alpn} }, want: "RSKZ"},
		{name: "with ALPN of something else", change: func(c *tls.Config) { c.NextProtos = []string{"h2"} }, want: "RSKZ"},
		{name: "direct", direct: true, change: func(c *tls.Config) { c.NextProtos = []string{alpn} }, want: "RSKZ"},
		{name: "direct, one of several protocols", direct: true, change: func(c *tls.Config) { c.NextProtos = []string{"h2", alpn} }, want: "RSKZ"},
		{name: "direct without ALPN", direct: true, want: " "},
		{name: "direct with ALPN of something else", direct: true, change: func(c *tls.Config) { c.NextProtos = []string{"h2"} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := base.Clone()
			if c.change != nil {
				c.change(config)
			}
			plain := dial(t, addr)
			make := plain.secure
			if c.direct {
				make = plain.handshake
			}
			secure, err := make(config)
			if c.want == "" {
				if err == nil {
					t.Error("there is a handshake")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			_, _ = secure.Write([]byte(in)) // it may be closed
			if _, all := secure.until('Z'); all != strings.TrimSpace(c.want) {
				t.Errorf("got %s, want %s", all, c.want)
			}
		})
	}
}

// TestTLSPlain: what comes in plain text around a handshake.
func TestTLSPlain(t *testing.T) {
	a := newAuthority(t)
	a.sign("server")
	addr, _ := listen(t, &Server{Handler: echoHandler{}, TLS: a.load("server")})
	c := dial(t, addr)
	c.send(askTLS + startup(protocol30, "user", "u"))
	one := make([]byte, 1)
	if _, err := c.Read(one); err != nil || one[0] != 'S' {
		t.Fatalf("%q, %v", one, err)
	}
	if _, all := c.until('-'); all != "E(FATAL 08P01 received unencrypted data after SSL request)" {
		t.Errorf("bytes behind SSLRequest: %s", all)
	}
	c = dial(t, addr)
	c.send(startup(protocol30, "user", "u"))
	if _, all := c.until('Z'); all != "RSKZ" {
		t.Errorf("no TLS: %s", all)
	}
	secure, err := dial(t, addr).secure(&tls.Config{RootCAs: a.pool, ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	secure.send(askTLS)
	if _, all := secure.until('-'); all != "E(FATAL 0A000 unsupported frontend protocol 1234.5679: server supports 3.0 to 3.2)" {
		t.Errorf("TLS within TLS: %s", all)
	}
	c = dial(t, addr)
	c.send("\x00\x00\x00\x08\x04\xd2\x16\x30")
	if _, err := c.Read(one); err != nil || one[0] != 'N' {
		t.Fatalf("GSSENCRequest: %q, %v", one, err)
	}
	if secure, err = c.secure(&tls.Config{RootCAs: a.pool, ServerName: "localhost"}); err != nil {
		t.Fatal(err)
	}
	secure.send(startup(protocol30, "user", "u"))
	if _, all := secure.until('Z'); all != "RSKZ" {
		t.Errorf("after GSSENCRequest: %s", all)
	}
}

// TestTLSUnix: through a Unix socket there is none, as in PostgreSQL.
func TestTLSUnix(t *testing.T) {
	a := newAuthority(t)
	a.sign("server")
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Skip(err)
	}
	s := &Server{Handler: echoHandler{}, TLS: a.load("server")}
	go func() { _ = s.Serve(l) }()
	defer l.Close()
	nc, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	c := &client{t, nc}
	c.send(askTLS)
	one := make([]byte, 1)
	if _, err := c.Read(one); err != nil || one[0] != 'N' {
		t.Errorf("got %q, %v", one, err)
	}
}

// TestTLSCancel: a cancel request is encrypted too, and the reads of an encrypted connection can be woken.
func TestTLSCancel(t *testing.T) {
	a := newAuthority(t)
	a.sign("server")
	h := waitHandler{waiting: make(chan struct{}, 1)}
	s := &Server{Handler: h, TLS: a.load("server")}
	addr, served := listen(t, s)
	config := &tls.Config{RootCAs: a.pool, ServerName: "localhost"}
	in := func() (*client, []byte) {
		c, err := dial(t, addr).secure(config)
		if err != nil {
			t.Fatal(err)
		}
		c.send(startup(protocol30, "user", "u"))
		key, _ := c.until('K')
		c.until('Z')
		return c, key
	}
	c, key := in()
	c.send(frame('Q', "wait\x00"))
	<-h.waiting
	canceler, err := dial(t, addr).secure(config)
	if err != nil {
		t.Fatal(err)
	}
	canceler.send(packet("\x04\xd2\x16\x2e" + string(key)))
	if _, all := canceler.until('-'); all != "" {
		t.Errorf("the answer to a cancel request: %s", all)
	}
	if _, all := c.until('Z'); !strings.HasSuffix(all, "E(ERROR 57014 canceling statement due to user request)Z") {
		t.Errorf("got %s", all)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	<-served
	if _, all := c.until('-'); all != "E(FATAL 57P01 terminating connection due to administrator command)" {
		t.Errorf("at shutdown: %s", all)
	}
}

// peerHandler's statements end when their client has gone.
type peerHandler struct {
	echoHandler
	state chan *tls.ConnectionState
	gone  chan struct{}
}

func (h peerHandler) Connect(ctx context.Context, c *Conn) (Session, error) {
	s, err := h.echoHandler.Connect(ctx, c)
	h.state <- c.TLS()
	return peerSession{s, c, h}, err
}

type peerSession struct {
	Session
	c *Conn
	h peerHandler
}

func (s peerSession) Bind(ctx context.Context, _ Statement, _ []pgvalue.Value) (Portal, error) {
	ctx, stop := s.c.WhilePeer(ctx)
	defer stop()
	<-ctx.Done()
	close(s.h.gone)
	return nil, ctx.Err()
}

// TestTLSPeer: the session learns who the client is by its certificate, and when it goes.
func TestTLSPeer(t *testing.T) {
	a := newAuthority(t)
	a.sign("server")
	a.sign("alice")
	h := peerHandler{state: make(chan *tls.ConnectionState, 1), gone: make(chan struct{})}
	addr, _ := listen(t, &Server{Handler: h, TLS: a.load("server")})
	alice, err := tls.LoadX509KeyPair(a.path("alice.crt"), a.path("alice.key"))
	if err != nil {
		t.Fatal(err)
	}
	other := newAuthority(t)
	other.sign("alice")
	stranger, err := tls.LoadX509KeyPair(other.path("alice.crt"), other.path("alice.key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := &tls.Config{RootCAs: a.pool, ServerName: "localhost", MaxVersion: version, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &stranger, nil
		}}
		c, err := dial(t, addr).secure(config)
		if err == nil { // TLS 1.3 tells the client later
			_, _ = c.Write([]byte(startup(protocol30, "user", "u")))
			if _, all := c.until('Z'); all != "" {
				t.Errorf("a certificate of another authority: %s", all)
			}
		}
	}
	c, err := dial(t, addr).secure(&tls.Config{RootCAs: a.pool, ServerName: "localhost", Certificates: []tls.Certificate{alice}})
	if err != nil {
		t.Fatal(err)
	}
	c.send(startup(protocol30, "user", "u"))
	c.until('Z')
	if state := <-h.state; state == nil || len(state.VerifiedChains) == 0 || state.PeerCertificates[0].Subject.CommonName != "alice" {
		t.Errorf("the session is told %+v", state)
	}
	c.send(frame('Q', "x\x00"))
	c.Close()
	select {
	case <-h.gone:
	case <-time.After(patience):
		t.Error("the statement goes on though its client has gone")
	}
}

// TestTLSReload: what stands in the files is taken, by a call and by itself; what is bad is not.
func TestTLSReload(t *testing.T) {
	a := newAuthority(t)
	serial := func(name string) string {
		c, _ := a.sign(name)
		return c.SerialNumber.String()
	}
	first := serial("server")
	made := a.load("server")
	addr, _ := listen(t, &Server{Handler: echoHandler{}, TLS: made})
	seen := func() string {
		t.Helper()
		c, err := dial(t, addr).secure(&tls.Config{RootCAs: a.pool, ServerName: "localhost"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.Conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	if got := seen(); got != first {
		t.Errorf("serial %s, want %s", got, first)
	}
	second := serial("server")
	if err := made.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := seen(); got != second {
		t.Errorf("after Reload: serial %s, want %s", got, second)
	}
	serial("other")
	key, err := os.ReadFile(a.path("other.key"))
	if err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(a.path("server.key"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"the key of another": key, "nothing": nil, "rubbish": []byte("x")} {
		a.write("server.key", text)
		if err := made.Reload(); err == nil {
			t.Errorf("%s: it is taken", name)
		}
		if got := seen(); got != second {
			t.Errorf("%s: serial %s, want %s", name, got, second)
		}
	}
	a.write("server.key", good)
	if err := os.Chmod(a.path("server.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := made.Reload(); err == nil || !strings.Contains(err.Error(), "has group or world access") {
		t.Errorf("a key that all may read: %v", err)
	}
	if err := os.Chmod(a.path("server.key"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken := func(want, what string) {
		t.Helper()
		for deadline := time.Now().Add(patience); seen() != want; {
			if time.Now().After(deadline) {
				t.Fatal(what + " is not noticed")
			}
		}
	}
	third := serial("server")
	taken(third, "the files' change")
	// Files that are put there before they may be read, and only then made what they have to be.
	fourth := serial("server")
	if err := os.Chmod(a.path("server.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := made.Reload(); err == nil {
		t.Fatal("a key that all may read is taken")
	}
	if got := seen(); got != third {
		t.Errorf("serial %s, want %s", got, third)
	}
	if err := os.Chmod(a.path("server.key"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken(fourth, "that the key may be read now")
}
