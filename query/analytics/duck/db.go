//go:build cgo

package duck

import (
	"errors"

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
