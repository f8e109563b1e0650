package pgwire

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
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
	// ConnectionMemory bounds what one connection may have the server hold, TotalMemory what all of them
	// may, beyond a small allowance for each. Defaults 256 MiB and 1 GiB.
	ConnectionMemory, TotalMemory int64
	// NoTurns: statements do not wait for each other before they compute for long ([Conn.Pace]).
	NoTurns bool
	// Authenticator decides who may come in, and as whom; nil: everybody, as whoever they say.
	Authenticator Authenticator
	// Reserved are the sessions that are kept for superusers, of those that an Authenticator lets in. Default 3, as in PostgreSQL.
	Reserved int
	// TLS encrypts connections whose clients ask for it, and direct TLS; nil: none.
	TLS    *TLS
	Logger *slog.Logger

	mu        sync.Mutex
	starting  int    // how many connections may be starting
	lobby     *lobby // those that are
	conns     map[int32]*Conn
	sessions  int
	nextPID   int32
	closing   bool
	listeners []net.Listener
	turns     *fairness // nil before Serve
	gate      *gate     // nil before Serve
	memory    pool
	peers     peers
	accepted  atomic.Int64
	refused   atomic.Int64 // for want of room, or since the server shuts down
	failed    errorCounts
	wg        sync.WaitGroup
}

var (
	errShuttingDown   = &pgerror.Error{Severity: "FATAL", Code: pgerror.CannotConnectNow, Message: "the database system is shutting down"}
	errTooManyClients = &pgerror.Error{Severity: "FATAL", Code: pgerror.TooManyConnections, Message: "sorry, too many clients already"}
)

// cutGrace is how long connections that were cut may take to notice.
const cutGrace = 5 * time.Second

// startupSockets bounds connections that have not begun a session ([lobby]), beside those that
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
	if s.Reserved <= 0 {
		s.Reserved = min(3, s.MaxConnections-1)
	}
	if s.MaxMessageBytes <= 0 {
		s.MaxMessageBytes = 64 << 20
	}
	if s.ConnectionMemory <= 0 {
		s.ConnectionMemory = connectionMemory
	}
	if s.TotalMemory <= 0 {
		s.TotalMemory = totalMemory
	}
	s.memory.limit = s.TotalMemory
	if s.StartupTimeout <= 0 {
		s.StartupTimeout = time.Minute
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	if s.starting == 0 {
		s.starting = s.startupRoom()
	}
	if s.lobby == nil {
		s.lobby = newLobby(s.starting, s.MaxConnections)
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
		s.turns = newFairness()
		if !s.NoTurns {
			s.gate = newGate()
		}
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
	s.accepted.Add(1)
	c := newConn(s, nc)
	s.mu.Lock()
	var why *pgerror.Error
	switch {
	case s.closing:
		why = errShuttingDown
	case len(s.conns) >= s.MaxConnections+2*s.starting, scarce(nc): // some that made room may not have ended yet
		why = errTooManyClients
	}
	if why != nil {
		s.mu.Unlock()
		s.refuse(nc, why)
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
	late := s.lobby.enter(c)
	s.wg.Add(1)
	s.mu.Unlock()
	if late != nil {
		late.turnOut()
	}
	go func() {
		defer s.wg.Done()
		c.serve()
		s.mu.Lock()
		delete(s.conns, c.pid)
		s.lobby.leave(c)
		if c.counted {
			s.sessions--
		}
		s.mu.Unlock()
	}()
}

// refuse tells a peer that was not listened to yet why, and waits for nothing.
func (s *Server) refuse(nc net.Conn, why *pgerror.Error) {
	s.refused.Add(1)
	s.failed.count(why.Code)
	_ = nc.SetWriteDeadline(time.Now().Add(time.Millisecond))
	_, _ = nc.Write(appendError(nil, why, false))
	nc.Close()
}

// turnOut ends a connection that has to make room in the lobby, while its own goroutine does whatever it does.
func (c *Conn) turnOut() {
	c.mu.Lock()
	encrypted := c.encrypted
	c.cancel(errTooManyClients)
	c.mu.Unlock()
	if encrypted {
		c.server.refused.Add(1)
		c.raw.Close() // a message in plain text would be nonsense to it
		return
	}
	c.server.refuse(c.raw, errTooManyClients)
}

// admit counts the connection as a session, if there is room.
func (s *Server) admit(c *Conn) *pgerror.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return errShuttingDown
	}
	if c.late {
		return errTooManyClients // which counts as refused already
	}
	if s.sessions >= s.MaxConnections {
		s.refused.Add(1)
		return errTooManyClients
	}
	if s.Authenticator != nil && !c.identity.Superuser && s.sessions >= s.MaxConnections-s.Reserved {
		return errReserved
	}
	s.lobby.leave(c)
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
		c.raw.Close()
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
