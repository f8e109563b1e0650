package role

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/syntax"
)

// Actor is the session that a statement about roles comes from.
type Actor struct {
	User    uint32 // as whom it acts
	Session uint32 // as whom it has come in, or what SET SESSION AUTHORIZATION made of that
	Zone    *pgvalue.Zone
	Notice  func(message string)
	Warn    func(code, message string)
	Pace    func() error // gives way, and tells of the statement's end
	// Setting checks what ALTER ROLE … SET gives, and returns the setting's name with the value as it is kept.
	Setting func(name string, values []string) (privilege.Setting, error)
	// Database tells whether there is one of a name.
	Database func(name string) bool
}

// change is a statement that makes one catalog of another.
type change struct {
	*Catalog
	Actor
	src string
}

// Apply is the catalog after a statement, and the tag that tells of it. src is the text that the statement came in. A catalog that the
// statement does not change comes back as it is.
func (c *Catalog) Apply(src string, statement syntax.Statement, by Actor) (next *Catalog, tag string, err error) {
	ch := &change{Catalog: c.changed(), Actor: by, src: src}
	switch st := statement.(type) {
	case *syntax.RoleStmt:
		if tag = "ALTER ROLE"; st.Create {
			tag, err = "CREATE ROLE", ch.create(st)
		} else {
			err = ch.alter(st)
		}
	case *syntax.RoleSetStmt:
		tag, err = "ALTER ROLE", ch.alterSettings(st)
	case *syntax.RenameRoleStmt:
		tag, err = "ALTER ROLE", ch.rename(st)
	case *syntax.GrantRoleStmt:
		tag, err = ch.grant(st)
	case *syntax.CommentStmt:
		tag, err = "COMMENT", ch.comment(st)
	default:
		err = pgerror.Errorf(pgerror.FeatureNotSupported, "this statement is not supported")
	}
	if err != nil {
		return nil, "", err
	}
	if slices.Equal(ch.roles, c.roles) && ch.next == c.next && ch.sameAll(c) {
		return c, tag, nil
	}
	next, err = ch.finish()
	return next, tag, err
}

func (c *change) sameAll(other *Catalog) bool {
	return slices.EqualFunc(c.all, other.all, func(a, b privilege.Settings) bool {
		return a.Database == b.Database && slices.Equal(a.Values, b.Values)
	})
}

// superuser tells whether the session acts as one.
func (c *change) superuser() bool { return c.view.Superuser(c.User) }

// creates tells whether the session may create roles.
func (c *change) creates() bool {
	r := c.view.ByOID(c.User)
	return r != nil && (r.Superuser || r.CreateRole)
}

func notAllowed(format string, args ...any) *pgerror.Error {
	return pgerror.Errorf(pgerror.InsufficientPrivilege, format, args...)
}

// find finds the role that a statement means.
func (c *change) find(spec *syntax.RoleSpec) (*privilege.Role, error) {
	return Find(c.view, spec, c.User, c.Session)
}

// Find finds the role that a statement of a session means.
func Find(roles *privilege.Roles, spec *syntax.RoleSpec, user, session uint32) (*privilege.Role, error) {
	var r *privilege.Role
	switch spec.Word {
	case "":
		r = roles.Named(spec.Name)
	case "session_user":
		r = roles.ByOID(session)
	case "public":
	default:
		r = roles.ByOID(user)
	}
	if r == nil {
		return nil, pgerror.Errorf(pgerror.UndefinedObject, "role \"%s\" does not exist", cmp.Or(spec.Name, spec.Word))
	}
	return r, nil
}

const startsReserved = "Role names starting with \"pg_\" are reserved."

// reserved refuses names that are PostgreSQL's own.
func reserved(name, detail string) error {
	if !strings.HasPrefix(name, "pg_") {
		return nil
	}
	return pgerror.Errorf(pgerror.ReservedName, "role name \"%s\" is reserved", name).WithDetail("%s", detail)
}

// ours is a role that can be changed, which the predefined cannot.
func (c *change) ours(r *privilege.Role) (*Role, error) {
	if own := c.byOID(r.OID); own != nil {
		return own, nil
	}
	return nil, pgerror.Errorf(pgerror.ReservedName, "role name \"%s\" is reserved", r.Name).WithDetail("Cannot alter reserved roles.")
}

func (c *change) create(st *syntax.RoleStmt) error {
	r := &Role{Role: privilege.Role{Name: strings.Clone(st.Role.Name), Login: st.User}}
	if err := c.once(st.Options); err != nil {
		return err
	}
	if err := c.mayCreate(st.Options); err != nil {
		return err
	}
	if err := reserved(r.Name, startsReserved); err != nil {
		return err
	}
	if c.view.Named(r.Name) != nil {
		return pgerror.Errorf(pgerror.DuplicateObject, "role \"%s\" already exists", r.Name)
	}
	for i := range st.Options {
		if err := c.set(r, &st.Options[i]); err != nil {
			return err
		}
	}
	r.OID = c.next
	c.next++
	c.put(r)
	c.index()
	for _, name := range [...]string{"in role", "admin", "role"} {
		for i := range st.Options {
			o := &st.Options[i]
			if o.Name != name {
				continue
			}
			if err := c.createMembers(r, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// createMembers are the memberships that CREATE ROLE makes.
func (c *change) createMembers(r *Role, o *syntax.RoleOption) error {
	if o.Name != "in role" {
		members, err := c.findAll(o.Roles)
		if err != nil {
			return err
		}
		return c.addMembers(&r.Role, members, c.User, o.Name == "admin")
	}
	self := []*privilege.Role{&r.Role}
	for i := range o.Roles {
		of, err := c.find(&o.Roles[i])
		if err == nil {
			err = c.addMembers(of, self, c.User, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// once refuses options that come twice.
func (c *change) once(options []syntax.RoleOption) error {
	seen := map[string]bool{}
	for i := range options {
		o := &options[i]
		if seen[o.Name] && o.Name != "sysid" {
			return pgerror.Errorf(pgerror.SyntaxError, "conflicting or redundant options").At(syntax.CharPosition(c.src, o.Pos))
		}
		seen[o.Name] = true
		if o.Name == "sysid" {
			c.Notice("SYSID can no longer be specified")
		}
	}
	for i := range options {
		if o := &options[i]; o.Name == "connection limit" {
			_, err := connectionLimit(o)
			return err
		}
	}
	return nil
}

// flagged tells whether an option is given, and turned on.
func flagged(options []syntax.RoleOption, name string) (given, on bool) {
	for i := range options {
		if options[i].Name == name {
			return true, !options[i].Off
		}
	}
	return false, false
}

func (c *change) mayCreate(options []syntax.RoleOption) error {
	for _, x := range [...]struct{ option, what string }{{"superuser", "superusers"}, {"replication", "replication users"}, {"bypassrls", "bypassrls users"}} {
		if _, on := flagged(options, x.option); on {
			if !c.superuser() {
				return notAllowed("must be superuser to create %s", x.what)
			}
			return nil
		}
	}
	if !c.creates() {
		return notAllowed("permission denied to create role")
	}
	return nil
}

func (c *change) alter(st *syntax.RoleStmt) error {
	if err := reserved(st.Role.Name, "Cannot alter reserved roles."); err != nil {
		return err
	}
	if err := c.once(st.Options); err != nil {
		return err
	}
	of, err := c.find(&st.Role)
	if err != nil {
		return err
	}
	if err := c.mayAlter(of, st.Options); err != nil {
		return err
	}
	own, err := c.ours(of)
	if err != nil {
		return err
	}
	next := *own
	for i := range st.Options {
		if err := c.set(&next, &st.Options[i]); err != nil {
			return err
		}
	}
	c.put(&next)
	return nil
}

func (c *change) mayAlter(r *privilege.Role, options []syntax.RoleOption) error {
	superuser, _ := flagged(options, "superuser")
	replication, _ := flagged(options, "replication")
	bypass, _ := flagged(options, "bypassrls")
	switch {
	case c.superuser():
	case r.Superuser || superuser:
		return notAllowed("must be superuser to alter superuser roles or change superuser attribute")
	case r.Replication || replication:
		return notAllowed("must be superuser to alter replication roles or change replication attribute")
	case bypass:
		return notAllowed("must be superuser to change bypassrls attribute")
	case c.creates():
	case r.OID != c.User || len(options) != 1 || options[0].Name != "password": // everybody may change his own
		return notAllowed("permission denied")
	}
	return nil
}

func connectionLimit(o *syntax.RoleOption) (int64, error) {
	n, err := strconv.ParseInt(o.Text, 10, 32)
	if err != nil || n < -1 {
		return 0, pgerror.Errorf(pgerror.InvalidParameterValue, "invalid connection limit: %s", o.Text)
	}
	return n, nil
}

// set sets what an option says.
func (c *change) set(r *Role, o *syntax.RoleOption) error {
	on := !o.Off
	switch o.Name {
	case "password":
		return c.setPassword(r, o)
	case "valid until":
		v, err := pgvalue.ParseText(pgvalue.OIDTimestamptz, o.Text, c.Zone)
		r.ValidUntil = &v.Int
		return err
	case "connection limit":
		n, err := connectionLimit(o)
		if err != nil {
			return err
		}
		if r.Limit = nil; n >= 0 {
			limit := int32(n)
			r.Limit = &limit
		}
	case "superuser", "login":
		if !on && r.OID == privilege.BootstrapOID {
			return notAllowed("permission denied to alter role").
				WithDetail("The bootstrap superuser must have the %s attribute.", strings.ToUpper(o.Name))
		}
		if o.Name == "login" {
			r.Login = on
		} else {
			r.Superuser = on
		}
	case "inherit":
		r.NoInherit = !on
	case "createrole":
		r.CreateRole = on
	case "createdb":
		r.CreateDB = on
	case "replication":
		r.Replication = on
	case "bypassrls":
		r.BypassRLS = on
	}
	return nil
}

func (c *change) setPassword(r *Role, o *syntax.RoleOption) error {
	r.Password = ""
	if o.Off {
		return nil
	}
	verifier, empty, err := HashPassword(o.Text)
	if empty {
		c.Notice("empty string is not a valid password, clearing password")
	}
	r.Password = verifier
	return err
}

func (c *change) rename(st *syntax.RenameRoleStmt) error {
	r, err := c.find(&st.Role)
	if err != nil {
		return err
	}
	switch {
	case r.OID == c.Session:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "session user cannot be renamed")
	case r.OID == c.User:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "current user cannot be renamed")
	}
	for _, name := range [...]string{r.Name, st.To.Name} {
		if err := reserved(name, startsReserved); err != nil {
			return err
		}
	}
	switch {
	case c.view.Named(st.To.Name) != nil:
		return pgerror.Errorf(pgerror.DuplicateObject, "role \"%s\" already exists", st.To.Name)
	case r.Superuser && !c.superuser():
		return notAllowed("must be superuser to rename superusers")
	case !c.creates():
		return notAllowed("permission denied to rename role")
	}
	own, err := c.ours(r)
	if err != nil {
		return err
	}
	next := *own
	next.Name = strings.Clone(st.To.Name)
	c.put(&next)
	return nil
}

func (c *change) comment(st *syntax.CommentStmt) error {
	r := c.view.Named(st.Relation.Table)
	switch {
	case r == nil:
		return pgerror.Errorf(pgerror.UndefinedObject, "role \"%s\" does not exist", st.Relation.Table)
	case r.Superuser && !c.superuser():
		return notAllowed("must be superuser")
	case !c.creates():
		return notAllowed("must have CREATEROLE privilege")
	case privilege.IsPredefined(r.OID):
		return pgerror.Errorf(pgerror.FeatureNotSupported, "COMMENT ON a predefined role is not supported")
	}
	next := *c.byOID(r.OID)
	next.Comment = strings.Clone(st.Text)
	c.put(&next)
	return nil
}
