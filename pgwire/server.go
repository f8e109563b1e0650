package pgwire

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Server serves the protocol on listeners. Set the fields before Serve.
type Server struct {
	Handler Handler
	// MaxConnections bounds sessions; one more gets 53300. Default 200.
	MaxConnections int
	// MaxMessageBytes bounds a message from a client. Default 64 MiB.
	MaxMessageBytes int
	// StartupTimeout bounds the time from accept to the first ReadyForQuery.
	// Default 60 s, PostgreSQL's authentication_timeout.
	StartupTimeout time.Duration
	Logger         *slog.Logger

	mu        sync.Mutex
	starting  int // how many connections may be starting
	conns     map[int32]*Conn
	sessions  int
	nextPID   int32
	closing   bool
	listeners []net.Listener
	turns     *turnstile // nil before Serve
	wg        sync.WaitGroup
}

var (
	errShuttingDown   = &Error{Severity: "FATAL", Code: "57P03", Message: "the database system is shutting down"}
	errTooManyClients = &Error{Severity: "FATAL", Code: "53300", Message: "sorry, too many clients already"}
)

// cutGrace is how long connections that were cut may take to notice.
const cutGrace = 5 * time.Second

// startupSockets bounds connections that have not begun a session, beside those that
// have: each costs a goroutine and a small buffer, for StartupTimeout at most. Where the process
// may open few files it is fewer: half of what sessions leave, so that the log gets its own.
const startupSockets = 1000

func (s *Server) startupRoom() int {
	return min(startupSockets, max(16, (maxFiles()-s.MaxConnections)/2))
}

func (s *Server) defaults() {
	if s.MaxConnections <= 0 {
		s.MaxConnections = 200
	}
	if s.MaxMessageBytes <= 0 {
		s.MaxMessageBytes = 64 << 20
	}
	if s.StartupTimeout <= 0 {
		s.StartupTimeout = time.Minute
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	if s.starting == 0 {
		s.starting = s.startupRoom()
	}
	if s.conns == nil {
		s.conns = map[int32]*Conn{}
	}
}

// Serve accepts connections until Shutdown, when it returns nil. It may be called for
// several listeners.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	s.defaults()
	if s.closing {
		s.mu.Unlock()
		return l.Close()
	}
	s.listeners = append(s.listeners, l)
	if len(s.listeners) == 1 {
		s.turns = newTurnstile()
	}
	s.mu.Unlock()
	for {
		nc, err := l.Accept()
		if err != nil {
			s.mu.Lock()
			closing := s.closing
			s.mu.Unlock()
			if closing {
				return nil
			}
			var temporary interface{ Temporary() bool }
			if errors.As(err, &temporary) && temporary.Temporary() {
				// Out of descriptors, usually: let some connection end first.
				s.Logger.Error("accept failed", "error", err)
				time.Sleep(50 * time.Millisecond)
				continue
			}
			return err
		}
		s.accept(nc)
	}
}

func (s *Server) accept(nc net.Conn) {
	if tcp, ok := nc.(*net.TCPConn); ok {
		// A peer that vanished is noticed within two minutes.
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4})
	}
	c := newConn(s, nc)
	s.mu.Lock()
	var why *Error
	switch {
	case s.closing:
		why = errShuttingDown
	case len(s.conns) >= s.MaxConnections+s.starting, scarce(nc):
		why = errTooManyClients
	}
	if why != nil {
		s.mu.Unlock()
		refuse(nc, why)
		return
	}
	for {
		s.nextPID++
		if s.nextPID <= 0 {
			s.nextPID = 1
		}
		if s.conns[s.nextPID] == nil {
			break
		}
	}
	c.pid = s.nextPID
	s.conns[c.pid] = c
	s.wg.Add(1)
	s.mu.Unlock()
	go func() {
		defer s.wg.Done()
		c.serve()
		s.mu.Lock()
		delete(s.conns, c.pid)
		if c.counted {
			s.sessions--
		}
		s.mu.Unlock()
	}()
}

// refuse tells a peer that was not listened to yet why, and waits for nothing.
func refuse(nc net.Conn, why *Error) {
	_ = nc.SetWriteDeadline(time.Now().Add(time.Millisecond))
	_, _ = nc.Write(why.appendTo(nil, false))
	nc.Close()
}

// admit counts the connection as a session, if there is room.
func (s *Server) admit(c *Conn) *Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return errShuttingDown
	}
	if s.sessions >= s.MaxConnections {
		return errTooManyClients
	}
	s.sessions++
	c.counted = true
	return nil
}

// cancel interrupts what a connection is doing, if the key is right.
func (s *Server) cancel(pid int32, key []byte) {
	s.mu.Lock()
	c := s.conns[pid]
	s.mu.Unlock()
	if c != nil && c.hasKey(key) {
		c.interrupt(errCanceled, anyStatement)
	}
}

// Shutdown stops accepting, tells every client with 57P01, interrupts what runs, and
// waits until all connections have ended or ctx is done; then it cuts them.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for _, l := range s.listeners {
		l.Close()
	}
	for _, c := range s.conns {
		c.shutdown()
	}
	if s.turns != nil {
		s.turns.close() // from now on nobody waits for a turn
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	for _, c := range s.conns {
		c.net.Close()
	}
	s.mu.Unlock()
	select {
	case <-done:
	case <-time.After(cutGrace): // a statement that does not look at its context
	}
	return ctx.Err()
}

func newCancelKey(n int) []byte {
	key := make([]byte, n)
	_, _ = rand.Read(key) // never fails
	return key
}
