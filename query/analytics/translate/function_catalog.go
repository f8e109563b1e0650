//go:build cgo

package translate

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire"
)

// recordField is a column of a function that returns rows, which a function of the
// worker's returns as texts: sql makes it of one of them, x.
type recordField struct {
	name string
	oid  uint32
	sql  string
}

// recordFunction is a function of the catalog's that returns rows.
type recordFunction struct {
	args   []uint32
	list   func(args []string) string // of the texts
	fields []recordField
}

// recordFunctions by their names.
var recordFunctions = map[string]*recordFunction{
	"aclexplode": {
		args: []uint32{arrays[oidACLItem]},
		list: func(args []string) string { return call("pg_acl_explode", args[0], placeholder("user")) },
		fields: []recordField{
			{"grantor", pgwire.OIDOid, "CAST(split_part(x, ' ', 1) AS BIGINT)"},
			{"grantee", pgwire.OIDOid, "CAST(split_part(x, ' ', 2) AS BIGINT)"},
			{"privilege_type", pgwire.OIDText, "array_to_string(list_slice(string_split(x, ' '), 4, NULL), ' ')"},
			{"is_grantable", pgwire.OIDBool, "(split_part(x, ' ', 3) = 'true')"},
		},
	},
	"pg_options_to_table": {
		args: []uint32{arrays[pgwire.OIDText]},
		list: func(args []string) string { return args[0] },
		fields: []recordField{
			{"option_name", pgwire.OIDText, "split_part(x, '=', 1)"},
			{"option_value", pgwire.OIDText, "(CASE WHEN contains(x, '=') THEN substr(x, instr(x, '=') + 1) END)"},
		},
	},
	"pg_get_keywords": {
		list: func([]string) string { return "pg_keywords()" },
		fields: []recordField{
			{"word", pgwire.OIDText, "split_part(x, ' ', 1)"},
			{"catcode", pgwire.OIDChar, "split_part(x, ' ', 2)"},
			{"barelabel", pgwire.OIDBool, "(split_part(x, ' ', 3) = 'true')"},
			{"catdesc", pgwire.OIDText, "(CASE split_part(x, ' ', 2) WHEN 'U' THEN 'unreserved' WHEN 'C' THEN 'unreserved (cannot be function or type name)' " +
				"WHEN 'T' THEN 'reserved (can be function or type name)' ELSE 'reserved' END)"},
			{"baredesc", pgwire.OIDText, "(CASE split_part(x, ' ', 3) WHEN 'true' THEN 'can be bare label' ELSE 'requires AS' END)"},
		},
	},
}

// recordTable is such a function in FROM.
func (c *compiler) recordTable(f *pg.FuncCall, _ []*pg.Node) []*outcol {
	name := stringOf(f.Funcname[len(f.Funcname)-1])
	r, args := recordFunctions[name], c.arguments(f)
	if len(args) != len(r.args) {
		c.noFunction(name, args, f.Location)
	}
	texts := make([]string, len(args))
	for i, a := range args {
		if a.oid != pgwire.OIDUnknown && a.oid != r.args[i] {
			c.noFunction(name, args, f.Location)
		}
		args[i] = c.coerce(a, r.args[i], -1, implicit)
		texts[i] = args[i].sql
	}
	list := r.list(texts)
	var out []*outcol
	for _, field := range r.fields {
		e := c.make("unnest(list_transform("+list+", lambda x: "+field.sql+"))", field.oid, args...)
		e.set = true
		out = append(out, &outcol{name: field.name, e: e})
	}
	return out
}

// recordRow is such a function in a select list: a row, of which fields are taken.
func (c *compiler) recordRow(f *pg.FuncCall, _ string) *ex {
	var fields []*ex
	var names []string
	for _, col := range c.recordTable(f, nil) {
		fields, names = append(fields, col.e), append(names, col.name)
	}
	row := c.make("", oidRecord, fields...)
	row.fields, row.names = fields, names
	row.sql = "NULL"
	return row
}
