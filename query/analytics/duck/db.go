//go:build cgo

package duck

import (
	"errors"
	"strings"
	"sync"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// DB is an open database. Its methods may be called concurrently.
type DB struct{ raw bindings.Database }

// Open opens a database file, or with an empty path one in memory, with DuckDB's
// settings by name.
func Open(path string, settings map[string]string) (*DB, error) {
	var config bindings.Config
	if bindings.CreateConfig(&config) == bindings.StateError {
		return nil, errors.New("duckdb: no configuration")
	}
	defer bindings.DestroyConfig(&config)
	for name, value := range settings {
		if bindings.SetConfig(config, name, value) == bindings.StateError {
			return nil, errors.New("duckdb: setting " + name + " = " + value)
		}
	}
	if path == "" {
		path = ":memory:"
	}
	d := &DB{}
	var message string
	if bindings.OpenExt(path, &d.raw, config, &message) == bindings.StateError {
		bindings.Close(&d.raw)
		return nil, newError(message)
	}
	return d, nil
}

// Close closes the database; its connections must have been closed.
func (d *DB) Close() { bindings.Close(&d.raw) }

// Version is DuckDB's own.
func Version() string { return bindings.LibraryVersion() }

// Conn is a connection. One goroutine at a time uses it; Interrupt may be called by
// any.
type Conn struct {
	mu  sync.Mutex // guards raw between Interrupt and Close
	raw bindings.Connection
}

// Connect opens a connection.
func (d *DB) Connect() (*Conn, error) {
	c := &Conn{}
	if bindings.Connect(d.raw, &c.raw) == bindings.StateError {
		return nil, errors.New("duckdb: no connection")
	}
	return c, nil
}

// Close closes the connection.
func (c *Conn) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	bindings.Disconnect(&c.raw)
}

// Interrupt ends the statement that is running, if one is.
func (c *Conn) Interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.raw.Ptr != nil {
		bindings.Interrupt(c.raw)
	}
}

// Exec runs statements and drops what they return.
func (c *Conn) Exec(sql string) error {
	var r bindings.Result
	state := bindings.Query(c.raw, sql, &r)
	defer bindings.DestroyResult(&r)
	if state == bindings.StateError {
		return newError(bindings.ResultError(&r))
	}
	return nil
}

// Error is DuckDB's error.
type Error struct {
	Kind    string // "Binder", "Conversion", "Out of Memory" …; empty if the message names none
	Message string
}

func (e *Error) Error() string {
	if e.Kind == "" {
		return "duckdb: " + e.Message
	}
	return "duckdb: " + e.Kind + " Error: " + e.Message
}

func newError(text string) *Error {
	if kind, message, ok := strings.Cut(text, " Error: "); ok && len(kind) < 40 && !strings.ContainsAny(kind, "\n:") {
		return &Error{Kind: kind, Message: message}
	}
	return &Error{Message: text}
}
