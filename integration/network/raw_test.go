//go:build linux

package network

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5/pgproto3"
)

// A raw is a connection of which the test decides every byte.
type raw struct {
	net.Conn
	front *pgproto3.Frontend
}

// dial connects and sends nothing. The receive buffer is small, so that what is not read
// here the server cannot send.
func dial(address string) (*raw, error) {
	dialer := net.Dialer{Timeout: patience, Control: smallWindow}
	conn, err := dialer.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	r := &raw{Conn: conn, front: pgproto3.NewFrontend(conn, conn)}
	return r, conn.SetDeadline(time.Now().Add(patience))
}

func smallWindow(_, _ string, c syscall.RawConn) error {
	var failure error
	err := c.Control(func(fd uintptr) {
		failure = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 32<<10)
	})
	return errors.Join(err, failure)
}

// start opens a session.
func start(server *harness.Server, parameters map[string]string) (*raw, error) {
	return startAt(server.Address(), parameters)
}

func startAt(address string, parameters map[string]string) (*raw, error) {
	r, err := dial(address)
	if err != nil {
		return nil, err
	}
	if _, err := r.Write(startup(parameters)); err != nil {
		r.Close()
		return nil, err
	}
	if err := r.ready(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func startup(parameters map[string]string) []byte {
	m := pgproto3.StartupMessage{
		ProtocolVersion: pgproto3.ProtocolVersion30,
		Parameters:      map[string]string{"user": "test", "database": "events"},
	}
	for name, value := range parameters {
		m.Parameters[name] = value
	}
	return encode(&m)
}

func encode(messages ...pgproto3.FrontendMessage) (b []byte) {
	for _, m := range messages {
		var err error
		if b, err = m.Encode(b); err != nil {
			panic(err) // it has no way to fail
		}
	}
	return b
}

// A refusal is an error that the server told.
type refusal struct{ *pgproto3.ErrorResponse }

func (r refusal) Error() string { return fmt.Sprintf("%s %s: %s", r.Severity, r.Code, r.Message) }

// ready reads to the next ReadyForQuery, and gives the error that came before it.
func (r *raw) ready() error {
	_, err := r.value()
	return err
}

// value also gives the first column of the last row.
func (r *raw) value() (value string, told error) {
	for {
		message, err := r.front.Receive()
		if err != nil {
			return value, errors.Join(told, err)
		}
		switch message := message.(type) {
		case *pgproto3.DataRow:
			value = string(message.Values[0])
		case *pgproto3.ErrorResponse:
			copied := *message
			told = refusal{&copied}
		case *pgproto3.ReadyForQuery:
			return value, told
		}
	}
}

func (r *raw) send(messages ...pgproto3.FrontendMessage) error {
	_, err := r.Write(encode(messages...))
	return err
}

func (r *raw) ask(sql string) (string, error) {
	if err := r.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	if err := r.send(&pgproto3.Query{String: sql}); err != nil {
		return "", err
	}
	return r.value()
}

// code is the SQLSTATE of what the server told, or "".
func code(err error) string {
	var told refusal
	if errors.As(err, &told) {
		return told.Code
	}
	return ""
}

// closed says whether the other side has closed the connection, without waiting for it
// and reading what it had sent before.
func (r *raw) closed() bool {
	if err := r.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return true
	}
	_, err := io.Copy(io.Discard, r.Conn)
	var waiting net.Error
	return err == nil || !errors.As(err, &waiting) || !waiting.Timeout()
}

// drain reads until the server closes the connection and checks that all of it is messages
// of the protocol. It gives back the code of a fatal error, if one came.
func (r *raw) drain() (fatal string, err error) {
	for {
		message, err := r.front.Receive()
		switch {
		case ended(err):
			return fatal, nil
		case err != nil:
			return fatal, err
		}
		if e, ok := message.(*pgproto3.ErrorResponse); ok {
			if err := wellFormed(e); err != nil {
				return fatal, err
			}
			if e.Severity == "FATAL" {
				fatal = e.Code
			}
		}
	}
}

// reset closes the connection with RST instead of FIN.
func (r *raw) reset() error {
	if err := r.Conn.(*net.TCPConn).SetLinger(0); err != nil {
		return err
	}
	return r.Close()
}

// wellFormed checks an error for what each has to have.
func wellFormed(e *pgproto3.ErrorResponse) error {
	if e.Severity == "" || len(e.Code) != 5 || e.Message == "" {
		return fmt.Errorf("an error without severity, code or message: %+v", e)
	}
	for _, text := range []string{e.Severity, e.Code, e.Message, e.Detail, e.Hint, e.Where} {
		if !utf8.ValidString(text) {
			return fmt.Errorf("an error that is not UTF-8: %+v", e)
		}
	}
	return nil
}

// ended says whether an error is the connection's end. What is unread when a server closes
// makes a reset, which may take the end of what it sent with it.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}
