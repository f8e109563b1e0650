package analytics

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Options are how a Supervisor runs the worker.
type Options struct {
	// Command is the program and its arguments; the configuration is appended.
	Command []string
	Dir     string // the data directory
	// Connections bounds those to the worker. Default 200.
	Connections int
	// MemoryBytes is what the engine may use; default 1 GiB. SpillBytes is what it may
	// write beside the projection when that is not enough; default 16 GiB.
	MemoryBytes, SpillBytes int64
	Logger                  *slog.Logger
	LogFormat               string // of the worker's log: text or json
	// Watch waits until the log has an event at a position; it is how the worker hears of
	// appends before a query needs them.
	Watch func(ctx context.Context, position int64) error
	// Committed is the position after the newest committed event.
	Committed func() int64
}

// Supervisor keeps a worker running.
type Supervisor struct {
	o      Options
	socket string
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}

	mu       sync.Mutex
	ready    chan struct{} // closed while the worker answers
	up       bool
	process  *os.Process
	child    int    // the worker's process from its start to its end, 0 between
	failures int    // ends since one was ready
	killed   string // why the server itself ended the worker that runs
	starts   int64  // workers that were started
	position int64  // up to which the projection is filled, as the worker that runs says; -1: it has not said
	conns    map[*Conn]struct{}
	fallen   []fallen // the newest
}

const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 5 * time.Second
	// steady is how long a worker must have lived for the next to be started as soon as the first.
	steady = 10 * time.Second
	// startPatience is how long a statement waits for a worker that is starting. Building a
	// projection anew does not hold up the start, so it is far more than one takes. A worker that has had no processor in
	// that time, because the machine is busy, has not had it: it is given longer.
	startPatience  = 15 * time.Second
	startComputing = 5 * time.Second // of processor time at least
	startStarved   = time.Minute
	startEvery     = 100 * time.Millisecond
	// failedPatience is how long where the last starts have failed.
	failedPatience = time.Second
	// watchEvery is how often the worker hears of new events: rarely enough that many
	// appends make one batch.
	watchEvery = 500 * time.Millisecond
)

// Start starts a worker and keeps it running until Close.
func Start(o Options) *Supervisor {
	if o.Connections <= 0 {
		o.Connections = 200
	}
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = 1 << 30
	}
	if o.SpillBytes <= 0 {
		o.SpillBytes = 16 << 30
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Supervisor{o: o, position: -1, socket: socketPath(o.Dir), done: make(chan struct{}), ready: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	go s.run()
	return s
}

// socketPath is the worker's socket: in the data directory, unless its path is longer than
// the system takes.
func socketPath(dir string) string {
	const limit = 100
	path := filepath.Join(dir, "analytics.sock")
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if len(path) <= limit {
		return path
	}
	private, err := os.MkdirTemp("", "eventgres-")
	if err != nil {
		return path
	}
	return filepath.Join(private, "analytics.sock")
}

// Close ends the worker and waits until it is gone.
func (s *Supervisor) Close() {
	s.cancel()
	<-s.done
	_ = os.Remove(s.socket)
	if filepath.Dir(s.socket) != filepath.Clean(s.o.Dir) {
		_ = os.Remove(filepath.Dir(s.socket)) // if it is the private one, it is empty now
	}
}

// PID is the worker's process, 0 if none runs.
func (s *Supervisor) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0
	}
	return s.process.Pid
}

func (s *Supervisor) run() {
	defer close(s.done)
	backoff := firstBackoff
	for s.ctx.Err() == nil {
		began := time.Now()
		pid, err := s.once()
		if s.ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		s.failures++
		if s.killed != "" {
			err = fmt.Errorf("%w: %s", err, s.killed)
			s.killed = ""
		}
		s.mu.Unlock()
		if time.Since(began) > steady {
			backoff = firstBackoff
		}
		s.o.Logger.Error("the analytics worker ended; it is started again", "error", err, "in", backoff, "statements", s.running(pid))
		select {
		case <-time.After(backoff):
		case <-s.ctx.Done():
		}
		backoff = min(2*backoff, lastBackoff)
	}
}

// once runs one worker to its end, and tells its process.
func (s *Supervisor) once() (pid int, err error) {
	config, err := json.Marshal(WorkerConfig{
		Dir: s.o.Dir, Socket: s.socket, Connections: s.o.Connections, MemoryBytes: s.o.MemoryBytes, SpillBytes: s.o.SpillBytes,
		LogFormat: s.o.LogFormat,
	})
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(s.o.Command[0], append(s.o.Command[1:len(s.o.Command):len(s.o.Command)], string(config))...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	s.starts++
	s.position = -1
	s.child = cmd.Process.Pid
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan error, 1)
	watched := make(chan struct{})
	go func() {
		s.listen(out, cmd.Process)
		ended <- cmd.Wait()
	}()
	go func() {
		defer close(watched)
		s.watch(ctx, in)
	}()
	select {
	case err = <-ended:
	case <-ctx.Done():
		in.Close() // the worker ends with its input
		select {
		case err = <-ended:
		case <-time.After(2 * time.Second):
			_ = cmd.Process.Kill()
			err = <-ended
		}
	}
	s.setUp(nil, false)
	cancel()
	in.Close()
	<-watched
	if err == nil {
		err = errors.New("it ended by itself")
	}
	return cmd.Process.Pid, err
}

// listen hears what a worker says, to its end: that it is ready, and how far its projection is, a position a line.
func (s *Supervisor) listen(out io.Reader, worker *os.Process) {
	lines := bufio.NewScanner(out) // which ends with a line that is too long for it
	for lines.Scan() {
		if lines.Text() == ReadyLine {
			s.setUp(worker, true)
			s.o.Logger.Info("the analytics worker is ready", "pid", worker.Pid)
		} else if position, err := strconv.ParseInt(lines.Text(), 10, 64); err == nil {
			s.mu.Lock()
			s.position = position
			s.mu.Unlock()
		}
	}
	_, _ = io.Copy(io.Discard, out)
}

// Stats is how the worker fares.
type Stats struct {
	PID      int   // 0: none is ready
	Starts   int64 // workers that were started, the first among them
	Position int64 // up to which its projection is filled; -1: it has not said yet
}

// Stats returns the worker's.
func (s *Supervisor) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := Stats{Starts: s.starts, Position: s.position}
	if s.process != nil {
		stats.PID = s.process.Pid
	}
	return stats
}

func (s *Supervisor) setUp(p *os.Process, up bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process = p
	if !up {
		s.child = 0
	}
	if up == s.up {
		return
	}
	s.up = up
	if up {
		s.failures = 0
		close(s.ready)
	} else {
		s.ready = make(chan struct{})
	}
}

// watch tells the worker of positions as they are committed.
func (s *Supervisor) watch(ctx context.Context, in io.Writer) {
	told := int64(0)
	for {
		if s.o.Watch(ctx, told) != nil {
			return
		}
		told = s.o.Committed()
		if _, err := io.WriteString(in, strconv.FormatInt(told, 10)+"\n"); err != nil {
			return
		}
		select {
		case <-time.After(watchEvery):
		case <-ctx.Done():
			return
		}
	}
}

// kill ends the worker that runs, for a statement that it does not end itself.
func (s *Supervisor) kill(pid int, why, sql string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil && s.process.Pid == pid && s.killed == "" {
		s.killed = "the server killed it: " + why + ": " + brief(sql)
		_ = s.process.Kill()
	}
}

// tooLong tells whether a statement that has waited so long for a worker waits no more.
func (s *Supervisor) tooLong(waited time.Duration) bool {
	s.mu.Lock()
	failing, child := s.failures > 2, s.child
	s.mu.Unlock()
	if waited <= startPatience || failing || child == 0 {
		return waited > startPatience
	}
	computed, known := cpuTime(child)
	return !known || computed >= startComputing || waited > startStarved
}

// patient is a context that ends when a statement has waited for a worker for too long.
func (s *Supervisor) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	s.mu.Lock()
	failing := s.failures > 2
	s.mu.Unlock()
	if failing {
		return context.WithTimeout(ctx, failedPatience)
	}
	ctx, cancel := context.WithCancel(ctx)
	began := time.Now()
	go func() {
		defer cancel()
		tick := time.NewTicker(startEvery)
		defer tick.Stop()
		for !s.tooLong(time.Since(began)) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, cancel
}

// Dial connects to the worker, waiting for it to start.
func (s *Supervisor) Dial(statement context.Context) (*Conn, error) {
	ctx, cancel := s.patient(statement)
	defer cancel()
	for {
		s.mu.Lock()
		ready := s.ready
		s.mu.Unlock()
		select {
		case <-ready:
		case <-ctx.Done():
			return nil, s.unavailable(statement)
		case <-s.ctx.Done():
			return nil, s.unavailable(s.ctx)
		}
		pid := s.PID() // once it is ready: before, there is none
		c, err := dial(ctx, s.socket)
		if err == nil && s.PID() != pid {
			c.Close()
			continue
		}
		if err == nil {
			c.supervisor, c.pid = s, pid
			s.join(c)
			return c, nil
		}
		// It has just gone, and will be back.
		select {
		case <-time.After(firstBackoff):
		case <-ctx.Done():
			return nil, s.unavailable(statement)
		}
	}
}

func (s *Supervisor) unavailable(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) && s.ctx.Err() == nil {
		return ctx.Err()
	}
	return pgerror.Errorf(pgerror.CannotConnectNow, "the analytics worker is not available").
		WithHint("Reads of events and streams by stream, position or id do not need it; the server's log says why it does not run.")
}

func dial(ctx context.Context, socket string) (*Conn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	c := &Conn{net: nc, socket: socket, r: bufio.NewReaderSize(nc, 64<<10)}
	late := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	err = c.start()
	if !late() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("start a session with the analytics worker: %w", err)
	}
	return c, nil
}
