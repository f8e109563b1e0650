//go:build cgo

package worker

import (
	"cmp"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/catalog"
)

// slotViews are system views of replication slots and who streams them: their placeholders.
var slotViews = map[string]string{"pg_replication_slots": "slots", "pg_stat_replication": "senders"}

// lsnValue is an LSN, null for none.
func lsnValue(lsn uint64) (v pgvalue.Value) {
	if lsn != 0 {
		v = pgvalue.IntValue(int64(lsn))
	}
	return v
}

// slotsSQL writes the rows of pg_replication_slots as a table. A slot holds back nothing, and nothing it is behind is ever gone.
func slotsSQL(slots []analytics.Slot) string {
	rows := make([]map[string]pgvalue.Value, len(slots))
	for i, s := range slots {
		rows[i] = map[string]pgvalue.Value{
			"slot_name": pgvalue.TextValue(s.Name), "plugin": pgvalue.TextValue(s.Plugin), "slot_type": pgvalue.TextValue("logical"),
			"datoid": pgvalue.IntValue(catalog.DatabaseOID), "database": pgvalue.TextValue(s.Database), "temporary": pgvalue.BoolValue(s.Temporary),
			"active": pgvalue.BoolValue(s.PID != 0), "restart_lsn": lsnValue(s.Confirmed), "confirmed_flush_lsn": lsnValue(s.Confirmed),
			"wal_status": pgvalue.TextValue("reserved"), "two_phase": pgvalue.BoolValue(false),
		}
		if s.PID != 0 {
			rows[i]["active_pid"] = pgvalue.IntValue(int64(s.PID))
		}
	}
	return rowsSQL(systemTableNamed("pg_replication_slots"), rows)
}

// sendersSQL writes the rows of pg_stat_replication as a table: of the sessions that stream a slot, and of the nodes that follow this one, to which no
// session belongs.
func sendersSQL(slots []analytics.Slot, sessions []analytics.Activity, nodes []analytics.Standby) string {
	by := map[int32]*analytics.Sender{}
	for _, s := range slots {
		if s.Sender != nil {
			by[s.PID] = s.Sender
		}
	}
	var rows []map[string]pgvalue.Value
	for i := range sessions {
		a := &sessions[i]
		w := by[a.PID]
		if w == nil {
			continue
		}
		row := map[string]pgvalue.Value{
			"pid": pgvalue.IntValue(int64(a.PID)), "usesysid": pgvalue.IntValue(int64(cmp.Or(a.Role, catalog.UserOID))), "usename": textOrNull(a.User),
			"application_name": pgvalue.TextValue(a.Application), "sync_priority": pgvalue.IntValue(0),
		}
		rows = append(rows, row)
		if a.Hidden {
			continue
		}
		row["client_addr"], row["client_port"], row["backend_start"] = textOrNull(a.Address), pgvalue.IntValue(int64(a.Port)), pgvalue.TimeValue(a.Began)
		row["state"], row["sync_state"] = pgvalue.TextValue("streaming"), pgvalue.TextValue("async")
		row["sent_lsn"], row["write_lsn"], row["flush_lsn"], row["replay_lsn"] = lsnValue(w.Sent), lsnValue(w.Write), lsnValue(w.Flush), lsnValue(w.Apply)
		if w.Replied != 0 {
			row["reply_time"] = pgvalue.TimeValue(w.Replied)
		}
	}
	for i := range nodes {
		rows = append(rows, nodeRow(&nodes[i]))
	}
	return rowsSQL(systemTableNamed("pg_stat_replication"), rows)
}

func nodeRow(n *analytics.Standby) map[string]pgvalue.Value {
	row := map[string]pgvalue.Value{"application_name": pgvalue.TextValue(n.Name), "sync_priority": pgvalue.IntValue(0)}
	if n.Hidden {
		return row
	}
	row["client_addr"], row["client_hostname"] = textOrNull(n.Address), textOrNull(n.Host)
	row["state"], row["sync_state"] = pgvalue.TextValue("streaming"), pgvalue.TextValue("async")
	if n.Behind {
		row["state"] = pgvalue.TextValue("catchup")
	}
	if n.Votes { // an append is acknowledged once most of them have it
		row["sync_priority"], row["sync_state"] = pgvalue.IntValue(1), pgvalue.TextValue("quorum")
	}
	row["replay_lsn"] = lsnValue(n.LSN)
	if n.Heard != 0 {
		row["reply_time"] = pgvalue.TimeValue(n.Heard)
	}
	return row
}
