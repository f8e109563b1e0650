package relation

import (
	"slices"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/syntax"
)

// Relations of roles have columns that the worker must not know, the verifiers of their passwords. The server answers what names
// those; the rest of PostgreSQL's two is as the worker's catalog has it.
var (
	Shadow = roles("pg_shadow", 12005, []Column{
		{Name: "usename", OID: pgvalue.OIDName},
		{Name: "usesysid", OID: pgvalue.OIDOid},
		{Name: "usecreatedb", OID: pgvalue.OIDBool},
		{Name: "usesuper", OID: pgvalue.OIDBool},
		{Name: "userepl", OID: pgvalue.OIDBool},
		{Name: "usebypassrls", OID: pgvalue.OIDBool},
		{Name: "passwd", OID: pgvalue.OIDText, Secret: true},
		{Name: "valuntil", OID: pgvalue.OIDTimestamptz},
		{Name: "useconfig", OID: pgvalue.OIDTextArray},
	})
	AuthID = roles("pg_authid", 1260, []Column{
		{Name: "oid", OID: pgvalue.OIDOid},
		{Name: "rolname", OID: pgvalue.OIDName},
		{Name: "rolsuper", OID: pgvalue.OIDBool},
		{Name: "rolinherit", OID: pgvalue.OIDBool},
		{Name: "rolcreaterole", OID: pgvalue.OIDBool},
		{Name: "rolcreatedb", OID: pgvalue.OIDBool},
		{Name: "rolcanlogin", OID: pgvalue.OIDBool},
		{Name: "rolreplication", OID: pgvalue.OIDBool},
		{Name: "rolbypassrls", OID: pgvalue.OIDBool},
		{Name: "rolconnlimit", OID: pgvalue.OIDInt4},
		{Name: "rolpassword", OID: pgvalue.OIDText, Secret: true},
		{Name: "rolvaliduntil", OID: pgvalue.OIDTimestamptz},
	})
	// Auth is what eventgres_auth(name) returns: what a pool has to know of one role to let it in.
	Auth = roles(syntax.AuthFunction, 0, []Column{{Name: "usename", OID: pgvalue.OIDName}, {Name: "passwd", OID: pgvalue.OIDText, Secret: true}})
)

func roles(name string, oid uint32, columns []Column) *Relation {
	r := newRelation(name, oid, len(columns), columns)
	r.Roles = true
	return r
}

// AuthQuery is the declaration of eventgres_auth.
var AuthQuery = &Function{
	OID: 16601, Schema: "pg_catalog", Name: syntax.AuthFunction, Args: []uint32{pgvalue.OIDName}, ArgNames: []string{"name", "usename", "passwd"},
	Result: pgvalue.OIDRecord, Out: []uint32{pgvalue.OIDName, pgvalue.OIDText}, Volatile: 's', Strict: true,
	About: "a role that may log in and the verifier of its password, for a pool's auth_query", Source: `
BEGIN
  RETURN QUERY SELECT s.usename, CASE WHEN s.valuntil < now() THEN NULL ELSE s.passwd END FROM pg_shadow s WHERE s.usename = $1;
END`,
}

// OfRoles is the relation of roles that a name of pg_catalog is, nil if it is none.
func OfRoles(name string) *Relation {
	for _, r := range []*Relation{Shadow, AuthID} {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// FindRead is Find for what is read and never changed: relations of roles are found too.
func FindRead(ref *syntax.RelationRef, src string, path searchpath.Path) (*Relation, error) {
	if ref.Called {
		for rel, f := range tableFunctions {
			if ref.Table == f.Name && (ref.Schema == f.Schema || ref.Schema == "" && path.Has(f.Schema)) {
				return rel, nil
			}
		}
		return nil, pgerror.Errorf(pgerror.UndefinedFunction, "function %s does not exist", ref.Table).At(syntax.CharPosition(src, ref.Pos))
	}
	if r := OfRoles(ref.Table); r != nil && (ref.Schema == "pg_catalog" || ref.Schema == "" && path.Search()[0] == "pg_catalog") {
		return r, nil
	}
	return Find(ref, src, path)
}

// Secrets tells whether one of the columns is a verifier.
func (r *Relation) Secrets(columns []int) bool {
	return slices.ContainsFunc(columns, func(i int) bool { return r.Columns[i].Secret })
}
