package pgwire

import (
	"bufio"
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

const (
	readBufferBytes = 8 << 10
	// flushBytes is how much is gathered before it is written, in the middle of a
	// result; a reply that is smaller costs one system call.
	flushBytes = 32 << 10
	// keepBytes is the largest buffer an idle connection keeps.
	keepBytes = 64 << 10
	// maxFrameBytes is the longest message that can be skipped to keep the session;
	// PostgreSQL's own limit.
	maxFrameBytes = 1<<30 - 1
)

// Conn is a connection. Its methods are for the Session, on the connection's
// goroutine.
type Conn struct {
	// Timeouts that the session sets; 0 is none.
	StatementTimeout         time.Duration
	IdleTimeout              time.Duration // outside a transaction
	IdleInTransactionTimeout time.Duration
	stall                    time.Duration // how long a write may wait for the client; 0: writeStall
	// Zone is the time zone of timestamps in text format.
	Zone *Zone

	server         *Server
	net            net.Conn
	r              *bufio.Reader
	out            []byte
	body           []byte // of the message being handled
	unread         int64  // bytes of a refused message's body, still to be skipped
	pid            int32
	key            []byte
	version        uint32
	startupParams  map[string]string
	parameters     map[string]string
	parameterOrder []string
	reported       map[string]string // as the client knows them
	changed        bool
	greeted        bool
	counted        bool      // among the server's sessions
	deadline       bool      // a read deadline is set
	writeBy        time.Time // the write deadline that is set
	session        Session

	statements map[string]Statement
	unnamed    *portal            // nil: there is none
	portals    map[string]*portal // with a name
	spare      *portal            // an unnamed one that was closed
	values     []Value            // of Bind, reused
	timer      *time.Timer        // of the statement timeout

	mu        sync.Mutex // guards what follows, which other goroutines touch
	ctx       context.Context
	cancel    context.CancelCauseFunc
	busy      bool
	copying   bool   // COPY data is being read
	statement uint64 // number of the statement being run
	stopping  bool
}

func newConn(s *Server, nc net.Conn) *Conn {
	c := &Conn{
		Zone: UTC, server: s, net: nc, r: bufio.NewReaderSize(newTurnReader(nc, s.turns), readBufferBytes),
		startupParams: map[string]string{}, parameters: map[string]string{}, reported: map[string]string{},
		statements: map[string]Statement{}, portals: map[string]*portal{},
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	return c
}

// StartupParameters are those of the start-up packet: user, database, options …
func (c *Conn) StartupParameters() map[string]string { return c.startupParams }

// PID identifies the connection, as pg_backend_pid() shows it.
func (c *Conn) PID() int32 { return c.pid }

// RemoteAddr is the client's address.
func (c *Conn) RemoteAddr() net.Addr { return c.net.RemoteAddr() }

// SetParameter records a parameter that clients are told of, and tells if it changed.
func (c *Conn) SetParameter(name, value string) {
	old, known := c.parameters[name]
	if !known {
		c.parameterOrder = append(c.parameterOrder, name)
	}
	c.parameters[name] = value
	if c.greeted && old != value {
		c.changed = true
	}
}

// reportChanges tells the client of parameters whose value is another than it was told;
// like PostgreSQL before ReadyForQuery only, so that what is undone by then is not told.
func (c *Conn) reportChanges() {
	if !c.changed {
		return
	}
	c.changed = false
	for _, name := range c.parameterOrder {
		if v := c.parameters[name]; c.reported[name] != v {
			c.reported[name] = v
			c.send(&pgproto3.ParameterStatus{Name: name, Value: v})
		}
	}
}

// Notice sends a notice. It reaches the client with what follows.
func (c *Conn) Notice(e *Error) { c.out = e.appendTo(c.out, true) }

func (c *Conn) send(m pgproto3.BackendMessage) {
	out, err := m.Encode(c.out)
	if err != nil { // only a message over 1 GiB
		panic(err)
	}
	c.out = out
}

// serve runs the connection to its end.
func (c *Conn) serve() {
	defer c.net.Close()
	defer func() {
		if p := recover(); p != nil {
			c.out = c.out[:0] // it may end within a message
			c.server.Logger.Error("panic in a connection", "panic", p, "stack", string(debug.Stack()))
			c.fatal(&Error{Severity: "FATAL", Code: "58000", Message: "internal error; the connection is closed, the log is untouched"})
		}
		if c.session != nil {
			c.closePortals(true)
			c.session.Close()
		}
	}()
	ok, err := c.startup()
	if err == nil && ok {
		err = c.begin()
	}
	if err == nil && ok {
		err = c.loop()
	}
	if err != nil {
		c.fatal(err)
	}
}

// begin makes the session and greets the client.
func (c *Conn) begin() error {
	session, err := c.server.Handler.Connect(c.ctx, c)
	if err != nil {
		e := asError(err)
		e.Severity = "FATAL"
		return e
	}
	c.session = session
	c.greet()
	return c.ready()
}

// fatal sends the error that ends the connection, if there is anyone to read it.
func (c *Conn) fatal(err error) {
	if errors.Is(err, errDisconnected) || errors.Is(err, io.EOF) {
		return
	}
	e := *asError(err)
	if e.Severity == "" {
		e.Severity = "FATAL"
	}
	c.out = e.appendTo(c.out, false)
	c.stall = 5 * time.Second
	_ = c.flush()
}

func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		copied := *e
		return &copied
	}
	return Errorf("58030", "%s", err.Error())
}

// loop handles messages until the client leaves.
func (c *Conn) loop() error {
	skipping := false // after an error in the extended protocol, until Sync
	for {
		typ, err := c.next()
		if err == nil && typ == 'X' {
			return errDisconnected
		}
		if skipping && typ != 'S' && (err == nil || isTooLong(err)) {
			continue
		}
		if err == nil {
			skipping = false
			err = c.handle(typ)
			if err == nil && len(c.out) >= flushBytes {
				err = c.flush() // a client may ask much before it reads
			}
		}
		if err == nil {
			continue
		}
		if errors.Is(err, errDisconnected) {
			return err
		}
		e := asError(err)
		if e.fatal() {
			return e
		}
		if c.isStopping() {
			return errShutdown
		}
		c.out = e.appendTo(c.out, false)
		c.session.Fail()
		// Flushed at once: the client may be waiting for it before it sends Sync.
		skipping = typ != 'Q' && typ != 'S' && typ != 'F'
		if skipping {
			err = c.flush()
		} else {
			err = c.ready()
		}
		if err != nil {
			return err
		}
	}
}

// isTooLong tells of a message that is refused for its length alone; the next call of
// next passes over it.
func isTooLong(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == "54000" && !e.fatal()
}

func (c *Conn) handle(typ byte) error {
	switch typ {
	case 'Q':
		return c.query()
	case 'P':
		return c.parse()
	case 'B':
		return c.bind()
	case 'D':
		return c.describe()
	case 'E':
		return c.execute()
	case 'C':
		return c.close()
	case 'S':
		return c.sync()
	case 'H':
		return c.flush()
	case 'd', 'c', 'f':
		return nil // left over from a COPY that failed
	case 'F':
		return Errorf("0A000", "function calls through the protocol are not supported")
	case 'p':
		return fatalProtocol("unexpected password message")
	}
	panic("message type that checkHeader does not know")
}

// ready ends a query cycle.
func (c *Conn) ready() error {
	if c.isStopping() {
		return errShutdown
	}
	c.reportChanges()
	c.out = append(c.out, 'Z', 0, 0, 0, 5, c.session.Status())
	return c.flush()
}

// A client that takes nothing for writeStall is cut off: its session holds a place and memory. A
// write of a chunk ends when the system has taken it, so a slow client is not a stalled one.
const (
	writeStall = 5 * time.Minute
	writeChunk = 64 << 10
)

func (c *Conn) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	var err error
	for b := c.out; len(b) > 0 && err == nil; {
		n := min(len(b), writeChunk)
		c.armWrite()
		_, err = c.net.Write(b[:n])
		b = b[n:]
	}
	if cap(c.out) > 2*keepBytes {
		c.out = nil
	}
	c.out = c.out[:0]
	if err != nil {
		return errDisconnected
	}
	return nil
}

// armWrite gives a write its time, and a little more: setting a deadline is not free, so one that is
// still far enough away stays.
func (c *Conn) armWrite() {
	now := time.Now()
	stall := cmp.Or(c.stall, writeStall)
	if left := c.writeBy.Sub(now); left >= stall && left <= stall+stall/8 {
		return
	}
	c.writeBy = now.Add(stall + stall/8)
	_ = c.net.SetWriteDeadline(c.writeBy) // an error shows in the write
}

// next reads a message into c.body and returns its type. The body is valid until the
// next call.
func (c *Conn) next() (byte, error) {
	if c.unread > 0 {
		if err := c.skipUnread(); err != nil {
			return 0, err
		}
	}
	if c.r.Buffered() == 0 {
		c.armIdle()
	}
	header, err := c.r.Peek(5)
	if err != nil {
		return 0, c.readError(err)
	}
	typ, length := header[0], int64(int32(be.Uint32(header[1:])))-4
	if err := c.checkHeader(typ, length); err != nil {
		return 0, err
	}
	_, _ = c.r.Discard(5)
	if length > int64(c.server.MaxMessageBytes) {
		// The answer does not wait for the body, which is skipped so that the session
		// lives on.
		c.unread = length
		if typ == 'd' && !c.copying {
			c.body = c.body[:0]
			return typ, nil // left over from a COPY that failed
		}
		return typ, Errorf("54000", "message of type \"%c\" is too long: %d bytes, the limit is %d", typ, length, c.server.MaxMessageBytes)
	}
	if int64(c.r.Buffered()) < length {
		// Bytes must keep coming: a second for 64 KiB, and a minute to begin with.
		c.setDeadline(time.Minute + time.Duration(length/(64<<10))*time.Second)
	}
	return typ, c.readBody(int(length))
}

// smallMessageBytes is PostgreSQL's PQ_SMALL_MESSAGE_LIMIT, for messages that carry no
// data of the client's.
const smallMessageBytes = 10000

// checkHeader refuses what cannot be a message, before its body is read.
func (c *Conn) checkHeader(typ byte, length int64) error {
	limit := int64(smallMessageBytes)
	switch typ {
	case 'Q', 'P', 'B', 'F', 'd':
		limit = maxFrameBytes
	case 'C', 'D', 'E', 'S', 'H', 'X', 'c', 'f', 'p':
	default:
		return fatalProtocol("invalid frontend message type %d", typ)
	}
	if length < 0 || length > limit && limit == smallMessageBytes {
		return fatalProtocol("invalid message length")
	}
	if length > limit {
		return &Error{Severity: "FATAL", Code: "54000", Message: "message is too long"}
	}
	return nil
}

// skipUnread passes over the body of a message that was refused.
func (c *Conn) skipUnread() error {
	c.setDeadline(time.Minute + time.Duration(c.unread/(64<<10))*time.Second)
	n, err := io.CopyN(io.Discard, c.r, c.unread)
	c.unread -= n
	if err != nil {
		return c.readError(err)
	}
	return nil
}

// readBody takes memory as bytes arrive, so that a claim alone costs nothing.
func (c *Conn) readBody(length int) error {
	const step = 1 << 20
	if cap(c.body) > keepBytes && length <= keepBytes {
		c.body = nil
	}
	c.body = c.body[:0]
	for len(c.body) < length {
		n := min(length-len(c.body), max(step, len(c.body)))
		if cap(c.body)-len(c.body) < n {
			grown := make([]byte, len(c.body), len(c.body)+n)
			copy(grown, c.body)
			c.body = grown
		}
		start := len(c.body)
		c.body = c.body[:start+n]
		if _, err := io.ReadFull(c.r, c.body[start:]); err != nil {
			return c.readError(err)
		}
	}
	return nil
}

// armIdle sets the deadline that applies while the connection waits for a message.
func (c *Conn) armIdle() {
	if c.copying {
		c.armCopy()
		return
	}
	timeout := c.IdleTimeout
	if c.session.Status() != 'I' {
		timeout = c.IdleInTransactionTimeout
	}
	if timeout > 0 {
		c.setDeadline(timeout)
	} else if c.deadline {
		c.mu.Lock()
		if !c.stopping {
			_ = c.net.SetReadDeadline(time.Time{})
		}
		c.mu.Unlock()
		c.deadline = false
	}
}

// armCopy waits without limit, unless the statement has been interrupted already.
func (c *Conn) armCopy() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopping && c.ctx.Err() == nil {
		_ = c.net.SetReadDeadline(time.Time{})
	}
	c.deadline = true
}

func (c *Conn) setDeadline(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopping {
		_ = c.net.SetReadDeadline(time.Now().Add(d))
	}
	c.deadline = true
}

func (c *Conn) readError(err error) error {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return errDisconnected
	}
	switch {
	case c.isStopping():
		return errShutdown
	case c.copying && c.ctx.Err() != nil:
		return c.ctx.Err() // run knows the cause
	case c.session.Status() != 'I' && c.IdleInTransactionTimeout > 0:
		return &Error{Severity: "FATAL", Code: "25P03", Message: "terminating connection due to idle-in-transaction timeout"}
	case c.IdleTimeout > 0:
		return &Error{Severity: "FATAL", Code: "57P05", Message: "terminating connection due to idle-session timeout"}
	}
	return fatalProtocol("the message did not arrive in time")
}

// run executes f with a context that ends when the statement is cancelled or takes
// too long, and turns its end into the right error.
func (c *Conn) run(f func(ctx context.Context) error) error {
	c.mu.Lock()
	if c.ctx.Err() != nil && !c.stopping {
		c.ctx, c.cancel = context.WithCancelCause(context.Background())
	}
	ctx := c.ctx
	c.busy = true
	statement := c.nextStatement()
	c.mu.Unlock()
	c.startTimeout(statement)
	err := f(ctx)
	c.stopTimeout()
	c.mu.Lock()
	c.busy = false
	c.mu.Unlock()
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return context.Cause(ctx)
	}
	return err
}

// nextStatement numbers the statement that begins. The lock is held.
func (c *Conn) nextStatement() uint64 {
	c.statement++
	return c.statement
}

// startTimeout begins the time that a statement may take; one that was begun before ends.
func (c *Conn) startTimeout(statement uint64) {
	c.stopTimeout()
	if c.StatementTimeout > 0 {
		c.timer = time.AfterFunc(c.StatementTimeout, func() { c.interrupt(errTimeout, statement) })
	}
}

// restartTimeout is startTimeout for another statement within a run.
func (c *Conn) restartTimeout() {
	c.mu.Lock()
	statement := c.nextStatement()
	c.mu.Unlock()
	c.startTimeout(statement)
}

func (c *Conn) stopTimeout() {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

// anyStatement interrupts whatever is running.
const anyStatement = 0

// interrupt ends the statement with the given number, if that is what the connection is
// running.
func (c *Conn) interrupt(cause error, statement uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.busy || statement != anyStatement && statement != c.statement {
		return
	}
	c.cancel(cause)
	if c.copying {
		_ = c.net.SetReadDeadline(time.Unix(1, 0)) // wakes a read
	}
}

// hasKey compares a cancel key.
func (c *Conn) hasKey(key []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.key) > 0 && subtle.ConstantTimeCompare(c.key, key) == 1
}

// shutdown ends the connection from outside.
func (c *Conn) shutdown() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopping = true
	c.cancel(errShutdown)
	_ = c.net.SetReadDeadline(time.Unix(1, 0)) // wakes a read
}

func (c *Conn) isStopping() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopping
}
