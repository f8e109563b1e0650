package linear

import (
	"errors"
	"net"
	"sync/atomic"
)

// A cut says where on its way an exchange with the server is cut.
type cut int32

const (
	whole      cut = iota
	inRequest      // half of the request arrives
	afterSend      // all of it does, and the connection is closed at once
	afterReply     // the reply has arrived here, and is not passed on
	inReply        // half of the reply is passed on
	cuts
)

var errCut = errors.New("cut by the test")

// A line is the way between a client and the server: a proxy without a process or a
// socket of its own, which on two processors would cost more than the server does.
type line struct {
	net.Conn
	armed atomic.Int32 // the cut to make in the next exchange
	// reset ends the connection with RST instead of FIN. The server then drops even
	// what it has received and not read.
	reset bool
	was   atomic.Bool // cut
}

func (l *line) arm(c cut, reset bool) {
	l.reset = reset
	l.armed.Store(int32(c))
}

func (l *line) Write(p []byte) (int, error) {
	switch cut(l.armed.Load()) {
	case inRequest:
		n, _ := l.Conn.Write(p[:len(p)/2])
		return n, l.sever()
	case afterSend:
		n, err := l.Conn.Write(p)
		_ = l.sever()
		return n, err
	default:
		return l.Conn.Write(p)
	}
}

func (l *line) Read(p []byte) (int, error) {
	switch cut(l.armed.Load()) {
	case afterReply:
		_, _ = l.Conn.Read(p)
		return 0, l.sever()
	case inReply:
		n, err := l.Conn.Read(p)
		if err != nil {
			return n, err
		}
		_ = l.sever()
		return n / 2, nil
	default:
		return l.Conn.Read(p)
	}
}

func (l *line) sever() error {
	l.was.Store(true)
	if tcp, ok := l.Conn.(*net.TCPConn); ok && l.reset {
		_ = tcp.SetLinger(0)
	}
	_ = l.Close()
	return errCut
}

// lost says whether an error on this line is the test's own doing.
func (l *line) lost() bool { return l.was.Load() }
