package role

import (
	"slices"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/syntax"
)

// Drop is the catalog without roles. uses tells what a role owns or was granted, a line each; what is used keeps it.
func (c *Catalog) Drop(st *syntax.DropRoleStmt, by Actor, uses func(oid uint32) []string) (*Catalog, error) {
	ch := &change{Catalog: c.changed(), Actor: by}
	if !ch.creates() {
		return nil, notAllowed("permission denied to drop role")
	}
	var dropped []*privilege.Role
	for i := range st.Roles {
		spec := &st.Roles[i]
		if spec.Word != "" {
			return nil, pgerror.Errorf(pgerror.InvalidParameterValue, "cannot use special role specifier in DROP ROLE")
		}
		r := c.view.Named(spec.Name)
		if slices.Contains(dropped, r) {
			r = nil
		}
		if r == nil && st.IfExists {
			by.Notice("role \"" + spec.Name + "\" does not exist, skipping")
			continue
		}
		if err := ch.droppable(r, spec.Name); err != nil {
			return nil, err
		}
		if list := uses(r.OID); len(list) > 0 {
			return nil, dependent(r.Name, list)
		}
		ch.drop(r.OID)
		dropped = append(dropped, r)
	}
	if len(dropped) == 0 {
		return c, nil
	}
	return ch.finish()
}

func (c *change) droppable(r *privilege.Role, name string) error {
	switch {
	case r == nil:
		return pgerror.Errorf(pgerror.UndefinedObject, "role \"%s\" does not exist", name)
	case r.OID == c.User:
		return pgerror.Errorf(pgerror.ObjectInUse, "current user cannot be dropped")
	case r.OID == c.Session:
		return pgerror.Errorf(pgerror.ObjectInUse, "session user cannot be dropped")
	case r.Superuser && !c.superuser():
		return notAllowed("must be superuser to drop superusers")
	case privilege.IsPredefined(r.OID) || r.OID == privilege.BootstrapOID:
		return pgerror.Errorf(pgerror.DependentObjectsStillExist, "cannot drop role %s because it is required by the database system", r.Name)
	}
	return nil
}

// dependent is the error for a role that something depends on; PostgreSQL's lists are as long.
func dependent(name string, list []string) error {
	const most = 100
	detail := ""
	for i, line := range list {
		if i == most {
			break
		}
		if i > 0 {
			detail += "\n"
		}
		detail += line
	}
	return pgerror.Errorf(pgerror.DependentObjectsStillExist, "role \"%s\" cannot be dropped because some objects depend on it", name).WithDetail("%s", detail)
}
