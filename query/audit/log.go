package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

const (
	// flushEvery is how long what a session has done may wait to be written.
	flushEvery = time.Minute
	// maxWaiting bounds the lines that wait for the file to be written again, in bytes.
	maxWaiting = 256 << 10
)

// Line is a line of the log.
type Line struct {
	Time  time.Time `json:"time"`
	Event string    `json:"event"` // statements, change, authentication, setting, resumed
	Who
	Class    string `json:"class,omitempty"`
	What     string `json:"what,omitempty"` // of a change: the statement, without constants
	Count    int64  `json:"count,omitempty"`
	Rows     int64  `json:"rows,omitempty"`
	Appended *Range `json:"appended,omitempty"`
	// Categories are those that were appended to; More: and others.
	Categories []string `json:"categories,omitempty"`
	More       bool     `json:"more_categories,omitempty"`
	Open       bool     `json:"in_transaction,omitempty"` // a change that takes effect when a line tells of COMMIT
	Lost       int64    `json:"lost,omitempty"`           // lines that there was no room for while the file could not be written
	Outcome    string   `json:"outcome"`                  // ok, or an SQLSTATE
}

// Who is a session, or a client who wanted one.
type Who struct {
	PID         int32      `json:"pid,omitempty"`
	Began       *time.Time `json:"session_began,omitempty"`
	User        string     `json:"user,omitempty"`
	Address     string     `json:"address,omitempty"` // an IP address, or "local" for a Unix socket
	Database    string     `json:"database,omitempty"`
	Application string     `json:"application,omitempty"`
}

// Range is the first and the last of positions.
type Range struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"`
}

// Log is the file. It may be used concurrently.
type Log struct {
	path     string
	refuse   atomic.Bool
	logger   *slog.Logger
	failing  atomic.Bool
	sessions sync.Map // *Session to nothing

	mu      sync.Mutex
	file    *os.File // nil where it could not be opened
	torn    bool     // the last line may be there in part
	waiting [][]byte
	bytes   int
	lost    int64
	closed  bool

	stop chan struct{}
	done chan struct{}
}

// Open opens a log, or makes it. What cannot be opened now is an error; what cannot be written later is told in the server's log, and where
// refuse is set, [Log.Ready] fails until it can be.
func Open(path string, refuse bool, logger *slog.Logger) (*Log, error) {
	l := &Log{path: path, logger: logger, stop: make(chan struct{}), done: make(chan struct{})}
	l.refuse.Store(refuse)
	file, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("the audit log: %w", err)
	}
	l.file = file
	go l.keepFlushing()
	return l, nil
}

// open opens the file for its owner alone.
func open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&^fs.FileMode(0o600) != 0 {
		err = f.Chmod(0o600)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Refuse says what happens where the log cannot be written.
func (l *Log) Refuse(refuse bool) { l.refuse.Store(refuse) }

// Reopen opens the file by its name anew, after it was renamed.
func (l *Log) Reopen() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closeFile()
	l.torn = false
	l.failed(l.ensure())
}

func (l *Log) closeFile() {
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}

// Close writes what sessions have not written yet, and closes the file. A nil log has nothing to close.
func (l *Log) Close() {
	if l == nil {
		return
	}
	close(l.stop)
	<-l.done
	l.flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.closeFile()
}

func (l *Log) keepFlushing() {
	defer close(l.done)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.flush()
		case <-l.stop:
			return
		}
	}
}

// flush writes what each session has done.
func (l *Log) flush() {
	l.sessions.Range(func(key, _ any) bool {
		key.(*Session).Flush()
		return true
	})
}

// Ready fails where the log cannot be written, and nothing is to change then. It tries once more before it does. A nil log is ready.
func (l *Log) Ready() error {
	if l == nil || !l.failing.Load() || !l.refuse.Load() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ensure(); err != nil {
		return pgerror.Errorf(pgerror.IOError, "the audit log cannot be written: %s", reason(err)).
			WithHint("Nothing can be changed until it can be, or --audit-failure is log.")
	}
	return nil
}

// reason is what an error says without the file's name, which is nobody's but the operator's.
func reason(err error) string {
	if e := new(fs.PathError); errors.As(err, &e) {
		return e.Err.Error()
	}
	return err.Error()
}

// Write writes a line, or keeps it until it can be written. A nil log writes nothing.
func (l *Log) Write(line *Line) {
	if l == nil {
		return
	}
	line.Time = time.Now()
	text, err := json.Marshal(line)
	if err != nil {
		l.logger.Error("a line of the audit log", "error", err)
		return
	}
	text = append(text, '\n')
	l.mu.Lock()
	defer l.mu.Unlock()
	if err = l.ensure(); err == nil {
		err = l.put(text)
	}
	if err == nil {
		return
	}
	if l.bytes+len(text) > maxWaiting {
		l.lost++
	} else {
		l.waiting = append(l.waiting, text)
		l.bytes += len(text)
	}
	l.failed(err)
}

// failed notes that the log can or cannot be written, and tells the server's log of it once.
func (l *Log) failed(err error) {
	if err != nil && !l.failing.Swap(true) {
		l.logger.Error("the audit log cannot be written", "file", l.path, "error", err, "refuse", l.refuse.Load())
	}
}

// ensure makes sure that the file is open, and that what has waited is in it.
func (l *Log) ensure() error {
	if l.closed {
		return os.ErrClosed
	}
	if l.file == nil {
		file, err := open(l.path)
		if err != nil {
			return err
		}
		l.file = file
	}
	if !l.failing.Load() {
		return nil
	}
	resumed, err := json.Marshal(&Line{Time: time.Now(), Event: "resumed", Lost: l.lost, Outcome: "ok"})
	if err != nil {
		return err
	}
	for len(l.waiting) > 0 {
		if err := l.put(l.waiting[0]); err != nil {
			return err
		}
		l.bytes -= len(l.waiting[0])
		l.waiting = l.waiting[1:]
	}
	if err := l.put(append(resumed, '\n')); err != nil {
		return err
	}
	l.waiting, l.lost = nil, 0
	l.failing.Store(false)
	l.logger.Info("the audit log can be written again", "file", l.path)
	return nil
}

// put writes a line behind one that may be there in part.
func (l *Log) put(line []byte) error {
	if l.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := l.file.Write(line)
	if n > 0 {
		l.torn = n < len(line)
	}
	return err
}
