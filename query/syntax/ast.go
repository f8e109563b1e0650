package syntax

// Statement is a parsed statement; the concrete types follow.
type Statement interface{ Stmt() }

// Parsed is a statement with the text it came from, for positions in errors.
type Parsed struct {
	Statement
	Src string // the whole text that was sent
	Pos int    // where the statement begins in it
	End int
	// Params is the highest parameter number in it.
	Params int
	// FirstParam is where the first of them stands.
	FirstParam int
	tokens     int    // that its tree was made of
	masked     string // Src without its secrets; empty: it has none
}

type (
	InsertStmt struct {
		Relation  RelationRef
		Alias     string
		Columns   []Name
		Rows      [][]Expr     // nil: DEFAULT VALUES
		Query     *Unsupported // OVERRIDING
		From      *QueryText   // INSERT … SELECT
		With      *QueryText   // before INSERT
		Values    sqlText      // VALUES and what follows; empty where there is none
		Returned  sqlText      // the list of RETURNING
		Conflict  *ConflictClause
		Returning []SelectItem
	}

	ConflictClause struct {
		Target      []Name // empty: none given
		TargetPos   int
		Unsupported *Unsupported
		pos         int
	}

	SelectStmt struct {
		Items       []SelectItem
		From        *RelationRef // nil: none
		Where       Expr
		WhereText   string // as it was written, for EXPLAIN
		GroupBy     Expr   // nil: none
		OrderBy     []orderItem
		Limit       Expr // nil: none, or ALL
		Offset      Expr
		WithTies    bool
		Locking     *Unsupported // FOR UPDATE and its like
		Unsupported *Unsupported // what makes it more than the native path knows
	}

	// SubscribeStmt is SUBSCRIBE.
	SubscribeStmt struct {
		Query    Statement   // a SelectStmt, or an UnsupportedStmt
		Pos      int         // of the query
		Progress *OptionText // nil: not asked for
	}

	// CopyStmt is COPY events (…) FROM STDIN, or COPY … TO STDOUT.
	CopyStmt struct {
		Relation    RelationRef
		Columns     []Name
		Query       *SelectStmt    // COPY (SELECT …) TO
		Subscribe   *SubscribeStmt // COPY (SUBSCRIBE …) TO
		Text        *QueryText     // of the query
		From        bool
		Options     []CopyOption
		Where       Expr
		Unsupported *Unsupported
	}

	TransactionStmt struct {
		Verb      string // BEGIN, START TRANSACTION, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, ROLLBACK TO
		Savepoint string
		Modes     []TransactionMode
		Chain     bool
	}

	PrepareStmt struct {
		Name  string
		Types []TypeName
		Body  *Parsed
	}
	ExecuteStmt struct {
		Name string
		Args []Expr
		Text sqlText // of the arguments
	}
	DeallocateStmt struct {
		Name string // empty: ALL
	}

	DeclareStmt struct {
		Name                           string
		Scroll, NoScroll, Hold, Binary bool
		Body                           *Parsed
	}
	FetchStmt struct {
		Cursor string
		Move   bool
		How    string // NEXT, PRIOR, FIRST, LAST, ABSOLUTE, RELATIVE, FORWARD, BACKWARD
		Count  int64
		All    bool
		// Timeout is how long it waits for the first row of a cursor that follows; nil: as the setting says.
		Timeout *OptionText
	}
	CloseStmt struct{ Name string } // empty: ALL

	ExplainStmt struct {
		Analyze, Verbose, NoCosts, NoTiming bool

		Summary *bool // nil: with ANALYZE
		Body    *Parsed
		Format  string
	}

	SetStmt struct {
		Name   string
		Values []string // nil: DEFAULT
		Local  bool
		pos    int
	}
	ShowStmt  struct{ Name string } // "all" for ALL
	ResetStmt struct{ Name string } // "all" for ALL

	DiscardStmt struct{ What string }

	// SetTransactionStmt is SET TRANSACTION, or SET SESSION CHARACTERISTICS.
	SetTransactionStmt struct {
		Session  bool
		Modes    []TransactionMode
		Snapshot *string // nil: it names none
	}

	CreateViewStmt struct {
		Replace  bool
		Relation RelationRef
		Columns  []Name
		Options  []string // such as "security_invoker=true"
		Query    *QueryText
	}
	DropViewStmt struct {
		Relations []RelationRef
		IfExists  bool
		Cascade   bool
	}
	CommentStmt struct {
		Kind     string // table, view, column, role, policy
		Relation RelationRef
		Column   string
		Policy   string // the name of one on the relation
		Text     string // empty: none
	}

	// RoleStmt is CREATE or ALTER ROLE or USER, with options, or CREATE GROUP.
	RoleStmt struct {
		Create  bool
		User    bool // CREATE USER: one that may log in
		Role    RoleSpec
		Options []RoleOption
	}
	// RoleSetStmt is ALTER ROLE … SET and RESET.
	RoleSetStmt struct {
		All      bool // ALTER ROLE ALL
		Role     RoleSpec
		Database string   // empty: in all
		Set      *SetStmt // nil: RESET
		Reset    string   // "all" for ALL
	}
	// RenameRoleStmt is ALTER ROLE … RENAME TO.
	RenameRoleStmt struct{ Role, To RoleSpec }
	DropRoleStmt   struct {
		Roles    []RoleSpec
		IfExists bool
	}
	// GrantRoleStmt is GRANT and REVOKE of roles, and ALTER GROUP.
	GrantRoleStmt struct {
		Revoke  bool
		Group   bool       // ALTER GROUP ADD or DROP USER
		Roles   []RoleSpec // that are granted
		Members []RoleSpec
		Admin   bool      // WITH ADMIN OPTION, or ADMIN OPTION FOR
		By      *RoleSpec // nil: not said
	}
	// GrantStmt is GRANT and REVOKE of privileges.
	GrantStmt struct {
		Revoke     bool
		Privileges []PrivilegeName // nil: ALL
		Schema     bool            // the names are of schemas
		Everything bool            // ON ALL TABLES IN SCHEMA: the names are of schemas
		Names      []RelationRef
		Roles      []RoleSpec
		Option     bool // WITH GRANT OPTION, or GRANT OPTION FOR
		By         *RoleSpec
		Cascade    bool
	}
	// OwnedStmt is REASSIGN OWNED and DROP OWNED.
	OwnedStmt struct {
		Roles   []RoleSpec
		To      *RoleSpec // nil: DROP OWNED
		Cascade bool
	}
	// ViewOwnerStmt is ALTER VIEW … OWNER TO, or ALTER TABLE with a view's name.
	ViewOwnerStmt struct {
		Relation RelationRef
		IfExists bool
		Table    bool // it said TABLE
		Owner    RoleSpec
	}
	// PolicyStmt is CREATE and ALTER POLICY.
	PolicyStmt struct {
		Create       bool
		Name         string
		Relation     RelationRef
		NewName      string // of RENAME TO; empty: it is none
		Restrictive  bool
		Command      string     // of CREATE: "all", "select", …
		Roles        []RoleSpec // nil: PUBLIC, or as they are
		Using, Check *PolicyExpr
	}
	// DropPolicyStmt is DROP POLICY.
	DropPolicyStmt struct {
		Name     string
		Relation RelationRef
		IfExists bool
	}
	// RowSecurityStmt is ALTER TABLE … ENABLE ROW LEVEL SECURITY and its like.
	RowSecurityStmt struct {
		Relation RelationRef
		IfExists bool
		Actions  []string // "enable", "disable", "force", "no force"
	}

	// PublicationStmt is CREATE and ALTER PUBLICATION.
	PublicationStmt struct {
		Create bool
		Name   string
		// What ALTER does beside: it sets tables anew, adds some or drops some ("set", "add", "drop"), renames the publication, or gives it
		// another owner.
		Does    string
		NewName string
		Owner   *RoleSpec
		All     bool // FOR ALL TABLES
		Schemas bool // FOR TABLES IN SCHEMA
		Tables  []PublishedTable
		Options []CopyOption // of WITH or SET
	}
	// DropPublicationStmt is DROP PUBLICATION.
	DropPublicationStmt struct {
		Names    []string
		IfExists bool
	}

	// CreateExtensionStmt is CREATE EXTENSION, whose options are without effect.
	CreateExtensionStmt struct {
		Name        string
		IfNotExists bool
	}

	// NotifyStmt is LISTEN, UNLISTEN or NOTIFY.
	NotifyStmt struct {
		Verb    string
		Channel string // as long as it was written; empty: UNLISTEN *
		Payload string
	}

	// UpkeepStmt has nothing to do here: VACUUM, ANALYZE, CHECKPOINT, SET CONSTRAINTS.
	UpkeepStmt struct {
		Tag        string
		Options    []CopyOption
		Relations  []RelationRef
		Columns    bool         // of a relation are named
		Analyzes   bool         // VACUUM ANALYZE
		Constraint *RelationRef // the first that SET CONSTRAINTS names
	}

	// LockStmt is LOCK TABLE.
	LockStmt struct {
		Relations []RelationRef
		Mode      string
		pos       int
	}

	// RefusedStmt is one that the store never does.
	RefusedStmt struct {
		What     string
		Relation *RelationRef
	}

	// UnsupportedStmt is one that only the full SQL path could do.
	UnsupportedStmt struct {
		Unsupported
		Query bool  // it is a query, for the worker to answer
		Err   error // what the server's own parser has against it
	}
)

func (*InsertStmt) Stmt()          {}
func (*SelectStmt) Stmt()          {}
func (*SubscribeStmt) Stmt()       {}
func (*CopyStmt) Stmt()            {}
func (*TransactionStmt) Stmt()     {}
func (*PrepareStmt) Stmt()         {}
func (*ExecuteStmt) Stmt()         {}
func (*DeallocateStmt) Stmt()      {}
func (*DeclareStmt) Stmt()         {}
func (*FetchStmt) Stmt()           {}
func (*CloseStmt) Stmt()           {}
func (*ExplainStmt) Stmt()         {}
func (*SetStmt) Stmt()             {}
func (*ShowStmt) Stmt()            {}
func (*ResetStmt) Stmt()           {}
func (*DiscardStmt) Stmt()         {}
func (*SetTransactionStmt) Stmt()  {}
func (*CreateViewStmt) Stmt()      {}
func (*DropViewStmt) Stmt()        {}
func (*CommentStmt) Stmt()         {}
func (*RoleStmt) Stmt()            {}
func (*RoleSetStmt) Stmt()         {}
func (*RenameRoleStmt) Stmt()      {}
func (*DropRoleStmt) Stmt()        {}
func (*GrantRoleStmt) Stmt()       {}
func (*GrantStmt) Stmt()           {}
func (*OwnedStmt) Stmt()           {}
func (*ViewOwnerStmt) Stmt()       {}
func (*PolicyStmt) Stmt()          {}
func (*DropPolicyStmt) Stmt()      {}
func (*RowSecurityStmt) Stmt()     {}
func (*PublicationStmt) Stmt()     {}
func (*DropPublicationStmt) Stmt() {}
func (*CreateExtensionStmt) Stmt() {}
func (*NotifyStmt) Stmt()          {}
func (*UpkeepStmt) Stmt()          {}
func (*LockStmt) Stmt()            {}
func (*RefusedStmt) Stmt()         {}
func (*UnsupportedStmt) Stmt()     {}

// Unsupported names what a statement uses that the native path does not know.
type Unsupported struct {
	What string
	Pos  int
}

type Name struct {
	Text string
	Pos  int
}

// RoleSpec names a role.
type RoleSpec struct {
	Name string
	Word string // current_user, current_role, session_user or public instead
	Pos  int
}

// PrivilegeName is a privilege in GRANT and REVOKE.
type PrivilegeName struct {
	Name    string
	Columns bool // it is of some columns
	Pos     int
}

type RelationRef struct {
	Schema, Table string
	Alias         string
	Pos           int
	Called        bool // it is a function, with these arguments
	Args          []Expr
	ArgNames      []string // of each, empty where it has none; nil: none has
}

type SelectItem struct {
	Expr  Expr
	Alias string
	pos   int
}

type orderItem struct {
	Expr        Expr
	Desc        bool
	NullsFirst  *bool
	Unsupported *Unsupported // USING another operator than < and >
}

type TransactionMode struct {
	Isolation  string // "", or the level in lower case
	ReadOnly   *bool
	Deferrable *bool
}

type CopyOption struct {
	Name  string
	Value string
	List  []string
	Pos   int
}

type TypeName struct {
	Name string // canonical, lower case, without modifiers; "text[]" for an array
	Mod  bool   // it has a modifier, which only the worker applies
	OID  uint32
	Pos  int
}

// Expr is an expression.
type Expr interface{ Position() int }

type node struct{ Pos int }

// Leftmost is where an expression begins, for errors about the whole of it.
func Leftmost(x Expr) int {
	switch x := x.(type) {
	case *CastExpr:
		return min(x.Pos, Leftmost(x.X))
	case *BinaryExpr:
		return min(x.Pos, Leftmost(x.L))
	}
	return x.Position()
}

func (n node) Position() int { return n.Pos }

type (
	Literal struct {
		node
		Kind tokenKind // tokString, tokInteger, tokDecimal, or tokIdent for true, false, null
		Text string
	}
	ParamExpr struct {
		node
		N int
	}
	ColumnExpr struct {
		node
		Table  string
		Column string // "*" for all
	}
	CallExpr struct {
		node
		Schema, Name string
		Args         []Expr
		ArgNames     []string // of each, empty where it has none; nil: none has
		Star         bool
		Unsupported  string // DISTINCT, OVER, FILTER …
	}
	CastExpr struct {
		node
		X   Expr
		Typ TypeName
	}
	UnaryExpr struct {
		node
		Op string // "-", "+", "not", "is null", "is not null", "is true" …
		X  Expr
	}
	BinaryExpr struct {
		node
		Op   string
		L, R Expr
	}
	InExpr struct {
		node
		X    Expr
		List []Expr
		Not  bool
	}
	CaseExpr struct {
		node
		Subject Expr // nil: each condition stands for itself
		Whens   [][2]Expr
		Other   Expr // nil: null
	}
	ArrayExpr struct {
		node
		Items []Expr
	}
	DefaultExpr struct{ node }
	// UnsupportedExpr stands for what the native path cannot evaluate.
	UnsupportedExpr struct {
		node
		What     string
		From, To int // where a query stands in the text, if it is one that stands for a value
	}
)

// What queries that stand for a value are called.
const (
	ExistsQuery = "EXISTS"
	ScalarQuery = "a subquery"
)

// sqlText is where a part of a statement stands in a text.
type sqlText struct {
	Pos, End int
	Err      error // what the server's own parser has against it
}
