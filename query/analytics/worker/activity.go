//go:build cgo

package worker

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/analytics/translate"
)

// What is read as it is when a statement runs.
var (
	activityTable = systemTableOf("pg_stat_activity")
	sslTable      = systemTableOf("pg_stat_ssl")
	locksTable    = systemTableOf("pg_locks")
)

func systemTableOf(name string) *catalog.Table {
	for i := range systemTables {
		if systemTables[i].Name == name {
			return &systemTables[i]
		}
	}
	panic("no " + name)
}

// sslSQL writes the rows of pg_stat_ssl as a table.
func sslSQL(sessions []analytics.Activity) string {
	rows := make([]map[string]pgvalue.Value, len(sessions))
	for i, a := range sessions {
		row := map[string]pgvalue.Value{"pid": pgvalue.IntValue(int64(a.PID)), "ssl": pgvalue.BoolValue(a.TLS != nil)}
		if a.TLS != nil {
			row["version"], row["cipher"], row["bits"] = pgvalue.TextValue(a.TLS.Version), pgvalue.TextValue(a.TLS.Cipher), pgvalue.IntValue(int64(a.TLS.Bits))
		}
		rows[i] = row
	}
	return rowsSQL(sslTable, rows)
}

// locksSQL writes the rows of pg_locks as a table, which a session reads. Its own lock on
// pg_locks is among them, as in PostgreSQL: who counts locks by database finds the database.
func locksSQL(locks []analytics.Lock, reader int32) string {
	rows := make([]map[string]pgvalue.Value, len(locks), len(locks)+1)
	for i, l := range locks {
		row := map[string]pgvalue.Value{
			"locktype": pgvalue.TextValue("advisory"), "database": pgvalue.IntValue(catalog.DatabaseOID), "classid": pgvalue.IntValue(int64(l.Class)),
			"objid": pgvalue.IntValue(int64(l.Object)), "objsubid": pgvalue.IntValue(int64(l.Sub)), "pid": pgvalue.IntValue(int64(l.PID)),
			"virtualtransaction": pgvalue.TextValue(strconv.Itoa(int(l.PID)) + "/1"), "mode": pgvalue.TextValue(l.Mode),
			"granted": pgvalue.BoolValue(l.Granted), "fastpath": pgvalue.BoolValue(false),
		}
		if l.Since != 0 {
			row["waitstart"] = pgvalue.TimeValue(l.Since)
		}
		rows[i] = row
	}
	rows = append(rows, map[string]pgvalue.Value{
		"locktype": pgvalue.TextValue("relation"), "database": pgvalue.IntValue(catalog.DatabaseOID), "relation": pgvalue.IntValue(int64(locksTable.OID)),
		"pid": pgvalue.IntValue(int64(reader)), "virtualtransaction": pgvalue.TextValue(strconv.Itoa(int(reader)) + "/1"),
		"mode": pgvalue.TextValue("AccessShareLock"), "granted": pgvalue.BoolValue(true), "fastpath": pgvalue.BoolValue(true),
	})
	return rowsSQL(locksTable, rows)
}

// rowsSQL writes rows as a table; columns that they have not are null.
func rowsSQL(t *catalog.Table, rows []map[string]pgvalue.Value) string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = `"` + c.Name + `"`
	}
	// A row of nulls gives the columns their types, and is left out.
	lines := make([]string, len(rows)+1)
	for i, row := range append([]map[string]pgvalue.Value{nil}, rows...) {
		values := make([]string, len(t.Columns), len(t.Columns)+1)
		for k, c := range t.Columns {
			v := row[c.Name]
			values[k] = translate.Literal(c.OID, &v)
		}
		lines[i] = "(" + strings.Join(append(values, strconv.Itoa(i)), ", ") + ")"
	}
	return "(SELECT " + strings.Join(columns, ", ") + " FROM (VALUES " + strings.Join(lines, ", ") + ") AS t(" + strings.Join(columns, ", ") + ", row_number) WHERE row_number > 0)"
}

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

// hidden are the columns that who may not see what a session does is told nothing in.
var hidden = map[string]bool{
	"client_addr": true, "client_hostname": true, "client_port": true, "backend_start": true, "xact_start": true, "query_start": true, "state_change": true,
	"wait_event_type": true, "wait_event": true, "state": true, "backend_type": true,
}

func activityValue(a *analytics.Activity, column string) *pgvalue.Value {
	var v pgvalue.Value
	if a.PID == 0 || a.Hidden && hidden[column] {
		return &v
	}
	text := func(s string) {
		if s != "" {
			v = pgvalue.TextValue(s)
		}
	}
	instant := func(micros int64) {
		if micros != 0 {
			v = pgvalue.TimeValue(micros)
		}
	}
	switch column {
	case "datid":
		v = pgvalue.IntValue(catalog.DatabaseOID)
	case "datname":
		text(a.Database)
	case "pid":
		v = pgvalue.IntValue(int64(a.PID))
	case "usesysid":
		v = pgvalue.IntValue(int64(cmp.Or(a.Role, catalog.UserOID)))
	case "usename":
		text(a.User)
	case "application_name":
		v = pgvalue.TextValue(a.Application)
	case "client_addr":
		text(a.Address)
	case "client_port":
		v = pgvalue.IntValue(int64(a.Port))
	case "backend_start":
		instant(a.Began)
	case "xact_start":
		instant(a.Transaction)
	case "query_start":
		instant(a.Started)
	case "state_change":
		instant(a.Changed)
	case "wait_event_type":
		if text(a.WaitType); a.State != "active" {
			text("Client")
		}
	case "wait_event":
		if text(a.WaitEvent); a.State != "active" {
			text("ClientRead")
		}
	case "state":
		text(a.State)
	case "query":
		v = pgvalue.TextValue(a.Query)
	case "backend_type":
		if v = pgvalue.TextValue("client backend"); a.Replication {
			v = pgvalue.TextValue("walsender")
		}
	}
	return &v
}
