package role

import (
	"cmp"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/syntax"
)

// Actor is the session that a statement about roles comes from.
type Actor struct {
	Name   string        // as whom it has come in
	Zone   *pgvalue.Zone // by which it writes times
	Notice func(message string)
}

// Alter is the catalog after ALTER ROLE with options. src is the text that the statement came in.
func (c *Catalog) Alter(src string, st *syntax.AlterRoleStmt, by Actor) (*Catalog, error) {
	r := c.meant(&st.Role, by)
	if r == nil {
		return nil, pgerror.Errorf(pgerror.UndefinedObject, "role \"%s\" does not exist", cmp.Or(st.Role.Name, by.Name))
	}
	next := *r
	seen := map[string]bool{}
	for i := range st.Options {
		o := &st.Options[i]
		if seen[o.Name] {
			return nil, pgerror.Errorf(pgerror.SyntaxError, "conflicting or redundant options").At(syntax.CharPosition(src, o.Pos))
		}
		seen[o.Name] = true
		if err := next.set(o, by); err != nil {
			return nil, err
		}
	}
	return c.with(&next), nil
}

// meant finds the role that a statement means, nil if there is none.
func (c *Catalog) meant(spec *syntax.RoleSpec, by Actor) *Role {
	switch {
	case spec.Word == "":
		return c.Role(spec.Name)
	case c.Open():
		return c.Bootstrap() // whoever is here acts as it
	}
	return c.Role(by.Name)
}

// set sets what an option says.
func (r *Role) set(o *syntax.RoleOption, by Actor) error {
	switch o.Name {
	case "password":
		return r.setPassword(o, by)
	case "valid until":
		v, err := pgvalue.ParseText(pgvalue.OIDTimestamptz, o.Text, by.Zone)
		r.ValidUntil = &v.Int
		return err
	case "connection limit":
		if o.Text != "-1" {
			return pgerror.Errorf(pgerror.FeatureNotSupported, "CONNECTION LIMIT is not supported")
		}
		return nil
	}
	if o.Off { // a superuser has all of them
		return pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied to alter role").
			WithDetail("The bootstrap superuser must have the %s attribute.", strings.ToUpper(o.Name))
	}
	return nil
}

func (r *Role) setPassword(o *syntax.RoleOption, by Actor) error {
	r.Password = ""
	if o.Off {
		return nil
	}
	verifier, empty, err := HashPassword(o.Text)
	if empty {
		by.Notice("empty string is not a valid password, clearing password")
	}
	r.Password = verifier
	return err
}
