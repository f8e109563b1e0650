package catalog

import (
	"strconv"
	"strings"
	"sync"
)

// sessionColumns are the columns with CurrentDatabase or CurrentUser in their
// text. A column of information_schema named …_catalog always is one.
var sessionColumns = map[string][]string{
	"pg_authid":                         {"rolname"},
	"pg_roles":                          {"rolname"},
	"pg_user":                           {"usename"},
	"pg_shadow":                         {"usename"},
	"pg_database":                       {"datname"},
	"pg_tables":                         {"tableowner"},
	"pg_views":                          {"viewowner"},
	"pg_matviews":                       {"matviewowner"},
	"pg_sequences":                      {"sequenceowner"},
	"pg_stat_activity":                  {"datname", "usename"},
	"pg_stat_database":                  {"datname"},
	"pg_stat_database_conflicts":        {"datname"},
	"schemata":                          {"catalog_name", "schema_owner"},
	"column_privileges":                 {"grantor", "grantee"},
	"role_column_grants":                {"grantor", "grantee"},
	"table_privileges":                  {"grantor", "grantee"},
	"role_table_grants":                 {"grantor", "grantee"},
	"routine_privileges":                {"grantor", "grantee"},
	"role_routine_grants":               {"grantor", "grantee"},
	"usage_privileges":                  {"grantor", "grantee"},
	"role_usage_grants":                 {"grantor", "grantee"},
	"udt_privileges":                    {"grantor", "grantee"},
	"role_udt_grants":                   {"grantor", "grantee"},
	"enabled_roles":                     {"role_name"},
	"applicable_roles":                  {"grantee", "role_name"},
	"administrable_role_authorizations": {"grantee", "role_name"},
	"information_schema_catalog_name":   {"catalog_name"},
}

var tables = sync.OnceValue(func() []Table {
	var all []Table
	for line := range strings.SplitSeq(relationLines+extensionLines, "\n") {
		f := strings.Split(line, "\t")
		t := Table{
			Schema: f[0], Name: f[1], OID: parseOID(f[2]), kind: f[3][0],
			rowType: parseOID(f[4]), rowsOID: parseOID(f[5]),
		}
		for text := range strings.SplitSeq(f[6], ",") {
			t.Columns = append(t.Columns, parseColumn(text))
		}
		t.Session = append(t.Session, sessionColumns[t.Name]...)
		for _, c := range t.Columns {
			if t.Schema == "information_schema" && strings.HasSuffix(c.Name, "_catalog") {
				t.Session = append(t.Session, c.Name)
			}
		}
		all = append(all, t)
	}
	return all
})

// Tables returns the relations of pg_catalog and information_schema, which are
// those of PostgreSQL 15. Most of what Eventgres has no use for is empty. The
// caller must not change what it gets.
func Tables() []Table { return tables() }

// parseColumn reads a column as gen writes it: name, type, ! if not null, ~ and
// the typmod, ^ and the collation, = and the domain.
func parseColumn(text string) Column {
	name, rest, _ := strings.Cut(text, " ")
	rest, domain, _ := strings.Cut(rest, "=")
	rest, collation, _ := strings.Cut(rest, "^")
	rest, typmod, hasTypmod := strings.Cut(rest, "~")
	rest, notNull := strings.CutSuffix(rest, "!")
	c := Column{Name: name, OID: parseOID(rest), NotNull: notNull, Typmod: -1}
	if hasTypmod {
		c.Typmod = int32(parseOID(typmod))
	}
	if collation != "" {
		c.collation = parseOID(collation)
	}
	if domain != "" {
		c.domain = parseOID(domain)
	}
	return c
}

// parseOID reads a number of the generated data, which are known to be good.
func parseOID(text string) uint32 {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		panic("catalog: generated data: " + err.Error())
	}
	return uint32(n)
}

// tableIndex finds tables by schema and name.
var tableIndex = sync.OnceValue(func() map[[2]string]*Table {
	index := map[[2]string]*Table{}
	for i := range tables() {
		t := &tables()[i]
		index[[2]string{t.Schema, t.Name}] = t
	}
	return index
})

// table finds a relation of pg_catalog, or else of information_schema: no name
// is in both that the package asks for.
func table(name string) *Table {
	if t := tableIndex()[[2]string{"pg_catalog", name}]; t != nil {
		return t
	}
	t := tableIndex()[[2]string{"information_schema", name}]
	if t == nil {
		panic("catalog: there is no table " + name)
	}
	return t
}

// column is the place of a column.
func (t *Table) column(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	panic("catalog: " + t.Name + " has no column " + name)
}

// maker makes rows of a relation from pairs of a column's name and its value.
type maker struct {
	places map[string]int
	base   []any
	rows   [][]any
}

// newMaker returns a maker whose rows start as pairs say.
func newMaker(name string, pairs ...any) *maker {
	return makerFor(table(name), pairs...)
}

func makerFor(t *Table, pairs ...any) *maker {
	m := &maker{places: make(map[string]int, len(t.Columns)), base: make([]any, len(t.Columns))}
	for i := range t.Columns {
		m.places[t.Columns[i].Name] = i
	}
	m.set(m.base, pairs)
	return m
}

// row adds a row and returns it.
func (m *maker) row(pairs ...any) []any {
	row := append([]any(nil), m.base...)
	m.set(row, pairs)
	m.rows = append(m.rows, row)
	return row
}

func (m *maker) set(row []any, pairs []any) {
	for i := 0; i < len(pairs); i += 2 {
		place, ok := m.places[pairs[i].(string)]
		if !ok {
			panic("catalog: no column " + pairs[i].(string))
		}
		row[place] = value(pairs[i+1])
	}
}

// value makes one of the few types of a row of what is handy to write.
func value(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case uint32:
		return int64(v)
	case int32:
		return int64(v)
	case byte:
		return string(rune(v))
	case []uint32:
		return oids(v)
	}
	return v
}

func oids(list []uint32) []any {
	out := make([]any, len(list))
	for i, n := range list {
		out[i] = int64(n)
	}
	return out
}
