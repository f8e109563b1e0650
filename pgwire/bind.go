package pgwire

import (
	"context"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

func (c *Conn) bind() error {
	m := c.received()
	portalName := m.name()
	statementName := m.name()
	var formatStore [16]int16
	formats := readFormats(&m, formatStore[:0])
	count := m.int16()
	st, ok := c.statements[string(statementName)]
	if m.err != nil {
		return m.err
	}
	if !m.bad && !ok {
		return c.missingStatement(string(statementName))
	}
	if !m.bad {
		if err := checkBindCounts(st, string(statementName), len(formats), count); err != nil {
			return err
		}
	}
	return c.run(func(ctx context.Context) error {
		if count > 0 && c.session.Status() == 'E' { // told before a parameter is read; what ends a transaction has none
			return ErrAborted
		}
		defer c.clearValues()
		values, err := c.bindValues(ctx, &m, st, formats, count)
		if err != nil {
			return err
		}
		results := readFormats(&m, nil)
		if err := m.end(); err != nil {
			return err
		}
		return c.bindPortal(ctx, string(portalName), st, values, results)
	})
}

func readFormats(m *message, formats []int16) []int16 {
	for n := m.int16(); n > 0 && !m.bad; n-- {
		formats = append(formats, int16(m.int16()))
	}
	return formats
}

func checkBindCounts(st Statement, name string, formats, count int) error {
	if formats > 1 && formats != count {
		return pgerror.Errorf(pgerror.ProtocolViolation, "bind message has %d parameter formats but %d parameters", formats, count)
	}
	if want := len(st.ParameterOIDs()); count != want {
		return pgerror.Errorf(pgerror.ProtocolViolation, "bind message supplies %d parameters, but prepared statement \"%s\" requires %d", count, name, want)
	}
	return nil
}

func (c *Conn) bindValues(ctx context.Context, m *message, st Statement, formats []int16, count int) ([]pgvalue.Value, error) {
	if m.bad {
		return nil, pgvalue.ErrShortBinary
	}
	oids := st.ParameterOIDs()
	c.values = c.values[:0]
	for i := range count {
		if i%64 == 0 {
			if err := c.Pace(ctx); err != nil {
				return nil, err
			}
		}
		size := m.int32()
		if size == -1 && !m.bad {
			c.values = append(c.values, pgvalue.Value{})
			continue
		}
		raw := m.take(int(size))
		if m.bad {
			return nil, pgvalue.ErrShortBinary
		}
		format := int16(0)
		if len(formats) == 1 {
			format = formats[0]
		} else if len(formats) > 1 {
			format = formats[i]
		}
		var err error
		if c.encoding != nil {
			if raw, err = c.parameterText(ctx, oids[i], format, raw); err != nil {
				return nil, err
			}
		}
		if err := c.working.Add(valueSize(oids[i], format, raw)); err != nil {
			return nil, err
		}
		v, err := c.parameter(oids[i], format, raw, i+1)
		if err != nil {
			return nil, err
		}
		c.values = append(c.values, v)
	}
	return c.values, nil
}

// clearValues lets go of what the parameters keep.
func (c *Conn) clearValues() {
	clear(c.values)
	if cap(c.values) > 1000 {
		c.values = nil
	}
}

// parameterText is a parameter with its text in UTF-8.
func (c *Conn) parameterText(ctx context.Context, oid uint32, format int16, raw []byte) ([]byte, error) {
	switch format {
	case 0:
		return c.fromClient(ctx, raw)
	case 1:
		return c.binaryFromClient(ctx, oid, raw)
	}
	return raw, nil
}

func (c *Conn) parameter(oid uint32, format int16, raw []byte, number int) (pgvalue.Value, error) {
	switch format {
	case 0:
		if err := pgvalue.CheckText(raw); err != nil {
			return pgvalue.Value{}, err
		}
		if oid == pgvalue.OIDJSONB || oid == pgvalue.OIDJSON {
			return pgvalue.BytesValue(raw), nil
		}
		return pgvalue.ParseText(oid, pgvalue.CopyString(raw), c.Zone)
	case 1:
		return pgvalue.ParseBinary(oid, raw, number)
	}
	return pgvalue.Value{}, pgerror.Errorf(pgerror.InvalidParameterValue, "unsupported format code: %d", format)
}

func (c *Conn) bindPortal(ctx context.Context, name string, st *statement, values []pgvalue.Value, formats []int16) error {
	for _, f := range formats {
		if f != 0 && f != 1 {
			return pgerror.Errorf(pgerror.InvalidParameterValue, "unsupported format code: %d", f)
		}
	}
	if columns := st.Columns(); columns != nil && len(formats) > 1 && len(formats) != len(columns) {
		return pgerror.Errorf(pgerror.ProtocolViolation, "bind message has %d result formats but query has %d columns", len(formats), len(columns))
	}
	var p Portal = emptyStatement{}
	if _, empty := st.Statement.(emptyStatement); !empty {
		if c.portals[name] != nil {
			return pgerror.Errorf(pgerror.DuplicateCursor, "cursor \"%s\" already exists", name)
		}
		var err error
		if p, err = c.session.Bind(ctx, st.Statement, values); err != nil {
			return err
		}
	}
	c.dropPortal(name)
	if err := c.putPortal(name, portal{Portal: p, of: st, bytes: c.working.held, formats: formats}); err != nil {
		p.Close()
		return err
	}
	c.out = append(c.out, '2', 0, 0, 0, 4)
	return nil
}
