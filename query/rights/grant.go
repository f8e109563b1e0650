package rights

import (
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/role"
	"github.com/eventgres/eventgres/query/schema"
	"github.com/eventgres/eventgres/query/syntax"
)

// Granting is a session that grants or revokes privileges.
type Granting struct {
	*Rights
	Warn func(code, message string)
	// Find finds a relation that a statement names, by its own name.
	Find func(r *syntax.RelationRef) (string, error)
}

// find finds a role that a statement names.
func (r *Rights) find(spec *syntax.RoleSpec) (uint32, error) {
	found, err := role.Find(r.Roles, spec, r.User, r.Session)
	if err != nil {
		return 0, err
	}
	return found.OID, nil
}

// Apply is the schema after GRANT or REVOKE.
func (g *Granting) Apply(d *schema.Schema, st *syntax.GrantStmt) (*schema.Schema, error) {
	if g.Err != nil {
		return nil, g.Err
	}
	if st.By != nil {
		by, err := g.find(st.By)
		if err != nil {
			return nil, err
		}
		if by != g.User {
			return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "grantor must be current user")
		}
	}
	names, err := g.names(d, st)
	if err != nil {
		return nil, err
	}
	grantees, err := g.grantees(st)
	if err != nil {
		return nil, err
	}
	all, kind := privilege.Table, "relation"
	if st.Schema {
		all, kind = privilege.Schema, "schema"
	}
	what, err := privileges(st, all, kind)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if d, err = g.apply(d, st, name, what, grantees); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (g *Granting) grantees(st *syntax.GrantStmt) (list []uint32, err error) {
	for i := range st.Roles {
		spec := &st.Roles[i]
		if spec.Word == "public" {
			list = append(list, privilege.Public)
			continue
		}
		oid, err := g.find(spec)
		if err != nil {
			return nil, err
		}
		list = append(list, oid)
	}
	return list, nil
}

// privileges are those that a statement names.
func privileges(st *syntax.GrantStmt, all privilege.Set, kind string) (what privilege.Set, err error) {
	for _, p := range st.Privileges {
		if p.Columns {
			return 0, pgerror.Errorf(pgerror.FeatureNotSupported, "privileges on columns are not supported").
				WithHint("Grant them on a view that has these columns.")
		}
		one := privilege.Named(p.Name)
		if one == 0 && !slices.Contains(otherPrivileges, p.Name) {
			return 0, pgerror.Errorf(pgerror.SyntaxError, "unrecognized privilege type \"%s\"", p.Name)
		}
		if one == privilege.Usage && kind == "relation" { // which a sequence has
			kind = "table"
		}
		if one&all == 0 {
			return 0, pgerror.Errorf(pgerror.InvalidGrantOperation, "invalid privilege type %s for %s", strings.ToUpper(p.Name), kind)
		}
		what |= one
	}
	if st.Privileges == nil {
		what = all
	}
	return what, nil
}

// otherPrivileges are those that PostgreSQL knows, on nothing that there is here.
var otherPrivileges = []string{"execute", "temporary", "temp", "connect", "set", "alter system"}

// names are what a statement grants on, as [analytics.Schema.Object] knows them.
func (g *Granting) names(d *schema.Schema, st *syntax.GrantStmt) (list []string, err error) {
	for i := range st.Names {
		r := &st.Names[i]
		if !st.Schema && !st.Everything {
			name, err := g.Find(r)
			if err != nil {
				return nil, err
			}
			list = append(list, name)
			continue
		}
		switch r.Table {
		case "public":
		case "pg_catalog", "information_schema":
			return nil, denied("schema", r.Table)
		default:
			return nil, pgerror.Errorf(pgerror.InvalidSchemaName, "schema \"%s\" does not exist", r.Table)
		}
		if st.Schema {
			list = append(list, privilege.PublicSchema)
			continue
		}
		list = append(list, relation.Events.Name, relation.Streams.Name)
		for i := range d.Views {
			list = append(list, d.Views[i].Name)
		}
	}
	return list, nil
}

// apply grants or revokes privileges on one thing.
func (g *Granting) apply(d *schema.Schema, st *syntax.GrantStmt, name string, what privilege.Set, grantees []uint32) (*schema.Schema, error) {
	o, ok := d.Object(name)
	if !ok {
		return nil, pgerror.Errorf(pgerror.UndefinedTable, "relation \"%s\" does not exist", name)
	}
	shown, kind := name, "table"
	if name == privilege.PublicSchema {
		shown, kind = "public", "schema"
	}
	as, may := o.Grantor(g.Roles, g.User, what)
	if may == 0 && o.Has(g.Roles, g.User, o.All) == 0 {
		return nil, denied(kind, shown)
	}
	if may &= what; may != what {
		g.warn(st, shown, may)
	}
	acl := o.Grants()
	for _, grantee := range grantees {
		next := o
		next.ACL = acl
		var err error
		if acl, err = change(g.Roles, &next, st, grantee, as, may); err != nil {
			return nil, err
		}
	}
	if o.ACL != nil && slices.Equal(acl, o.ACL) {
		return d, nil
	}
	if acl == nil {
		acl = []privilege.Grant{} // everything was revoked, which is not what nobody has touched
	}
	return d.Granted(name, acl), nil
}

// change is the list of what is granted after one grantee's turn.
func change(r *privilege.Roles, o *privilege.Object, st *syntax.GrantStmt, grantee, as uint32, what privilege.Set) ([]privilege.Grant, error) {
	if st.Revoke {
		acl, dependent := o.Revoke(grantee, as, what, st.Option, st.Cascade)
		if dependent {
			return nil, pgerror.Errorf(pgerror.DependentObjectsStillExist, "dependent privileges exist").WithHint("Use CASCADE to revoke them too.")
		}
		return acl, nil
	}
	if st.Option && grantee == privilege.Public {
		return nil, pgerror.Errorf(pgerror.InvalidGrantOperation, "grant options can only be granted to roles")
	}
	if st.Option && o.Circular(r, grantee, as, what) {
		return nil, pgerror.Errorf(pgerror.InvalidGrantOperation, "grant options cannot be granted back to your own grantor")
	}
	if what == 0 {
		return o.Grants(), nil
	}
	return o.Grant(grantee, as, what, st.Option), nil
}

// warn says that less was done than was said. Of ALL whatever can be is.
func (g *Granting) warn(st *syntax.GrantStmt, name string, may privilege.Set) {
	code, done := pgerror.PrivilegeNotGranted, "were granted"
	if st.Revoke {
		code, done = pgerror.PrivilegeNotRevoked, "could be revoked"
	}
	switch {
	case may == 0:
		g.Warn(code, "no privileges "+done+" for \""+name+"\"")
	case st.Privileges != nil:
		g.Warn(code, "not all privileges "+done+" for \""+name+"\"")
	}
}
