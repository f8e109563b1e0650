package catalog

import "github.com/eventgres/eventgres/query/privilege"

// addPrivileges adds the views of privileges, which come in pairs: what the
// user has by any role, PUBLIC among them, and what not through PUBLIC.
func addPrivileges(to map[string]func(*Catalog) [][]any) {
	for view, f := range map[string]func(c *Catalog, m *maker, public bool){
		"table_privileges": tablePrivileges, "role_table_grants": tablePrivileges,
		"column_privileges": columnPrivileges, "role_column_grants": columnPrivileges,
		"routine_privileges": routinePrivileges, "role_routine_grants": routinePrivileges,
		"usage_privileges": usagePrivileges, "role_usage_grants": usagePrivileges,
		"udt_privileges": typePrivileges, "role_udt_grants": typePrivileges,
	} {
		public := view[:5] != "role_"
		to[view] = func(c *Catalog) [][]any {
			m := newMaker(view)
			f(c, m, public)
			return m.rows
		}
	}
}

// grant is who has given a privilege to whom. An owner may pass on his own.
type grant struct {
	grantor, grantee string
	grantable        bool
}

var toPublic = grant{"postgres", "PUBLIC", false}

// ownerGrant is what the owner of what nobody has made may do, and ownersPublic what everybody may with it.
func (c *Catalog) ownerGrant() grant {
	name, _ := c.UserByID(c.ownerOID(), CurrentUser)
	return grant{name, name, true}
}

func (c *Catalog) ownersPublic() grant {
	g := c.ownerGrant()
	return grant{g.grantor, "PUBLIC", false}
}

// grants are what is granted on one of our relations, a privilege each: to PUBLIC only if that is asked for.
func (c *Catalog) grants(oid uint32, public bool, privileges []string, add func(g grant, privilege string)) {
	o, told := c.object(oid)
	if !told {
		for _, p := range privileges {
			add(c.ownerGrant(), p)
		}
		return
	}
	for _, g := range o.Grants() {
		to := grant{c.owner(int64(g.Grantor)), "PUBLIC", false}
		if g.Grantee != Public {
			to.grantee = c.owner(int64(g.Grantee))
		} else if !public {
			continue
		}
		for _, p := range privileges {
			if one := privilege.Named(p); g.Privileges&one != 0 {
				to.grantable = g.Grantable&one != 0 || g.Grantee == o.Owner
				add(to, p)
			}
		}
	}
}

// add adds a row for a grant.
func (m *maker) add(g grant, pairs ...any) {
	row := m.row(pairs...)
	m.set(row, []any{"grantor", g.grantor, "grantee", g.grantee, "is_grantable", yesNo(g.grantable)})
}

func tablePrivileges(c *Catalog, m *maker, public bool) {
	for _, s := range c.shownRelations() {
		add := func(g grant, privilege string) {
			m.add(g, "table_catalog", CurrentDatabase, "table_schema", s.schema, "table_name", s.name,
				"privilege_type", privilege, "with_hierarchy", yesNo(privilege == "SELECT"))
		}
		if s.own {
			c.grants(s.oid, public, []string{"INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"}, add)
		} else if public && !s.columnsOnly {
			add(toPublic, "SELECT")
		}
	}
}

func columnPrivileges(c *Catalog, m *maker, public bool) {
	for _, s := range c.shownRelations() {
		for _, col := range s.columns {
			add := func(g grant, privilege string) {
				m.add(g, "table_catalog", CurrentDatabase, "table_schema", s.schema, "table_name", s.name,
					"column_name", col.name, "privilege_type", privilege)
			}
			if s.own {
				c.grants(s.oid, public, []string{"INSERT", "SELECT", "UPDATE", "REFERENCES"}, add)
			} else if public {
				add(toPublic, "SELECT")
			}
		}
	}
}

func routinePrivileges(c *Catalog, m *maker, public bool) {
	c.eachFunction(func(f *function, _ func(string) any, schema, specific string) {
		add := func(g grant) {
			m.add(g, "specific_catalog", CurrentDatabase, "specific_schema", schema, "specific_name", specific,
				"routine_catalog", CurrentDatabase, "routine_schema", schema, "routine_name", f.name, "privilege_type", "EXECUTE")
		}
		if f.namespace == nsPublic {
			add(c.ownerGrant())
			add(c.ownersPublic()) // which the grantor sees too
		} else if public {
			add(toPublic)
		}
	})
}

func usagePrivileges(c *Catalog, m *maker, public bool) {
	if !public {
		return
	}
	add := func(schema, name, kind string) {
		m.add(toPublic, "object_catalog", CurrentDatabase, "object_schema", schema, "object_name", name,
			"object_type", kind, "privilege_type", "USAGE")
	}
	for _, row := range fixed("pg_collation") {
		add("pg_catalog", row[1].(string), "COLLATION")
	}
	c.eachDomain(func(typ *typeInfo, schema string) { add(schema, typ.name, "DOMAIN") })
}

// typePrivileges tells of row types.
func typePrivileges(c *Catalog, m *maker, public bool) {
	t := table("pg_type")
	for _, row := range c.types() {
		if row[t.column("typtype")] != "c" {
			continue
		}
		add := func(g grant) {
			m.add(g, "udt_catalog", CurrentDatabase, "udt_schema", c.schema(row[2]), "udt_name", row[1], "privilege_type", "TYPE USAGE")
		}
		if row[2] == int64(nsPublic) {
			add(c.ownersPublic())
			add(c.ownerGrant())
		} else if public {
			add(toPublic)
		}
	}
}
