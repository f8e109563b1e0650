package rights

import (
	"slices"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/role"
)

// OfRoles checks that the session may read a relation of roles. Where it may, it is told of verifiers.
func (r *Rights) OfRoles(rel *relation.Relation) error {
	if rel.Served { // which rows of it one sees is the matter of who serves them
		return r.Err
	}
	if rel != relation.Auth {
		return r.Reads([]analytics.Read{{Relation: rel.Name, Catalog: true}})
	}
	if r.Err == nil && !r.catalog(relation.Shadow.Name, r.User) {
		return denied("function", rel.Name)
	}
	return r.Err
}

// Verifier is the verifier of a role's password, null if it has none.
func Verifier(c *role.Catalog, oid uint32) pgvalue.Value {
	if one := c.Roles().ByOID(oid); one != nil {
		if r := c.Role(one.Name); r != nil && r.Password != "" {
			return pgvalue.TextValue(r.Password)
		}
	}
	return pgvalue.Value{}
}

// RowsOf are the rows of relations of roles for a session, which sees roles as they are when it asks, nil: none.
func RowsOf(roles func() *role.Catalog) func(rel *relation.Relation, name string) [][]pgvalue.Value {
	return func(rel *relation.Relation, name string) [][]pgvalue.Value {
		if c := roles(); c != nil {
			return Rows(c, rel, name)
		}
		return nil
	}
}

// Rows are those of a relation of roles. name is the argument of the function that the relation is.
func Rows(c *role.Catalog, rel *relation.Relation, name string) (rows [][]pgvalue.Value) {
	switch rel {
	case relation.Auth:
		if r := c.Role(name); r != nil && r.Login {
			rows = append(rows, []pgvalue.Value{pgvalue.TextValue(r.Name), current(c, &r.Role)})
		}
	case relation.Shadow:
		for _, r := range c.Roles().List {
			if r.Login {
				rows = append(rows, shadow(c, r))
			}
		}
	case relation.AuthID:
		list := append(slices.Clip(privilege.Predefined), c.Roles().List...)
		for _, r := range list {
			rows = append(rows, authID(c, r))
		}
	}
	return rows
}

// current is a role's verifier while its password serves: a pool that asks for more than it needs would let in who has expired.
func current(c *role.Catalog, r *privilege.Role) pgvalue.Value {
	if r.ValidUntil != nil && *r.ValidUntil != role.Forever && *r.ValidUntil < time.Now().UnixMicro() {
		return pgvalue.Value{}
	}
	return Verifier(c, r.OID)
}

func shadow(c *role.Catalog, r *privilege.Role) []pgvalue.Value {
	return []pgvalue.Value{
		pgvalue.TextValue(r.Name), pgvalue.IntValue(int64(r.OID)), pgvalue.BoolValue(r.CreateDB), pgvalue.BoolValue(r.Superuser),
		pgvalue.BoolValue(r.Replication), pgvalue.BoolValue(r.BypassRLS), Verifier(c, r.OID), validUntil(r), config(r),
	}
}

func authID(c *role.Catalog, r *privilege.Role) []pgvalue.Value {
	limit := int64(-1)
	if r.Limit != nil {
		limit = int64(*r.Limit)
	}
	return []pgvalue.Value{
		pgvalue.IntValue(int64(r.OID)), pgvalue.TextValue(r.Name), pgvalue.BoolValue(r.Superuser), pgvalue.BoolValue(!r.NoInherit),
		pgvalue.BoolValue(r.CreateRole), pgvalue.BoolValue(r.CreateDB), pgvalue.BoolValue(r.Login), pgvalue.BoolValue(r.Replication),
		pgvalue.BoolValue(r.BypassRLS), pgvalue.IntValue(limit), Verifier(c, r.OID), validUntil(r),
	}
}

func validUntil(r *privilege.Role) pgvalue.Value {
	if r.ValidUntil == nil {
		return pgvalue.Value{}
	}
	return pgvalue.TimeValue(*r.ValidUntil)
}

// config is what the role's sessions begin with in every database.
func config(r *privilege.Role) pgvalue.Value {
	var list []pgvalue.Value
	for _, s := range r.Settings {
		if s.Database != "" {
			continue
		}
		for _, one := range s.Values {
			list = append(list, pgvalue.TextValue(one.Name+"="+one.Value))
		}
	}
	if list == nil {
		return pgvalue.Value{}
	}
	return pgvalue.ArrayValue(list)
}
