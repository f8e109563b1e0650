package catalog

import (
	"slices"

	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
)

// Schema message_store stands in the catalogs of who has it on the search path: others do not meet it among what is theirs.

// functions are those that PostgreSQL has not.
func (c *Catalog) functions() []*relation.Function {
	if !c.state.MessageStore {
		return relation.Functions
	}
	return slices.Concat(relation.Functions, relation.MessageStoreFunctions)
}

// messageStore are the relations of schema message_store.
func messageStore() []*publicRelation {
	own := func(r *relation.Relation, kind byte, row, array uint32) *publicRelation {
		return &publicRelation{
			Relation: described(r, kind), namespace: relation.MessageStoreOID, rowType: row, arrayType: array,
			object: privilege.Object{Owner: privilege.BootstrapOID, All: privilege.Table},
		}
	}
	list := []*publicRelation{own(relation.Messages, 'r', relation.MessagesTypeOID, relation.MessagesArrayTypeOID)}
	row := *relation.StreamMessages
	row.Name, row.OID = "message", relation.MessageRelationOID
	list = append(list, own(&row, 'c', relation.MessageTypeOID, relation.MessageArrayTypeOID))
	for _, v := range relation.MessageSummaries {
		r := own(v, 'v', v.OID+1, v.OID+2)
		r.rule = v.OID + 3
		list = append(list, r)
	}
	return list
}

// storeGrants are what the role message_store may do with its relations, if there is one.
func (s *State) storeGrants(list []*publicRelation) {
	i := slices.IndexFunc(s.Roles, func(r *privilege.Role) bool { return r.Name == privilege.MessageStore })
	if i < 0 {
		return
	}
	for _, r := range list {
		if r.namespace != relation.MessageStoreOID || r.Kind == 'c' {
			continue
		}
		what := privilege.Select
		if r.OID == relation.Messages.OID {
			what |= privilege.Insert
		}
		r.object.ACL = r.object.Grant(s.Roles[i].OID, privilege.BootstrapOID, what, false)
	}
}

// messageNamespace is the row of the schema.
func (c *Catalog) messageNamespace() []any {
	m := newMaker("pg_namespace")
	m.row("oid", relation.MessageStoreOID, "nspname", searchpath.MessageStore, "nspowner", oidPostgres)
	if c.roles != nil {
		if r := c.roles.Named(privilege.MessageStore); r != nil {
			o := messageSchema(r.OID)
			m.set(m.rows[0], []any{"nspacl", c.aclOf(&o)})
		}
	}
	return m.rows[0]
}

// messageSchema is the schema as something that privileges are granted on.
func messageSchema(role uint32) privilege.Object {
	o := privilege.Object{Owner: privilege.BootstrapOID, All: privilege.Schema}
	if role != 0 {
		o.ACL = o.Grant(role, privilege.BootstrapOID, privilege.Usage, false)
	}
	return o
}

// mayMessageStore is has_schema_privilege of the schema.
func (c *Catalog) mayMessageStore(role uint32, want privilege.Set) bool {
	if c.roles == nil {
		return true
	}
	of := uint32(0)
	if r := c.roles.Named(privilege.MessageStore); r != nil {
		of = r.OID
	}
	o := messageSchema(of)
	return c.has(&o, role, want)
}
