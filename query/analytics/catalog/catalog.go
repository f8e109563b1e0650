package catalog

import "github.com/eventgres/eventgres/query/privilege"

// CurrentDatabase and CurrentUser stand in rows for the name of the session's
// database and of its user.
const (
	CurrentDatabase = "\x01database"
	CurrentUser     = "\x01user"
)

// Column is a column of a catalog relation.
type Column struct {
	Name    string
	OID     uint32 // its PostgreSQL type, never a domain
	NotNull bool
	Typmod  int32 // -1: none

	collation uint32 // where it is not the type's
	domain    uint32 // that the type is behind
}

// Table is a relation of pg_catalog or information_schema. That it is a table
// or a view in PostgreSQL is all the same to who reads it.
type Table struct {
	Schema, Name string
	OID          uint32
	Columns      []Column
	// Session names the columns whose text may hold CurrentDatabase or
	// CurrentUser as a marker, to be replaced by the session's.
	Session []string

	kind             byte   // 'r' or 'v', as PostgreSQL has it
	rowType, rowsOID uint32 // its row type, and the array of that
}

// View is a view that a user has made.
type View struct {
	// OID is 100000 or more. The next one is the view's row type, and the one
	// after that the array of it.
	OID     uint32
	Name    string
	Object  privilege.Object // its owner, and what is granted on it
	Options []string         // such as "security_invoker=true"
	Columns []ViewColumn
	// Definition is the query as pg_get_viewdef(oid, true) gives it: pretty,
	// with a space in front and a semicolon behind.
	Definition   string
	Uses         []uint32   // the relations that it depends on
	Bare         []BareName // in the definition, in order
	Comment      string
	Materialized bool
}

// ViewColumn is a column of a view.
type ViewColumn struct {
	Name    string
	OID     uint32
	Typmod  int32 // -1: none
	Comment string
}

// Setting is a row of pg_settings. What is left empty, but for Value, is
// filled from what PostgreSQL says about a setting of that name.
type Setting struct {
	Name, Value, Boot, Unit, Category, Description, Context, VarType string

	Min, Max string
	Enum     []string
}

// State is what the catalog shows beside the fixed relations.
type State struct {
	Views []View
	// Comments are those on relations by name ("events"), and on their columns
	// ("events.payload"). They take the place of those that a View has.
	Comments map[string]string
	Settings []Setting
	// Roles are those that there are, the bootstrap superuser among them, and Everyone the settings of all of them. Without
	// roles there is one, whoever the session's user is, who owns everything.
	Roles    []*privilege.Role
	Everyone []privilege.Settings
	// Security are the policies on events.
	Security privilege.RowSecurity
	// Publications are those that there are.
	Publications []Publication
	// MessageStore: schema message_store is shown.
	MessageStore bool
	// Grants are what is granted on the other relations, and on schema public.
	Object    func(name string) (privilege.Object, bool)
	StartedAt int64 // when the server was started, µs since the Unix epoch
	// Sizes are the bytes that relations take, by OID.
	Sizes map[uint32]int64
}

// Relation is a relation of schema public, as a query sees it.
type Relation struct {
	OID     uint32
	Name    string
	Kind    byte // 'r' a table, 'v' a view, 'm' a materialized view
	Columns []RelationColumn
}

// RelationColumn is a column of a Relation. One that is Hidden can be named,
// but is neither in * nor in pg_attribute, like PostgreSQL's system columns.
type RelationColumn struct {
	Name    string
	OID     uint32
	Hidden  bool
	NotNull bool
	Typmod  int32  // -1: none
	Default string // an expression, empty if there is none
	// Identity says that the log gives the value: "a" always, "d" where an INSERT does not;
	// empty: it does not. There is no sequence behind it.
	Identity string
	Comment  string
}
