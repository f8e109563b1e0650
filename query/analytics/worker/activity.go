//go:build cgo

package worker

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/analytics/translate"
)

// activityTable is pg_stat_activity.
var activityTable = func() *catalog.Table {
	for i := range systemTables {
		if systemTables[i].Name == "pg_stat_activity" {
			return &systemTables[i]
		}
	}
	panic("no pg_stat_activity")
}()

// activitySQL writes the rows of pg_stat_activity as a table.
func activitySQL(sessions []analytics.Activity) string {
	var columns, rows []string
	for _, c := range activityTable.Columns {
		columns = append(columns, `"`+c.Name+`"`)
	}
	// A row of nulls gives the columns their types, and is left out.
	for _, a := range append([]analytics.Activity{{}}, sessions...) {
		var row []string
		for _, c := range activityTable.Columns {
			row = append(row, translate.Literal(c.OID, activityValue(&a, c.Name)))
		}
		rows = append(rows, "("+strings.Join(row, ", ")+")")
	}
	return "(SELECT * FROM (VALUES " + strings.Join(rows, ", ") + ") AS t(" + strings.Join(columns, ", ") + ") WHERE pid IS NOT NULL)"
}

func activityValue(a *analytics.Activity, column string) *pgwire.Value {
	var v pgwire.Value
	if a.PID == 0 {
		return &v
	}
	text := func(s string) {
		if s != "" {
			v = pgwire.TextValue(s)
		}
	}
	instant := func(micros int64) {
		if micros != 0 {
			v = pgwire.TimeValue(micros)
		}
	}
	switch column {
	case "datid":
		v = pgwire.IntValue(catalog.DatabaseOID)
	case "datname":
		text(a.Database)
	case "pid":
		v = pgwire.IntValue(int64(a.PID))
	case "usesysid":
		v = pgwire.IntValue(catalog.UserOID)
	case "usename":
		text(a.User)
	case "application_name":
		v = pgwire.TextValue(a.Application)
	case "client_addr":
		text(a.Address)
	case "client_port":
		v = pgwire.IntValue(int64(a.Port))
	case "backend_start":
		instant(a.Began)
	case "xact_start":
		instant(a.Transaction)
	case "query_start":
		instant(a.Started)
	case "state_change":
		instant(a.Changed)
	case "wait_event_type":
		if a.State != "active" {
			text("Client")
		}
	case "wait_event":
		if a.State != "active" {
			text("ClientRead")
		}
	case "state":
		text(a.State)
	case "query":
		v = pgwire.TextValue(a.Query)
	case "backend_type":
		v = pgwire.TextValue("client backend")
	}
	return &v
}
