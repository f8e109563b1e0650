package syntax

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Meter counts what the parser reads, over all its tries, and has it look up now and then.
type Meter struct {
	Steps   int // tokens read, passed over or not
	Tokens  int // of those, what a tree was made of
	Charged int // of those, what memory was taken for
	// Pace is called every lookEvery tokens with the tokens so far; nil: never.
	Pace func(tokens int) error
}

const (
	LookEvery = 128      // tokens: some 20 µs
	LookBytes = 16 << 10 // a token that is as long is looked up after
)

// look gives way to others, and ends a statement that was cancelled or has become too large.
func (p *parser) look() {
	if p.meter.Pace == nil {
		return
	}
	if err := p.meter.Pace(p.meter.Tokens); err != nil {
		p.fail(err)
	}
}

// What statements take in memory, about, in bytes, as TestStatementSize measures it.
const (
	TokenBytes     = 128 // a token of a tree: its nodes, and what they are compiled to
	StatementBytes = 512
)

// Size is about what the statement takes, and its plan but for what a text in it became.
func (p *Parsed) Size() int64 {
	return StatementBytes + int64(len(p.Src)+len(p.masked)) + TokenBytes*int64(p.tokens)
}

// Bounds on lists in a statement. PostgreSQL's own where it has one; the others are far above what programs
// write, and keep what one statement takes to parse, to plan and to run per row in proportion.
const (
	// maxItems is PostgreSQL's bound on a select list, and so on ORDER BY, and on ROW.
	maxItems = 1664
	// maxColumns is PostgreSQL's bound on the columns of a table.
	maxColumns = 1600
	// maxArguments is PostgreSQL's bound on a function's arguments.
	maxArguments = 100
	// MaxList bounds IN (…), ARRAY[…], coalesce (…), CASE; each element costs memory, and time for each row.
	MaxList = 100_000
	// maxNameParts bounds a.b.c: no name has more than four.
	maxNameParts = 16
	// maxOptions bounds lists of options and names, as in SET, BEGIN, COPY and DROP.
	maxOptions = 10_000
)

func (p *parser) tooMany(code, format string, limit int) {
	p.fail(pgerror.Errorf(code, format, limit).At(CharPosition(p.Src, p.tok.Pos)))
}

// room is for a list that gets another element than its n.
func (p *parser) room(n, limit int, what string) {
	if n >= limit {
		p.tooMany(pgerror.ProgramLimitExceeded, what+" may have %d elements at most", limit)
	}
}

// roomForColumn is room for a list of columns.
func (p *parser) roomForColumn(n int) {
	if n >= maxColumns {
		p.tooMany(pgerror.TooManyColumns, "tables can have at most %d columns", maxColumns)
	}
}

// roomForItem is room for a select list, and what is like one.
func (p *parser) roomForItem(n int) {
	if n >= maxItems {
		p.tooMany(pgerror.TooManyColumns, "target lists can have at most %d entries", maxItems)
	}
}

// columns takes a list of columns, each as one takes it.
func columns[T any](p *parser, one func() T) (list []T) {
	for {
		p.roomForColumn(len(list))
		list = append(list, one())
		if !p.op(",") {
			return list
		}
	}
}

// expressions takes a list of so many at most.
func (p *parser) expressions(limit int, what string) (list []Expr) {
	for {
		p.room(len(list), limit, what)
		list = append(list, p.expression())
		if !p.op(",") {
			return list
		}
	}
}
