package role

import (
	"cmp"
	"slices"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/syntax"
)

// grant is GRANT and REVOKE of roles, and ALTER GROUP.
func (c *change) grant(st *syntax.GrantRoleStmt) (tag string, err error) {
	by := c.User
	if st.By != nil {
		r, err := c.find(st.By)
		if err != nil {
			return "", err
		}
		by = r.OID
	}
	switch {
	case st.Group:
		tag = "ALTER ROLE"
		of, err := c.find(&st.Roles[0])
		if err != nil {
			return "", err
		}
		if err := c.mayAlter(of, nil); err != nil {
			return "", err
		}
	case st.Revoke:
		tag = "REVOKE ROLE"
	default:
		tag = "GRANT ROLE"
	}
	members, err := c.findAll(st.Members)
	if err != nil {
		return "", err
	}
	for i := range st.Roles {
		of, err := c.find(&st.Roles[i])
		if err != nil && st.Roles[i].Name == privilege.MessageStore && !st.Revoke && !st.Group && c.superuser() {
			of, err = c.createMessageStore(), nil
		}
		if err != nil {
			return "", err
		}
		if st.Revoke {
			err = c.dropMembers(of, members, by, st.Admin)
		} else {
			err = c.addMembers(of, members, by, st.Admin)
		}
		if err != nil {
			return "", err
		}
	}
	return tag, nil
}

// createMessageStore makes the role that Message DB's installation would have made: clients of Message DB's log in as it.
func (c *change) createMessageStore() *privilege.Role {
	r := &Role{Role: privilege.Role{OID: c.next, Name: privilege.MessageStore, Login: true}}
	c.next++
	c.put(r)
	c.index()
	return &r.Role
}

// mayGrant checks that the session may grant a role, or revoke it, in the name of by.
func (c *change) mayGrant(of *privilege.Role, by uint32) error {
	switch {
	case of.Superuser && !c.superuser():
		return notAllowed("must be superuser to alter superusers")
	case !of.Superuser && !c.creates() && !c.view.Admin(by, of.OID):
		return notAllowed("must have admin option on role \"%s\"", of.Name)
	case by != c.User && !c.superuser():
		return notAllowed("must be superuser to set grantor")
	}
	return nil
}

// addMembers grants a role.
func (c *change) addMembers(of *privilege.Role, list []*privilege.Role, by uint32, admin bool) error {
	if err := c.mayGrant(of, by); err != nil {
		return err
	}
	for _, member := range list {
		if err := c.Pace(); err != nil {
			return err
		}
		switch {
		case of.OID == privilege.DatabaseOwner:
			return pgerror.Errorf(pgerror.FeatureNotSupported, "role \"%s\" cannot have explicit members", of.Name)
		case member.OID == privilege.DatabaseOwner:
			return pgerror.Errorf(pgerror.FeatureNotSupported, "role \"%s\" cannot be a member of any role", member.Name)
		case c.view.MemberByGrant(of.OID, member.OID):
			return pgerror.Errorf(pgerror.InvalidGrantOperation, "role \"%s\" is a member of role \"%s\"", of.Name, member.Name)
		case privilege.IsPredefined(member.OID):
			return pgerror.Errorf(pgerror.FeatureNotSupported, "a predefined role cannot be granted another")
		}
		next := *c.byOID(member.OID)
		i := slices.IndexFunc(next.MemberOf, func(m privilege.Membership) bool { return m.Role == of.OID })
		if i >= 0 && (!admin || next.MemberOf[i].Admin) {
			c.Notice("role \"" + member.Name + "\" is already a member of role \"" + of.Name + "\"")
			continue
		}
		next.MemberOf = slices.Clone(next.MemberOf)
		if i < 0 {
			i, _ = slices.BinarySearchFunc(next.MemberOf, of.OID, func(m privilege.Membership, oid uint32) int { return cmp.Compare(m.Role, oid) })
			next.MemberOf = slices.Insert(next.MemberOf, i, privilege.Membership{Role: of.OID})
		}
		next.MemberOf[i].Grantor, next.MemberOf[i].Admin = by, admin
		c.put(&next)
		c.index()
	}
	return nil
}

// dropMembers revokes a role, or the right to grant it.
func (c *change) dropMembers(of *privilege.Role, list []*privilege.Role, by uint32, adminOnly bool) error {
	if err := c.mayGrant(of, by); err != nil {
		return err
	}
	for _, member := range list {
		if err := c.Pace(); err != nil {
			return err
		}
		r := c.byOID(member.OID)
		i := -1
		if r != nil {
			i = slices.IndexFunc(r.MemberOf, func(m privilege.Membership) bool { return m.Role == of.OID })
		}
		if i < 0 {
			c.Warn(pgerror.Warning, "role \""+member.Name+"\" is not a member of role \""+of.Name+"\"")
			continue
		}
		next := *r
		if next.MemberOf = slices.Clone(r.MemberOf); adminOnly {
			next.MemberOf[i].Admin = false
		} else {
			next.MemberOf = slices.Delete(next.MemberOf, i, i+1)
		}
		c.put(&next)
		c.index()
	}
	return nil
}

func (c *change) findAll(specs []syntax.RoleSpec) (list []*privilege.Role, err error) {
	for i := range specs {
		r, err := c.find(&specs[i])
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}
