package analytics

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/pgwire/auth"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
)

// What the server tells the worker beside a statement goes in front of its text, as a line
// of JSON, when it is prepared, and as its first parameter when it is run.

// MaxRowBytes bounds a row of the worker's: the server holds one as a whole for each session.
const MaxRowBytes = 64 << 20

// Preparation is what the analysis of a statement depends on.
type Preparation struct {
	Zone       string        `json:"zone,omitempty"`       // pgwire.Zone's key, by which literals are read
	Style      pgvalue.Style `json:"style,omitzero"`       // how values are cast to text
	Parameters []uint32      `json:"parameters,omitempty"` // OIDs as declared, 0: to be inferred
	Want       []uint32      `json:"want,omitempty"`       // types that the columns are assigned to
	// List is what the statement is made of, where that is a list of expressions of another statement:
	// "VALUES", "RETURNING" or "EXECUTE parameters". It has a list of targets then, and nothing else of its own.
	List     string          `json:"list,omitempty"`
	Sets     bool            `json:"sets,omitempty"`     // it may have functions that return sets
	Mentions bool            `json:"mentions,omitempty"` // where it reads events is to be told
	Inserted bool            `json:"inserted,omitempty"` // it may name the relation of what was just inserted
	Views    []View          `json:"views"`              // of the session's own transaction, in place of the schema's
	Path     searchpath.Path `json:"path,omitempty"`     // where names without a schema are looked for
}

// Run is what a run of a statement depends on.
type Run struct {
	Before    int64  `json:"before"` // it sees events below this position
	Now       int64  `json:"now"`    // start of the transaction, µs since the Unix epoch
	Statement int64  `json:"statement"`
	Zone      string `json:"zone"`            // pgwire.Zone's key
	Plain     bool   `json:"plain,omitempty"` // the server itself reads the rows: in no style, but for intervals
	User      string `json:"user"`
	// SessionUser is session_user.
	SessionUser string          `json:"sessionUser"`
	Database    string          `json:"database"`
	PID         int32           `json:"pid"`
	Version     string          `json:"version"`
	Path        searchpath.Path `json:"path,omitempty"` // what is named is shown as it finds it
	Next        int64           `json:"next"`           // the position that the log's next event gets
	Loaded      int64           `json:"loaded"`         // when the configuration was read, µs since the Unix epoch
	Xact        int64           `json:"xact,omitempty"` // the transaction's id, 0 if it has none
	// Staged is what it sees of its transaction's own appends; nil: nothing.
	Staged *Staged `json:"staged,omitempty"`
	// Rows tell which rows of events and streams it sees, by as whom it reads them, as [Read] has it. What is not in it is not seen.
	Rows    map[uint32]RowFilter `json:"rows,omitempty"`
	Secured bool                 `json:"secured,omitempty"` // policies say which rows of events the session sees
	// What only statements need that are prepared as SessionAware.
	Settings map[string]string `json:"settings,omitempty"`
	Origins  map[string]string `json:"origins,omitempty"` // of settings, as setting.Values has them
	Activity []Activity        `json:"activity,omitempty"`
	Locks    []Lock            `json:"locks,omitempty"`
	Counters *DatabaseCounters `json:"counters,omitempty"`
	// What only those need whose Uses are Named.
	Statements []NamedStatement `json:"statements,omitempty"`
	Cursors    []Cursor         `json:"cursors,omitempty"`
	Channels   []string         `json:"channels,omitempty"` // that the session listens to
	Queue      float64          `json:"queue,omitempty"`    // how full the fullest of notifications is, up to 1
	// What only those need whose Uses are Door.
	Door *Door `json:"door,omitempty"`
	// What only those need whose Uses are Counted.
	Counted *Counted `json:"counted,omitempty"`
	// What only those need whose Uses are Slots.
	Slots []Slot    `json:"slots,omitempty"`
	Nodes []Standby `json:"nodes,omitempty"` // that follow this one
}

// Standby is a node of a cluster that follows this one, as pg_stat_replication shows it.
type Standby struct {
	Name    string `json:"name"`
	Address string `json:"address,omitempty"` // of its machine, where it is one of IP
	Host    string `json:"host,omitempty"`    // otherwise
	Behind  bool   `json:"behind,omitempty"`  // it has not all that there is
	Votes   bool   `json:"votes,omitempty"`
	LSN     uint64 `json:"lsn"`              // up to which what there is can be read there
	Heard   int64  `json:"heard,omitempty"`  // of last, µs since the Unix epoch; 0: not yet
	Hidden  bool   `json:"hidden,omitempty"` // all but the name
}

// RowFilter says which events somebody sees.
type RowFilter struct {
	All bool `json:"all,omitempty"`
	// Where is the condition on those that he does, if not all.
	Where string `json:"where,omitempty"`
}

// Counted is what pg_stat_statements and pg_stat_statements_info show.
type Counted struct {
	Statements []CountedStatement `json:"statements"`
	Evicted    int64              `json:"evicted"` // how often statements have made room for others
	Since      int64              `json:"since"`   // when they were last reset, µs since the Unix epoch
}

// CountedStatement is a row of pg_stat_statements. Times are in ms.
type CountedStatement struct {
	User      string  `json:"-"`
	Database  string  `json:"-"`
	UserID    uint32  `json:"user"`
	DBID      uint32  `json:"database"`
	ID        int64   `json:"id"`
	Text      string  `json:"text"`
	Hidden    bool    `json:"hidden,omitempty"` // who reads it may not see others' statements
	Calls     int64   `json:"calls"`
	Rows      int64   `json:"rows"`
	Total     float64 `json:"total"`
	Min       float64 `json:"min"`
	Max       float64 `json:"max"`
	Mean      float64 `json:"mean"`
	Deviation float64 `json:"deviation"`
}

// Door is what pg_hba_file_rules and pg_ident_file_mappings show: who may come in.
type Door struct {
	Rules    []auth.RuleView `json:"rules"`
	Mappings []auth.Mapping  `json:"mappings"`
}

// NamedStatement is a row of pg_prepared_statements. Times are in µs since the Unix epoch.
type NamedStatement struct {
	Name       string   `json:"name"`
	Text       string   `json:"text"`
	Made       int64    `json:"made"`
	SQL        bool     `json:"sql,omitempty"`
	Parameters []uint32 `json:"parameters,omitempty"`
}

// Cursor is a row of pg_cursors.
type Cursor struct {
	Name   string `json:"name"`
	Text   string `json:"text"`
	Made   int64  `json:"made"`
	Hold   bool   `json:"hold,omitempty"`
	Binary bool   `json:"binary,omitempty"`
	Scroll bool   `json:"scroll,omitempty"`
}

// DatabaseCounters are what pg_stat_database counts since the server's start.
type DatabaseCounters struct {
	Sessions   int64 `json:"sessions"` // that there are now
	Committed  int64 `json:"committed"`
	RolledBack int64 `json:"rolledBack"`
	Inserted   int64 `json:"inserted"` // events
}

// Staged says which of the events that a session has been told of (see [StageCommand]) a run sees, and
// as what.
type Staged struct {
	First    int64 `json:"first"`              // position of the first that was told
	Count    int64 `json:"count"`              // so many are among events
	Inserted int64 `json:"inserted,omitempty"` // and so many behind those are what a statement has just inserted
}

// The name, which no client's statement knows, of the relation of what a statement has just inserted.
const (
	InsertedSchema = "eventgres"
	InsertedName   = "inserted"
)

// StagedEvent is an event that a transaction has staged.
type StagedEvent struct {
	StreamID uuid.UUID `json:"stream_id"`
	Stream   string    `json:"stream,omitempty"`
	Version  int64     `json:"version"`
	EventID  uuid.UUID `json:"event_id"`
	Type     string    `json:"type"`
	Payload  []byte    `json:"payload"`
	Opaque   bool      `json:"opaque,omitempty"`
	Metadata []byte    `json:"metadata"`
	Tags     []*string `json:"tags"`
	// RecordedAt is in µs since the Unix epoch.
	RecordedAt int64 `json:"recorded_at"`
}

// Stage changes what a session's transaction has staged: so many of the events told before stay, and
// others follow.
type Stage struct {
	Keep   int           `json:"keep"`
	Events []StagedEvent `json:"events,omitempty"`
}

// stageCommand precedes a Stage in the text of a simple query.
const stageCommand = "EVENTGRES STAGE "

// StageCommand is the query that tells a worker's session what is staged.
func StageCommand(s *Stage) string {
	b, _ := json.Marshal(s) // nothing in it can fail
	return stageCommand + string(b)
}

// ReadStageCommand tells whether a query is one, and reads it.
func ReadStageCommand(text string) (*Stage, bool, error) {
	rest, ok := strings.CutPrefix(text, stageCommand)
	if !ok {
		return nil, false, nil
	}
	var s Stage
	err := json.Unmarshal([]byte(rest), &s)
	return &s, true, err
}

// Uses says what a statement reads of the log, for its transaction to know what it tells.
type Uses struct {
	Events   bool `json:"events,omitempty"` // events, or streams
	Position bool `json:"position,omitempty"`
	Version  bool `json:"version,omitempty"`
	Time     bool `json:"time,omitempty"`
	Named    bool `json:"named,omitempty"`    // the session's prepared statements, cursors or channels
	Door     bool `json:"door,omitempty"`     // the rules of who may come in
	Counted  bool `json:"counted,omitempty"`  // what statements did
	Slots    bool `json:"slots,omitempty"`    // replication slots, and who streams them
	Xact     bool `json:"xact,omitempty"`     // the transaction's id
	Assigned bool `json:"assigned,omitempty"` // and if it has one
	// Calls are columns that the server makes of what is in them.
	Calls []ColumnCall `json:"calls,omitempty"`
	// Reads are the relations that it reads, but those of the catalog that everybody may.
	Reads []Read `json:"reads,omitempty"`
	// Mentions are where it reads events and streams, if its preparation asks for them. Guarded: its own WHERE decides about rows that are not made of events
	// one by one.
	Mentions []Mention `json:"mentions,omitempty"`
	Guarded  bool      `json:"guarded,omitempty"`
}

// Mention is a place where a statement reads events, or streams.
type Mention struct {
	Relation string `json:"relation"`
	As       uint32 `json:"as,omitempty"` // as [Read] has it
	// Conditions are what it asks of each row, as SQL about the relation's columns and the statement's parameters; all of them are met by those that it makes
	// something of.
	Conditions []string `json:"conditions,omitempty"`
}

// Read is a relation that a statement reads, and with whose rights.
type Read struct {
	Relation string `json:"relation"`
	As       uint32 `json:"as,omitempty"`      // the owner of the view that does; 0: the session's
	Catalog  bool   `json:"catalog,omitempty"` // it is one of pg_catalog's
	// MessageStore: it is one of schema message_store.
	MessageStore bool `json:"messageStore,omitempty"`
}

// UsesNotice is the code of the notice by which a worker tells them, as JSON, when a statement is prepared.
const UsesNotice = "EVG01"

// The type of a prepared statement's first parameter, which is its Run, tells what the worker
// needs in it.
const (
	Plain        uint32 = pgvalue.OIDText
	SessionAware uint32 = pgvalue.OIDJSON
)

// Lock is an advisory lock that a session holds or waits for.
type Lock struct {
	PID     int32  `json:"pid"`
	Class   uint32 `json:"class"`
	Object  uint32 `json:"object"`
	Sub     int    `json:"sub"` // 1: one number, in halves; 2: two
	Mode    string `json:"mode"`
	Granted bool   `json:"granted,omitempty"`
	Since   int64  `json:"since,omitempty"` // since when it waits, µs since the Unix epoch
}

// Activity is what a session does. Times are in µs since the Unix epoch, 0: none.
type Activity struct {
	PID         int32  `json:"pid"`
	User        string `json:"user"`
	Database    string `json:"database"`
	Application string `json:"application,omitempty"`
	Address     string `json:"address,omitempty"` // of the client, empty on a Unix socket
	Port        int    `json:"port"`
	Began       int64  `json:"began"`
	Transaction int64  `json:"transaction,omitempty"` // since when it is in one
	Started     int64  `json:"started,omitempty"`     // the query
	Changed     int64  `json:"changed"`               // to this state
	State       string `json:"state"`
	Query       string `json:"query,omitempty"`
	WaitType    string `json:"waitType,omitempty"` // what it waits for while it is active
	WaitEvent   string `json:"waitEvent,omitempty"`
	Role        uint32 `json:"role,omitempty"`   // the OID of the role that it has come in as
	Hidden      bool   `json:"hidden,omitempty"` // who reads it is not told what it does
	Replication bool   `json:"replication,omitempty"`

	TLS *TLSActivity `json:"tls,omitempty"` // nil: the connection is not encrypted
}

// TLSActivity is how a session's connection is encrypted.
type TLSActivity struct {
	Version string `json:"version"`
	Cipher  string `json:"cipher"`
	Bits    int    `json:"bits"`
}

// View is a view as the store keeps it.
type View struct {
	OID     uint32            `json:"oid"`
	Name    string            `json:"name"`
	Query   string            `json:"query"`
	Columns []ViewColumn      `json:"columns"`
	Comment string            `json:"comment,omitempty"`
	Zone    string            `json:"zone,omitempty"`    // pgwire.Zone's key, by which its literals are read
	Path    searchpath.Path   `json:"path,omitempty"`    // where its query's names without a schema were looked for
	Notes   map[string]string `json:"notes,omitempty"`   // comments on columns
	Options []string          `json:"options,omitempty"` // such as "security_invoker=true"
	// Owner is a role's OID; 0: the bootstrap superuser's.
	Owner uint32            `json:"owner,omitempty"`
	ACL   []privilege.Grant `json:"acl,omitzero"` // nil: nobody has granted anything
}

// Invoker tells whether its relations are read with the rights of who reads it, and not of its owner.
func (v *View) Invoker() bool {
	for _, o := range v.Options {
		if name, value, _ := strings.Cut(o, "="); name == "security_invoker" {
			on, err := pgvalue.ParseText(pgvalue.OIDBool, value, pgvalue.UTC)
			return err == nil && on.Bool()
		}
	}
	return false
}

// ViewColumn is a column of a view.
type ViewColumn struct {
	Name string `json:"name"`
	OID  uint32 `json:"oid"`
	Mod  int32  `json:"mod"`
}

// Schema is what can be defined beside the fixed relations. A worker that is told of a
// newer version answers with it from then on.
type Schema struct {
	Version  int64             `json:"version"`
	Views    []View            `json:"views"`
	Comments map[string]string `json:"comments,omitempty"` // on relations and columns that are not views
	Settings []Setting         `json:"settings,omitempty"`
	Started  int64             `json:"started"`
	// Grants are the privileges on what is no view, by its name; those on the schema are [privilege.PublicSchema]'s.
	Grants map[string][]privilege.Grant `json:"grants,omitempty"`
	// Roles are all that there are, but the predefined; nil: there is one, which everybody is.
	Roles []*privilege.Role `json:"roles,omitempty"`
	// Security are the policies on events.
	Security privilege.RowSecurity `json:"security"`
	// Publications are those that there are, by their names in order.
	Publications []Publication `json:"publications,omitempty"`
	// Everyone are the settings that sessions of every role begin with.
	Everyone []privilege.Settings `json:"everyone,omitempty"`
}

// Object is a relation, or the schema by [privilege.PublicSchema], as something that privileges are granted on; false: there is none.
func (s *Schema) Object(name string) (privilege.Object, bool) {
	switch name {
	case relation.Health.Name:
		o := privilege.Object{Owner: privilege.BootstrapOID, All: privilege.Table, ACL: s.Grants[name]}
		if o.ACL == nil {
			o.ACL = append(o.Grants(), privilege.Grant{Grantee: privilege.Monitor, Grantor: o.Owner, Privileges: privilege.Select})
		}
		return o, true
	case relation.Events.Name, relation.Streams.Name:
		return privilege.Object{Owner: privilege.BootstrapOID, All: privilege.Table, ACL: s.Grants[name]}, true
	case privilege.PublicSchema:
		return privilege.Object{Owner: privilege.DatabaseOwner, All: privilege.Schema, Everybody: privilege.Usage, ACL: s.Grants[name]}, true
	}
	for i := range s.Views {
		if v := &s.Views[i]; v.Name == name {
			return v.Object(), true
		}
	}
	return privilege.Object{}, false
}

// Object is the view as something that privileges are granted on.
func (v *View) Object() privilege.Object {
	return privilege.Object{Owner: cmp.Or(v.Owner, privilege.BootstrapOID), All: privilege.Table, ACL: v.ACL}
}

// Setting is a setting with its initial value, and what is to be said about it.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	About string `json:"about,omitempty"`
	// Of one that PostgreSQL has not.
	Context string `json:"context,omitempty"`
	VarType string `json:"vartype,omitempty"`
}

// schemaCommand precedes a Schema in the text of a simple query.
const schemaCommand = "EVENTGRES SCHEMA "

// SchemaCommand is the query that tells a worker the schema.
func SchemaCommand(s *Schema) string {
	b, _ := json.Marshal(s) // nothing in it can fail
	return schemaCommand + string(b)
}

// ReadSchemaCommand tells whether a query is one, and reads it.
func ReadSchemaCommand(text string) (*Schema, bool, error) {
	rest, ok := strings.CutPrefix(text, schemaCommand)
	if !ok {
		return nil, false, nil
	}
	var s Schema
	err := json.Unmarshal([]byte(rest), &s)
	return &s, true, err
}

// Join puts a preparation in front of a statement's text.
func (p *Preparation) Join(sql string) string {
	b, _ := json.Marshal(p)
	return string(b) + "\n" + sql
}

// SplitPreparation takes them apart.
func SplitPreparation(text string) (p Preparation, sql string, err error) {
	head, sql, _ := strings.Cut(text, "\n")
	err = json.Unmarshal([]byte(head), &p)
	return p, sql, err
}
