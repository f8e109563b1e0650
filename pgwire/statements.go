package pgwire

import (
	"context"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// statement is a prepared Statement. What it takes is held until it has no name and no portal.
type statement struct {
	Statement
	bytes int64
	users int // its name, and portals
	text  string
	made  time.Time // if it has a name
	sql   bool      // by PREPARE
}

// maxNames bounds the statements, and the portals, that a connection may name.
const maxNames = 10_000

// emptyStatement is what an empty text prepares to.
type emptyStatement struct{}

func (emptyStatement) ParameterOIDs() []uint32 { return nil }

func (emptyStatement) Columns() []pgvalue.Column { return nil }

func (emptyStatement) Close() {}

func (emptyStatement) Execute(context.Context, *Output, int64, Lookahead) (Tag, bool, error) {
	return Tag{}, true, nil
}

func (c *Conn) missingStatement(name string) error {
	if name == "" {
		return pgerror.Errorf(pgerror.InvalidSQLStatementName, "unnamed prepared statement does not exist")
	}
	return pgerror.Errorf(pgerror.InvalidSQLStatementName, "prepared statement \"%s\" does not exist", name)
}

// Statement returns the statement prepared under a name.
func (c *Conn) Statement(name string) (Statement, error) {
	st, ok := c.statements[name]
	if !ok {
		return nil, c.missingStatement(name)
	}
	return st.Statement, nil
}

// StatementSize is what the statement prepared under a name takes; 0 if there is none.
func (c *Conn) StatementSize(name string) int64 {
	if st := c.statements[name]; st != nil {
		return st.bytes
	}
	return 0
}

// AddStatement names a statement, as PREPARE does; 42P05 if the name is taken. It takes so many bytes, those
// of its text among them.
func (c *Conn) AddStatement(name string, st Statement, text string, bytes int64) error {
	return c.addStatement(name, &statement{Statement: st, text: text, sql: true}, bytes)
}

func (c *Conn) addStatement(name string, st *statement, bytes int64) error {
	if _, taken := c.statements[name]; taken {
		return pgerror.Errorf(pgerror.DuplicatePreparedStatement, "prepared statement \"%s\" already exists", name)
	}
	if len(c.statements) >= maxNames {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "a connection may have %d prepared statements at most", maxNames)
	}
	bytes += nameBytes + int64(len(name))
	if err := c.named.Add(bytes); err != nil {
		return err
	}
	if st.bytes, st.users = bytes, 1; name != "" {
		st.made = time.Now()
	}
	c.statements[name] = st
	return nil
}

// forget takes a statement's name.
func (c *Conn) forget(name string) {
	if st := c.statements[name]; st != nil {
		delete(c.statements, name)
		c.leave(st)
	}
}

// leave is the end of one use of a statement.
func (c *Conn) leave(st *statement) {
	if st.users--; st.users == 0 {
		_ = c.named.Add(-st.bytes)
	}
}

// DropStatement forgets a statement; 26000 if there is none of that name.
func (c *Conn) DropStatement(name string) error {
	if _, ok := c.statements[name]; !ok {
		return c.missingStatement(name)
	}
	c.forget(name)
	return nil
}

// DropStatements forgets all statements.
func (c *Conn) DropStatements() {
	for name := range c.statements {
		c.forget(name)
	}
}
