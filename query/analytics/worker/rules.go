//go:build cgo

package worker

import (
	"cmp"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
)

// ruleViews are system views of the files that say who may come in: their placeholders.
var ruleViews = map[string]string{"pg_hba_file_rules": "rules", "pg_ident_file_mappings": "mappings"}

// textOrNull is null for an empty text.
func textOrNull(s string) (v pgvalue.Value) {
	if s != "" {
		v = pgvalue.TextValue(s)
	}
	return v
}

// listOrNull is null for an empty list.
func listOrNull(list []string) (v pgvalue.Value) {
	if len(list) > 0 {
		v = pgvalue.ArrayValue(make([]pgvalue.Value, len(list)))
		for i, s := range list {
			v.Array[i] = pgvalue.TextValue(s)
		}
	}
	return v
}

// rulesSQL writes the rows of pg_hba_file_rules as a table.
func rulesSQL(d *analytics.Door) string {
	d = cmp.Or(d, &analytics.Door{})
	rows := make([]map[string]pgvalue.Value, len(d.Rules))
	for i, r := range d.Rules {
		rows[i] = map[string]pgvalue.Value{
			"line_number": pgvalue.IntValue(int64(r.Line)), "type": textOrNull(r.Type), "database": listOrNull(r.Databases),
			"user_name": listOrNull(r.Users), "address": textOrNull(r.Address), "netmask": textOrNull(r.Netmask),
			"auth_method": textOrNull(r.Method), "options": listOrNull(r.Options), "error": textOrNull(r.Error),
		}
	}
	return rowsSQL(systemTableNamed("pg_hba_file_rules"), rows)
}

// mappingsSQL writes the rows of pg_ident_file_mappings as a table.
func mappingsSQL(d *analytics.Door) string {
	d = cmp.Or(d, &analytics.Door{})
	rows := make([]map[string]pgvalue.Value, len(d.Mappings))
	for i, m := range d.Mappings {
		rows[i] = map[string]pgvalue.Value{
			"line_number": pgvalue.IntValue(int64(m.Line)), "map_name": textOrNull(m.Map), "sys_name": textOrNull(m.Name),
			"pg_username": textOrNull(m.Role), "error": textOrNull(m.Error),
		}
	}
	return rowsSQL(systemTableNamed("pg_ident_file_mappings"), rows)
}
