package harness

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// startTime and stopTime are how long a server may take before the test
	// gives up on it: far more than it needs, for machines under load.
	startTime = 60 * time.Second
	stopTime  = 60 * time.Second
	// logShown is how much of the log a failed test prints, in bytes.
	logShown = 8 << 10
)

// A Server is a running eventgres process. Its methods are for the one
// goroutine that runs the test.
type Server struct {
	Host string
	Port int
	Data string // the data directory
	PID  int

	t       testing.TB
	command []string
	args    []string
	env     []string
	process *process
	asked   bool // the test itself has ended the process
}

// Eventgres starts `eventgres serve` on a free port of the loopback interface
// and waits until it accepts connections. It is stopped at the test's end, which fails
// the test if the server had died by itself.
func Eventgres(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := &Server{Host: "127.0.0.1", t: t}
	for _, option := range options {
		option(s)
	}
	if s.Data == "" {
		s.Data = filepath.Join(t.TempDir(), "data")
	}
	t.Cleanup(s.cleanup)
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// URL is the server's address for drivers and libpq.
func (s *Server) URL() string {
	return fmt.Sprintf("postgres://%s/events?sslmode=disable&user=test", s.Address())
}

// Address is the server's host and port for net.Dial.
func (s *Server) Address() string {
	return net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
}

// Log is what the current process, or the last one, has logged so far.
func (s *Server) Log() string { return s.process.log.String() }

// AwaitLog waits until the current process has logged a text.
func (s *Server) AwaitLog(text string) {
	s.t.Helper()
	if !s.process.log.has(text, startTime) {
		s.t.Fatalf("the log does not tell of %s after %v", text, startTime)
	}
}

// Running says whether the process is alive.
func (s *Server) Running() bool { return s.process != nil && s.process.running() }

// Stop asks the server to shut down (SIGTERM), waits for it and returns its exit
// status; −1 if a signal ended it.
func (s *Server) Stop() int {
	s.t.Helper()
	s.end(syscall.SIGTERM)
	return s.process.state.ExitCode()
}

// Kill ends the server with SIGKILL and waits until it is gone.
func (s *Server) Kill() {
	s.t.Helper()
	s.end(syscall.SIGKILL)
}

// Wait waits until the server has ended by itself — of a fault that the test
// injected, say — and returns its exit status; −1 if a signal ended it.
func (s *Server) Wait() int {
	s.t.Helper()
	s.asked = true
	select {
	case <-s.process.ended:
	case <-time.After(stopTime):
		s.t.Fatalf("eventgres is still running after %v", stopTime)
	}
	return s.process.state.ExitCode()
}

// Restart starts the server again on its data directory, after stopping it if
// it runs. It keeps its port, so that clients can find it again, unless
// somebody else took the port meanwhile.
func (s *Server) Restart() {
	s.t.Helper()
	if s.Running() {
		s.Stop()
	}
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}

// Start is Restart for tests that expect a refusal: it returns the error with the end of
// the log instead of failing the test.
func (s *Server) Start() error {
	if s.Running() {
		s.Stop()
	}
	return s.start()
}

func (s *Server) end(signal os.Signal) {
	s.t.Helper()
	s.asked = true
	_ = s.process.proc.Signal(signal) // one that has ended already is fine
	select {
	case <-s.process.ended:
		return
	case <-time.After(stopTime):
	}
	_ = s.process.proc.Signal(syscall.SIGABRT) // Go prints every goroutine
	select {
	case <-s.process.ended:
	case <-time.After(5 * time.Second):
		_ = s.process.proc.Kill()
		<-s.process.ended
	}
	s.t.Errorf("eventgres did not end within %v of %v", stopTime, signal)
}

func (s *Server) start() error {
	err := s.listen(s.Port)
	if err != nil && s.Port != 0 && strings.Contains(err.Error(), "address already in use") {
		err = s.listen(0)
	}
	return err
}

func (s *Server) listen(port int) error {
	s.t.Helper()
	address := net.JoinHostPort(s.Host, strconv.Itoa(port))
	argv := append([]string(nil), s.command...)
	argv = append(argv, Binary(s.t), "serve", "--data", s.Data, "--listen", address)
	p, err := launch(append(argv, s.args...), s.env)
	if err != nil {
		return err
	}
	s.process, s.PID, s.asked = p, p.pid, false
	select {
	case at := <-p.log.listening:
		_, text, _ := net.SplitHostPort(at)
		s.Port, err = strconv.Atoi(text)
		return err
	case <-p.ended:
		s.asked = true // the caller is told here
		return fmt.Errorf("eventgres serve: %v\n%s", p.state, p.log.tail(logShown))
	case <-time.After(startTime):
		return fmt.Errorf("eventgres serve: not listening after %v\n%s", startTime, p.log.tail(logShown))
	}
}

func (s *Server) cleanup() {
	if s.process == nil {
		return
	}
	if !s.Running() && !s.asked {
		s.t.Errorf("eventgres died during the test: %v", s.process.state)
	}
	if s.Running() {
		s.end(syscall.SIGTERM)
	}
	if s.t.Failed() {
		s.t.Logf("log of eventgres (pid %d):\n%s", s.PID, s.process.log.tail(logShown))
	}
}

// Connect is a connection to the server, which the end of the test closes.
func (s *Server) Connect(t testing.TB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}
