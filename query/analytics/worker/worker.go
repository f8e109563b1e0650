//go:build cgo

package worker

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
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/priority"
	"github.com/eventgres/eventgres/query/relation"
)

// Worker is the process's state. It is a pgwire.Handler.
type Worker struct {
	projection *projection
	logger     *slog.Logger
	dir        string
	schema     atomic.Pointer[schema]
	started    atomic.Int64 // when the server was started, µs
	approved   approved

	mu      sync.Mutex
	idle    []*duck.Conn
	copying sync.Mutex // the copies of system tables
	fixed   map[string]bool

	staging     sync.Mutex // guards what follows
	stagedBytes int        // of all sessions
	stagedLimit int
	shown       map[int64]*shownStaged // by the number that a running statement has for it
	barred      map[int64]*barrier     // likewise
	lastShown   int64
}

// Run is the worker's main: it serves until its standard input ends, which it does when
// the server does. Where that is before it serves, it exits at once.
func Run(config analytics.WorkerConfig, in io.Reader, logger *slog.Logger) error {
	if err := priority.Lower(); err != nil {
		logger.Warn("the worker's priority is not lowered", "error", err)
	}
	boundMemory(config.MemoryBytes, logger)
	f := listenTo(in)
	go watchMemory(f.ctx.Done(), logger)
	// The server was killed, maybe, and its successor's worker waits for the projection.
	serves := context.AfterFunc(f.ctx, func() { os.Exit(1) })
	w, err := open(config, logger)
	if err != nil {
		return err
	}
	defer w.close()
	signal.Ignore(syscall.SIGPIPE) // a front that is gone is noticed by its silence
	w.projection.tell = func(position int64) { fmt.Println(position) }
	w.projection.tell(w.projection.position.Load())
	_ = os.Remove(config.Socket) // left by a worker that was killed
	listener, err := net.Listen("unix", config.Socket)
	if err != nil {
		return err
	}
	if u, ok := listener.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // by then it may be a successor's
	}
	if err := os.Chmod(config.Socket, 0o600); err != nil {
		return err
	}
	server := &pgwire.Server{
		Handler: w, MaxConnections: config.Connections, MaxMessageBytes: maxMessage, Logger: logger,
		NoTurns: true, // it runs at a lower priority, and the engine has threads of its own
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	serves()
	fmt.Println(analytics.ReadyLine) // the server waits for it
	w.follow(f)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = server.Shutdown(ctx)
	return <-served
}

// maxMessage is more than any the server sends: a client's message and a context.
const maxMessage = 160 << 20

// streamingBuffer is what waits for a reader that is slower than the query. The engine counts the vectors,
// and not the texts that they refer to: it is a chunk or two, and not thirty.
const streamingBuffer = "128KiB"

func open(config analytics.WorkerConfig, logger *slog.Logger) (*Worker, error) {
	spill := filepath.Join(config.Dir, spillDir)
	_ = os.RemoveAll(spill) // left by a worker that was killed
	settings := map[string]string{
		"memory_limit": strconv.FormatInt(config.MemoryBytes>>20, 10) + "MiB", "threads": strconv.Itoa(runtime.NumCPU()),
		"temp_directory": spill, "max_temp_directory_size": strconv.FormatInt(config.SpillBytes>>20, 10) + "MiB",
		"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "allow_community_extensions": "false",
		"allow_unsigned_extensions": "false", "checkpoint_threshold": "64MiB",
		// It makes the first row of a correlated subquery's order an arg_max, which after a null takes a later
		// key for a greater one (DuckDB 1.5.6, keys that are texts or blobs beside other values).
		"disabled_optimizers": "top_n_window_elimination",
	}
	p, err := openProjection(config.Dir, settings, logger)
	if err != nil {
		return nil, err
	}
	w := &Worker{projection: p, logger: logger, dir: config.Dir, fixed: map[string]bool{}, shown: map[int64]*shownStaged{}, barred: map[int64]*barrier{}}
	// What is staged lies beside the engine's memory; a quarter of that much more is what one hears of
	// on a machine that has just enough.
	w.stagedLimit = int(min(config.MemoryBytes/4, 1<<30))
	w.become(w.newSchema(&analytics.Schema{Version: -1}))
	err = register(p.conn, w)
	if err == nil {
		err = w.registerStaged(p.conn)
	}
	if err == nil {
		err = w.registerBarrier(p.conn)
	}
	if err == nil {
		err = p.conn.Exec("ATTACH ':memory:' AS cat")
	}
	if err == nil {
		// From here on the engine reaches nothing outside, and nothing about it changes.
		err = p.conn.Exec("SET allowed_configs = ['streaming_buffer_size']; SET enable_external_access = false; SET lock_configuration = true")
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *Worker) close() {
	w.mu.Lock()
	for _, c := range w.idle {
		c.Close()
	}
	w.idle = nil
	w.mu.Unlock()
	w.projection.close()
}

// parent is what the server that started the worker says: positions, a line each, until it ends.
type parent struct {
	position atomic.Int64    // the newest
	named    chan struct{}   // there is one that was not seen
	ctx      context.Context // ends with it
}

func listenTo(in io.Reader) *parent {
	ctx, cancel := context.WithCancel(context.Background())
	f := &parent{named: make(chan struct{}, 1), ctx: ctx}
	go func() {
		defer cancel()
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			position, err := strconv.ParseInt(lines.Text(), 10, 64)
			if err != nil {
				continue
			}
			f.position.Store(position)
			select {
			case f.named <- struct{}{}:
			default: // it will see the newest
			}
		}
	}()
	return f
}

// follow fills the projection up to the positions that the server names, until it is gone.
func (w *Worker) follow(f *parent) {
	for {
		select {
		case <-f.named:
			if err := w.projection.reach(f.ctx, f.position.Load()); err != nil && f.ctx.Err() == nil {
				w.logger.Error("the projection cannot be filled", "error", err)
			}
		case <-f.ctx.Done():
			return
		}
	}
}

// conn takes a connection to the database.
func (w *Worker) conn() (*duck.Conn, error) {
	w.mu.Lock()
	if n := len(w.idle); n > 0 {
		c := w.idle[n-1]
		w.idle = w.idle[:n-1]
		w.mu.Unlock()
		return c, nil
	}
	w.mu.Unlock()
	c, err := w.projection.db.Connect()
	if err != nil {
		return nil, err
	}
	if err := c.Exec("SET streaming_buffer_size = '" + streamingBuffer + "'"); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// maxIdle bounds the connections that are kept for the next statement.
const maxIdle = 16

func (w *Worker) giveBack(c *duck.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.idle) < maxIdle {
		w.idle = append(w.idle, c)
		return
	}
	c.Close()
}

// size is the bytes that a relation takes on disk: the log's for events, 0 for all.
func (w *Worker) size(oid uint32) int64 {
	if oid != relation.Events.OID && oid != 0 {
		return 0
	}
	var total int64
	for _, pattern := range []string{"log/*", "index/*"} {
		names, _ := filepath.Glob(filepath.Join(w.dir, pattern))
		for _, name := range names {
			if info, err := os.Stat(name); err == nil {
				total += info.Size()
			}
		}
	}
	return total
}

// spillDir is where the engine puts what does not fit into memory.
const spillDir = "analytics.tmp"

// files are the files of a directory under the server's, none if there is no such directory: each's size, when
// it was last written in µs since the Unix epoch, and its name.
func (w *Worker) files(dir string) []string {
	entries, _ := os.ReadDir(filepath.Join(w.dir, dir))
	var out []string
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			out = append(out, fmt.Sprintf("%d %d %s", info.Size(), info.ModTime().UnixMicro(), e.Name()))
		}
	}
	return out
}

// define takes a new version of the schema.
func (w *Worker) define(s *analytics.Schema) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if current := w.schema.Load(); current.version < s.Version {
		w.started.Store(s.Started)
		w.become(w.newSchema(s))
	}
}

// become makes a schema the worker's own.
func (w *Worker) become(s *schema) {
	s.copies.hold()
	if before := w.schema.Swap(s); before != nil {
		w.release(before)
	}
}

// release lets go of a schema's system tables.
func (w *Worker) release(s *schema) {
	if err := s.copies.release(); err != nil {
		w.logger.Warn("system tables that nobody reads are still in memory", "error", err)
	}
}

// ReadConfig reads what the server says on the command line.
func ReadConfig(text string) (analytics.WorkerConfig, error) {
	var c analytics.WorkerConfig
	err := json.Unmarshal([]byte(text), &c)
	if err == nil && c.Dir == "" {
		err = errors.New("no data directory")
	}
	return c, err
}
