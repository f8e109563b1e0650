package role

import (
	"cmp"
	"slices"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/privilege"
)

// Catalog is the roles at one moment. It does not change, and may be used concurrently.
type Catalog struct {
	version int64 // of the record of them all; 0: nobody has changed a role yet
	seen    int64 // of the store's watch, when they were read
	next    uint32
	all     []privilege.Settings // that sessions of every role begin with
	roles   []*Role              // by OID
	view    *privilege.Roles
	keys    map[uint32]string // of the roles' records, by OID
	base    *Catalog          // what a transaction's was made of; nil: this is committed
	own     int64             // bytes that a transaction's takes beside its base
}

// What all roles together may be: the door and the worker know them all.
const (
	maxRoles = 10_000
	maxBytes = 16 << 20
	// entryBytes is what a role takes in a catalog's list and maps, whoever else has it too.
	entryBytes = 128
)

// Role finds a role by its name, nil if there is none. Predefined ones are not among them: [Catalog.Roles] has those too.
func (c *Catalog) Role(name string) *Role {
	one := c.view.Named(name)
	if one == nil {
		return nil
	}
	return c.byOID(one.OID)
}

func (c *Catalog) byOID(oid uint32) *Role {
	i, ok := c.place(oid)
	if !ok {
		return nil
	}
	return c.roles[i]
}

func (c *Catalog) place(oid uint32) (int, bool) {
	return slices.BinarySearchFunc(c.roles, oid, func(r *Role, oid uint32) int { return cmp.Compare(r.OID, oid) })
}

// Roles are all of them, without their passwords.
func (c *Catalog) Roles() *privilege.Roles { return c.view }

// Version moves with every change that is committed.
func (c *Catalog) Version() int64 { return c.version }

// SettingsOf are what a role's sessions in a database begin with, those that count more later. oid 0: those of every role alone.
func (c *Catalog) SettingsOf(oid uint32, database string) (list []privilege.Setting) {
	var own []privilege.Settings
	if r := c.byOID(oid); r != nil {
		own = r.Settings
	}
	for _, from := range [...]struct {
		list     []privilege.Settings
		database string
	}{{c.all, ""}, {c.all, database}, {own, ""}, {own, database}} {
		for _, s := range from.list {
			if s.Database == from.database {
				list = append(list, s.Values...)
			}
		}
	}
	return list
}

// Everyone are the settings that sessions of every role begin with.
func (c *Catalog) Everyone() []privilege.Settings { return c.all }

// Bootstrap is the bootstrap superuser.
func (c *Catalog) Bootstrap() *Role { return c.roles[0] }

// Open tells whether nobody has to prove who he is: there is one role, without a password. Whoever may come in acts as it
// then, by any name.
func (c *Catalog) Open() bool { return c.Alone() && c.roles[0].Password == "" }

// Alone tells whether there is one role.
func (c *Catalog) Alone() bool { return len(c.roles) == 1 }

// HasPasswords tells whether some role has one.
func (c *Catalog) HasPasswords() bool {
	return slices.ContainsFunc(c.roles, func(r *Role) bool { return r.Password != "" })
}

// index makes what is looked up in of the list.
func (c *Catalog) index() {
	list := make([]*privilege.Role, len(c.roles))
	for i, r := range c.roles {
		list[i] = &r.Role
	}
	c.view = privilege.NewRoles(list)
}

// changed is a copy of the catalog for a transaction, whose list may be changed until it is finished.
func (c *Catalog) changed() *Catalog {
	next := *c
	if next.base == nil {
		next.base = c
	}
	next.roles = slices.Clone(c.roles)
	return &next
}

// finish checks a changed catalog's bounds, and makes it ready.
func (c *Catalog) finish() (*Catalog, error) {
	if len(c.roles) > maxRoles {
		return nil, pgerror.Errorf(pgerror.ProgramLimitExceeded, "there may be %d roles at most", maxRoles)
	}
	size := settingsBytes(c.all)
	c.own = entryBytes*int64(len(c.roles)) + size
	for i, r := range c.roles {
		size += r.bytes()
		if i >= len(c.base.roles) || c.base.roles[i] != r {
			c.own += r.bytes()
		}
	}
	if size > maxBytes {
		return nil, pgerror.Errorf(pgerror.ProgramLimitExceeded, "all roles may have %d bytes at most", maxBytes)
	}
	c.index()
	return c, nil
}

// put has a role in place of the one of its OID, or a new one.
func (c *Catalog) put(r *Role) {
	i, ok := c.place(r.OID)
	if ok {
		c.roles[i] = r
		return
	}
	c.roles = slices.Insert(c.roles, i, r)
}

// drop takes a role out, and its memberships on either side.
func (c *Catalog) drop(oid uint32) {
	if i, ok := c.place(oid); ok {
		c.roles = slices.Delete(c.roles, i, i+1)
	}
	for i, r := range c.roles {
		if slices.ContainsFunc(r.MemberOf, func(m privilege.Membership) bool { return m.Role == oid }) {
			next := *r
			next.MemberOf = slices.DeleteFunc(slices.Clone(r.MemberOf), func(m privilege.Membership) bool { return m.Role == oid })
			c.roles[i] = &next
		}
	}
}

// with is the catalog with a role in place of the one of its OID, for a transaction.
func (c *Catalog) with(r *Role) *Catalog {
	next := c.changed()
	next.put(r)
	next.index()
	return next
}

// Bytes is what a transaction's catalog takes; nil: nothing.
func (c *Catalog) Bytes() int64 {
	if c == nil {
		return 0
	}
	return c.own
}
