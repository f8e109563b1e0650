package analytics

import "slices"

// Publication says what of events those are sent who follow it by the replication protocol.
type Publication struct {
	OID    uint32 `json:"oid"` // the next one is that of its row in pg_publication_rel
	Name   string `json:"name"`
	Owner  uint32 `json:"owner,omitempty"` // 0: the bootstrap superuser's
	All    bool   `json:"all,omitempty"`   // of all tables, which events is
	Events bool   `json:"events,omitempty"`
	// What is published of a table: rows that are inserted are all that there is to events.
	Insert   bool `json:"insert,omitempty"`
	Update   bool `json:"update,omitempty"`
	Delete   bool `json:"delete,omitempty"`
	Truncate bool `json:"truncate,omitempty"`
	ViaRoot  bool `json:"viaroot,omitempty"`
	// Columns are those of events that are published, by their places; nil: all that a SELECT * has.
	Columns []int `json:"columns,omitempty"`
	// Where is the condition as it was written, empty if there is none. Literals in it are read in UTC.
	Where string `json:"where,omitempty"`
}

// HasEvents tells whether events is one of its tables.
func (p *Publication) HasEvents() bool { return p.All || p.Events }

// SamePublications tells whether two lists are the same.
func SamePublications(a, b []Publication) bool {
	return slices.EqualFunc(a, b, func(a, b Publication) bool {
		columns, x, y := slices.Equal(a.Columns, b.Columns), a, b
		x.Columns, y.Columns = nil, nil
		return columns && x.OID == y.OID && x.Name == y.Name && x.Owner == y.Owner && x.Where == y.Where && x.kinds() == y.kinds()
	})
}

func (p *Publication) kinds() [7]bool {
	return [7]bool{p.All, p.Events, p.Insert, p.Update, p.Delete, p.Truncate, p.ViaRoot}
}

// Slot is a row of pg_replication_slots.
type Slot struct {
	Name      string  `json:"name"`
	Plugin    string  `json:"plugin"`
	Database  string  `json:"database"`
	Temporary bool    `json:"temporary,omitempty"`
	PID       int32   `json:"pid,omitempty"` // of the session that has it
	Confirmed uint64  `json:"confirmed"`     // an LSN
	Sender    *Sender `json:"sender,omitempty"`
}

// Sender is what pg_stat_replication tells of a session that streams a slot. LSNs are 0 where the client has told none.
type Sender struct {
	Sent    uint64 `json:"sent"`
	Write   uint64 `json:"write,omitempty"`
	Flush   uint64 `json:"flush,omitempty"`
	Apply   uint64 `json:"apply,omitempty"`
	Replied int64  `json:"replied,omitempty"` // when, by the client's clock, µs since the Unix epoch
}
