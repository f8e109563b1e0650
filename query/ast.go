package query

// Statement is a parsed statement; the concrete types follow.
type statement interface{ stmt() }

// parsed is a statement with the text it came from, for positions in errors.
type parsed struct {
	statement
	src string // the whole text that was sent
	pos int    // where the statement begins in it
	end int
	// params is the highest parameter number in it.
	params int
	// firstParam is where the first of them stands.
	firstParam int
	// plan is what the session's cache keeps beside the statement.
	keep    bool
	plan    plan
	planKey planKey // what it was made for
}

type (
	insertStmt struct {
		relation  relationRef
		alias     string
		columns   []name
		rows      [][]expr   // nil: DEFAULT VALUES
		query     *beyond    // OVERRIDING
		from      *queryText // INSERT … SELECT
		conflict  *conflictClause
		returning []selectItem
	}

	conflictClause struct {
		target    []name // empty: none given
		targetPos int
		beyond    *beyond
		pos       int
	}

	selectStmt struct {
		items     []selectItem
		from      *relationRef // nil: none
		where     expr
		whereText string // as it was written, for EXPLAIN
		groupBy   expr   // nil: none
		orderBy   []orderItem
		limit     expr // nil: none, or ALL
		offset    expr
		withTies  bool
		beyond    *beyond // what makes it more than the native path knows
	}

	// copyStmt is COPY events (…) FROM STDIN, or COPY … TO STDOUT.
	copyStmt struct {
		relation relationRef
		columns  []name
		query    *selectStmt // COPY (SELECT …) TO
		text     *queryText  // of the query
		from     bool
		options  []copyOption
		beyond   *beyond
	}

	transactionStmt struct {
		verb      string // BEGIN, START TRANSACTION, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, ROLLBACK TO
		savepoint string
		modes     []transactionMode
		chain     bool
	}

	prepareStmt struct {
		name  string
		types []typeName
		body  *parsed
	}
	executeStmt struct {
		name string
		args []expr
	}
	deallocateStmt struct {
		name string // empty: ALL
	}

	declareStmt struct {
		name                           string
		scroll, noScroll, hold, binary bool
		body                           *parsed
	}
	fetchStmt struct {
		cursor string
		move   bool
		how    string // NEXT, PRIOR, FIRST, LAST, ABSOLUTE, RELATIVE, FORWARD, BACKWARD
		count  int64
		all    bool
	}
	closeStmt struct{ name string } // empty: ALL

	explainStmt struct {
		analyze bool
		body    *parsed
		format  string
	}

	setStmt struct {
		name   string
		values []string // nil: DEFAULT
		local  bool
		pos    int
	}
	showStmt  struct{ name string } // "all" for ALL
	resetStmt struct{ name string } // "all" for ALL

	discardStmt struct{ what string }

	// setTransactionStmt is SET TRANSACTION, or SET SESSION CHARACTERISTICS.
	setTransactionStmt struct {
		session bool
		modes   []transactionMode
	}

	createViewStmt struct {
		replace  bool
		relation relationRef
		columns  []name
		query    *queryText
	}
	dropViewStmt struct {
		relations []relationRef
		ifExists  bool
		cascade   bool
	}
	commentStmt struct {
		kind     string // table, view, column
		relation relationRef
		column   string
		text     string // empty: none
	}

	// noopStmt does nothing here: UNLISTEN, VACUUM, ANALYZE, LOCK …
	noopStmt struct{ tag string }

	// refusedStmt is one that the store never does.
	refusedStmt struct {
		what     string
		relation *relationRef
	}

	// beyondStmt is one that only the full SQL path could do.
	beyondStmt struct {
		beyond
		query bool  // it is a query, for the worker to answer
		err   error // what the front's own parser has against it
	}
)

func (*insertStmt) stmt()         {}
func (*selectStmt) stmt()         {}
func (*copyStmt) stmt()           {}
func (*transactionStmt) stmt()    {}
func (*prepareStmt) stmt()        {}
func (*executeStmt) stmt()        {}
func (*deallocateStmt) stmt()     {}
func (*declareStmt) stmt()        {}
func (*fetchStmt) stmt()          {}
func (*closeStmt) stmt()          {}
func (*explainStmt) stmt()        {}
func (*setStmt) stmt()            {}
func (*showStmt) stmt()           {}
func (*resetStmt) stmt()          {}
func (*discardStmt) stmt()        {}
func (*setTransactionStmt) stmt() {}
func (*createViewStmt) stmt()     {}
func (*dropViewStmt) stmt()       {}
func (*commentStmt) stmt()        {}
func (*noopStmt) stmt()           {}
func (*refusedStmt) stmt()        {}
func (*beyondStmt) stmt()         {}

// beyond names what a statement uses that the native path does not know.
type beyond struct {
	what string
	pos  int
}

type name struct {
	text string
	pos  int
}

type relationRef struct {
	schema, table string
	alias         string
	pos           int
}

type selectItem struct {
	expr  expr
	alias string
	pos   int
}

type orderItem struct {
	expr       expr
	desc       bool
	nullsFirst *bool
}

type transactionMode struct {
	isolation  string // "", or the level in lower case
	readOnly   *bool
	deferrable bool
}

type copyOption struct {
	name  string
	value string
	list  []string
	pos   int
}

type typeName struct {
	name string // canonical, lower case, without modifiers; "text[]" for an array
	mod  bool   // it has a modifier, which only the worker applies
	oid  uint32
	pos  int
}

// expr is an expression.
type expr interface{ position() int }

type node struct{ pos int }

// leftmost is where an expression begins, for errors about the whole of it.
func leftmost(x expr) int {
	switch x := x.(type) {
	case *castExpr:
		return min(x.pos, leftmost(x.x))
	case *binaryExpr:
		return min(x.pos, leftmost(x.l))
	}
	return x.position()
}

func (n node) position() int { return n.pos }

type (
	literal struct {
		node
		kind tokenKind // tokString, tokInteger, tokDecimal, or tokIdent for true, false, null
		text string
	}
	paramExpr struct {
		node
		n int
	}
	columnExpr struct {
		node
		table  string
		column string // "*" for all
	}
	callExpr struct {
		node
		schema, name string
		args         []expr
		star         bool
		beyond       string // DISTINCT, OVER, FILTER …
	}
	castExpr struct {
		node
		x   expr
		typ typeName
	}
	unaryExpr struct {
		node
		op string // "-", "+", "not", "is null", "is not null", "is true" …
		x  expr
	}
	binaryExpr struct {
		node
		op   string
		l, r expr
	}
	inExpr struct {
		node
		x    expr
		list []expr
		not  bool
	}
	caseExpr struct {
		node
		subject expr
		whens   [][2]expr
		other   expr
	}
	arrayExpr struct {
		node
		items []expr
	}
	defaultExpr struct{ node }
	// beyondExpr stands for what the native path cannot evaluate.
	beyondExpr struct {
		node
		what string
	}
)
