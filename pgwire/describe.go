package pgwire

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/jackc/pgx/v5/pgproto3"
)

func (c *Conn) describe() error {
	m := c.received()
	kind := m.take(1)
	name := m.name()
	if err := m.end(); err != nil {
		return err
	}
	switch kind[0] {
	case 'S':
		st, ok := c.statements[string(name)]
		if !ok {
			return c.missingStatement(string(name))
		}
		if err := c.describable(st.Columns()); err != nil {
			return err
		}
		c.send(&pgproto3.ParameterDescription{ParameterOIDs: st.ParameterOIDs()})
		return c.describeColumns(st.Columns(), nil)
	case 'P':
		p := c.portal(string(name))
		if p == nil {
			return missingPortal(string(name))
		}
		if err := c.describable(p.Columns()); err != nil {
			return err
		}
		return c.describeColumns(p.Columns(), p.formats)
	}
	return pgerror.Errorf(pgerror.ProtocolViolation, "invalid DESCRIBE message subtype %d", kind[0])
}

// describable: in a failed transaction only what returns no rows can be described,
// which is all that may run.
func (c *Conn) describable(columns []pgvalue.Column) error {
	if columns != nil && c.session.Status() == 'E' {
		return ErrAborted
	}
	return nil
}

// ErrAborted is told of whatever does not end a transaction that has failed.
var ErrAborted = pgerror.Errorf(pgerror.InFailedSQLTransaction, "current transaction is aborted, commands ignored until end of transaction block")

func (c *Conn) describeColumns(columns []pgvalue.Column, formats []int16) error {
	if columns == nil {
		c.out = append(c.out, 'n', 0, 0, 0, 4)
		return nil
	}
	return c.rowDescription(columns, formats)
}

func (c *Conn) rowDescription(columns []pgvalue.Column, formats []int16) error {
	start := len(c.out)
	c.out = append(c.out, 'T', 0, 0, 0, 0)
	c.out = pgvalue.Be.AppendUint16(c.out, uint16(len(columns)))
	for i := range columns {
		col := &columns[i]
		name := col.Name
		if c.encoding != nil {
			var err error
			if name, err = c.toClient(name); err != nil {
				c.out = c.out[:start]
				return err
			}
		}
		c.out = append(c.out, name...)
		c.out = append(c.out, 0)
		c.out = pgvalue.Be.AppendUint32(c.out, col.TableOID)
		c.out = pgvalue.Be.AppendUint16(c.out, uint16(col.Attr))
		c.out = pgvalue.Be.AppendUint32(c.out, col.OID)
		c.out = pgvalue.Be.AppendUint16(c.out, uint16(pgvalue.TypeSize(col.OID)))
		c.out = pgvalue.Be.AppendUint32(c.out, uint32(col.Mod-1))
		c.out = pgvalue.Be.AppendUint16(c.out, uint16(formatOf(formats, i)))
	}
	pgvalue.Be.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
	return nil
}

// formatOf is the format of column i: one code may stand for all.
func formatOf(formats []int16, i int) int16 {
	switch {
	case len(formats) == 0:
		return 0
	case len(formats) == 1:
		return formats[0]
	}
	return formats[i]
}
