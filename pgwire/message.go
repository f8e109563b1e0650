package pgwire

import (
	"context"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// message reads the fields of a message; what is missing makes it bad.
type message struct {
	b   []byte
	bad bool
	err error // of a text
	c   *Conn // whose client's encoding texts are in; nil: they are UTF-8
}

// received returns the message that is being handled.
func (c *Conn) received() message { return message{b: c.body, c: c} }

func (m *message) string() string { return string(m.name()) }

// name reads a string, and returns it in UTF-8.
func (m *message) name() []byte {
	s := m.stringBytes()
	switch {
	case m.err != nil:
	case m.c != nil:
		s, m.err = m.c.fromClient(context.Background(), s)
	default:
		m.err = pgvalue.CheckText(s)
	}
	return s
}

func (m *message) stringBytes() []byte {
	i := pgvalue.IndexByte(m.b, 0)
	if i < 0 {
		m.bad = true
		return nil
	}
	s := m.b[:i]
	m.b = m.b[i+1:]
	return s
}

func (m *message) take(n int) []byte {
	if n < 0 || n > len(m.b) {
		m.bad = true
		return nil
	}
	b := m.b[:n:n]
	m.b = m.b[n:]
	return b
}

func (m *message) int16() int {
	if b := m.take(2); b != nil {
		return int(pgvalue.Be.Uint16(b))
	}
	return 0
}

func (m *message) int32() int32 {
	if b := m.take(4); b != nil {
		return int32(pgvalue.Be.Uint32(b))
	}
	return 0
}

// end checks that the message held what it had to, and no more.
func (m *message) end() error {
	if m.bad {
		return pgvalue.ErrShortBinary
	}
	if len(m.b) != 0 {
		return pgerror.Errorf(pgerror.ProtocolViolation, "invalid message format")
	}
	return m.err
}

// statementText is a statement's text in UTF-8, which may be long.
func (c *Conn) statementText(ctx context.Context, text []byte) (string, error) {
	if len(text) >= longBytes {
		if err := c.Pace(ctx); err != nil {
			return "", err
		}
	}
	text, err := c.fromClient(ctx, text)
	if err != nil {
		return "", err
	}
	if len(text) >= longBytes {
		if err := c.Use(int64(len(text))); err != nil { // it is copied
			return "", err
		}
	}
	return pgvalue.CopyString(text), nil
}
