package analytics

import (
	"encoding/json"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

// What the front tells the worker beside a statement goes in front of its text, as a line
// of JSON, when it is prepared, and as its first parameter when it is run.

// MaxRowBytes bounds a row of the worker's: the front holds one as a whole for each session.
const MaxRowBytes = 64 << 20

// Preparation is what the analysis of a statement depends on.
type Preparation struct {
	Zone       string   `json:"zone,omitempty"`
	Parameters []uint32 `json:"parameters,omitempty"` // OIDs as declared, 0: to be inferred
	Want       []uint32 `json:"want,omitempty"`       // types that the columns are assigned to
	Views      []View   `json:"views"`                // of the session's own transaction, in place of the schema's
}

// Run is what a run of a statement depends on.
type Run struct {
	Before    int64  `json:"before"` // it sees events below this position
	Now       int64  `json:"now"`    // start of the transaction, µs since the Unix epoch
	Statement int64  `json:"statement"`
	Zone      string `json:"zone"`
	User      string `json:"user"`
	Database  string `json:"database"`
	PID       int32  `json:"pid"`
	Version   string `json:"version"`
	// What only statements need that are prepared as SessionAware.
	Settings map[string]string `json:"settings,omitempty"`
	Activity []Activity        `json:"activity,omitempty"`
}

// The type of a prepared statement's first parameter, which is its Run, tells what the worker
// needs in it.
const (
	Plain        uint32 = pgwire.OIDText
	SessionAware uint32 = pgwire.OIDJSON
)

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
}

// View is a view as the store keeps it.
type View struct {
	OID     uint32            `json:"oid"`
	Name    string            `json:"name"`
	Query   string            `json:"query"`
	Columns []ViewColumn      `json:"columns"`
	Comment string            `json:"comment,omitempty"`
	Notes   map[string]string `json:"notes,omitempty"` // comments on columns
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
}

// Setting is a setting with its initial value.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
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
