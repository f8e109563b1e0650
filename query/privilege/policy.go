package privilege

import "slices"

// Commands of a policy, as pg_policy has them.
const (
	PolicyAll    = "*"
	PolicySelect = "r"
	PolicyInsert = "a"
)

// Policy says which rows some roles may see, or add. It does not change once it is in [RowSecurity].
type Policy struct {
	OID         uint32   `json:"oid"`
	Name        string   `json:"name"`
	Command     string   `json:"command"` // PolicyAll, PolicySelect or PolicyInsert
	Restrictive bool     `json:"restrictive,omitempty"`
	Roles       []uint32 `json:"roles"` // Public alone, or those that it is for
	// Using and Check are conditions as they were written, empty if there is none. Literals in them are read in UTC.
	Using   string `json:"using,omitempty"`
	Check   string `json:"check,omitempty"`
	Comment string `json:"comment,omitempty"`
}

// RowSecurity are the policies on a table, by their names in order. They count where it is enabled.
type RowSecurity struct {
	Enabled  bool     `json:"enabled,omitempty"`
	Policies []Policy `json:"policies,omitempty"`
}

// Find is the place of a policy; -1: there is none of that name.
func (s *RowSecurity) Find(name string) int {
	return slices.IndexFunc(s.Policies, func(p Policy) bool { return p.Name == name })
}

// Exempts tells whether a role sees and adds rows of a table with such policies as if there were none: it is a superuser, has BYPASSRLS
// itself, or has the rights of the owner.
func (s *RowSecurity) Exempts(r *Roles, role, owner uint32) bool {
	if !s.Enabled || r.Superuser(role) || r.Uses(role, owner) {
		return true
	}
	one := r.ByOID(role)
	return one != nil && one.BypassRLS
}

// For are the policies that count when a role uses a command, PolicySelect or PolicyInsert.
func (s *RowSecurity) For(r *Roles, role uint32, command string) (permissive, restrictive []*Policy) {
	for i := range s.Policies {
		p := &s.Policies[i]
		if p.Command != command && p.Command != PolicyAll || !p.covers(r, role) {
			continue
		}
		if p.Restrictive {
			restrictive = append(restrictive, p)
		} else {
			permissive = append(permissive, p)
		}
	}
	return permissive, restrictive
}

func (p *Policy) covers(r *Roles, role uint32) bool {
	return slices.ContainsFunc(p.Roles, func(of uint32) bool { return of == Public || r.Uses(role, of) })
}

// Mentions tells whether a policy is for a role by name.
func (p *Policy) Mentions(role uint32) bool { return slices.Contains(p.Roles, role) }

// SameSecurity tells whether the policies of two are the same.
func SameSecurity(a, b RowSecurity) bool {
	return a.Enabled == b.Enabled && slices.EqualFunc(a.Policies, b.Policies, func(a, b Policy) bool {
		return a.OID == b.OID && a.Name == b.Name && a.Command == b.Command && a.Restrictive == b.Restrictive && slices.Equal(a.Roles, b.Roles) &&
			a.Using == b.Using && a.Check == b.Check && a.Comment == b.Comment
	})
}
