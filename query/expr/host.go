package expr

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/syntax"
)

// Host is the session that expressions are compiled for and evaluated in, as far as they ask for it. Where there is none,
// as in tests, nothing is counted and times are UTC's.
type Host interface {
	// Pace gives way to others where the session has computed for long, and tells of the statement's end.
	Pace() error
	// Use takes so many bytes of the statement's memory, or gives them back. It fails with 53200 or 54000.
	Use(bytes int64) error
	Zone() *pgvalue.Zone
	// Searches tells whether a schema is on the search path.
	Searches(schema string) bool
	// OnlyOnce says that what is compiled holds for one execution: a literal such as 'now' was read.
	OnlyOnce()
}

// Look is the host's pace.
func (e *Env) Look() error {
	if e.Host == nil {
		return nil
	}
	return e.Host.Pace()
}

// paceEvery is how many small things, such as elements of a list that are compared, are done in between.
const paceEvery = 1024

// Pace is for the i-th of many small things.
func (e *Env) Pace(i int) error {
	if i%paceEvery != paceEvery-1 {
		return nil
	}
	return e.Look()
}

// ValueBytes is what a column or parameter takes in a plan.
const ValueBytes = 64

// longValue is how long a value is that is counted while its row is made.
const longValue = 64 << 10

// spend takes memory for a long value, until the row is done, and gives way to others.
func (e *Env) spend(n int) error {
	if e.Host == nil {
		return nil
	}
	if err := e.Host.Use(int64(n)); err != nil {
		return err
	}
	e.Spent += int64(n)
	return e.Host.Pace()
}

// SpendOn is spend for a value that is kept until the row is sent.
func (e *Env) SpendOn(v *pgvalue.Value) error {
	if len(v.Text)+len(v.Bytes)+ValueBytes*len(v.Array) <= longValue {
		return nil
	}
	return e.spend(int(v.Size()))
}

// NextRow gives back what the row before has spent.
func (e *Env) NextRow() {
	if e.Spent > 0 {
		_ = e.Host.Use(-e.Spent)
		e.Spent = 0
	}
}

// weigh counts the elements of an array that is written as a text: they are as much as if they were written
// one by one.
func (c *Compiler) weigh(oid uint32, text string) error {
	const few = 64 // bytes
	if len(text) < few || pgvalue.ElementType(oid) == 0 {
		return nil
	}
	n := strings.Count(text, ",")
	c.Beside += int64(n) * syntax.TokenBytes
	if c.Host == nil {
		return nil
	}
	return c.Host.Use(int64(n) * syntax.TokenBytes)
}
