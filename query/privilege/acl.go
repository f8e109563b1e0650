package privilege

import (
	"slices"
	"strings"
)

// Set is a set of privileges.
type Set uint16

// The privileges of relations and of the schema.
const (
	Insert Set = 1 << iota
	Select
	Update
	Delete
	Truncate
	References
	Trigger
	Usage
	Create

	Table  = Insert | Select | Update | Delete | Truncate | References | Trigger
	Schema = Usage | Create
)

// PublicSchema is what schema public is called where a relation has its name. No relation has this one.
const PublicSchema = "schema public"

// Public is the grantee that stands for every role.
const Public = 0

// letters are how lists of privileges write them, in PostgreSQL's order.
var letters = []struct {
	Set    Set
	Letter byte
	Name   string
}{
	{Insert, 'a', "INSERT"},
	{Select, 'r', "SELECT"},
	{Update, 'w', "UPDATE"},
	{Delete, 'd', "DELETE"},
	{Truncate, 'D', "TRUNCATE"},
	{References, 'x', "REFERENCES"},
	{Trigger, 't', "TRIGGER"},
	{Usage, 'U', "USAGE"},
	{Create, 'C', "CREATE"},
}

// Named is the privilege of a name, in any case; 0: there is none.
func Named(name string) Set {
	for _, l := range letters {
		if strings.EqualFold(l.Name, name) {
			return l.Set
		}
	}
	return 0
}

// Grant is what one role has been granted by another.
type Grant struct {
	Grantee    uint32 `json:"to,omitempty"` // Public: everybody
	Grantor    uint32 `json:"by"`
	Privileges Set    `json:"may"`
	Grantable  Set    `json:"grantable,omitempty"` // of them, those that it may grant in turn
}

// Text is a grant as PostgreSQL writes an aclitem; name is how roles are written.
func (g *Grant) Text(name func(oid uint32) string) string {
	var b strings.Builder
	if g.Grantee != Public {
		b.WriteString(name(g.Grantee))
	}
	b.WriteByte('=')
	for _, l := range letters {
		if g.Privileges&l.Set != 0 {
			b.WriteByte(l.Letter)
			if g.Grantable&l.Set != 0 {
				b.WriteByte('*')
			}
		}
	}
	b.WriteByte('/')
	b.WriteString(name(g.Grantor))
	return b.String()
}

// Object is something with an owner on which privileges are granted.
type Object struct {
	Owner uint32
	All   Set     // the privileges that there are of it
	ACL   []Grant // nil: nobody has granted or revoked anything
	// Everybody has these where ACL is nil.
	Everybody Set
}

// Grants are those of the object, also where nobody has granted any: its owner may do everything.
func (o *Object) Grants() []Grant {
	if o.ACL != nil {
		return o.ACL
	}
	grants := []Grant{{Grantee: o.Owner, Grantor: o.Owner, Privileges: o.All}}
	if o.Everybody != 0 {
		grants = append(grants, Grant{Grantee: Public, Grantor: o.Owner, Privileges: o.Everybody})
	}
	return grants
}

// Has tells which of the wanted privileges a role has. pg_read_all_data and pg_write_all_data count too.
func (o *Object) Has(r *Roles, role uint32, want Set) (has Set) {
	if r.Superuser(role) {
		return want
	}
	for _, g := range o.Grants() {
		if more := g.Privileges & want &^ has; more != 0 && (g.Grantee == Public || r.Uses(role, g.Grantee)) {
			has |= more
		}
	}
	if read := want & (Select | Usage) &^ has; read != 0 && r.Uses(role, ReadAllData) {
		has |= read
	}
	if write := want & (Insert | Update | Delete | Usage) &^ has; write != 0 && r.Uses(role, WriteAllData) {
		has |= write
	}
	return has
}

// MayGrant tells which of the wanted privileges a role may grant.
func (o *Object) MayGrant(r *Roles, role uint32, want Set) (may Set) {
	if r.Uses(role, o.Owner) {
		return want // an owner may always give himself back what he has revoked
	}
	for _, g := range o.Grants() {
		if more := g.Grantable & want &^ may; more != 0 && g.Grantee != Public && r.Uses(role, g.Grantee) {
			may |= more
		}
	}
	return may
}

// Grantor is as whom a role grants or revokes the wanted privileges, and which of them it may: as the owner, if it may act as him, else as
// itself, or as the role it is a member of that may grant the most of them.
func (o *Object) Grantor(r *Roles, role uint32, want Set) (as uint32, may Set) {
	if role == o.Owner || r.Uses(role, o.Owner) {
		return o.Owner, want
	}
	as = role
	most := 0
	r.each(role, true, func(one *Role) bool {
		direct := o.granted(one.OID) & want
		if direct == want {
			as, may = one.OID, want
			return false
		}
		if n := direct.count(); n > most {
			as, may, most = one.OID, direct, n
		}
		return true
	})
	return as, may
}

// granted are the privileges that a role itself may grant.
func (o *Object) granted(role uint32) (may Set) {
	if role == o.Owner {
		return o.All
	}
	for _, g := range o.Grants() {
		if g.Grantee == role && role != Public {
			may |= g.Grantable
		}
	}
	return may
}

func (s Set) count() (n int) {
	for ; s != 0; s &= s - 1 {
		n++
	}
	return n
}

// Grant is the object's list with more in it. option: with the right to grant it in turn.
func (o *Object) Grant(grantee, grantor uint32, what Set, option bool) []Grant {
	acl := slices.Clone(o.Grants())
	i := slices.IndexFunc(acl, func(g Grant) bool { return g.Grantee == grantee && g.Grantor == grantor })
	if i < 0 {
		acl, i = append(acl, Grant{Grantee: grantee, Grantor: grantor}), len(acl)
	}
	acl[i].Privileges |= what
	if option {
		acl[i].Grantable |= what
	}
	return acl
}

// Circular tells whether a grant with grant option would come back to who gives it: the grantor, and all that he is a member of, have the right
// from the grantee.
func (o *Object) Circular(r *Roles, grantee, grantor uint32, what Set) bool {
	if grantor == o.Owner {
		return false
	}
	// Without what the grantee may grant, and all that hangs on it, the grantor must still have it.
	rest := &Object{Owner: o.Owner, All: o.All, ACL: slices.Clone(o.Grants())}
	for i := 0; i < len(rest.ACL); i++ {
		g := &rest.ACL[i]
		if g.Grantee != grantee || g.Grantable&what == 0 {
			continue
		}
		next, err := rest.revoke(g.Grantee, g.Grantor, g.Grantable&what, false, true)
		if err {
			return true
		}
		rest.ACL, i = next, -1
	}
	return rest.MayGrant(r, grantor, what)&what != what
}

// Revoke is the object's list with less in it. option: only the right to grant it. dependent: others have it from the grantee, and cascade was not said.
func (o *Object) Revoke(grantee, grantor uint32, what Set, option, cascade bool) (acl []Grant, dependent bool) {
	return o.revoke(grantee, grantor, what, option, cascade)
}

func (o *Object) revoke(grantee, grantor uint32, what Set, option, cascade bool) (acl []Grant, dependent bool) {
	rest := &Object{Owner: o.Owner, All: o.All, ACL: slices.Clone(o.Grants())}
	i := slices.IndexFunc(rest.ACL, func(g Grant) bool { return g.Grantee == grantee && g.Grantor == grantor })
	if i < 0 {
		return rest.ACL, false
	}
	g := &rest.ACL[i]
	lost := g.Grantable & what
	if g.Grantable &^= what; !option {
		g.Privileges &^= what
	}
	if g.Privileges == 0 {
		rest.ACL = slices.Delete(rest.ACL, i, i+1)
	}
	// What the grantee may still grant, from somebody else or as the owner, nothing hangs on.
	if lost &^= rest.granted(grantee); lost == 0 || grantee == Public {
		return rest.ACL, false
	}
	for i := 0; i < len(rest.ACL); i++ {
		g := rest.ACL[i]
		if g.Grantor != grantee || g.Privileges&lost == 0 {
			continue
		}
		if !cascade {
			return nil, true
		}
		next, _ := rest.revoke(g.Grantee, g.Grantor, lost, false, true)
		rest.ACL, i = next, -1
	}
	return rest.ACL, false
}

// Same tells whether two lists are the same; one that is empty, since everything was revoked, is not one that nobody has touched.
func Same(a, b []Grant) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }

// Mentions tells whether a list has a role in it.
func Mentions(acl []Grant, role uint32) bool {
	return slices.ContainsFunc(acl, func(g Grant) bool { return g.Grantee == role || g.Grantor == role })
}
