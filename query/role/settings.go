package role

import (
	"slices"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/syntax"
)

// alterSettings is ALTER ROLE … SET and RESET.
func (c *change) alterSettings(st *syntax.RoleSetStmt) error {
	var of *privilege.Role
	if !st.All {
		if err := reserved(st.Role.Name, "Cannot alter reserved roles."); err != nil {
			return err
		}
		var err error
		if of, err = c.find(&st.Role); err != nil {
			return err
		}
	}
	switch {
	case st.All && !c.superuser():
		return notAllowed("must be superuser to alter settings globally")
	case of != nil && of.Superuser && !c.superuser():
		return notAllowed("must be superuser to alter superusers")
	case of != nil && !c.creates() && of.OID != c.User:
		return notAllowed("permission denied")
	case st.Database != "" && !c.Database(st.Database):
		return pgerror.Errorf(pgerror.InvalidCatalogName, "database \"%s\" does not exist", st.Database)
	}
	if of == nil {
		var err error
		c.all, err = c.settings(c.all, st)
		return err
	}
	own, err := c.ours(of)
	if err != nil {
		return err
	}
	next := *own
	if next.Settings, err = c.settings(next.Settings, st); err != nil {
		return err
	}
	c.put(&next)
	return nil
}

// settings is a list after a statement.
func (c *change) settings(list []privilege.Settings, st *syntax.RoleSetStmt) ([]privilege.Settings, error) {
	list = slices.Clone(list)
	i := slices.IndexFunc(list, func(s privilege.Settings) bool { return s.Database == st.Database })
	if i < 0 {
		list, i = append(list, privilege.Settings{Database: st.Database}), len(list)
	}
	values := slices.Clone(list[i].Values)
	name := st.Reset
	if st.Set != nil {
		v, err := c.Setting(st.Set.Name, st.Set.Values)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(values, func(old privilege.Setting) bool { return old.Name == v.Name })
		switch {
		case st.Set.Values == nil:
			name = v.Name // SET … TO DEFAULT
		case at >= 0:
			values[at] = v
		default:
			values = append(values, v)
		}
	}
	if name == "all" {
		values = nil
	} else if name != "" {
		v, err := c.Setting(name, nil)
		if err != nil {
			return nil, err
		}
		values = slices.DeleteFunc(values, func(old privilege.Setting) bool { return old.Name == v.Name })
	}
	if list[i].Values = values; len(values) == 0 {
		list = slices.Delete(list, i, i+1)
	}
	return list, nil
}
