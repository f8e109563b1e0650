package catalog

import (
	"sync"

	"github.com/eventgres/eventgres/query/privilege"
)

// Catalog is what PostgreSQL's catalogs say about a server. It does not
// change; when a view is made or dropped a new one is made. It is safe for
// concurrent use. Rows are computed when they are asked for and not kept: whoever
// loads them keeps them.
type Catalog struct {
	state     State
	relations []*publicRelation
	byName    map[string]*publicRelation
	lookups   func() *lookups
	roles     *privilege.Roles // nil: there is one, whoever the session's user is
	search    []uint32         // the schemas that are searched, if not pg_catalog and public
}

// In is the catalog as it is seen with a search path: the schemas that are searched, in order; nil: those that sessions
// begin with. Rows are made with that.
func (c *Catalog) In(search []string) *Catalog {
	out := *c
	if out.search = nil; search == nil {
		return &out
	}
	out.search = make([]uint32, 0, len(search))
	for _, name := range search {
		out.search = append(out.search, c.lookups().schemaOf[name])
	}
	return &out
}

// New returns the catalog of a server in state s.
func New(s State) *Catalog {
	c := &Catalog{state: s, relations: relations(s), byName: map[string]*publicRelation{}}
	if s.Roles != nil {
		c.roles = privilege.NewRoles(s.Roles)
	}
	for _, r := range c.relations {
		if r.namespace == nsPublic {
			c.byName[r.Name] = r
		}
	}
	c.lookups = sync.OnceValue(func() *lookups { return newLookups(c) })
	return c
}

// Relation finds a relation of schema public: events, streams, or a view. An
// empty schema means public; the search path is the caller's.
func (c *Catalog) Relation(schema, name string) (*Relation, bool) {
	if schema != "" && schema != "public" {
		return nil, false
	}
	r, ok := c.byName[name]
	if !ok {
		return nil, false
	}
	return &r.Relation, true
}

// Rows returns the rows of a relation of [Tables], in its columns' order.
// The caller must not change them.
func (c *Catalog) Rows(t *Table) [][]any {
	if build := builderOf(t); build != nil {
		return build(c)
	}
	if table(t.Name).Schema != t.Schema {
		return nil
	}
	return fixed(t.Name)
}

// Fixed tells whether a relation of [Tables] has the same rows in every catalog.
func Fixed(t *Table) bool { return builderOf(t) == nil }

func builderOf(t *Table) func(*Catalog) [][]any {
	if t.Schema == "information_schema" {
		return standardBuilders[t.Name]
	}
	return builders[t.Name]
}

// withFixed returns the rows that every database has, and then own.
func withFixed(name string, own [][]any) [][]any {
	rows := fixed(name)
	return append(rows[:len(rows):len(rows)], own...)
}
