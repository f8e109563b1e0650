package catalog

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/searchpath"
)

// ownerOID is the role that owns what nobody has made.
func (c *Catalog) ownerOID() uint32 {
	if c.roles == nil {
		return oidUser
	}
	return privilege.BootstrapOID
}

// roleByName is the role of this very name, in a session of user.
func (c *Catalog) roleByName(name, user string) (oid uint32, ok bool) {
	if c.roles != nil {
		if r := c.roles.Named(name); r != nil {
			return r.OID, true
		}
		return 0, false
	}
	if name == user {
		return oidUser, true
	}
	if name == authQuery.Name {
		return authQuery.OID, true
	}
	for _, row := range fixed("pg_authid") {
		if row[1] == name {
			return uint32(row[0].(int64)), true
		}
	}
	return 0, false
}

// authQuery is the predefined role that PostgreSQL has not.
var authQuery = privilege.Predefined[len(privilege.Predefined)-1]

// RoleNamed is the role of this very name, in a session of user.
func (c *Catalog) RoleNamed(name, user string) (uint32, error) {
	oid, ok := c.roleByName(name, user)
	if !ok {
		return 0, pgerror.Errorf(pgerror.UndefinedObject, "role \"%s\" does not exist", strings.Clone(name))
	}
	return oid, nil
}

// UserByID is the name of a role in a session of user, not quoted.
// pg_get_userbyid says "unknown (OID=n)" where there is none.
func (c *Catalog) UserByID(oid uint32, user string) (string, bool) {
	if c.roles != nil {
		r := c.roles.ByOID(oid)
		if r == nil {
			return "", false
		}
		return r.Name, true
	}
	if oid == oidUser {
		return user, true
	}
	if oid == authQuery.OID {
		return authQuery.Name, true
	}
	for _, row := range fixed("pg_authid") {
		if row[0] == int64(oid) {
			return row[1].(string), true
		}
	}
	return "", false
}

// roleText is a role in an aclitem.
func (c *Catalog) roleText(oid uint32) string {
	name, ok := c.UserByID(oid, CurrentUser)
	if !ok {
		return outNumber(oid)
	}
	return aclName(name)
}

// RoleMay is pg_has_role: whether a role has one of the listed privileges on another.
func (c *Catalog) RoleMay(member, role uint32, privileges string) (bool, error) {
	may := false
	for _, word := range strings.Split(privileges, ",") {
		word = strings.Trim(word, " \t\n\r\f\v")
		switch strings.ToUpper(word) {
		case "USAGE":
			may = may || c.roleUses(member, role, true)
		case "MEMBER":
			may = may || c.roleUses(member, role, false)
		case "USAGE WITH GRANT OPTION", "USAGE WITH ADMIN OPTION", "MEMBER WITH GRANT OPTION", "MEMBER WITH ADMIN OPTION":
			may = may || c.roleGrants(member, role)
		default:
			return false, pgerror.Errorf(pgerror.InvalidParameterValue, "unrecognized privilege type: \"%s\"", strings.Clone(word))
		}
	}
	return may, nil
}

func (c *Catalog) roleUses(member, role uint32, inherited bool) bool {
	switch {
	case c.roles == nil: // nobody is granted a role, so each is a member of itself, and the superuser of all
		return member == role || member == oidPostgres || role == oidDatabaseOwner && member == oidUser
	case inherited:
		return c.roles.Uses(member, role)
	}
	return c.roles.Member(member, role)
}

func (c *Catalog) roleGrants(member, role uint32) bool {
	if c.roles == nil {
		return member == oidPostgres
	}
	return c.roles.Admin(member, role)
}

// oidDatabaseOwner is pg_database_owner, whose one member is who owns the database.
const oidDatabaseOwner = privilege.DatabaseOwner

// shownRoles are all roles, the predefined first.
func (c *Catalog) shownRoles() []*privilege.Role {
	list := append(slices.Clip(privilege.Predefined), c.state.Roles...)
	slices.SortFunc(list, func(a, b *privilege.Role) int { return cmp.Compare(a.OID, b.OID) })
	return list
}

func (c *Catalog) authids() [][]any {
	m := newMaker("pg_authid")
	if c.roles == nil {
		m.row("oid", oidUser, "rolname", CurrentUser, "rolsuper", false, "rolinherit", true, "rolcreaterole", false,
			"rolcreatedb", false, "rolcanlogin", true, "rolreplication", false, "rolbypassrls", false, "rolconnlimit", -1)
		return withFixed("pg_authid", m.rows)
	}
	for _, r := range c.shownRoles() {
		limit := -1
		if r.Limit != nil {
			limit = int(*r.Limit)
		}
		row := m.row("oid", r.OID, "rolname", r.Name, "rolsuper", r.Superuser, "rolinherit", !r.NoInherit, "rolcreaterole", r.CreateRole,
			"rolcreatedb", r.CreateDB, "rolcanlogin", r.Login, "rolreplication", r.Replication, "rolbypassrls", r.BypassRLS, "rolconnlimit", limit)
		if r.ValidUntil != nil {
			m.set(row, []any{"rolvaliduntil", *r.ValidUntil})
		}
	}
	return m.rows
}

// authMembers are who is granted which role.
func (c *Catalog) authMembers() [][]any {
	if c.roles == nil {
		return fixed("pg_auth_members")
	}
	m := newMaker("pg_auth_members")
	for _, r := range c.shownRoles() {
		for _, g := range r.MemberOf {
			m.row("roleid", g.Role, "member", r.OID, "grantor", g.Grantor, "admin_option", g.Admin)
		}
	}
	return m.rows
}

// sharedDescriptions is pg_shdescription: what is said of roles.
func (c *Catalog) sharedDescriptions() [][]any {
	m := newMaker("pg_shdescription")
	for _, r := range c.state.Roles {
		if r.Comment != "" {
			m.row("objoid", r.OID, "classoid", c.catalogOID("pg_authid"), "description", r.Comment)
		}
	}
	return m.rows
}

// settingItems are settings as a list of name=value.
func settingItems(list []privilege.Setting) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s.Name + "=" + s.Value
	}
	return out
}

// roleSettings is pg_db_role_setting.
func (c *Catalog) roleSettings() [][]any {
	m := newMaker("pg_db_role_setting")
	add := func(role uint32, list []privilege.Settings) {
		for _, s := range list {
			database := 0
			if s.Database != "" {
				database = oidDatabase
			}
			m.row("setdatabase", database, "setrole", role, "setconfig", settingItems(s.Values))
		}
	}
	add(0, c.state.Everyone)
	for _, r := range c.state.Roles {
		add(r.OID, r.Settings)
	}
	return m.rows
}

// roleConfigs are the settings of roles for every database, by OID.
func (c *Catalog) roleConfigs() map[int64][]any {
	out := map[int64][]any{}
	for _, r := range c.state.Roles {
		for _, s := range r.Settings {
			if s.Database == "" {
				out[int64(r.OID)] = settingItems(s.Values)
			}
		}
	}
	return out
}

// object is what privileges are granted on, by its OID in pg_class.
func (c *Catalog) object(oid uint32) (privilege.Object, bool) {
	for _, r := range c.relations {
		if r.OID == oid {
			return r.object, c.roles != nil
		}
	}
	return privilege.Object{}, false
}

// shownOwner is who owns something; what belongs to a role that is gone is the bootstrap superuser's.
func (c *Catalog) shownOwner(o *privilege.Object) uint32 {
	if c.roles == nil || c.roles.ByOID(o.Owner) == nil {
		return c.ownerOID()
	}
	return o.Owner
}

func anyTexts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// namespaces is pg_namespace, with what is granted on schema public.
func (c *Catalog) namespaces() [][]any {
	rows := fixed("pg_namespace")
	if c.state.MessageStore {
		rows = append(rows[:len(rows):len(rows)], c.messageNamespace())
	}
	if c.roles == nil || c.state.Object == nil {
		return rows
	}
	o, _ := c.state.Object(privilege.PublicSchema)
	if o.ACL == nil {
		return rows
	}
	rows = slices.Clone(rows)
	place := table("pg_namespace").column("nspacl")
	for i, row := range rows {
		if row[1] == "public" {
			rows[i] = slices.Clone(row)
			rows[i][place] = c.aclOf(&o)
		}
	}
	return rows
}

// aclOf is the relacl of a relation; nil: nobody has granted anything.
func (c *Catalog) aclOf(o *privilege.Object) any {
	if c.roles == nil || o.ACL == nil {
		return nil
	}
	items := make([]any, len(o.ACL))
	for i := range o.ACL {
		items[i] = o.ACL[i].Text(c.roleText)
	}
	return items
}

// Public is a role that stands for every other, where a privilege is asked for.
const Public = 0

// MayRelation is has_table_privilege: whether a role has one of the wanted privileges, or with option may grant one; ok is false where there is no such relation.
func (c *Catalog) MayRelation(role, oid uint32, want, option privilege.Set) (may, ok bool) {
	o, own := c.object(oid)
	if !own {
		if c.lookups().classes[oid] == nil {
			return false, false
		}
		if c.ownsCatalog(role) {
			return true, true
		}
		return want&privilege.Select != 0 && c.publicReads(oid), true
	}
	return c.has(&o, role, want) || option != 0 && o.MayGrant(c.roles, role, option) != 0, true
}

func (c *Catalog) has(o *privilege.Object, role uint32, want privilege.Set) bool {
	if role == Public {
		return slices.ContainsFunc(o.Grants(), func(g privilege.Grant) bool { return g.Grantee == Public && g.Privileges&want != 0 })
	}
	return o.Has(c.roles, role, want) != 0
}

// ownsCatalog tells whether a role may do with the catalogs what their owner may.
func (c *Catalog) ownsCatalog(role uint32) bool {
	return c.roles == nil || role != Public && c.roles.Uses(role, privilege.BootstrapOID)
}

// MaySchema is has_schema_privilege.
func (c *Catalog) MaySchema(role uint32, name string, want, option privilege.Set) bool {
	if name == searchpath.MessageStore {
		return c.mayMessageStore(role, want)
	}
	if name != "public" {
		return want&privilege.Usage != 0 || c.roles != nil && c.ownsCatalog(role)
	}
	if c.roles == nil || c.state.Object == nil {
		return true
	}
	o, _ := c.state.Object(privilege.PublicSchema)
	return c.has(&o, role, want) || option != 0 && o.MayGrant(c.roles, role, option) != 0
}

// MayDatabase is has_database_privilege.
func (c *Catalog) MayDatabase(role uint32, privileges string) (may bool, err error) {
	for _, word := range strings.Split(privileges, ",") {
		word = strings.Trim(word, " \t\n\r\f\v")
		name, with, _ := strings.Cut(strings.ToUpper(word), " WITH ")
		owns := c.ownsCatalog(role)
		switch {
		case with != "" && with != "GRANT OPTION":
			name = ""
		case with != "":
			may = may || owns
		}
		switch name {
		case "CONNECT", "TEMPORARY", "TEMP":
			may = may || with == ""
		case "CREATE":
			may = may || owns
		default:
			return false, pgerror.Errorf(pgerror.InvalidParameterValue, "unrecognized privilege type: \"%s\"", strings.Clone(word))
		}
	}
	return may, nil
}

// publicReads tells whether everybody may read a system relation.
func (c *Catalog) publicReads(oid uint32) bool { return !restricted()[oid] }

// PublicReads tells whether everybody may read a system relation.
func PublicReads(t *Table) bool { return !restricted()[t.OID] }

// restricted are the system relations that PUBLIC may not read, by OID.
var restricted = sync.OnceValue(func() map[uint32]bool {
	t, out := table("pg_class"), map[uint32]bool{}
	for _, row := range fixed("pg_class") {
		if !publicMay(row[t.column("relacl")]) {
			out[uint32(row[0].(int64))] = true
		}
	}
	return out
})

// ParsePrivileges reads the list of privileges that has_table_privilege and its like are asked for: those that one would do of, and those that
// it would do to be able to grant.
func ParsePrivileges(text string, known privilege.Set) (want, option privilege.Set, err error) {
	for _, word := range strings.Split(text, ",") {
		word = strings.Trim(word, " \t\n\r\f\v")
		name, with, _ := strings.Cut(strings.ToUpper(word), " WITH ")
		one := privilege.Named(name) & known
		switch {
		case one == 0, with != "" && with != "GRANT OPTION":
			return 0, 0, pgerror.Errorf(pgerror.InvalidParameterValue, "unrecognized privilege type: \"%s\"", strings.Clone(word))
		case with != "":
			option |= one
		default:
			want |= one
		}
	}
	return want, option, nil
}

// CurrentRole is the role that a session of user acts as.
func (c *Catalog) CurrentRole(user string) uint32 {
	if oid, ok := c.roleByName(user, user); ok {
		return oid
	}
	return privilege.BootstrapOID // whoever has come in by another name while there is one role alone
}
