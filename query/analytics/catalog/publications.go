package catalog

import (
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/query/relation"
)

// Publication is a publication, with what of events it publishes.
type Publication struct {
	OID    uint32 // the next one is that of its row in pg_publication_rel
	Name   string
	Owner  uint32 // a role's
	All    bool   // of all tables
	Events bool   // events is named

	Insert, Update, Delete, Truncate, ViaRoot bool

	Columns []int  // by their places, nil: all
	Where   string // empty: there is none
}

// numbers are those of the columns that are published.
func (p *Publication) numbers() (list []any) {
	if p.Columns == nil {
		for i := range relation.Events.Visible {
			list = append(list, int64(i+1))
		}
	}
	for _, i := range p.Columns {
		list = append(list, int64(i+1))
	}
	return list
}

func (c *Catalog) publications() [][]any {
	m := newMaker("pg_publication")
	for i := range c.state.Publications {
		p := &c.state.Publications[i]
		owner := p.Owner
		if c.roles == nil {
			owner = c.ownerOID()
		}
		m.row("oid", p.OID, "pubname", p.Name, "pubowner", owner, "puballtables", p.All, "pubinsert", p.Insert, "pubupdate", p.Update,
			"pubdelete", p.Delete, "pubtruncate", p.Truncate, "pubviaroot", p.ViaRoot)
	}
	return m.rows
}

func (c *Catalog) publicationRels() [][]any {
	m := newMaker("pg_publication_rel", "prrelid", relation.Events.OID)
	for i := range c.state.Publications {
		p := &c.state.Publications[i]
		if !p.Events {
			continue
		}
		row := m.row("oid", p.OID+1, "prpubid", p.OID, "prqual", condition(p.Where))
		if p.Columns != nil {
			m.set(row, []any{"prattrs", p.numbers()})
		}
	}
	return m.rows
}

func (c *Catalog) publicationTables() [][]any {
	m := newMaker("pg_publication_tables", "schemaname", "public", "tablename", relation.Events.Name)
	for i := range c.state.Publications {
		p := &c.state.Publications[i]
		if !p.All && !p.Events {
			continue
		}
		var names []any
		for _, n := range p.numbers() {
			names = append(names, relation.Events.Columns[n.(int64)-1].Name)
		}
		m.row("pubname", p.Name, "attnames", names, "rowfilter", condition(p.Where))
	}
	return m.rows
}

// PublicationTables is pg_get_publication_tables: the tables of a publication, each as its OID, the numbers of its columns and its condition,
// with spaces between. It is not ok where there is no such publication.
func (c *Catalog) PublicationTables(name string) (rows []string, ok bool) {
	for i := range c.state.Publications {
		p := &c.state.Publications[i]
		if p.Name != name {
			continue
		}
		if !p.All && !p.Events {
			return nil, true
		}
		var numbers []string
		for _, n := range p.numbers() {
			numbers = append(numbers, strconv.FormatInt(n.(int64), 10))
		}
		where, _ := condition(p.Where).(string)
		return []string{strconv.Itoa(int(relation.Events.OID)) + " " + strings.Join(numbers, ",") + " " + where}, true
	}
	return nil, false
}
