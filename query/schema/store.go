package schema

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/setting"
)

// The store keeps them in its control state: a record for each view and each comment, and one whose
// version is that of them all. Every change of any writes that one, under the condition that nobody else
// has: two changes at the same time are never both made. It is empty; a store of an older version has
// left in it all views and comments as one text, until the first change.
//
// A view's key is a number, the least that is free: a key that was ever written is kept for ever, and programs make views of
// new names without end.
const (
	Root          = engine.DefinitionsKey
	viewPrefix    = Root + "/view/"
	commentPrefix = Root + "/comment/"
	grantsPrefix  = Root + "/grants/" // by what they are on
	securityKey   = Root + "/policies/events"
	publicKey     = Root + "/publications"
)

// storedSchema is what an older version has left.
type storedSchema struct {
	Views    []analytics.View  `json:"views"`
	Comments map[string]string `json:"comments,omitempty"`
	grants   map[string][]privilege.Grant
	security privilege.RowSecurity
	public   []analytics.Publication
	keys     map[string]string // of views that have records
}

// Store is the schema as the engine's control state has it. It may be used concurrently.
type Store struct {
	control *engine.Control
	logger  *slog.Logger
	started time.Time
	watch   *engine.Watch // moves when the schema is changed
	current atomic.Pointer[Schema]
	// loading is held while the schema is read.
	loading    sync.Mutex
	unreadable atomic.Pointer[error] // why what is stored cannot be read, if that is so
	turn       chan struct{}         // has one while somebody commits a schema
}

// NewStore returns what a server that started then has of a schema.
func NewStore(control *engine.Control, logger *slog.Logger, started time.Time) *Store {
	s := &Store{control: control, logger: logger, started: started, watch: control.Watch(Root), turn: make(chan struct{}, 1)}
	s.load()
	return s
}

func (s *Store) newSchema(stored storedSchema, version, seen int64) *Schema {
	d := &Schema{seen: seen, keys: stored.keys, Schema: analytics.Schema{Version: version, Views: stored.Views, Comments: stored.Comments, Grants: stored.grants, Security: stored.security, Publications: stored.public, Started: s.started.UnixMicro()}}
	for _, k := range setting.Shown() {
		d.Settings = append(d.Settings, analytics.Setting{Name: k.Name, Value: k.Initial, About: k.About, Context: k.Context, VarType: k.VarType})
	}
	d.texts = d.size()
	return d
}

// Begin waits until nobody else commits a schema. Then the caller may, and calls end.
func (s *Store) Begin(ctx context.Context) (end func(), err error) {
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Current are those that are committed. They are read anew after somebody has changed them.
func (s *Store) Current() *Schema {
	if d := s.current.Load(); d.seen == s.watch.Version() {
		return d
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	if d := s.current.Load(); d.seen == s.watch.Version() {
		return d
	}
	return s.load()
}

// load takes them from the store.
func (s *Store) load() *Schema {
	seen := s.watch.Version()
	records, _ := s.control.List(Root)
	stored, version, err := readRecords(records)
	if err != nil {
		// Written by a later version: it is left alone.
		s.logger.Error("the definitions cannot be read; there are no views", "error", err)
		stored = storedSchema{}
	}
	s.unreadable.Store(&err)
	d := s.newSchema(stored, version, seen)
	s.current.Store(d)
	return d
}

// readRecords makes definitions of their records.
func readRecords(records []engine.ControlRecord) (d storedSchema, version int64, err error) {
	for _, r := range records {
		switch {
		case r.Key == Root:
			version = r.Version
			if len(r.Value) > 0 {
				err = errors.Join(err, json.Unmarshal(r.Value, &d))
			}
		case strings.HasPrefix(r.Key, viewPrefix):
			var v analytics.View
			err = errors.Join(err, json.Unmarshal(r.Value, &v))
			if d.Views = append(d.Views, v); d.keys == nil {
				d.keys = map[string]string{}
			}
			d.keys[v.Name] = r.Key
		case strings.HasPrefix(r.Key, commentPrefix):
			if d.Comments == nil {
				d.Comments = map[string]string{}
			}
			d.Comments[strings.TrimPrefix(r.Key, commentPrefix)] = string(r.Value)
		case strings.HasPrefix(r.Key, grantsPrefix):
			var list []privilege.Grant
			err = errors.Join(err, json.Unmarshal(r.Value, &list))
			if d.grants == nil {
				d.grants = map[string][]privilege.Grant{}
			}
			d.grants[strings.TrimPrefix(r.Key, grantsPrefix)] = list
		case r.Key == securityKey:
			err = errors.Join(err, json.Unmarshal(r.Value, &d.security))
		case r.Key == publicKey:
			err = errors.Join(err, json.Unmarshal(r.Value, &d.public))
		}
	}
	// In the order in which they were made.
	slices.SortStableFunc(d.Views, func(a, b analytics.View) int { return cmp.Compare(a.OID, b.OID) })
	return d, version, err
}

// Changes are those of the control state that make a transaction's schema everybody's, over what others have committed meanwhile. They
// hold until the caller, who has begun, ends.
func (s *Store) Changes(d *Schema) ([]engine.ControlChange, error) {
	if err := *s.unreadable.Load(); err != nil {
		return nil, pgerror.Errorf(pgerror.IOError, "the definitions cannot be read: %s", err)
	}
	now := s.Current()
	d, err := d.over(now)
	if err != nil {
		return nil, err
	}
	changes := []engine.ControlChange{{Key: Root, IfVersion: now.Version}}
	put := func(key string, value []byte) {
		changes = append(changes, engine.ControlChange{Key: key, Value: value, IfVersion: engine.AnyControlVersion})
	}
	views, before := d.byName(), now.byName()
	taken := map[string]bool{}
	for name, key := range now.keys {
		if views[name] != nil {
			taken[key] = true
			continue
		}
		changes = append(changes, engine.ControlChange{Key: key, Delete: true, IfVersion: engine.AnyControlVersion})
		taken[key] = true // until the next time: a key is changed once
	}
	slot := 0
	for i := range d.Views {
		v := &d.Views[i]
		key := now.keys[v.Name]
		if key != "" && sameView(v, before[v.Name]) {
			continue
		}
		for ; key == ""; slot++ {
			if free := fmt.Sprintf("%s%05d", viewPrefix, slot); !taken[free] {
				key = free
			}
		}
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		put(key, text)
	}
	for _, of := range slices.Sorted(maps.Keys(d.Comments)) {
		if r := s.control.Get(commentPrefix + of); !r.Exists() || string(r.Value) != d.Comments[of] {
			put(commentPrefix+of, []byte(d.Comments[of]))
		}
	}
	err = changedOthers(d, now, put)
	return changes, err
}

// changedOthers puts what a schema has beside views and comments, where it is not as it was.
func changedOthers(d, now *Schema, put func(key string, value []byte)) error {
	for _, on := range slices.Sorted(maps.Keys(d.Grants)) {
		if privilege.Same(d.Grants[on], now.Grants[on]) {
			continue
		}
		text, err := json.Marshal(d.Grants[on])
		if err != nil {
			return err
		}
		put(grantsPrefix+on, text)
	}
	for key, of := range map[string]struct {
		same  bool
		value any
	}{
		securityKey: {privilege.SameSecurity(d.Security, now.Security), d.Security},
		publicKey:   {analytics.SamePublications(d.Publications, now.Publications), d.Publications},
	} {
		if of.same {
			continue
		}
		text, err := json.Marshal(of.value)
		if err != nil {
			return err
		}
		put(key, text)
	}
	return nil
}
