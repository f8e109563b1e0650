package rights

import (
	"cmp"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/role"
	"github.com/eventgres/eventgres/query/schema"
)

// Rights are what a session may do, by the roles and the schema that it sees. They are for one moment: a session makes them anew when
// either has changed, and at SET ROLE.
type Rights struct {
	Roles *privilege.Roles
	// Session is the role that SET ROLE NONE goes back to, User the one that counts.
	Session, User uint32
	// All: it is a superuser, and is asked nothing.
	All bool
	// Alone: there is one role, so that there is nothing to ask: no view is another's.
	Alone bool
	// Secured: it does not see all events, or may not append all.
	Secured bool
	// Err: the transaction has changed roles or the schema, and so has somebody else, which cannot go together; everything fails with it.
	Err    error
	schema *analytics.Schema
}

// New are the rights of a session.
func New(c *role.Catalog, d *schema.Schema, session, user uint32) Rights {
	return Rights{
		Roles: c.Roles(), Session: session, User: user, All: c.Roles().Superuser(user), Alone: c.Alone(),
		Secured: !d.Security.Exempts(c.Roles(), user, privilege.BootstrapOID), schema: &d.Schema,
	}
}

// denied is the error for something that the session may not use.
func denied(kind, name string) error {
	return pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied for %s %s", kind, name)
}

// kindOf is what messages call a relation.
func kindOf(name string) string {
	if name == relation.Events.Name {
		return "table"
	}
	return "view"
}

// Relation checks that a relation of ours may be used; as is the role that counts, 0: the session's. A role that is gone may do what everybody
// may, and no more: what it has left behind is nobody's way to anything.
func (r *Rights) Relation(name string, want privilege.Set, as uint32) error {
	if r.Err != nil {
		return r.Err
	}
	if as == 0 {
		if r.All {
			return nil
		}
		as = r.User
	}
	o, ok := r.schema.Object(name)
	if !ok {
		return pgerror.Errorf(pgerror.UndefinedTable, "relation \"%s\" does not exist", name)
	}
	if o.Has(r.Roles, as, want) != want {
		return denied(kindOf(name), name)
	}
	return nil
}

// Reads checks all relations that a statement of the worker's reads.
func (r *Rights) Reads(list []analytics.Read) error {
	if r.Err != nil {
		return r.Err
	}
	for i := range list {
		u := &list[i]
		if u.MessageStore {
			if err := r.messageStoreAs(u.As); err != nil {
				return err
			}
			continue
		}
		if !u.Catalog {
			if err := r.Relation(u.Relation, privilege.Select, u.As); err != nil {
				return err
			}
			continue
		}
		as := r.User
		if u.As != 0 {
			as = u.As
		}
		if !r.catalog(u.Relation, as) {
			kind := "table"
			switch {
			case strings.HasPrefix(u.Relation, "pg_ls_"):
				kind = "function"
			case strings.HasPrefix(u.Relation, "pg_hba"), strings.HasPrefix(u.Relation, "pg_ident"), u.Relation == "pg_shadow":
				kind = "view"
			}
			return denied(kind, u.Relation)
		}
	}
	return nil
}

// catalog tells whether a role may read a system relation that not everybody may.
func (r *Rights) catalog(name string, as uint32) bool {
	if strings.HasPrefix(name, "pg_ls_") && r.Roles.Uses(as, privilege.Monitor) {
		return true
	}
	return r.Roles.Uses(as, privilege.BootstrapOID) || (name == "pg_shadow" || name == "pg_authid") && r.Roles.Uses(as, privilege.AuthQuery)
}

// Creates checks that the session may make something in schema public.
func (r *Rights) Creates() error {
	switch {
	case r.Err != nil:
		return r.Err
	case r.All:
		return nil
	case r.Roles.ByOID(r.User) == nil: // it would belong to nobody
		return denied("schema", "public")
	}
	return r.createsAs(r.User)
}

func (r *Rights) createsAs(as uint32) error {
	o, _ := r.schema.Object(privilege.PublicSchema)
	if o.Has(r.Roles, as, privilege.Create) == 0 {
		return denied("schema", "public")
	}
	return nil
}

// Owns checks that the session may do with a relation what its owner may. kind is what messages call it; empty: what it is.
func (r *Rights) Owns(kind, name string) error {
	if r.Err != nil {
		return r.Err
	}
	if r.All {
		return nil
	}
	o, ok := r.schema.Object(name)
	if !ok || r.Roles.Uses(r.User, o.Owner) {
		return nil
	}
	return pgerror.Errorf(pgerror.InsufficientPrivilege, "must be owner of %s %s", cmp.Or(kind, kindOf(name)), name)
}

// Stats tells whether the session is told what others do.
func (r *Rights) Stats() bool { return r.All || r.Roles.Uses(r.User, privilege.ReadAllStats) }

// BacksUp checks that the session may call a function for who makes backups, which have all there is: a superuser does, and who reads all, past policies,
// too.
func (r *Rights) BacksUp(function string) error {
	switch one := r.Roles.ByOID(r.User); {
	case r.Err != nil:
		return r.Err
	case r.All || one != nil && one.BypassRLS && r.Roles.Uses(r.User, privilege.ReadAllData):
		return nil
	}
	return pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied for function %s", function).
		WithHint("Only superusers may call it, and members of pg_read_all_data that have BYPASSRLS.")
}

// private are settings that tell where things are on the server's machine.
var private = map[string]bool{"config_file": true, "data_directory": true, "hba_file": true, "ident_file": true}

// Shows tells whether the session is told a setting's value.
func (r *Rights) Shows(setting string) bool {
	return r.All || !private[setting] || r.Roles.Uses(r.User, privilege.ReadAllSettings)
}

// Signals tells whether the session may cancel or end another, which acts as a role.
func (r *Rights) Signals(other uint32, ends bool) error {
	if r.Err != nil {
		return r.Err
	}
	does, what, done := "cancel", "query", "canceled"
	if ends {
		does, what, done = "terminate", "process", "terminated"
	}
	switch {
	case r.All:
	case r.Roles.Superuser(other):
		return pgerror.Errorf(pgerror.InsufficientPrivilege, "must be a superuser to %s superuser %s", does, what)
	case !r.Roles.Uses(r.User, other) && !r.Roles.Uses(r.User, privilege.SignalBackend):
		return pgerror.Errorf(pgerror.InsufficientPrivilege, "must be a member of the role whose %s is being %s or member of pg_signal_backend", what, done)
	}
	return nil
}

// Hides tells whether the session is not told what another's does, which has come in as a role.
func (r *Rights) Hides(other uint32) bool { return !r.All && !r.Roles.Uses(r.User, other) }
