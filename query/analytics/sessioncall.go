package analytics

import (
	"slices"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Call is a form of a function that the server itself calls: its effect is on the session, not on a
// value. The worker evaluates the arguments, and returns them as an array of texts in the call's place.
type Call struct {
	Schema   string   `json:"schema,omitempty"` // empty: pg_catalog
	Name     string   `json:"name"`
	Args     []uint32 `json:"args"`
	Optional int      `json:"-"` // how many may be left out, from the end
	Result   uint32   `json:"result"`
	Strict   bool     `json:"-"` // null in, null out
}

// ColumnCall is a column that is a call.
type ColumnCall struct {
	Column int `json:"column"`
	Call
}

// Calls are the functions that the server calls, by name.
var Calls = func() map[string][]Call {
	m := map[string][]Call{}
	add := func(name string, result uint32, optional int, args ...uint32) {
		m[name] = append(m[name], Call{Name: name, Args: args, Optional: optional, Result: result, Strict: name != "set_config" && name != "pg_notify"})
	}
	for name, result := range map[string]uint32{
		"pg_advisory_lock": pgvalue.OIDVoid, "pg_advisory_xact_lock": pgvalue.OIDVoid, "pg_try_advisory_lock": pgvalue.OIDBool,
		"pg_try_advisory_xact_lock": pgvalue.OIDBool, "pg_advisory_unlock": pgvalue.OIDBool,
	} {
		for _, suffix := range [...]string{"", "_shared"} {
			add(name+suffix, result, 0, pgvalue.OIDInt8)
			add(name+suffix, result, 0, pgvalue.OIDInt4, pgvalue.OIDInt4)
		}
	}
	add("pg_advisory_unlock_all", pgvalue.OIDVoid, 0)
	add("set_config", pgvalue.OIDText, 0, pgvalue.OIDText, pgvalue.OIDText, pgvalue.OIDBool)
	add("pg_cancel_backend", pgvalue.OIDBool, 0, pgvalue.OIDInt4)
	add("pg_reload_conf", pgvalue.OIDBool, 0)
	add("pg_stat_statements_reset", pgvalue.OIDVoid, 3, pgvalue.OIDOid, pgvalue.OIDOid, pgvalue.OIDInt8)
	add("pg_notify", pgvalue.OIDVoid, 0, pgvalue.OIDText, pgvalue.OIDText)
	add("pg_drop_replication_slot", pgvalue.OIDVoid, 0, pgvalue.OIDName)
	add("pg_export_snapshot", pgvalue.OIDText, 0)
	add("pg_terminate_backend", pgvalue.OIDBool, 1, pgvalue.OIDInt4, pgvalue.OIDInt8)
	return m
}()

// Verifier is what the server makes of a role's OID where a column of the worker's rows is the verifier of the role's password. Nobody can call it.
var Verifier = Call{Name: "verifier of a role", Args: []uint32{pgvalue.OIDOid}, Result: pgvalue.OIDText}

// None tells of a statement that uses nothing.
func (u *Uses) None() bool {
	return !u.Events && !u.Position && !u.Version && !u.Named && !u.Door && !u.Counted && !u.Slots && !u.Xact && !u.Assigned && len(u.Calls) == 0 && len(u.Reads) == 0
}

// Equal tells whether two statements use the same.
func (u *Uses) Equal(o *Uses) bool {
	return u.Events == o.Events && u.Position == o.Position && u.Version == o.Version && u.Named == o.Named && u.Door == o.Door && u.Counted == o.Counted && u.Slots == o.Slots && u.Xact == o.Xact && u.Assigned == o.Assigned && slices.Equal(u.Reads, o.Reads) &&
		u.Guarded == o.Guarded && slices.EqualFunc(u.Mentions, o.Mentions, func(a, b Mention) bool {
		return a.Relation == b.Relation && a.As == b.As && slices.Equal(a.Conditions, b.Conditions)
	}) &&
		slices.EqualFunc(u.Calls, o.Calls, func(a, b ColumnCall) bool {
			return a.Column == b.Column && a.Name == b.Name && slices.Equal(a.Args, b.Args)
		})
}
