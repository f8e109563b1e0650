package pgwire

import (
	"bytes"
	"context"

	"github.com/jackc/pgx/v5/pgproto3"
)

// portal is a Portal with what the protocol knows of it.
type portal struct {
	Portal
	formats  []int16 // as Bind gave them
	hold     bool    // outlives the transaction
	fresh    bool    // made in the current transaction
	finished bool
	tag      Tag // of a finished portal that is executed again
}

// maxNames bounds the statements, and the portals, that a connection may name.
const maxNames = 10_000

// message reads the fields of a message; what is missing makes it bad.
type message struct {
	b   []byte
	bad bool
	err error // of a text
}

func (m *message) string() string { return string(m.name()) }

// name reads a string that must be UTF-8.
func (m *message) name() []byte {
	s := m.stringBytes()
	if m.err == nil {
		m.err = CheckText(s)
	}
	return s
}

func (m *message) stringBytes() []byte {
	i := bytes.IndexByte(m.b, 0)
	if i < 0 {
		m.bad = true
		return nil
	}
	s := m.b[:i]
	m.b = m.b[i+1:]
	return s
}

func (m *message) take(n int) []byte {
	if n < 0 || n > len(m.b) {
		m.bad = true
		return nil
	}
	b := m.b[:n:n]
	m.b = m.b[n:]
	return b
}

func (m *message) int16() int {
	if b := m.take(2); b != nil {
		return int(be.Uint16(b))
	}
	return 0
}

func (m *message) int32() int32 {
	if b := m.take(4); b != nil {
		return int32(be.Uint32(b))
	}
	return 0
}

// end checks that the message held what it had to, and no more.
func (m *message) end() error {
	if m.bad {
		return errShortBinary
	}
	if len(m.b) != 0 {
		return protocolViolation("invalid message format")
	}
	return m.err
}

func (c *Conn) query() error {
	m := message{b: c.body}
	text := m.stringBytes()
	if err := m.end(); err != nil {
		return err
	}
	if err := CheckText(text); err != nil {
		return err
	}
	// A simple query ends what an extended one left without Sync.
	if err := c.run(func(ctx context.Context) error { return c.runQuery(ctx, string(text)) }); err != nil {
		return err
	}
	return c.ready()
}

func (c *Conn) runQuery(ctx context.Context, text string) error {
	c.dropPortal("")
	delete(c.statements, "")
	queries, err := c.session.Parse(text)
	if err != nil {
		return err
	}
	if len(queries) == 0 {
		c.send(&pgproto3.EmptyQueryResponse{})
		return c.session.Sync(ctx)
	}
	for i, q := range queries {
		if i > 0 {
			c.restartTimeout() // each statement has its own time, and one before may have set it
		}
		if err := c.runSimple(ctx, q, i == len(queries)-1); err != nil {
			return err
		}
		if len(c.out) >= flushBytes {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return c.session.Sync(ctx)
}

func (c *Conn) runSimple(ctx context.Context, q Query, last bool) error {
	st, err := c.session.Prepare(ctx, q, nil)
	if err != nil {
		return err
	}
	p, err := c.session.Bind(ctx, st, nil)
	if err != nil {
		return err
	}
	defer p.Close()
	if columns := p.Columns(); columns != nil {
		c.rowDescription(columns, nil)
	}
	out := Output{c: c, columns: p.Columns()}
	tag, _, err := p.Execute(ctx, &out, 0, func() (bool, error) { return last, nil })
	if err != nil {
		return err
	}
	c.complete(tag)
	return nil
}

func (c *Conn) parse() error {
	m := message{b: c.body}
	name := m.string()
	text := m.stringBytes()
	oids := []uint32{}
	for n := m.int16(); n > 0 && !m.bad; n-- {
		oids = append(oids, uint32(m.int32()))
	}
	if err := m.end(); err != nil {
		return err
	}
	if err := CheckText(text); err != nil {
		return err
	}
	if name == "" {
		delete(c.statements, "")
	}
	return c.run(func(ctx context.Context) error {
		st, err := c.prepare(ctx, string(text), oids)
		if err != nil {
			return err
		}
		if name == "" {
			c.statements[""] = st
		} else if err := c.AddStatement(name, st); err != nil {
			return err
		}
		c.out = append(c.out, '1', 0, 0, 0, 4)
		return nil
	})
}

func (c *Conn) prepare(ctx context.Context, text string, oids []uint32) (Statement, error) {
	queries, err := c.session.Parse(text)
	if err != nil {
		return nil, err
	}
	switch len(queries) {
	case 0:
		return emptyStatement{}, nil
	case 1:
		return c.session.Prepare(ctx, queries[0], oids)
	}
	return nil, Errorf("42601", "cannot insert multiple commands into a prepared statement")
}

// emptyStatement is what an empty text prepares to.
type emptyStatement struct{}

func (emptyStatement) ParameterOIDs() []uint32 { return nil }
func (emptyStatement) Columns() []Column       { return nil }
func (emptyStatement) Close()                  {}
func (emptyStatement) Execute(context.Context, *Output, int64, Lookahead) (Tag, bool, error) {
	return Tag{}, true, nil
}

func (c *Conn) bind() error {
	m := message{b: c.body}
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
	values, err := c.bindValues(&m, st, formats, count)
	if err != nil {
		return err
	}
	results := readFormats(&m, nil)
	if err := m.end(); err != nil {
		return err
	}
	return c.bindPortal(string(portalName), st, values, results)
}

func readFormats(m *message, formats []int16) []int16 {
	for n := m.int16(); n > 0 && !m.bad; n-- {
		formats = append(formats, int16(m.int16()))
	}
	return formats
}

func checkBindCounts(st Statement, name string, formats, count int) error {
	if formats > 1 && formats != count {
		return protocolViolation("bind message has %d parameter formats but %d parameters", formats, count)
	}
	if want := len(st.ParameterOIDs()); count != want {
		return protocolViolation("bind message supplies %d parameters, but prepared statement \"%s\" requires %d", count, name, want)
	}
	return nil
}

func (c *Conn) bindValues(m *message, st Statement, formats []int16, count int) ([]Value, error) {
	if m.bad {
		return nil, errShortBinary
	}
	oids := st.ParameterOIDs()
	c.values = c.values[:0]
	for i := range count {
		size := m.int32()
		if size == -1 && !m.bad {
			c.values = append(c.values, Value{})
			continue
		}
		raw := m.take(int(size))
		if m.bad {
			return nil, errShortBinary
		}
		format := int16(0)
		if len(formats) == 1 {
			format = formats[0]
		} else if len(formats) > 1 {
			format = formats[i]
		}
		v, err := c.parameter(oids[i], format, raw, i+1)
		if err != nil {
			return nil, err
		}
		c.values = append(c.values, v)
	}
	return c.values, nil
}

func (c *Conn) parameter(oid uint32, format int16, raw []byte, number int) (Value, error) {
	switch format {
	case 0:
		if err := CheckText(raw); err != nil {
			return Value{}, err
		}
		if oid == OIDJSONB || oid == OIDJSON {
			return BytesValue(raw), nil
		}
		return ParseText(oid, string(raw), c.Zone)
	case 1:
		return ParseBinary(oid, raw, number)
	}
	return Value{}, Errorf("22023", "unsupported format code: %d", format)
}

func (c *Conn) bindPortal(name string, st Statement, values []Value, formats []int16) error {
	for _, f := range formats {
		if f != 0 && f != 1 {
			return Errorf("22023", "unsupported format code: %d", f)
		}
	}
	if columns := st.Columns(); columns != nil && len(formats) > 1 && len(formats) != len(columns) {
		return protocolViolation("bind message has %d result formats but query has %d columns", len(formats), len(columns))
	}
	return c.run(func(ctx context.Context) error {
		var p Portal = emptyStatement{}
		if _, empty := st.(emptyStatement); !empty {
			if c.portals[name] != nil {
				return Errorf("42P03", "cursor \"%s\" already exists", name)
			}
			var err error
			if p, err = c.session.Bind(ctx, st, values); err != nil {
				return err
			}
		}
		c.dropPortal(name)
		if err := c.putPortal(name, portal{Portal: p, formats: formats}); err != nil {
			p.Close()
			return err
		}
		c.out = append(c.out, '2', 0, 0, 0, 4)
		return nil
	})
}

func (c *Conn) describe() error {
	m := message{b: c.body}
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
		c.describeColumns(st.Columns(), nil)
		return nil
	case 'P':
		p := c.portal(string(name))
		if p == nil {
			return missingPortal(string(name))
		}
		if err := c.describable(p.Columns()); err != nil {
			return err
		}
		c.describeColumns(p.Columns(), p.formats)
		return nil
	}
	return protocolViolation("invalid DESCRIBE message subtype %d", kind[0])
}

// describable: in a failed transaction only what returns no rows can be described,
// which is all that may run.
func (c *Conn) describable(columns []Column) error {
	if columns != nil && c.session.Status() == 'E' {
		return Errorf("25P02", "current transaction is aborted, commands ignored until end of transaction block")
	}
	return nil
}

func (c *Conn) describeColumns(columns []Column, formats []int16) {
	if columns == nil {
		c.out = append(c.out, 'n', 0, 0, 0, 4)
		return
	}
	c.rowDescription(columns, formats)
}

func (c *Conn) rowDescription(columns []Column, formats []int16) {
	start := len(c.out)
	c.out = append(c.out, 'T', 0, 0, 0, 0)
	c.out = be.AppendUint16(c.out, uint16(len(columns)))
	for i := range columns {
		col := &columns[i]
		c.out = append(c.out, col.Name...)
		c.out = append(c.out, 0)
		c.out = be.AppendUint32(c.out, col.TableOID)
		c.out = be.AppendUint16(c.out, uint16(col.Attr))
		c.out = be.AppendUint32(c.out, col.OID)
		c.out = be.AppendUint16(c.out, uint16(TypeSize(col.OID)))
		c.out = be.AppendUint32(c.out, uint32(col.Mod-1))
		c.out = be.AppendUint16(c.out, uint16(formatOf(formats, i)))
	}
	be.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
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

func (c *Conn) execute() error {
	m := message{b: c.body}
	name := m.name()
	maxRows := int64(m.int32())
	if err := m.end(); err != nil {
		return err
	}
	p := c.portal(string(name))
	if p == nil {
		return missingPortal(string(name))
	}
	if p.finished {
		return c.executeFinished(p, string(name))
	}
	return c.run(func(ctx context.Context) error {
		out := Output{c: c, columns: p.Columns(), formats: p.formats}
		tag, done, err := p.Execute(ctx, &out, max(maxRows, 0), c.syncFollows)
		if err != nil {
			return err
		}
		if !done {
			c.out = append(c.out, 's', 0, 0, 0, 4)
			return nil
		}
		p.finished, p.tag = true, tag
		c.complete(tag)
		return nil
	})
}

// executeFinished: a result that was read to its end has no more rows; a command is
// not run twice.
func (c *Conn) executeFinished(p *portal, name string) error {
	if p.Columns() == nil && p.tag.Command != "" {
		return Errorf("55000", "portal \"%s\" cannot be run", name)
	}
	tag := p.tag
	if tag.Rows > 0 {
		tag.Rows = 0
	}
	c.complete(tag)
	return nil
}

// syncFollows tells whether the client's next message is Sync. A client that waits for
// a reply must send Sync or Flush, so waiting for its next message keeps nobody
// waiting; what is in the buffer is nearly always enough.
func (c *Conn) syncFollows() (bool, error) {
	if c.r.Buffered() == 0 {
		// A client may have sent Flush earlier and be waiting for earlier replies.
		if err := c.flush(); err != nil {
			return false, err
		}
		c.armIdle() // a client may take its time between the messages of a pipeline
	}
	b, err := c.r.Peek(1)
	if err != nil {
		return false, c.readError(err)
	}
	return b[0] == 'S', nil
}

func (c *Conn) complete(tag Tag) {
	if tag.Command == "" {
		c.send(&pgproto3.EmptyQueryResponse{})
		return
	}
	start := len(c.out)
	c.out = append(c.out, 'C', 0, 0, 0, 0)
	c.out = append(c.out, tag.Command...)
	if tag.Rows >= 0 {
		c.out = append(c.out, ' ')
		c.out = appendPadded(c.out, int(tag.Rows), 1)
	}
	c.out = append(c.out, 0)
	be.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
}

func (c *Conn) close() error {
	m := message{b: c.body}
	kind := m.take(1)
	name := m.string()
	if err := m.end(); err != nil {
		return err
	}
	switch kind[0] {
	case 'S':
		delete(c.statements, name)
	case 'P':
		c.dropPortal(name)
	default:
		return protocolViolation("invalid CLOSE message subtype %d", kind[0])
	}
	c.out = append(c.out, '3', 0, 0, 0, 4)
	return nil
}

func (c *Conn) sync() error {
	m := message{b: c.body}
	if err := m.end(); err != nil {
		return err
	}
	if err := c.run(c.session.Sync); err != nil {
		return err
	}
	if c.session.Status() == 'I' {
		c.closePortals(false)
	}
	return c.ready()
}

func (c *Conn) missingStatement(name string) error {
	if name == "" {
		return Errorf("26000", "unnamed prepared statement does not exist")
	}
	return Errorf("26000", "prepared statement \"%s\" does not exist", name)
}

func missingPortal(name string) error {
	return Errorf("34000", "portal \"%s\" does not exist", name)
}

// Statement returns the statement prepared under a name.
func (c *Conn) Statement(name string) (Statement, error) {
	st, ok := c.statements[name]
	if !ok {
		return nil, c.missingStatement(name)
	}
	return st, nil
}

// AddStatement names a statement, as PREPARE does; 42P05 if the name is taken.
func (c *Conn) AddStatement(name string, st Statement) error {
	if _, taken := c.statements[name]; taken {
		return Errorf("42P05", "prepared statement \"%s\" already exists", name)
	}
	if len(c.statements) >= maxNames {
		return Errorf("54000", "a connection may have %d prepared statements at most", maxNames)
	}
	c.statements[name] = st
	return nil
}

// DropStatement forgets a statement; 26000 if there is none of that name.
func (c *Conn) DropStatement(name string) error {
	if _, ok := c.statements[name]; !ok {
		return c.missingStatement(name)
	}
	delete(c.statements, name)
	return nil
}

// DropStatements forgets all statements.
func (c *Conn) DropStatements() { clear(c.statements) }

// Portal returns the portal of a name, cursors included.
func (c *Conn) Portal(name string) (Portal, bool) {
	p := c.portal(name)
	if p == nil {
		return nil, false
	}
	return p.Portal, true
}

// AddPortal names a portal, as DECLARE does; 42P03 if the name is taken. One with hold
// outlives its transaction.
func (c *Conn) AddPortal(name string, p Portal, hold bool) error {
	if c.portal(name) != nil {
		return Errorf("42P03", "cursor \"%s\" already exists", name)
	}
	return c.putPortal(name, portal{Portal: p, hold: hold, fresh: true})
}

// DropPortal closes a portal and tells whether there was one.
func (c *Conn) DropPortal(name string) bool {
	known := c.portal(name) != nil
	c.dropPortal(name)
	return known
}

// Portals returns the names of the portals there are.
func (c *Conn) Portals() map[string]bool {
	names := make(map[string]bool, len(c.portals))
	for name := range c.portals {
		names[name] = true
	}
	if c.unnamed != nil {
		names[""] = true
	}
	return names
}

// DropNewPortals closes the portals made in the current transaction, which is being
// rolled back; those with hold too.
func (c *Conn) DropNewPortals() {
	for name, p := range c.portals {
		if p.fresh && p.hold {
			c.dropPortal(name)
		}
	}
	if p := c.unnamed; p != nil && p.fresh && p.hold {
		c.dropPortal("")
	}
}

// EndTransaction closes the portals that do not outlive it; with all, every portal.
func (c *Conn) EndTransaction(all bool) { c.closePortals(all) }

func (c *Conn) dropPortal(name string) {
	p := c.portal(name)
	if p == nil {
		return
	}
	if name == "" {
		c.unnamed = nil
	} else {
		delete(c.portals, name)
	}
	p.Close()
	if name == "" {
		*p = portal{} // not to keep what it keeps
		c.spare = p
	}
}

// portal returns the portal of a name; nil if there is none.
func (c *Conn) portal(name string) *portal {
	if name == "" {
		return c.unnamed
	}
	return c.portals[name]
}

// putPortal enters a portal under a name that none has.
func (c *Conn) putPortal(name string, p portal) error {
	if name == "" {
		if c.spare == nil {
			c.spare = new(portal)
		}
		c.unnamed, c.spare = c.spare, nil
		*c.unnamed = p
		return nil
	}
	if len(c.portals) >= maxNames {
		return Errorf("54000", "a connection may have %d portals at most", maxNames)
	}
	c.portals[name] = &p
	return nil
}

func (c *Conn) closePortals(all bool) {
	if p := c.unnamed; p != nil {
		if all || !p.hold {
			c.dropPortal("")
		} else {
			p.fresh = false
		}
	}
	for name, p := range c.portals {
		if all || !p.hold {
			c.dropPortal(name)
			continue
		}
		p.fresh = false
	}
}
