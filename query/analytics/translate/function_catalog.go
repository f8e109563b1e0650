//go:build cgo

package translate

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
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
	least  int                        // of the arguments
	list   func(args []string) string // of the texts
	fields []recordField
}

// fileFields are of functions that list files, each of which has a text with its size, when it was last written, and its name.
var fileFields = []recordField{
	{"name", pgvalue.OIDText, "substr(x, length(split_part(x, ' ', 1)) + length(split_part(x, ' ', 2)) + 3)"},
	{"size", pgvalue.OIDInt8, "CAST(split_part(x, ' ', 1) AS BIGINT)"},
	{"modification", pgvalue.OIDTimestamptz, "make_timestamp(CAST(split_part(x, ' ', 2) AS BIGINT))"},
}

func noFiles([]string) string { return "CAST([] AS VARCHAR[])" }

// recordFunctions by their names.
var recordFunctions = map[string]*recordFunction{
	"aclexplode": {
		args: []uint32{arrays[oidACLItem]}, least: 1,
		list: func(args []string) string { return call("pg_acl_explode", args[0], placeholder("user")) },
		fields: []recordField{
			{"grantor", pgvalue.OIDOid, "CAST(split_part(x, ' ', 1) AS BIGINT)"},
			{"grantee", pgvalue.OIDOid, "CAST(split_part(x, ' ', 2) AS BIGINT)"},
			{"privilege_type", pgvalue.OIDText, "array_to_string(list_slice(string_split(x, ' '), 4, NULL), ' ')"},
			{"is_grantable", pgvalue.OIDBool, "(split_part(x, ' ', 3) = 'true')"},
		},
	},
	"pg_get_publication_tables": {
		args: []uint32{pgvalue.OIDText}, least: 1,
		list: func(args []string) string { return call("pg_published", args[0]) },
		fields: []recordField{
			{"relid", pgvalue.OIDOid, "CAST(split_part(x, ' ', 1) AS BIGINT)"},
			{"attrs", pgvalue.OIDInt2Vector, "CAST(string_split(split_part(x, ' ', 2), ',') AS SMALLINT[])"},
			{"qual", oidNodeTree, "nullif(substr(x, length(split_part(x, ' ', 1)) + length(split_part(x, ' ', 2)) + 3), '')"},
		},
	},
	"pg_options_to_table": {
		args: []uint32{arrays[pgvalue.OIDText]}, least: 1,
		list: func(args []string) string { return args[0] },
		fields: []recordField{
			{"option_name", pgvalue.OIDText, "split_part(x, '=', 1)"},
			{"option_value", pgvalue.OIDText, "(CASE WHEN contains(x, '=') THEN substr(x, instr(x, '=') + 1) END)"},
		},
	},
	// The log is what the write-ahead log is to PostgreSQL: its segments are that one's files.
	"pg_ls_waldir": {
		list:   func([]string) string { return "pg_log_files()" },
		fields: fileFields,
	},
	// What statements of the worker have on disk is its temporary files.
	"pg_ls_tmpdir": {
		args: []uint32{pgvalue.OIDOid},
		list: func(args []string) string {
			if len(args) == 0 {
				return "pg_temp_files(1663)"
			}
			return call("pg_temp_files", args[0])
		},
		fields: fileFields,
	},
	// There are no such files: nothing is archived, and nothing decoded.
	"pg_ls_archive_statusdir": {list: noFiles, fields: fileFields},
	"pg_ls_logicalsnapdir":    {list: noFiles, fields: fileFields},
	"pg_ls_logicalmapdir":     {list: noFiles, fields: fileFields},
	"pg_get_keywords": {
		list: func([]string) string { return "pg_keywords()" },
		fields: []recordField{
			{"word", pgvalue.OIDText, "split_part(x, ' ', 1)"},
			{"catcode", pgvalue.OIDChar, "split_part(x, ' ', 2)"},
			{"barelabel", pgvalue.OIDBool, "(split_part(x, ' ', 3) = 'true')"},
			{"catdesc", pgvalue.OIDText, "(CASE split_part(x, ' ', 2) WHEN 'U' THEN 'unreserved' WHEN 'C' THEN 'unreserved (cannot be function or type name)' " +
				"WHEN 'T' THEN 'reserved (can be function or type name)' ELSE 'reserved' END)"},
			{"baredesc", pgvalue.OIDText, "(CASE split_part(x, ' ', 3) WHEN 'true' THEN 'can be bare label' ELSE 'requires AS' END)"},
		},
	},
}

// recordTable is such a function in FROM.
func (c *compiler) recordTable(f *pg.FuncCall, _ []*pg.Node) []*outcol {
	name := stringOf(f.Funcname[len(f.Funcname)-1])
	r, args := recordFunctions[name], c.arguments(f)
	if strings.HasPrefix(name, "pg_ls_") {
		c.guard(Read{"pg_catalog", name, c.as})
	}
	if len(args) > len(r.args) || len(args) < r.least {
		c.noFunction(name, args, f.Location)
	}
	texts := make([]string, len(args))
	for i, a := range args {
		isNumber := r.args[i] == pgvalue.OIDOid && (a.oid == pgvalue.OIDInt2 || a.oid == pgvalue.OIDInt4 || a.oid == pgvalue.OIDInt8)
		isText := r.args[i] == pgvalue.OIDText && (a.oid == pgvalue.OIDName || a.oid == pgvalue.OIDVarchar)
		if a.oid != pgvalue.OIDUnknown && a.oid != r.args[i] && !isNumber && !isText {
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
	row := c.make("", pgvalue.OIDRecord, fields...)
	row.fields, row.names = fields, names
	row.sql = "NULL"
	return row
}
