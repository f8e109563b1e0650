//go:build cgo

package worker

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/translate"
)

// countedViews are the views of what statements did: their placeholders.
var countedViews = map[string]string{"pg_stat_statements": "counted", "pg_stat_statements_info": "counting"}

// countedColumns are the columns of pg_stat_statements that tell of something here; the others are 0.
var countedColumns = []string{
	"userid", "dbid", "queryid", "query", "calls", "total_exec_time", "min_exec_time", "max_exec_time", "mean_exec_time", "stddev_exec_time", "rows",
}

// apart stands between the values of a column, and in none: where a quoted name has one it is left out.
const apart = "\x1f"

// countedSQL writes the rows of pg_stat_statements as a table. There may be thousands, which would take DuckDB seconds as VALUES: each
// column is one text, which is taken apart.
func countedSQL(c *analytics.Counted) string {
	c = cmp.Or(c, &analytics.Counted{})
	where := ""
	if len(c.Statements) == 0 {
		c, where = &analytics.Counted{Statements: make([]analytics.CountedStatement, 1)}, " WHERE FALSE"
	}
	values := make(map[string]*strings.Builder, len(countedColumns))
	for _, name := range countedColumns {
		values[name] = new(strings.Builder)
	}
	for i := range c.Statements {
		for k, v := range countedValues(&c.Statements[i]) {
			b := values[countedColumns[k]]
			if i > 0 {
				b.WriteString(apart)
			}
			b.WriteString(strings.ReplaceAll(v, apart, ""))
		}
	}
	var columns, sources []string
	for _, k := range systemTableNamed("pg_stat_statements").Columns {
		name := `"` + k.Name + `"`
		if b := values[k.Name]; b != nil {
			list, between := pgvalue.TextValue(b.String()), pgvalue.TextValue(apart)
			sources = append(sources, "unnest(string_split("+translate.Literal(pgvalue.OIDText, &list)+", "+translate.Literal(pgvalue.OIDText, &between)+")) AS "+name)
			of := name
			if k.Name == "queryid" { // which is not told of others' statements
				of = "nullif(" + name + ", '')"
			}
			columns = append(columns, "CAST("+of+" AS "+translate.Physical(k.OID, 0)+") AS "+name)
			continue
		}
		same := sameInAll(k.OID)
		columns = append(columns, translate.Literal(k.OID, &same)+" AS "+name)
	}
	return "(SELECT " + strings.Join(columns, ", ") + " FROM (SELECT " + strings.Join(sources, ", ") + ") AS t1" + where + ")"
}

// sameInAll is the value of a column of which nothing is known here: 0, and true for toplevel, since clients have sent them.
func sameInAll(oid uint32) pgvalue.Value {
	switch oid {
	case pgvalue.OIDBool:
		return pgvalue.BoolValue(true)
	case pgvalue.OIDFloat8:
		return pgvalue.FloatValue(0)
	case pgvalue.OIDNumeric:
		return pgvalue.TextValue("0")
	}
	return pgvalue.IntValue(0)
}

// countedValues are the values of countedColumns.
func countedValues(s *analytics.CountedStatement) []string {
	whole := func(n int64) string { return strconv.FormatInt(n, 10) }
	ms := func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
	id := whole(s.ID)
	if s.Hidden {
		id = ""
	}
	return []string{
		whole(int64(s.UserID)), whole(int64(s.DBID)), id, s.Text, whole(s.Calls), ms(s.Total), ms(s.Min), ms(s.Max), ms(s.Mean), ms(s.Deviation),
		whole(s.Rows),
	}
}

// countingSQL writes the row of pg_stat_statements_info as a table.
func countingSQL(c *analytics.Counted) string {
	c = cmp.Or(c, &analytics.Counted{})
	since := pgvalue.TimeValue(c.Since)
	return "(SELECT CAST(" + strconv.FormatInt(c.Evicted, 10) + " AS BIGINT) AS dealloc, " + translate.Literal(pgvalue.OIDTimestamptz, &since) + " AS stats_reset)"
}
