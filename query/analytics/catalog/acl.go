package catalog

import (
	"strings"
)

// privileges are those that an aclitem can have, in its order.
var privileges = []struct {
	letter byte
	name   string
}{
	{'a', "INSERT"},
	{'r', "SELECT"},
	{'w', "UPDATE"},
	{'d', "DELETE"},
	{'D', "TRUNCATE"},
	{'x', "REFERENCES"},
	{'t', "TRIGGER"},
	{'X', "EXECUTE"},
	{'U', "USAGE"},
	{'C', "CREATE"},
	{'T', "TEMPORARY"},
	{'c', "CONNECT"},
	{'s', "SET"},
	{'A', "ALTER SYSTEM"},
}

// aclDefaults are what everyone and what the owner may do with an object that
// nobody has granted anything of, by acldefault's letters.
var aclDefaults = map[string][2]string{
	"c": {}, "r": {"", "arwdDxt"}, "s": {"", "rwU"}, "d": {"Tc", "CTc"}, "f": {"X", "X"}, "l": {"U", "U"}, "L": {"", "rw"},
	"n": {"", "UC"}, "p": {"", "sA"}, "t": {"", "C"}, "F": {"", "U"}, "S": {"", "U"}, "T": {"U", "U"},
}

// ACLDefault is acldefault: the privileges that a null acl stands for. An
// unknown kind is not ok.
func (c *Catalog) ACLDefault(kind string, owner uint32, user string) (items []string, ok bool) {
	rights, ok := aclDefaults[kind]
	name, known := c.UserByID(owner, user)
	if !known {
		name = outNumber(owner)
	}
	name = aclName(name)
	if rights[0] != "" {
		items = append(items, "="+rights[0]+"/"+name)
	}
	if rights[1] != "" {
		items = append(items, name+"="+rights[1]+"/"+name)
	}
	return items, ok
}

// aclName is a role's name in an aclitem: quoted unless it is letters, digits
// and underscores.
func aclName(name string) string {
	for i := 0; i < len(name); i++ {
		b := name[i]
		if !(b == '_' || b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z') {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return name
}

// A Grant is a row of aclexplode.
type Grant struct {
	Grantor, Grantee uint32 // 0: everyone
	Privilege        string
	Grantable        bool
}

// ExplodeACL is aclexplode of an item.
func (c *Catalog) ExplodeACL(item, user string) []Grant {
	grantee, rest := cutACLName(item)
	rights, grantor, _ := strings.Cut(strings.TrimPrefix(rest, "="), "/")
	grantor, _ = cutACLName(grantor)
	by, to := c.roleNamed(grantor, user), c.roleNamed(grantee, user)
	var list []Grant
	for _, p := range privileges {
		if i := strings.IndexByte(rights, p.letter); i >= 0 {
			list = append(list, Grant{by, to, p.name, strings.HasPrefix(rights[i+1:], "*")})
		}
	}
	return list
}

// cutACLName takes a role's name from the front of an aclitem.
func cutACLName(text string) (name, rest string) {
	if !strings.HasPrefix(text, `"`) {
		if i := strings.IndexByte(text, '='); i >= 0 {
			return text[:i], text[i:]
		}
		return text, ""
	}
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] != '"':
		case i+1 < len(text) && text[i+1] == '"':
			i++
		default:
			return strings.ReplaceAll(text[1:i], `""`, `"`), text[i+1:]
		}
	}
	return text, ""
}

// roleNamed is the role with exactly this name, 0 if there is none.
func (c *Catalog) roleNamed(name, user string) uint32 {
	if name == CurrentUser {
		name = user
	}
	oid, ok := c.roleByName(name, user)
	if !ok && name == "postgres" { // as the lists of what there always is call the bootstrap superuser
		return oidPostgres
	}
	return oid
}
