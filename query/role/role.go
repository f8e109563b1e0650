package role

import (
	"time"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/auth"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/privilege"
)

// DefaultSuperuser is the bootstrap superuser's name, unless a store was given another.
const DefaultSuperuser = "postgres"

// Role is a role, in the form in which its record has it. It does not change once it is in a [Catalog].
type Role struct {
	privilege.Role
	// Password is the text of a verifier, PostgreSQL's form; empty: none. It is a secret.
	Password string `json:"password,omitempty"`
}

// Forever is a time that never comes, VALID UNTIL 'infinity'.
const Forever = pgvalue.Infinity

// bytes is what a role takes in memory, and in a list and two maps.
func (r *Role) bytes() int64 {
	size := 512 + len(r.Name) + len(r.Password) + len(r.Comment) + 16*len(r.MemberOf)
	return int64(size) + settingsBytes(r.Settings)
}

func settingsBytes(list []privilege.Settings) (size int64) {
	for _, s := range list {
		size += 64 + int64(len(s.Database))
		for _, v := range s.Values {
			size += 48 + int64(len(v.Name)+len(v.Value))
		}
	}
	return size
}

// entry is the role as the door looks at it.
func (r *Role) entry() pgwire.Role {
	e := pgwire.Role{Login: r.Login, Superuser: r.Superuser}
	e.Verifier, e.HasPassword = auth.ParseVerifier(r.Password)
	if r.ValidUntil != nil && *r.ValidUntil != Forever {
		e.ValidUntil = time.UnixMicro(*r.ValidUntil)
	}
	return e
}
