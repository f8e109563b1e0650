package catalog

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// oidDatabaseOwner is pg_database_owner, whose one member is who owns the database.
const oidDatabaseOwner = 6171

// RoleNamed is the role of this very name, in a session of user.
func (c *Catalog) RoleNamed(name, user string) (uint32, error) {
	if name == user {
		return oidUser, nil
	}
	for _, row := range fixed("pg_authid") {
		if row[1] == name {
			return uint32(row[0].(int64)), nil
		}
	}
	return 0, pgerror.Errorf(pgerror.UndefinedObject, "role \"%s\" does not exist", strings.Clone(name))
}

// RoleMay is pg_has_role: whether a role has one of the listed privileges on another. Nobody
// is granted a role here, so each is a member of itself, and the superuser of all.
func RoleMay(member, role uint32, privileges string) (bool, error) {
	may := false
	for _, word := range strings.Split(privileges, ",") {
		word = strings.Trim(word, " \t\n\r\f\v")
		switch strings.ToUpper(word) {
		case "USAGE", "MEMBER":
			may = may || member == role || member == oidPostgres || role == oidDatabaseOwner && member == oidUser
		case "USAGE WITH GRANT OPTION", "USAGE WITH ADMIN OPTION", "MEMBER WITH GRANT OPTION", "MEMBER WITH ADMIN OPTION":
			may = may || member == oidPostgres
		default:
			return false, pgerror.Errorf(pgerror.InvalidParameterValue, "unrecognized privilege type: \"%s\"", strings.Clone(word))
		}
	}
	return may, nil
}
