package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
)

const (
	// patience is how long a server may take to answer, unless it is known
	// already that the answer is wrong: far more than it needs, for machines under load.
	patience = 90 * time.Second
	// impatience is how long the rest of a wrong answer is waited for.
	impatience = time.Second
	// maxMessage is the longest message of a server that makes sense here, in bytes.
	maxMessage = 128 << 20
)

// eof is the server's end of a connection, as a script has it.
var eof = message{kind: "EOF"}

// A conn is one connection of a conversation.
type conn struct {
	net.Conn
	in      *bufio.Reader
	started bool // past the start-up, so that it can be terminated
}

func dial(address string) (*conn, error) {
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, in: bufio.NewReader(c)}, nil
}

// write sends bytes. That the server has gone is for the next read to tell.
func (c *conn) write(data []byte) error {
	if err := c.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := c.Write(data); err != nil && !gone(err) {
		return err
	}
	return nil
}

// read is the next message, or eof.
func (c *conn) read(wait time.Duration) (message, error) {
	if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return message{}, err
	}
	var head [5]byte
	n, err := io.ReadFull(c.in, head[:])
	if n == 0 && gone(err) {
		return eof, nil
	}
	if err != nil {
		return message{}, fmt.Errorf("after %d bytes of a message: %w", n, err)
	}
	length := binary.BigEndian.Uint32(head[1:])
	if length < 4 || length > maxMessage {
		return message{}, fmt.Errorf("message %q claims %d bytes", head[0], length)
	}
	body := make([]byte, length-4)
	if _, err := io.ReadFull(c.in, body); err != nil {
		return message{}, fmt.Errorf("inside message %q: %w", head[0], err)
	}
	return decode(head[0], body)
}

// readByte is the answer to SSLRequest and GSSENCRequest.
func (c *conn) readByte() (byte, error) {
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	return c.in.ReadByte()
}

// answered says whether there is something to read, waiting a little.
func (c *conn) answered(wait time.Duration) (bool, error) {
	if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return false, err
	}
	_, err := c.in.Peek(1)
	if timeout(err) {
		return false, nil
	}
	return err == nil, err
}

// gone says whether an error means that the server closed the connection. It
// is a reset if the server left something of ours unread.
func gone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func timeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}
