package role

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/privilege"
)

// The control state has a record for each role, and one whose version is that of them all: every change of any writes that
// one, under the condition that nobody else has. A role's key is a number, the least that is free: a key that was ever written is
// kept for ever.
const (
	Root       = "roles"
	rolePrefix = Root + "/role/"
)

// rootRecord is the value of the record of them all.
type rootRecord struct {
	// NextOID is the next role's: none is ever used again, so that what has been granted to a role is nobody's once that is gone.
	NextOID uint32 `json:"nextOID,omitempty"`
	// Settings are what sessions of every role begin with.
	Settings []privilege.Settings `json:"settings,omitempty"`
	// Secret is what the salts are made of that those are told who ask for a role that is not there.
	Secret []byte `json:"secret"`
}

// secretBytes is a secret's length; as long as the hash that uses it.
const secretBytes = 32

// Store is the roles as the engine's control state has them. It may be used concurrently, and is a [pgwire.RoleSource].
type Store struct {
	control   *engine.Control
	logger    *slog.Logger
	watch     *engine.Watch
	superuser string
	secret    []byte
	current   atomic.Pointer[Catalog]
	loading   sync.Mutex // held while the roles are read
}

// NewStore reads a store's roles. superuser is the name of the bootstrap superuser of a store that has recorded none, and must be
// its name otherwise; empty: that, or [DefaultSuperuser]. Roles that cannot be read, since a later version wrote them, are an error: who may
// come in would be a guess.
func NewStore(control *engine.Control, superuser string, logger *slog.Logger) (*Store, error) {
	s := &Store{control: control, logger: logger, superuser: cmp.Or(superuser, DefaultSuperuser), watch: control.Watch(Root)}
	if err := checkName(s.superuser); err != nil {
		return nil, err
	}
	c, secret, err := s.read()
	if err != nil {
		return nil, fmt.Errorf("the roles cannot be read: %w", err)
	}
	if name := c.Bootstrap().Name; superuser != "" && superuser != name {
		return nil, fmt.Errorf("the superuser of this store is %q, not %q", name, superuser)
	}
	s.superuser = c.Bootstrap().Name
	if s.secret = secret; secret == nil {
		s.secret = make([]byte, secretBytes)
		_, _ = rand.Read(s.secret) // never fails
	}
	s.current.Store(c)
	return s, nil
}

// checkName refuses what cannot be a role's name.
func checkName(name string) error {
	const longest = 63 // bytes, as of any name
	if len(name) > longest || strings.HasPrefix(name, "pg_") || name == "public" || name == "none" || strings.ContainsRune(name, 0) {
		return fmt.Errorf("%q cannot be a role's name", name)
	}
	return nil
}

// Superuser is the bootstrap superuser's name.
func (s *Store) Superuser() string { return s.superuser }

// Secret is what the door makes salts of for roles that there are not. It is the same for ever, from the first change of a role on.
func (s *Store) Secret() []byte { return s.secret }

// Current are the roles that are committed.
func (s *Store) Current() *Catalog {
	if c := s.current.Load(); c.seen == s.watch.Version() {
		return c
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	c := s.current.Load()
	if c.seen == s.watch.Version() {
		return c
	}
	next, _, err := s.read()
	if err != nil { // this program wrote them
		s.logger.Error("the roles cannot be read; those before stay", "error", err)
		return c
	}
	s.current.Store(next)
	return next
}

// read takes the roles from the control state.
func (s *Store) read() (c *Catalog, secret []byte, err error) {
	c = &Catalog{seen: s.watch.Version(), next: privilege.FirstOID, keys: map[uint32]string{}}
	records, _ := s.control.List(Root)
	for _, r := range records {
		switch {
		case r.Key == Root:
			var all rootRecord
			if err := json.Unmarshal(r.Value, &all); err != nil {
				return nil, nil, err
			}
			c.version, secret, c.all = r.Version, all.Secret, all.Settings
			c.next = max(c.next, all.NextOID)
		case strings.HasPrefix(r.Key, rolePrefix):
			one := new(Role)
			if err := json.Unmarshal(r.Value, one); err != nil {
				return nil, nil, err
			}
			c.roles, c.keys[one.OID] = append(c.roles, one), r.Key
		}
	}
	slices.SortFunc(c.roles, func(a, b *Role) int { return cmp.Compare(a.OID, b.OID) })
	if len(c.roles) == 0 {
		c.roles = []*Role{{Role: bootstrap(s.superuser)}}
	}
	if b := c.Bootstrap(); b.OID != privilege.BootstrapOID || !b.Superuser || !b.Login {
		return nil, nil, fmt.Errorf("the superuser with OID %d is missing", privilege.BootstrapOID)
	}
	c.index()
	return c, secret, nil
}

// bootstrap is the superuser as every store has it.
func bootstrap(name string) privilege.Role {
	return privilege.Role{
		OID: privilege.BootstrapOID, Name: name, Superuser: true, Login: true, CreateRole: true, CreateDB: true, Replication: true, BypassRLS: true,
	}
}

// ErrChanged is what a transaction gets that has changed roles while somebody else did.
var ErrChanged = pgerror.Errorf(pgerror.SerializationFailure, "could not serialize access due to concurrent update").
	WithHint("The transaction might succeed if retried.")

// Changes are those of the control state that make a transaction's catalog everybody's, over what others have committed meanwhile.
func (s *Store) Changes(c *Catalog) ([]engine.ControlChange, error) {
	c, err := c.Over(s.Current())
	if err != nil {
		return nil, err
	}
	all, err := json.Marshal(rootRecord{Secret: s.secret, NextOID: c.next, Settings: c.all})
	if err != nil {
		return nil, err
	}
	changes := []engine.ControlChange{{Key: Root, Value: all, IfVersion: c.base.version}}
	taken := map[string]bool{}
	for oid, key := range c.keys {
		if taken[key] = true; c.byOID(oid) == nil { // taken until the next time: a key is changed once
			changes = append(changes, engine.ControlChange{Key: key, Delete: true, IfVersion: engine.AnyControlVersion})
		}
	}
	slot := 0
	for _, r := range c.roles {
		key, kept := c.keys[r.OID]
		if kept && c.base.byOID(r.OID) == r {
			continue
		}
		for ; key == ""; slot++ {
			if free := fmt.Sprintf("%s%05d", rolePrefix, slot); !taken[free] {
				key = free
			}
		}
		text, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		changes = append(changes, engine.ControlChange{Key: key, Value: text, IfVersion: engine.AnyControlVersion})
	}
	return changes, nil
}

// Lookup implements [pgwire.RoleSource]. While the catalog is open, every name is the bootstrap superuser's.
func (s *Store) Lookup(name string) (pgwire.Role, bool) {
	c := s.Current()
	if c.Open() {
		return c.Bootstrap().entry(), true
	}
	if r := c.Role(name); r != nil {
		return r.entry(), true
	}
	return pgwire.Role{}, false
}

// Member implements [pgwire.RoleSource].
func (s *Store) Member(name, of string) bool {
	roles := s.Current().Roles()
	one, other := roles.Named(name), roles.Named(of)
	return one != nil && other != nil && roles.MemberByGrant(one.OID, other.OID)
}

// SetPassword gives the bootstrap superuser a password, by its verifier, which serves for ever: who sets one from outside may be locked out.
func (s *Store) SetPassword(ctx context.Context, w *engine.WriterHandle, verifier string) error {
	c := s.Current()
	next := *c.Bootstrap()
	next.Password, next.ValidUntil = verifier, nil
	changes, err := s.Changes(c.with(&next))
	if err != nil {
		return err
	}
	return w.Append(ctx, &engine.AppendRequest{Control: changes})
}
