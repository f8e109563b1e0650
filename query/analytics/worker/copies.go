//go:build cgo

package worker

import (
	"fmt"
	"sync"

	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/analytics/duck"
)

// copies are the system tables of one schema that are in the worker's database. Each is put
// there by the first statement that reads it; all go when the last portal that may read them
// is closed and the schema is no longer the worker's own.
type copies struct {
	mu   *sync.Mutex // of all schemas: the database's catalog is changed by one at a time
	db   *duck.DB
	used int
	made map[string]bool // by name in the database
	// fixed are those that are the same in every schema, and stay.
	fixed map[string]bool
}

func (w *Worker) newCopies() *copies {
	return &copies{mu: &w.copying, db: w.projection.db, made: map[string]bool{}, fixed: w.fixed}
}

// hold keeps what is there until it is released.
func (k *copies) hold() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.used++
}

// release drops the tables after the last user. An error leaves them: they take memory, and
// the next release tries again.
func (k *copies) release() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.used--; k.used > 0 || len(k.made) == 0 {
		return nil
	}
	c, err := k.db.Connect()
	if err != nil {
		return err
	}
	defer c.Close()
	for name := range k.made {
		if err := c.Exec(`DROP TABLE IF EXISTS cat.main."` + name + `"`); err != nil {
			return fmt.Errorf("drop %s: %w", name, err)
		}
		delete(k.made, name)
	}
	return nil
}

// load puts a system table into the database, where it is not there yet. The caller holds
// the copies.
func (k *copies) load(s *schema, t *catalog.Table) error {
	name := s.tableName(t)
	k.mu.Lock()
	defer k.mu.Unlock()
	made := k.made
	if catalog.Fixed(t) {
		made = k.fixed
	}
	if made[name] {
		return nil
	}
	c, err := k.db.Connect()
	if err != nil {
		return err
	}
	defer c.Close()
	if err := fillTable(c, name, t, s.catalog.In(nil).Rows(t)); err != nil {
		_ = c.Exec(`DROP TABLE IF EXISTS cat.main."` + name + `"`) // the error that matters is the first
		return fmt.Errorf("load %s.%s: %w", t.Schema, t.Name, err)
	}
	made[name] = true
	return nil
}
