package catalog

import (
	"strconv"
	"strings"
	"sync"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// generated are the constants with rows that gen has written. The format is
// that of COPY, with a line of column names and one of what is usual in each
// column in front. In a row, an empty field is the usual value, \e an empty
// string, and \s the same as the row's second field; missing fields at the end
// are empty; \q is a backquote.
var generated = map[string]string{
	"pg_proc": rowsPgProc, "pg_type": rowsPgType, "pg_range": rowsPgRange, "pg_cast": rowsPgCast,
	"pg_collation": rowsPgCollation, "pg_conversion": rowsPgConversion, "pg_operator": rowsPgOperator,
	"pg_aggregate": rowsPgAggregate, "pg_am": rowsPgAm, "pg_opfamily": rowsPgOpfamily,
	"pg_opclass": rowsPgOpclass, "pg_amop": rowsPgAmop, "pg_amproc": rowsPgAmproc, "pg_class": rowsPgClass,
	"pg_index": rowsPgIndex, "pg_constraint": rowsPgConstraint, "pg_rewrite": rowsPgRewrite,
	"pg_namespace": rowsPgNamespace, "pg_authid": rowsPgAuthid, "pg_auth_members": rowsPgAuthMembers,
	"pg_language": rowsPgLanguage, "pg_extension": rowsPgExtension, "pg_tablespace": rowsPgTablespace,
	"pg_depend": rowsPgDepend, "pg_init_privs": rowsPgInitPrivs,
	"pg_ts_config": rowsPgTsConfig, "pg_ts_config_map": rowsPgTsConfigMap,
	"pg_ts_dict": rowsPgTsDict, "pg_ts_parser": rowsPgTsParser, "pg_ts_template": rowsPgTsTemplate,
	"pg_timezone_abbrevs": rowsPgTimezoneAbbrevs, "pg_timezone_names": rowsPgTimezoneNames,
	"pg_settings": rowsPgSettings, "sql_features": rowsSqlFeatures,
	"sql_implementation_info": rowsSqlImplementationInfo, "sql_parts": rowsSqlParts, "sql_sizing": rowsSqlSizing,
}

// fixed are the rows of a relation that are the same in every database. They
// are shared: who wants to change one copies it.
func fixed(name string) [][]any {
	if rows, ok := decoded.Load(name); ok {
		return rows.([][]any)
	}
	text, ok := generated[name]
	if !ok {
		return nil
	}
	t := table(name)
	lines := strings.Split(text, "\n")
	names, usual := strings.Split(lines[0], "\t"), strings.Split(lines[1], "\t")
	if len(names) != len(t.Columns) {
		panic("catalog: generated rows of " + name + " do not have its columns")
	}
	usualValues := make([]any, len(names))
	for i, u := range usual {
		if names[i] != t.Columns[i].Name {
			panic("catalog: generated rows of " + name + " have " + names[i] + " for " + t.Columns[i].Name)
		}
		usualValues[i] = decode(u, t.Columns[i].OID)
	}
	rows := make([][]any, 0, len(lines)-2)
	for _, line := range lines[2:] {
		row := append([]any(nil), usualValues...)
		for i, f := range strings.Split(line, "\t") {
			switch f {
			case "":
			case `\e`:
				row[i] = decode("", t.Columns[i].OID)
			case `\s`:
				row[i] = row[1]
			default:
				row[i] = decode(f, t.Columns[i].OID)
			}
		}
		rows = append(rows, row)
	}
	decoded.Store(name, rows)
	return rows
}

// decoded keeps what fixed has decoded.
var decoded sync.Map

// What the catalog's columns are of, beside text.
const (
	oidCharArray = 1002
	oidInt2Array = 1005
	oidOidArray  = 1028
	oidACLArray  = 1034
	oidRegtypes  = 2211
)

// decode makes a value of COPY's text.
func decode(text string, oid uint32) any {
	if text == `\N` {
		return nil
	}
	if strings.IndexByte(text, '\\') >= 0 {
		text = unescape.Replace(text)
	}
	switch oid {
	case pgvalue.OIDBool:
		return text == "t"
	case pgvalue.OIDInt8, pgvalue.OIDInt2, pgvalue.OIDInt4, pgvalue.OIDRegproc, pgvalue.OIDOid, pgvalue.OIDXid, pgvalue.OIDCid, pgvalue.OIDRegtype:
		if text == "" { // only as the usual value of a column without one
			return nil
		}
		return parseInt(text)
	case pgvalue.OIDFloat4, pgvalue.OIDFloat8:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			panic("catalog: generated data: " + err.Error())
		}
		return f
	case pgvalue.OIDInt2Vector, pgvalue.OIDOidVector:
		list := []any{}
		for f := range strings.FieldsSeq(text) {
			list = append(list, parseInt(f))
		}
		return list
	case oidInt2Array, oidOidArray, oidRegtypes:
		list := []any{}
		for _, item := range arrayItems(text) {
			list = append(list, parseInt(item.(string)))
		}
		return list
	case oidCharArray, pgvalue.OIDNameArray, pgvalue.OIDTextArray, oidACLArray:
		return arrayItems(text)
	}
	return text
}

var unescape = strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r", `\q`, "`")

func parseInt(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic("catalog: generated data: " + err.Error())
	}
	return n
}

// arrayItems reads a one-dimensional array of strings as PostgreSQL prints it.
func arrayItems(text string) []any {
	items := []any{}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
	for text != "" {
		var b strings.Builder
		i, quoted := 0, text[0] == '"'
		if quoted {
			i++
		}
		for ; i < len(text) && (quoted && text[i] != '"' || !quoted && text[i] != ','); i++ {
			if text[i] == '\\' {
				i++
			}
			b.WriteByte(text[i])
		}
		if quoted {
			i++
		}
		if !quoted && b.String() == "NULL" {
			items = append(items, nil)
		} else {
			items = append(items, b.String())
		}
		text = strings.TrimPrefix(text[i:], ",")
	}
	return items
}
