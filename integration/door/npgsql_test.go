package door

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/xdg-go/stringprep"

	"github.com/eventgres/eventgres/pgwire/auth"
)

// npgsqlKnock says what Npgsql says at its start, which cannot run here: it asks for TLS without ALPN, names its encoding first, has * as the name in
// SCRAM, takes PLUS where it is offered, and tells a server that offers none that it could.
func npgsqlKnock(t *testing.T, k knock) string {
	t.Helper()
	nc, err := npgsqlDial(k)
	if err != nil {
		return "client " + err.Error()
	}
	defer nc.Close()
	f := pgproto3.NewFrontend(nc, nc)
	start := fmt.Sprintf("user\x00%s\x00client_encoding\x00UTF8\x00database\x00%s\x00\x00", k.user, k.database)
	if _, err := io.WriteString(nc, frame(0, "\x00\x03\x00\x00"+start)[1:]); err != nil {
		return "client " + err.Error()
	}
	var s scramClient
	for {
		m, err := f.Receive()
		if err != nil {
			return "client " + err.Error()
		}
		switch m := m.(type) {
		case *pgproto3.ErrorResponse:
			return m.Code + " " + m.Message
		case *pgproto3.AuthenticationSASL:
			f.Send(s.first(nc, k, m.AuthMechanisms))
		case *pgproto3.AuthenticationSASLContinue:
			f.Send(s.final(k.password, string(m.Data)))
		case *pgproto3.AuthenticationSASLFinal:
			if string(m.Data) != "v="+s.server {
				return "client the server has not proved itself"
			}
		case *pgproto3.ReadyForQuery:
			f.Send(&pgproto3.Query{String: "SELECT 1"})
		case *pgproto3.DataRow:
			f.Send(&pgproto3.Terminate{})
			_ = f.Flush()
			return "in"
		}
		if s.err == nil {
			s.err = f.Flush()
		}
		if s.err != nil {
			return "client " + s.err.Error()
		}
	}
}

// npgsqlDial connects, with TLS if that is wanted.
func npgsqlDial(k knock) (net.Conn, error) {
	nc, err := net.Dial("tcp", net.JoinHostPort(k.host, strconv.Itoa(k.port)))
	if err != nil {
		return nil, err
	}
	_ = nc.SetDeadline(time.Now().Add(patience))
	if k.sslmode == "disable" {
		return nc, nil
	}
	config := &tls.Config{ServerName: k.host, InsecureSkipVerify: k.sslmode == "require"}
	if k.root != "" {
		text, err := os.ReadFile(k.root)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(text)
	}
	if k.cert != "" {
		pair, err := tls.LoadX509KeyPair(k.cert, k.key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	answer := make([]byte, 1)
	_, _ = io.WriteString(nc, "\x00\x00\x00\x08\x04\xd2\x16\x2f")
	if _, err := io.ReadFull(nc, answer); err != nil || answer[0] != 'S' {
		nc.Close()
		return nil, fmt.Errorf("no TLS: %w", err)
	}
	secure := tls.Client(nc, config)
	if err := secure.HandshakeContext(context.Background()); err != nil {
		nc.Close()
		return nil, err
	}
	return secure, nil
}

// scramClient is the client's side of an exchange.
type scramClient struct {
	flag, binding, bare string
	server              string // its signature, in base64
	err                 error
}

func (s *scramClient) first(nc net.Conn, k knock, offered []string) pgproto3.FrontendMessage {
	mechanism := auth.Scram
	secure, _ := nc.(*tls.Conn)
	s.flag = "n,,"
	if secure != nil && k.binding != "disable" {
		s.flag = "y,,"
		for _, name := range offered {
			if name == auth.ScramPlus {
				mechanism, s.flag = name, "p=tls-server-end-point,,"
				sum := sha256.Sum256(secure.ConnectionState().PeerCertificates[0].Raw)
				s.binding = string(sum[:])
			}
		}
	}
	if k.binding == "require" && s.binding == "" {
		s.err = errors.New("channel binding is required, and not offered")
	}
	nonce := make([]byte, 18)
	_, _ = rand.Read(nonce) // never fails
	s.bare = "n=*,r=" + base64.StdEncoding.EncodeToString(nonce)
	return &pgproto3.SASLInitialResponse{AuthMechanism: mechanism, Data: []byte(s.flag + s.bare)}
}

func (s *scramClient) final(password, challenge string) pgproto3.FrontendMessage {
	var nonce, salt string
	var iterations int
	for _, field := range strings.Split(challenge, ",") {
		switch name, value, _ := strings.Cut(field, "="); name {
		case "r":
			nonce = value
		case "s":
			raw, err := base64.StdEncoding.DecodeString(value)
			s.err = errors.Join(s.err, err)
			salt = string(raw)
		case "i":
			iterations, _ = strconv.Atoi(value)
		}
	}
	prepared, err := stringprep.SASLprep.Prepare(password)
	s.err = errors.Join(s.err, err)
	salted, err := pbkdf2.Key(sha256.New, prepared, []byte(salt), max(iterations, 1), sha256.Size)
	s.err = errors.Join(s.err, err)
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		_, _ = io.WriteString(h, text) // never fails
		return h.Sum(nil)
	}
	without := "c=" + base64.StdEncoding.EncodeToString([]byte(s.flag+s.binding)) + ",r=" + nonce
	signed := s.bare + "," + challenge + "," + without
	proof := mac(salted, "Client Key")
	stored := sha256.Sum256(proof)
	for i, b := range mac(stored[:], signed) {
		proof[i] ^= b
	}
	s.server = base64.StdEncoding.EncodeToString(mac(mac(salted, "Server Key"), signed))
	return &pgproto3.SASLResponse{Data: []byte(without + ",p=" + base64.StdEncoding.EncodeToString(proof))}
}
