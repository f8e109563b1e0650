package rights

import (
	"slices"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/schema"
	"github.com/eventgres/eventgres/query/syntax"
)

// Uses are what a role owns, or has to do with privileges on, a line each, as the error of DROP ROLE lists them: by OID.
func Uses(d *schema.Schema, oid uint32) (list []string) {
	for _, on := range [...]string{privilege.PublicSchema, relation.Health.Name, relation.Events.Name, relation.Streams.Name} {
		switch {
		case !privilege.Mentions(d.Grants[on], oid):
		case on == privilege.PublicSchema:
			list = append(list, "privileges for schema public")
		default:
			list = append(list, "privileges for "+kindOf(on)+" "+on)
		}
	}
	for i := range d.Security.Policies {
		if p := &d.Security.Policies[i]; p.Mentions(oid) {
			list = append(list, "target of policy "+syntax.QuoteName(p.Name)+" on table events")
		}
	}
	for i := range d.Publications {
		if p := &d.Publications[i]; p.Owner == oid {
			list = append(list, "owner of publication "+syntax.QuoteName(p.Name))
		}
	}
	for i := range d.Views {
		v := &d.Views[i]
		switch {
		case v.Owner == oid:
			list = append(list, "owner of view "+syntax.QuoteName(v.Name))
		case privilege.Mentions(v.ACL, oid):
			list = append(list, "privileges for view "+syntax.QuoteName(v.Name))
		}
	}
	return list
}

// Owned is the schema after REASSIGN OWNED, or DROP OWNED; dropped are the views that go, with which others may have to.
func (r *Granting) Owned(d *schema.Schema, st *syntax.OwnedStmt) (next *schema.Schema, dropped []string, err error) {
	if r.Err != nil {
		return nil, nil, r.Err
	}
	verb := "drop objects"
	if st.To != nil {
		verb = "reassign objects"
	}
	var from []uint32
	for i := range st.Roles {
		oid, err := r.find(&st.Roles[i])
		if err != nil {
			return nil, nil, err
		}
		from = append(from, oid)
	}
	to := uint32(privilege.Public)
	if err := r.mayOwn(verb, from...); err != nil {
		return nil, nil, err
	}
	if st.To != nil {
		if to, err = r.find(st.To); err != nil {
			return nil, nil, err
		}
		if err := r.mayOwn(verb, to); err != nil {
			return nil, nil, err
		}
	}
	for _, oid := range from {
		if oid == privilege.BootstrapOID || privilege.IsPredefined(oid) {
			what := "drop objects owned by role %s because they are required by the database system"
			if st.To != nil {
				what = "reassign ownership of objects owned by role %s because they are required by the database system"
			}
			return nil, nil, pgerror.Errorf(pgerror.DependentObjectsStillExist, "cannot "+what, r.Roles.ByOID(oid).Name)
		}
		if st.To != nil {
			d = reassigned(d, oid, to)
			continue
		}
		for i := range d.Views {
			if d.Views[i].Owner == oid {
				dropped = append(dropped, d.Views[i].Name)
			}
		}
		if publicationsOf(d, oid) != nil {
			d = d.Published(slices.DeleteFunc(slices.Clone(d.Publications), func(p analytics.Publication) bool { return p.Owner == oid }))
		}
		if d, err = r.revoked(d, oid); err != nil {
			return nil, nil, err
		}
	}
	return d, dropped, nil
}

// mayOwn checks that the session has the privileges of roles.
func (r *Rights) mayOwn(verb string, roles ...uint32) error {
	for _, oid := range roles {
		if !r.All && !r.Roles.Uses(r.User, oid) {
			return pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied to %s", verb)
		}
	}
	return nil
}

// reassigned is the schema where what one role has is another's.
func reassigned(d *schema.Schema, from, to uint32) *schema.Schema {
	views := slices.Clone(d.Views)
	for i := range views {
		if views[i].Owner == from {
			Give(&views[i], to)
		}
	}
	d = d.With(views, d.Comments)
	if publicationsOf(d, from) == nil {
		return d
	}
	list := slices.Clone(d.Publications)
	for i := range list {
		if list[i].Owner == from {
			list[i].Owner = to
		}
	}
	return d.Published(list)
}

// publicationsOf are the publications of a role.
func publicationsOf(d *schema.Schema, oid uint32) (list []analytics.Publication) {
	for _, p := range d.Publications {
		if p.Owner == oid {
			list = append(list, p)
		}
	}
	return list
}

// Give makes a view another role's. What the owner had, and had granted, the new one has.
func Give(v *analytics.View, to uint32) {
	from := v.Object().Owner
	v.Owner = to
	if v.ACL == nil || from == to {
		return
	}
	acl := []privilege.Grant{} // if nothing is left in it, everything was revoked
	for _, g := range v.ACL {
		if g.Grantor == from {
			g.Grantor = to
		}
		if g.Grantee == from {
			g.Grantee = to
		}
		i := slices.IndexFunc(acl, func(o privilege.Grant) bool { return o.Grantee == g.Grantee && o.Grantor == g.Grantor })
		if i < 0 {
			acl = append(acl, g)
			continue
		}
		acl[i].Privileges |= g.Privileges
		acl[i].Grantable |= g.Grantable
	}
	v.ACL = acl
}

// revoked is the schema without what a role was granted by whom the session may revoke for, which is all that there is of it to a superuser.
func (g *Granting) revoked(d *schema.Schema, oid uint32) (*schema.Schema, error) {
	all := &syntax.GrantStmt{Revoke: true, Cascade: true}
	var on []string
	for name, acl := range d.Grants {
		if privilege.Mentions(acl, oid) {
			on = append(on, name)
		}
	}
	slices.Sort(on)
	for i := range d.Views {
		if v := &d.Views[i]; v.Owner != oid && privilege.Mentions(v.ACL, oid) {
			on = append(on, v.Name)
		}
	}
	for _, name := range on {
		o, _ := d.Object(name)
		var err error
		if d, err = g.apply(d, all, name, o.All, []uint32{oid}); err != nil {
			return nil, err
		}
	}
	return g.untargeted(d, oid)
}

// untargeted is the schema without a role in policies; one that is for nobody else goes.
func (g *Granting) untargeted(d *schema.Schema, oid uint32) (*schema.Schema, error) {
	for i := len(d.Security.Policies) - 1; i >= 0; i-- {
		p := d.Security.Policies[i]
		if !p.Mentions(oid) {
			continue
		}
		if rest := slices.DeleteFunc(slices.Clone(p.Roles), func(of uint32) bool { return of == oid }); len(rest) > 0 {
			p.Roles = rest
			d = withPolicy(d, i, &p)
			continue
		}
		d = withoutPolicy(d, i)
	}
	return d, nil
}

// ChangeOwner checks that the session may make a view another role's.
func (r *Rights) ChangeOwner(v *analytics.View, to *syntax.RoleSpec) (uint32, error) {
	if err := r.Owns("", v.Name); err != nil {
		return 0, err
	}
	oid, err := r.find(to)
	if err != nil || r.All || oid == v.Object().Owner {
		return oid, err
	}
	if !r.Roles.Member(r.User, oid) {
		return 0, pgerror.Errorf(pgerror.InsufficientPrivilege, "must be member of role \"%s\"", r.Roles.ByOID(oid).Name)
	}
	return oid, r.createsAs(oid)
}
