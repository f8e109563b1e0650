package relation

import (
	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Health has one row: the store's state. It is in no catalog, so that it does not stand
// among the user's tables.
var Health = newRelation("eventgres_health", 16399, 7, []Column{
	{Name: "state", OID: pgvalue.OIDText},
	{Name: "reason", OID: pgvalue.OIDText},
	{Name: "since", OID: pgvalue.OIDTimestamptz},
	{Name: "store_id", OID: pgvalue.OIDUUID},
	{Name: "events", OID: pgvalue.OIDInt8},
	{Name: "streams", OID: pgvalue.OIDInt8},
	{Name: "analytics", OID: pgvalue.OIDText},
	{Name: "changes", OID: pgvalue.OIDInt8}, // of the control state; with events this is how far the log is committed
})

// HealthRow is the row of eventgres_health.
type HealthRow struct {
	engine.Health
	Store           uuid.UUID
	Events, Changes int64
	Streams         int64
	Analytics       string
}

// column puts the value of a column into v.
func (h *HealthRow) column(i int, v *pgvalue.Value) {
	*v = pgvalue.Value{}
	switch Health.Columns[i].Name {
	case "state":
		*v = pgvalue.TextValue(string(h.State))
	case "reason":
		if h.Reason != "" {
			*v = pgvalue.TextValue(h.Reason)
		}
	case "since":
		*v = pgvalue.TimeValue(h.Since.UnixMicro())
	case "store_id":
		*v = pgvalue.UUIDValue(h.Store)
	case "events":
		*v = pgvalue.IntValue(h.Events)
	case "changes":
		*v = pgvalue.IntValue(h.Changes)
	case "streams":
		*v = pgvalue.IntValue(h.Streams)
	case "analytics":
		*v = pgvalue.TextValue(h.Analytics)
	}
}
