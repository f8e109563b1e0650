package pgwire

import (
	"bufio"
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/pgwire/charset"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

const (
	// readBufferBytes is what every connection has, also one that does nothing: most messages are shorter, and of a longer one the rest is read to where
	// it goes.
	readBufferBytes = 4 << 10
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
	Zone *pgvalue.Zone

	server         *Server
	raw            net.Conn // the socket: deadlines are its, and whether the client has gone
	net            net.Conn // what is written to and closed: raw, or secure
	secure         *tls.Conn
	binding        []byte // of secure, what SCRAM-SHA-256-PLUS binds to
	identity       Identity
	r              *bufio.Reader
	out            []byte
	body           []byte // of the message being handled
	unread         int64  // bytes of a refused message's body, still to be skipped
	pid            int32
	key            []byte
	version        uint32
	startupParams  map[string]string
	packet         []byte // what they were read from, until the session begins
	parameters     map[string]string
	parameterOrder []string
	reported       map[string]string // as the client knows them
	changed        bool
	replication    bool // it came for the commands of replication
	greeted        bool
	counted        bool      // among the server's sessions
	waits          bool      // in the server's lobby
	came           uint64    // its number among those that came there
	late           bool      // it had to make room there
	origin         string    // where it came from, as the lobby counts
	deadline       bool      // a read deadline is set
	idleUntil      time.Time // the one for the wait for a message; zero: none
	listens        bool      // the session may have something to push
	attends        bool      // throughout
	between        bool      // no transaction is open, and the client has been told so
	writeBy        time.Time // the write deadline that is set
	session        Session

	statements map[string]*statement
	unnamed    *portal            // nil: there is none
	portals    map[string]*portal // with a name
	spare      *portal            // an unnamed one that was closed
	values     []pgvalue.Value    // of Bind, reused
	executing  Output             // of the portal that is executed, reused
	encoding   *charset.Encoding  // of the client; nil: UTF-8
	converted  []byte             // a row in it, reused
	timer      *time.Timer        // of the statement timeout
	pace       pace

	budget  budget
	message Share // body
	output  Share // out, once it is large
	working Share // what the statement that is run takes while it runs
	named   Share // prepared statements and portals

	mu        sync.Mutex // guards what follows, which other goroutines touch
	ctx       context.Context
	cancel    context.CancelCauseFunc
	busy      bool
	copying   bool   // COPY data is being read
	both      bool   // by a goroutine of its own
	halted    bool   // which is to stop
	statement uint64 // number of the statement being run
	stopping  bool
	why       error // it stops
	encrypted bool  // or about to be
	silent    bool  // the client's next message is waited for, and something may be pushed
	woken     bool  // out of that, by the read's deadline
	pushes    bool  // the session has something to push
}

func newConn(s *Server, nc net.Conn) *Conn {
	c := &Conn{
		Zone: pgvalue.UTC, server: s, raw: nc, net: nc, r: bufio.NewReaderSize(newTurnReader(nc, s.turns), readBufferBytes),
		startupParams: map[string]string{}, parameters: map[string]string{}, reported: map[string]string{},
		statements: map[string]*statement{}, portals: map[string]*portal{},
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.pace.gate = s.gate
	c.budget = budget{pool: &s.memory, limit: s.ConnectionMemory}
	c.message, c.output, c.working, c.named = c.NewShare(), c.NewShare(), c.NewShare(), c.NewShare()
	return c
}

// StartupParameters are those of the start-up packet: user, database, options …
func (c *Conn) StartupParameters() map[string]string { return c.startupParams }

// Replication tells whether the client came for the commands of replication, beside SQL.
func (c *Conn) Replication() bool { return c.replication }

// PID identifies the connection, as pg_backend_pid() shows it.
func (c *Conn) PID() int32 { return c.pid }

// RemoteAddr is the client's address.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

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
			if converted, err := c.toClient(v); err == nil { // names of users may have other characters
				v = converted
			}
			c.send(&pgproto3.ParameterStatus{Name: name, Value: v})
		}
	}
}

// serve runs the connection to its end.
func (c *Conn) serve() {
	defer func() { c.net.Close() }() // by then it may be encrypted
	defer c.cleanUp()
	c.guarded("a connection", c.broken, func() {
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
	})
}

// guarded runs f and tells whether it came to its end: a panic is logged and goes no further, for it would end the server
// with everybody's connections. Then failed is run, nil: nothing.
func (c *Conn) guarded(what string, failed, f func()) (whole bool) {
	defer func() {
		if p := recover(); p != nil {
			c.server.Logger.Error("panic in "+what, "panic", p, "stack", string(debug.Stack()))
			if failed != nil {
				c.guarded(what, nil, failed)
			}
		}
	}()
	f()
	return true
}

// broken tells the client that its connection panicked.
func (c *Conn) broken() {
	c.out = c.out[:0] // it may end within a message
	c.fatal(&pgerror.Error{Severity: "FATAL", Code: pgerror.SystemError, Message: "internal error; the connection is closed, the log is untouched"})
}

// cleanUp lets go of all that the connection has. What panics there keeps nothing else from being let go of: locks, places and
// memory that others wait for.
func (c *Conn) cleanUp() {
	const what = "the clean-up of a connection"
	if c.session != nil {
		for !c.guarded(what, nil, func() { c.closePortals(true) }) { // each try has one portal less to close
		}
		c.guarded(what, nil, c.DropStatements)
		c.guarded(what, nil, c.session.Close)
	}
	c.guarded(what, nil, c.pause)
	_ = c.budget.take(-c.budget.used)
}

// begin lets the client in, makes the session and greets the client.
func (c *Conn) begin() error {
	if err := c.authenticate(); err != nil {
		return err
	}
	if err := c.server.admit(c); err != nil {
		return err
	}
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
	c.appendError(&e, false)
	c.stall = endStall
	_ = c.flush()
}

func asError(err error) *pgerror.Error {
	var e *pgerror.Error
	if errors.As(err, &e) {
		copied := *e
		return &copied
	}
	return pgerror.Errorf(pgerror.IOError, "%s", err.Error())
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
			c.dropBody()
			continue
		}
		if err == nil {
			skipping = false
			err = c.handle(typ)
			c.dropBody()
			_ = c.working.Set(0) // names that were converted
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
		if e.Fatal() {
			return e
		}
		if c.isStopping() {
			return c.why
		}
		c.appendError(e, false)
		c.session.Fail()
		c.endPortals()
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

// isTooLong tells of a message that is refused for its length alone, or since there is no memory for it; the
// next call of next passes over it.
func isTooLong(err error) bool {
	var e *pgerror.Error
	return errors.As(err, &e) && (e.Code == pgerror.ProgramLimitExceeded || e.Code == pgerror.OutOfMemory) && !e.Fatal()
}

func (c *Conn) handle(typ byte) error {
	if c.replication && strings.IndexByte("PBDEC", typ) >= 0 {
		return pgerror.Errorf(pgerror.ProtocolViolation, "extended query protocol not supported in a replication connection")
	}
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
		return pgerror.Errorf(pgerror.FeatureNotSupported, "function calls through the protocol are not supported")
	case 'p':
		return fatalProtocol("unexpected password message")
	}
	panic("message type that checkHeader does not know")
}

// ready ends a query cycle.
func (c *Conn) ready() error {
	if c.isStopping() {
		return c.why
	}
	c.between = c.session.Status() == 'I'
	if c.listens && c.between {
		if err := c.push(); err != nil {
			return err
		}
	}
	c.reportChanges()
	c.out = append(c.out, 'Z', 0, 0, 0, 5, c.session.Status())
	return c.flush()
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
	c.pace.begin(len(c.body))
	err := f(ctx)
	c.pause()
	_ = c.working.Set(0)
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
		_ = c.raw.SetReadDeadline(longAgo)
	}
}

// hasKey compares a cancel key.
func (c *Conn) hasKey(key []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.key) > 0 && subtle.ConstantTimeCompare(c.key, key) == 1
}

// shutdown ends the connection from outside.
func (c *Conn) shutdown() { c.End(errShutdown) }

// isStopping tells whether the connection is to end. Why it is does not change from then on.
func (c *Conn) isStopping() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopping
}

// Interrupt ends the statement that the connection runs, if it runs one, as a cancel request does.
func (c *Conn) Interrupt() { c.interrupt(errCanceled, anyStatement) }

// Terminate ends the connection, as the administrator's command.
func (c *Conn) Terminate() { c.shutdown() }
