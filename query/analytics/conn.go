package analytics

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Conn is a connection to the worker. One goroutine uses it.
type Conn struct {
	net        net.Conn
	socket     string
	r          *bufio.Reader
	supervisor *Supervisor
	pid        int // of the worker's process
	session    uint32
	key        []byte
	out        []byte
	body       []byte
	names      int
	broken     bool
	waiting    atomic.Bool // for the worker, not for a slow client
	owed       int         // answers that nobody waited for, and that come first
	unsent     bool        // it broke before the worker had the message
	asking     atomic.Pointer[asking]
	portals    map[string]string // the statements of those that are open

	// SchemaVersion is the version of the schema that the worker was last told of.
	SchemaVersion int64
}

var be = binary.BigEndian

// maxMessage bounds a message from the worker: a row, to whose last value the worker's check
// may still have let an escape be added to each byte.
const maxMessage = 3 * MaxRowBytes

// lost is what a statement gets whose worker has gone.
func lost() error {
	return pgerror.Errorf(pgerror.SystemError, "the analytics worker was lost while it ran the statement").
		WithHint("It is started again; the statement may be retried.")
}

// Broken tells whether the connection can no longer be used.
func (c *Conn) Broken() bool { return c.broken }

// Close closes the connection.
func (c *Conn) Close() { c.end(false) }

// end closes the connection; fell: the worker had ended it.
func (c *Conn) end(fell bool) {
	c.broken = true
	c.net.Close()
	if c.supervisor != nil {
		c.supervisor.leave(c, fell)
	}
}

func (c *Conn) start() error {
	b, err := (&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "eventgres"}}).Encode(nil)
	if err != nil {
		return err
	}
	if _, err := c.net.Write(b); err != nil {
		return err
	}
	for {
		typ, err := c.read()
		if err != nil {
			return err
		}
		switch typ {
		case 'K':
			c.session, c.key = be.Uint32(c.body), append([]byte(nil), c.body[4:]...)
		case 'E':
			return readError(c.body)
		case 'Z':
			return nil
		}
	}
}

// read reads a message into c.body.
func (c *Conn) read() (byte, error) {
	var header [5]byte
	c.waiting.Store(true)
	defer c.waiting.Store(false)
	if _, err := io.ReadFull(c.r, header[:]); err != nil {
		c.end(true)
		return 0, lost()
	}
	n := int(be.Uint32(header[1:])) - 4
	if n < 0 || n > maxMessage {
		c.end(true)
		return 0, lost()
	}
	if cap(c.body) < n || cap(c.body) > 1<<20 && n < keepBytes {
		c.body = make([]byte, n)
	}
	c.body = c.body[:n]
	if _, err := io.ReadFull(c.r, c.body); err != nil {
		c.end(true)
		return 0, lost()
	}
	return header[0], nil
}

func (c *Conn) send(messages ...pgproto3.FrontendMessage) error {
	c.out = c.out[:0]
	for _, m := range messages {
		var err error
		if c.out, err = m.Encode(c.out); err != nil {
			return pgerror.Errorf(pgerror.ProgramLimitExceeded, "the statement is too long for the analytics worker")
		}
	}
	_, err := c.net.Write(c.out)
	if cap(c.out) > keepBytes {
		c.out = nil // every session has a connection: none keeps the views, or a long parameter
	}
	if err != nil {
		c.unsent = true
		c.end(true)
		return lost()
	}
	return nil
}

// keepBytes is the largest buffer that is kept for the next message.
const keepBytes = 64 << 10

// Unsent tells whether the connection broke before the worker had the last message.
func (c *Conn) Unsent() bool { return c.unsent }

// readError reads an ErrorResponse.
func readError(body []byte) error {
	e := &pgerror.Error{}
	for len(body) > 1 {
		kind := body[0]
		text, rest, _ := strings.Cut(string(body[1:]), "\x00")
		switch kind {
		case 'C':
			e.Code = text
		case 'M':
			e.Message = text
		case 'D':
			e.Detail = text
		case 'H':
			e.Hint = text
		case 'P':
			e.Position, _ = strconv.Atoi(text)
		case 'W':
			e.Where = text
		}
		body = []byte(rest)
	}
	return e
}

// cancelPatience is how long a cancelled statement may take to end before the worker is
// ended instead. A worker that has had no processor in that time, because the machine is busy, has not heard of it: it is
// given longer.
const (
	cancelPatience  = 10 * time.Second
	cancelComputing = 8 * time.Second // of processor time at least: about what it has in that time where nothing else runs
	cancelStarved   = 90 * time.Second
	cancelEvery     = 100 * time.Millisecond
)

// silence is since when the worker is waited for in vain.
type silence struct {
	pid      int
	since    time.Time
	computed time.Duration // by then
	known    bool
}

func (s *silence) begin() {
	s.since = time.Now()
	s.computed, s.known = cpuTime(s.pid)
}

// over tells whether it is long enough to give the worker up.
func (s *silence) over() bool {
	long := time.Since(s.since)
	if long <= cancelPatience || !s.known {
		return long > cancelPatience
	}
	now, ok := cpuTime(s.pid)
	return !ok || now-s.computed >= cancelComputing || long > cancelStarved
}

// guarded runs f, which waits for the worker, and has the statement cancelled when ctx
// ends.
func (c *Conn) guarded(ctx context.Context, sql string, f func() error) error {
	c.asking.Store(&asking{brief(sql), time.Now()})
	defer c.asking.Store(nil)
	var wait sync.WaitGroup
	done := make(chan struct{})
	wait.Add(1)
	stop := context.AfterFunc(ctx, func() {
		defer wait.Done()
		silent := silence{pid: c.pid}
		silent.begin()
		for {
			c.cancel()
			select {
			case <-done:
				return
			case <-time.After(cancelEvery): // one that came before the statement has no effect
			}
			if !c.waiting.Load() {
				silent.begin() // it is the client that does not take what there is
			}
			if silent.over() {
				c.supervisor.kill(c.pid, "a statement that was cancelled did not end", sql)
				c.net.Close()
				return
			}
		}
	})
	err := f()
	close(done)
	if stop() {
		wait.Done()
	}
	wait.Wait()
	if ctx.Err() != nil && err != nil {
		return ctx.Err()
	}
	return err
}

// cancel asks the worker to end what this connection runs.
func (c *Conn) cancel() {
	nc, err := net.Dial("unix", c.socket)
	if err != nil {
		return
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(time.Second))
	b := be.AppendUint32(nil, uint32(12+len(c.key)))
	b = be.AppendUint32(b, 80877102)
	b = be.AppendUint32(b, c.session)
	_, _ = nc.Write(append(b, c.key...))
	_, _ = nc.Read(b) // until it is closed
}

// Description is what a prepared statement takes and returns.
type Description struct {
	Name       string // of the statement, on this connection
	Parameters []uint32
	Columns    []pgvalue.Column
	// SessionAware: a run needs to know the settings and who else is there.
	SessionAware bool
	Uses         Uses
	sql          string // its beginning
}

// Prepare has the worker translate a statement.
func (c *Conn) Prepare(ctx context.Context, p Preparation, sql string) (*Description, error) {
	c.names++
	d := &Description{Name: "s" + strconv.Itoa(c.names), Columns: []pgvalue.Column{}, sql: brief(sql)}
	if err := c.send(&pgproto3.Parse{Name: d.Name, Query: p.Join(sql)}, &pgproto3.Describe{ObjectType: 'S', Name: d.Name}, &pgproto3.Sync{}); err != nil {
		return nil, err
	}
	err := c.guarded(ctx, sql, func() error {
		return c.answers(func(typ byte) error {
			switch typ {
			case 'N':
				var e *pgerror.Error
				if errors.As(readError(c.body), &e) && e.Code == UsesNotice {
					return json.Unmarshal([]byte(e.Message), &d.Uses)
				}
			case 't':
				n := int(be.Uint16(c.body))
				d.SessionAware = be.Uint32(c.body[2:]) == SessionAware
				for i := 1; i < n; i++ { // the first is ours
					d.Parameters = append(d.Parameters, be.Uint32(c.body[2+4*i:]))
				}
			case 'T':
				d.Columns = readColumns(c.body)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	for i := range d.Uses.Calls {
		d.Columns[d.Uses.Calls[i].Column].OID = d.Uses.Calls[i].Result
	}
	return d, nil
}

func readColumns(b []byte) []pgvalue.Column {
	n := int(be.Uint16(b))
	b = b[2:]
	out := make([]pgvalue.Column, 0, n)
	for range n {
		i := bytes.IndexByte(b, 0)
		col := pgvalue.Column{Name: string(b[:i])}
		b = b[i+1:]
		col.TableOID, col.Attr, col.OID = be.Uint32(b), int16(be.Uint16(b[4:])), be.Uint32(b[6:])
		col.Mod = int32(be.Uint32(b[12:])) + 1
		b = b[18:]
		out = append(out, col)
	}
	return out
}

// answers reads up to ReadyForQuery, handing on what comes before; it returns the first
// error.
func (c *Conn) answers(each func(typ byte) error) error {
	var first error
	for {
		typ, err := c.read()
		if err != nil {
			return errors.Join(first, err)
		}
		if c.owed > 0 {
			if typ == 'Z' {
				c.owed--
			}
			continue
		}
		switch typ {
		case 'Z':
			if cap(c.body) > keepBytes {
				c.body = nil
			}
			return first
		case 'E':
			if first == nil {
				first = readError(c.body)
			}
		case 'S':
		default:
			if first == nil {
				first = each(typ)
			}
		}
	}
}

// Define tells the worker the schema.
func (c *Conn) Define(ctx context.Context, s *Schema) error {
	if err := c.send(&pgproto3.Query{String: SchemaCommand(s)}); err != nil {
		return err
	}
	err := c.guarded(ctx, "the schema", func() error { return c.answers(func(byte) error { return nil }) })
	if err == nil {
		c.SchemaVersion = s.Version
	}
	return err
}

// Stage tells the worker what the session's transaction has staged.
func (c *Conn) Stage(ctx context.Context, s *Stage) error {
	if err := c.send(&pgproto3.Query{String: StageCommand(s)}); err != nil {
		return err
	}
	return c.guarded(ctx, "what is staged", func() error { return c.answers(func(byte) error { return nil }) })
}

// Unstage tells it that nothing is staged any more. Nobody waits for the answer.
func (c *Conn) Unstage() {
	if !c.broken && c.send(&pgproto3.Query{String: StageCommand(&Stage{})}) == nil {
		c.owed++
	}
}

// Open makes a portal of a statement and returns its name. The values are of the types
// that the description has.
func (c *Conn) Open(ctx context.Context, d *Description, run Run, values []pgvalue.Value, formats []int16) (string, error) {
	c.names++
	name := "p" + strconv.Itoa(c.names)
	b, err := bind(name, d, run, values, formats)
	if err != nil {
		return "", err
	}
	if err := c.send(b, &pgproto3.Sync{}); err != nil {
		return "", err
	}
	if c.portals == nil {
		c.portals = map[string]string{}
	}
	c.portals[name] = d.sql
	return name, c.guarded(ctx, d.sql, func() error { return c.answers(func(byte) error { return nil }) })
}

func bind(name string, d *Description, run Run, values []pgvalue.Value, formats []int16) (*pgproto3.Bind, error) {
	text, err := json.Marshal(run)
	if err != nil {
		return nil, err
	}
	b := &pgproto3.Bind{DestinationPortal: name, PreparedStatement: d.Name, Parameters: [][]byte{text}, ResultFormatCodes: formats}
	for i := range values {
		if values[i].Kind == pgvalue.Null {
			b.Parameters = append(b.Parameters, nil)
			continue
		}
		b.Parameters = append(b.Parameters, pgvalue.AppendText([]byte{}, d.Parameters[i], &values[i], pgvalue.UTC))
	}
	return b, nil
}

// Run opens a portal, takes all of its rows and closes it, in one exchange of messages.
func (c *Conn) Run(ctx context.Context, d *Description, run Run, values []pgvalue.Value, formats []int16, row func(body []byte) error) (rows int64, err error) {
	b, err := bind("", d, run, values, formats)
	if err != nil {
		return 0, err
	}
	if err := c.send(b, &pgproto3.Execute{}, &pgproto3.Close{ObjectType: 'P'}, &pgproto3.Sync{}); err != nil {
		return 0, err
	}
	rows, _, err = c.rows(ctx, d.sql, row)
	return rows, err
}

// Fetch runs a portal until max rows came (0: all), and hands each row's message body to
// row. If row fails, the connection is closed: what is left on it has no reader.
func (c *Conn) Fetch(ctx context.Context, portal string, max uint32, row func(body []byte) error) (rows int64, done bool, err error) {
	if err := c.send(&pgproto3.Execute{Portal: portal, MaxRows: max}, &pgproto3.Sync{}); err != nil {
		return 0, false, err
	}
	return c.rows(ctx, c.portals[portal], row)
}

// rows takes rows up to ReadyForQuery.
func (c *Conn) rows(ctx context.Context, sql string, row func(body []byte) error) (rows int64, done bool, err error) {
	var failed error
	err = c.guarded(ctx, sql, func() error {
		return c.answers(func(typ byte) error {
			switch typ {
			case 'D':
				rows++
				if failed = row(c.body); failed != nil {
					c.Close()
				}
				return failed
			case 'C':
				done = true
			}
			return nil
		})
	})
	if failed != nil {
		err = failed
	}
	return rows, done, err
}

// ClosePortal frees a portal.
func (c *Conn) ClosePortal(name string) {
	delete(c.portals, name)
	c.close('P', name)
}

// CloseStatement frees a statement.
func (c *Conn) CloseStatement(name string) { c.close('S', name) }

func (c *Conn) close(kind byte, name string) {
	if c.broken || c.send(&pgproto3.Close{ObjectType: kind, Name: name}, &pgproto3.Sync{}) != nil {
		return
	}
	_ = c.answers(func(byte) error { return nil }) // closing cannot fail but with the connection
}
