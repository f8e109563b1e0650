package role

import (
	"time"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/auth"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// BootstrapOID is the OID of the role that every store has, a superuser that may log in.
const BootstrapOID = 10

// DefaultSuperuser is the bootstrap superuser's name, unless a store was given another.
const DefaultSuperuser = "postgres"

// Role is a role, in the form in which its record has it. It does not change once it is in a [Catalog].
type Role struct {
	OID  uint32 `json:"oid"`
	Name string `json:"name"`
	// Password is the text of a verifier, PostgreSQL's form; empty: none. It is a secret.
	Password string `json:"password,omitempty"`
	// ValidUntil is until when the password serves, µs since the Unix epoch; nil, and [Forever]: it always does.
	ValidUntil *int64 `json:"validUntil,omitempty"`
	Superuser  bool   `json:"superuser,omitempty"`
	Login      bool   `json:"login,omitempty"`
}

// Forever is a time that never comes, VALID UNTIL 'infinity'.
const Forever = pgvalue.Infinity

// bytes is what a role takes in memory, and in a list and a map.
func (r *Role) bytes() int64 { return 256 + int64(len(r.Name)+len(r.Password)) }

// entry is the role as the door looks at it.
func (r *Role) entry() pgwire.Role {
	e := pgwire.Role{Login: r.Login, Superuser: r.Superuser}
	e.Verifier, e.HasPassword = auth.ParseVerifier(r.Password)
	if r.ValidUntil != nil && *r.ValidUntil != Forever {
		e.ValidUntil = time.UnixMicro(*r.ValidUntil)
	}
	return e
}

// Catalog is the roles at one moment. It does not change, and may be used concurrently.
type Catalog struct {
	version int64 // of the record of them all; 0: nobody has changed a role yet
	seen    int64 // of the store's watch, when they were read
	roles   []*Role
	keys    map[uint32]string // of the roles' records, by OID
	base    *Catalog          // what a transaction's was made of; nil: this is committed
}

// Role finds a role by its name, nil if there is none.
func (c *Catalog) Role(name string) *Role {
	for _, r := range c.roles {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// Bootstrap is the bootstrap superuser.
func (c *Catalog) Bootstrap() *Role { return c.roles[0] }

// Open tells whether nobody has to prove who he is: there is one role, without a password. Whoever may come in acts as it
// then, by any name.
func (c *Catalog) Open() bool { return len(c.roles) == 1 && c.roles[0].Password == "" }

// HasPasswords tells whether some role has one.
func (c *Catalog) HasPasswords() bool {
	for _, r := range c.roles {
		if r.Password != "" {
			return true
		}
	}
	return false
}

// with is the catalog with a role in place of the one of its OID, for a transaction.
func (c *Catalog) with(r *Role) *Catalog {
	next := *c
	if next.base == nil {
		next.base = c
	}
	next.roles = append([]*Role(nil), c.roles...)
	for i := range next.roles {
		if next.roles[i].OID == r.OID {
			next.roles[i] = r
		}
	}
	return &next
}

// Bytes is what a transaction's catalog takes; nil: nothing.
func (c *Catalog) Bytes() int64 {
	if c == nil || c.base == nil {
		return 0
	}
	size := int64(0)
	for i, r := range c.roles {
		if size += 8; i >= len(c.base.roles) || c.base.roles[i] != r {
			size += r.bytes()
		}
	}
	return size
}
