package peer

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Files are those of a node's certificate.
type Files struct{ Cert, Key, CA string }

// identity is what a node shows to others, and what it takes from them.
type identity struct {
	certificate tls.Certificate
	roots       *x509.CertPool
}

func (f Files) load() (*identity, error) {
	if f.Cert == "" || f.Key == "" || f.CA == "" {
		return nil, errors.New("a node of a cluster needs --peer-cert, --peer-key and --peer-ca")
	}
	certificate, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("the certificate for other nodes: %w", err)
	}
	pem, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, err
	}
	i := &identity{certificate, x509.NewCertPool()}
	if !i.roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", f.CA)
	}
	return i, nil
}

// check verifies that the certificate is the node's that it is shown for.
func (i *identity) check(name string) error {
	leaf, err := x509.ParseCertificate(i.certificate.Certificate[0])
	if err == nil {
		err = leaf.VerifyHostname(name)
	}
	if err != nil {
		return fmt.Errorf("the certificate for other nodes must be for the name %q: %w", name, err)
	}
	return nil
}

func (i *identity) server() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{i.certificate},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: i.roots,
	}
}

func (i *identity) client(name string) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{i.certificate}, RootCAs: i.roots, ServerName: name}
}

// anybody is for a node whose name is not known before it says it: its certificate must be of the same cluster.
func (i *identity) anybody() *tls.Config {
	c := i.client("")
	c.InsecureSkipVerify = true
	c.VerifyConnection = func(s tls.ConnectionState) error {
		between := x509.NewCertPool()
		for _, cert := range s.PeerCertificates[1:] {
			between.AddCert(cert)
		}
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: i.roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		return err
	}
	return c
}

// Hello is what nodes say of themselves when they meet.
type Hello struct {
	Node    uint64 `json:"node"`
	Name    string `json:"name"`
	To      string `json:"to"`      // whom the caller means
	Peer    string `json:"peer"`    // address for other nodes
	SQL     string `json:"sql"`     // address for clients
	Store   string `json:"store"`   // id of the store; empty if there is none yet
	Formats [2]int `json:"formats"` // of the log, oldest and newest that it reads
	Purpose string `json:"purpose"` // of the connection: "messages" or "call"
}

// Format is of the log of a cluster, as this program writes it.
const Format = 1

const (
	magic = "EVGPEER\x01"
	// maxText bounds what is said in JSON: the members of hundreds of nodes.
	maxText = 1 << 20
	// meeting is how long two nodes may take to meet.
	meeting = 5 * time.Second
)

// writeText writes a value as JSON behind its length.
func writeText(w io.Writer, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(text)), uint32(len(text)))
	_, err = w.Write(append(b, text...))
	return err
}

func readText(r io.Reader, value any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxText {
		return fmt.Errorf("a node says %d bytes; at most %d are read", n, maxText)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return err
	}
	return json.Unmarshal(text, value)
}

// meet says hello on a connection that was made, and returns what the other says.
func meet(conn *tls.Conn, mine Hello) (r *bufio.Reader, theirs Hello, err error) {
	_ = conn.SetDeadline(time.Now().Add(meeting))
	if err := conn.Handshake(); err != nil {
		return nil, theirs, err
	}
	if _, err := io.WriteString(conn, magic); err != nil {
		return nil, theirs, err
	}
	if err := writeText(conn, mine); err != nil {
		return nil, theirs, err
	}
	r = bufio.NewReaderSize(conn, 256<<10)
	var refusal string
	if err := readText(r, &refusal); err != nil {
		return nil, theirs, err
	}
	if refusal != "" {
		return nil, theirs, errors.New(refusal)
	}
	if err := readText(r, &theirs); err != nil {
		return nil, theirs, err
	}
	_ = conn.SetDeadline(time.Time{})
	return r, theirs, nil
}

// greet reads a hello on a connection that was taken, and answers it; check says whether the two may speak, and gives the answer.
func greet(conn *tls.Conn, check func(Hello) (Hello, error)) (r *bufio.Reader, theirs Hello, err error) {
	_ = conn.SetDeadline(time.Now().Add(meeting))
	if err := conn.Handshake(); err != nil {
		return nil, theirs, err
	}
	r = bufio.NewReaderSize(conn, 256<<10)
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, theirs, err
	}
	if string(head) != magic {
		return nil, theirs, errors.New("not a node")
	}
	if err := readText(r, &theirs); err != nil {
		return nil, theirs, err
	}
	var mine Hello
	if err = conn.ConnectionState().PeerCertificates[0].VerifyHostname(theirs.Name); err == nil {
		mine, err = check(theirs)
	}
	refusal := ""
	if err != nil {
		refusal = err.Error()
	}
	if e := writeText(conn, refusal); e != nil || err != nil {
		return nil, theirs, errors.Join(err, e)
	}
	if err := writeText(conn, mine); err != nil {
		return nil, theirs, err
	}
	_ = conn.SetDeadline(time.Time{})
	return r, theirs, nil
}
