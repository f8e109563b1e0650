package rights

import (
	"cmp"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/schema"
	"github.com/eventgres/eventgres/query/syntax"
)

// Securing is a session that says who sees which rows.
type Securing struct {
	*Rights
	Warn   func(code, message string)
	Notice func(message string)
	// Find finds a relation that a statement names, by its own name.
	Find func(r *syntax.RelationRef) (string, error)
	// Compile checks a condition.
	Compile func(e *syntax.PolicyExpr) error
}

// table checks that a relation may have policies, and that the session may say which.
func (s *Securing) table(r *syntax.RelationRef) error {
	if s.Err != nil {
		return s.Err
	}
	if r.Schema == "pg_catalog" || r.Schema == "information_schema" || r.Schema == "" && strings.HasPrefix(r.Table, "pg_") {
		if !s.All {
			return pgerror.Errorf(pgerror.InsufficientPrivilege, "must be owner of table %s", r.Table)
		}
		return pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", r.Table)
	}
	name, err := s.Find(r)
	if err != nil {
		return err
	}
	if err := s.Owns("", name); err != nil {
		return err
	}
	if name != relation.Events.Name {
		return pgerror.Errorf(pgerror.WrongObjectType, "\"%s\" is not a table", name)
	}
	return nil
}

// Policy is the schema after CREATE or ALTER POLICY.
func (s *Securing) Policy(d *schema.Schema, st *syntax.PolicyStmt) (*schema.Schema, error) {
	if st.Create {
		return s.createPolicy(d, st)
	}
	if st.NewName != "" {
		return s.renamePolicy(d, st)
	}
	roles, err := s.policyRoles(st.Roles)
	if err != nil {
		return nil, err
	}
	if err := s.table(&st.Relation); err != nil {
		return nil, err
	}
	if err := s.compile(st); err != nil {
		return nil, err
	}
	i := d.Security.Find(st.Name)
	if i < 0 {
		return nil, noPolicy(st.Name)
	}
	p := d.Security.Policies[i]
	switch {
	case st.Using != nil && p.Command == privilege.PolicyInsert:
		return nil, pgerror.Errorf(pgerror.SyntaxError, "only WITH CHECK expression allowed for INSERT")
	case st.Check != nil && p.Command == privilege.PolicySelect:
		return nil, pgerror.Errorf(pgerror.SyntaxError, "only USING expression allowed for SELECT, DELETE")
	}
	if st.Roles != nil {
		p.Roles = roles
	}
	if st.Using != nil {
		p.Using = strings.Clone(st.Using.Text)
	}
	if st.Check != nil {
		p.Check = strings.Clone(st.Check.Text)
	}
	return withPolicy(d, i, &p), nil
}

func noPolicy(name string) error {
	return pgerror.Errorf(pgerror.UndefinedObject, "policy \"%s\" for table \"events\" does not exist", name)
}

// withPolicy is a schema with a policy in another's place; at -1 it is a new one.
func withPolicy(d *schema.Schema, at int, p *privilege.Policy) *schema.Schema {
	next := d.Security
	next.Policies = slices.Clone(next.Policies)
	if at < 0 {
		next.Policies = append(next.Policies, *p)
	} else {
		next.Policies[at] = *p
	}
	slices.SortFunc(next.Policies, func(a, b privilege.Policy) int { return cmp.Compare(a.Name, b.Name) })
	return d.Secured(next)
}

// compile checks a statement's conditions.
func (s *Securing) compile(st *syntax.PolicyStmt) error {
	for _, e := range []*syntax.PolicyExpr{st.Using, st.Check} {
		if e == nil {
			continue
		}
		if err := s.Compile(e); err != nil {
			return err
		}
	}
	return nil
}

// firstPolicyOID is the first policy's.
const firstPolicyOID = 18_000

func (s *Securing) createPolicy(d *schema.Schema, st *syntax.PolicyStmt) (*schema.Schema, error) {
	p := privilege.Policy{OID: firstPolicyOID, Name: strings.Clone(st.Name), Restrictive: st.Restrictive}
	switch st.Command {
	case "all":
		p.Command = privilege.PolicyAll
	case "select":
		p.Command = privilege.PolicySelect
	case "insert":
		p.Command = privilege.PolicyInsert
	}
	switch {
	case st.Check != nil && (st.Command == "select" || st.Command == "delete"):
		return nil, pgerror.Errorf(pgerror.SyntaxError, "WITH CHECK cannot be applied to SELECT or DELETE")
	case st.Using != nil && st.Command == "insert":
		return nil, pgerror.Errorf(pgerror.SyntaxError, "only WITH CHECK expression allowed for INSERT")
	}
	var err error
	if p.Roles, err = s.policyRoles(st.Roles); err != nil {
		return nil, err
	}
	if err := s.table(&st.Relation); err != nil {
		return nil, err
	}
	if err := s.compile(st); err != nil {
		return nil, err
	}
	if d.Security.Find(st.Name) >= 0 {
		return nil, pgerror.Errorf(pgerror.DuplicateObject, "policy \"%s\" for table \"events\" already exists", st.Name)
	}
	if p.Command == "" {
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "a policy FOR %s is not possible: events are immutable", strings.ToUpper(st.Command)).
			WithHint("Policies are FOR SELECT, INSERT or ALL.")
	}
	if st.Using != nil {
		p.Using = strings.Clone(st.Using.Text)
	}
	if st.Check != nil {
		p.Check = strings.Clone(st.Check.Text)
	}
	for i := range d.Security.Policies {
		p.OID = max(p.OID, d.Security.Policies[i].OID+1)
	}
	next := withPolicy(d, -1, &p)
	if len(d.Security.Policies) == 0 && !d.Security.Enabled {
		s.Notice("row-level security is enabled on table \"events\"")
		on := next.Security
		on.Enabled = true
		next = next.Secured(on)
	}
	return next, nil
}

// policyRoles are those that a policy is for.
func (s *Securing) policyRoles(specs []syntax.RoleSpec) (list []uint32, err error) {
	for i := range specs {
		if specs[i].Word == "public" {
			if len(specs) > 1 {
				s.Warn(pgerror.InvalidParameterValue, "ignoring specified roles other than PUBLIC")
			}
			return []uint32{privilege.Public}, nil
		}
		oid, err := s.find(&specs[i])
		if err != nil {
			return nil, err
		}
		list = append(list, oid)
	}
	if list == nil {
		list = []uint32{privilege.Public}
	}
	return list, nil
}

func (s *Securing) renamePolicy(d *schema.Schema, st *syntax.PolicyStmt) (*schema.Schema, error) {
	if err := s.table(&st.Relation); err != nil {
		return nil, err
	}
	i := d.Security.Find(st.Name)
	switch {
	case d.Security.Find(st.NewName) >= 0:
		return nil, pgerror.Errorf(pgerror.DuplicateObject, "policy \"%s\" for table \"events\" already exists", st.NewName)
	case i < 0:
		return nil, noPolicy(st.Name)
	}
	p := d.Security.Policies[i]
	p.Name = strings.Clone(st.NewName)
	return withPolicy(d, i, &p), nil
}

// DropPolicy is the schema after DROP POLICY.
func (s *Securing) DropPolicy(d *schema.Schema, st *syntax.DropPolicyStmt) (*schema.Schema, error) {
	if s.Err != nil {
		return nil, s.Err
	}
	name, err := s.Find(&st.Relation)
	if err != nil {
		if st.IfExists {
			s.Notice("relation \"" + st.Relation.Table + "\" does not exist, skipping")
			return d, nil
		}
		return nil, err
	}
	i := -1
	if name == relation.Events.Name {
		i = d.Security.Find(st.Name)
	}
	switch {
	case i < 0 && st.IfExists:
		written := st.Relation.Table
		if st.Relation.Schema != "" {
			written = st.Relation.Schema + "." + written
		}
		s.Notice("policy \"" + st.Name + "\" for relation \"" + written + "\" does not exist, skipping")
		return d, nil
	case i < 0:
		return nil, pgerror.Errorf(pgerror.UndefinedObject, "policy \"%s\" for table \"%s\" does not exist", st.Name, name)
	}
	if err := s.Owns("relation", name); err != nil {
		return nil, err
	}
	return withoutPolicy(d, i), nil
}

func withoutPolicy(d *schema.Schema, i int) *schema.Schema {
	next := d.Security
	next.Policies = slices.Delete(slices.Clone(next.Policies), i, i+1)
	return d.Secured(next)
}

// RowSecurity is the schema after ALTER TABLE … ROW LEVEL SECURITY.
func (s *Securing) RowSecurity(d *schema.Schema, st *syntax.RowSecurityStmt) (*schema.Schema, error) {
	if s.Err != nil {
		return nil, s.Err
	}
	name, err := s.Find(&st.Relation)
	switch {
	case err != nil && st.IfExists:
		s.Notice("relation \"" + st.Relation.Table + "\" does not exist, skipping")
		return d, nil
	case err != nil:
		return nil, err
	}
	if err := s.Owns("", name); err != nil {
		return nil, err
	}
	for _, action := range st.Actions {
		if name != relation.Events.Name {
			return nil, pgerror.Errorf(pgerror.WrongObjectType, "ALTER action %s ROW SECURITY cannot be performed on relation \"%s\"", strings.ToUpper(action), name).
				WithDetail("This operation is not supported for views.")
		}
		on := d.Security
		switch action {
		case "enable", "disable":
			on.Enabled = action == "enable"
		case "force":
			return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "FORCE ROW LEVEL SECURITY is not possible: the owner of events is the superuser that every store has")
		}
		if on.Enabled != d.Security.Enabled {
			d = d.Secured(on)
		}
	}
	return d, nil
}

// Comment is the schema after COMMENT ON POLICY.
func (s *Securing) Comment(d *schema.Schema, st *syntax.CommentStmt) (*schema.Schema, error) {
	if s.Err != nil {
		return nil, s.Err
	}
	name, err := s.Find(&st.Relation)
	if err != nil {
		return nil, err
	}
	i := -1
	if name == relation.Events.Name {
		i = d.Security.Find(st.Policy)
	}
	if i < 0 {
		return nil, pgerror.Errorf(pgerror.UndefinedObject, "policy \"%s\" for table \"%s\" does not exist", st.Policy, name)
	}
	if err := s.Owns("relation", name); err != nil {
		return nil, err
	}
	p := d.Security.Policies[i]
	p.Comment = strings.Clone(st.Text)
	return withPolicy(d, i, &p), nil
}

// Rows are the policies by which a role's rows of events are told from others when it uses a command; as is that role, 0: the session's. none:
// it is as if there were none. off: the session wants an error instead.
func (r *Rights) Rows(as uint32, command string, off bool) (permissive, restrictive []*privilege.Policy, none bool, err error) {
	if r.Err != nil {
		return nil, nil, false, r.Err
	}
	if as == 0 {
		if as = r.User; r.All {
			return nil, nil, true, nil
		}
	}
	security := &r.schema.Security
	if security.Exempts(r.Roles, as, privilege.BootstrapOID) {
		return nil, nil, true, nil
	}
	if off {
		return nil, nil, false, pgerror.Errorf(pgerror.InsufficientPrivilege, "query would be affected by row-level security policy for table \"events\"")
	}
	permissive, restrictive = security.For(r.Roles, as, command)
	return permissive, restrictive, false, nil
}
