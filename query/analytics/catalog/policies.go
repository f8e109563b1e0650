package catalog

import (
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
)

const policyRelid = 3256 // of pg_policy

// condition is a policy's as SQL text, which stands for its tree; nil: there is none.
func condition(text string) any {
	if text == "" {
		return nil
	}
	return "(" + text + ")"
}

// policies is pg_policy.
func (c *Catalog) policies() [][]any {
	m := newMaker("pg_policy", "polrelid", relation.Events.OID)
	for i := range c.state.Security.Policies {
		p := &c.state.Security.Policies[i]
		m.row("oid", p.OID, "polname", p.Name, "polcmd", p.Command, "polpermissive", !p.Restrictive, "polroles", p.Roles,
			"polqual", condition(p.Using), "polwithcheck", condition(p.Check))
	}
	return m.rows
}

// policiesView is pg_policies.
func (c *Catalog) policiesView() [][]any {
	m := newMaker("pg_policies", "schemaname", "public", "tablename", relation.Events.Name)
	commands := map[string]string{privilege.PolicyAll: "ALL", privilege.PolicySelect: "SELECT", privilege.PolicyInsert: "INSERT"}
	for i := range c.state.Security.Policies {
		p := &c.state.Security.Policies[i]
		kind, roles := "PERMISSIVE", []any{}
		if p.Restrictive {
			kind = "RESTRICTIVE"
		}
		for _, oid := range p.Roles {
			name := "public"
			if oid != privilege.Public {
				name, _ = c.UserByID(oid, CurrentUser)
			}
			roles = append(roles, name)
		}
		m.row("policyname", p.Name, "permissive", kind, "roles", roles, "cmd", commands[p.Command], "qual", condition(p.Using), "with_check", condition(p.Check))
	}
	return m.rows
}
