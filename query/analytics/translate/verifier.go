//go:build cgo

package translate

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
)

// Secret is the note of a column that the worker has no values of: verifiers of passwords.
const Secret = "secret"

// verifier makes a column of the whole statement that is such a column a call of the server's, with the OID of the row's role.
func (c *compiler) verifier(b *body, e *ex) *ex {
	col := e.column
	if col == nil || col.note != Secret || b.x != c.whole || len(b.x.DistinctClause) > 0 || len(b.x.GroupClause) > 0 {
		return e
	}
	for _, k := range col.of.cols {
		if k.oid == pgvalue.OIDOid && k.table == col.table {
			oid := c.text(c.reference(k, c.scope, e.pos))
			out := c.make("pg_array_text("+cast("["+oid.sql+"]", "VARCHAR[]")+")", pgvalue.OIDText, oid)
			out.call, out.name = &analytics.Verifier, e.name
			c.secrets--
			return out
		}
	}
	return e
}

// checkSecrets refuses a statement that names such a column anywhere else: what it is there would be null.
func (c *compiler) checkSecrets() {
	if c.secrets > 0 {
		c.fail(pgerror.Errorf(pgerror.FeatureNotSupported, "the verifier of a password is not supported here").
			WithDetail("The server knows verifiers, and the analytics worker does not: they can be columns of the outermost SELECT, by themselves, without DISTINCT, GROUP BY and set operations.").
			WithHint("Select from pg_authid or pg_shadow alone, or name the columns that are needed in place of *."))
	}
}
