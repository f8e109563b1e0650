package linear

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// A client makes one request after the other on its own connection, and keeps what it was
// told.
type client struct {
	*epoch
	*rand.Rand
	number int
	made   uint64 // events, to number them
	conn   *pgconn.PgConn
	line   *line
	outage int // when the connection was made
	kept   history
}

func (c *client) run() error {
	defer func() { c.hangUp() }()
	for c.budget.Add(-1) >= 0 {
		if err := c.turn(); err != nil {
			return fmt.Errorf("client %d: %w", c.number, err)
		}
		c.progress()
	}
	return nil
}

// turn makes one request, and often a retry if its outcome is unknown.
func (c *client) turn() error {
	stream := c.IntN(hotStreams)
	known := c.known[stream].Load()
	switch n := c.IntN(100); {
	case n < 18:
		return c.list(stream)
	case n < 24:
		return c.count(stream)
	case n < 32:
		return c.transact()
	case n < 48:
		return c.append(c.propose(stream, anyVersion))
	case n < 51:
		return c.append(c.propose(stream, known+1+c.Int64N(3))) // ahead of the stream
	case n < 53:
		return c.append(c.propose(stream, -1)) // refused unless it is the first
	case n < 58:
		p := c.propose(stream, known)
		p.atVersion, p.once = true, false
		return c.append(p)
	default:
		return c.append(c.propose(stream, known))
	}
}

// A proposal is a request before it is sent.
type proposal struct {
	request
	index     int  // of the stream
	atVersion bool // give the version that the first event is to have, not the one before
}

func (c *client) propose(stream int, expected int64) proposal {
	p := proposal{index: stream, request: request{
		stream: c.names[stream], expected: expected, once: c.IntN(2) == 0,
	}}
	for range 1 + max(0, c.IntN(6)-3) {
		c.made++
		p.ids = append(p.ids, uint64(c.epoch.number)<<40|uint64(c.number)<<32|c.made)
	}
	return p
}

// connect waits for the server while it is down. An error is one that no outage explains.
func (c *client) connect() error {
	for {
		address, outage := c.gate.pass()
		conn, l, err := dial(address)
		if err == nil {
			c.conn, c.line, c.outage = conn, l, outage
			return nil
		}
		if c.gate.outages() == outage {
			return fmt.Errorf("connect: %w", err)
		}
	}
}

func dial(address string) (*pgconn.PgConn, *line, error) {
	config, err := pgconn.ParseConfig("postgres://" + address + "/events?sslmode=disable&user=test")
	if err != nil {
		return nil, nil, err
	}
	var l *line
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		l = &line{Conn: conn}
		return l, conn.SetDeadline(time.Now().Add(patience))
	}
	conn, err := pgconn.ConnectConfig(context.Background(), config)
	return conn, l, err
}

func (c *client) hangUp() {
	if c.conn != nil && !c.conn.IsClosed() {
		_ = c.conn.Close(context.Background())
	}
	c.conn = nil
}

// exchange sends what ask sends on a connection, and arms the cut for it if there is to
// be one. It gives back when it was sent and answered, and what the server said: nil, its
// error, or errLost. Any other error ends the test.
func (c *client) exchange(where cut, ask func(*pgconn.PgConn) error) (sent, answered time.Duration, err error) {
	if c.conn == nil {
		if err := c.connect(); err != nil {
			return 0, 0, err
		}
	}
	// In place of a context with a deadline, which starts a goroutine for each request.
	if err := c.line.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, 0, err
	}
	c.line.arm(where, c.IntN(2) == 0)
	sent = c.now()
	err = ask(c.conn)
	answered = c.now()
	if !c.conn.IsClosed() && !c.line.lost() {
		return sent, answered, err
	}
	explained := c.line.lost() || c.gate.outages() != c.outage
	c.hangUp()
	// A reply that was cut between CommandComplete and ReadyForQuery comes as no error, and
	// promises nothing: the statement's transaction ends with the latter.
	var said *pgconn.PgError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 0, 0, fmt.Errorf("no answer within %v: %w", patience, err)
	case !explained:
		return 0, 0, fmt.Errorf("connection lost for no reason (%v)", err)
	case errors.As(err, &said) && said.Code != "57P01":
		return sent, answered, err
	}
	return sent, answered, errLost
}

var errLost = errors.New("the reply was lost")

// judge says what an error of an append means.
func judge(err error) (answer, error) {
	var said *pgconn.PgError
	switch {
	case errors.Is(err, errLost):
		return answer{kind: unknown}, nil
	case !errors.As(err, &said):
		return answer{}, err
	case said.ConstraintName == "events_event_id_key" && said.Code == "23505":
		return answer{kind: duplicate}, nil
	case said.ConstraintName == "events_stream_id_version_key" && said.Code == "23505":
		return answer{kind: refused, actual: unsaid}, nil
	case said.Code == "40001":
		a := answer{kind: refused}
		_, text, _ := strings.Cut(said.Detail, ", actual version ")
		if _, err := fmt.Sscanf(text, "%d.", &a.actual); err != nil {
			return a, fmt.Errorf("detail %q: %w", said.Detail, err)
		}
		return a, nil
	default:
		return answer{}, err
	}
}

// refusedStream is the stream that a refusal names.
func refusedStream(err error) string {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return ""
	}
	text, _, _ := strings.Cut(said.Detail, ":")
	return strings.TrimPrefix(text, "Stream ")
}

// eventID is the id as SQL has it: the run's seed behind the number, so that what is
// found in the log is known to be of this run.
func (c *epoch) eventID(id uint64) string {
	b := binary.BigEndian.AppendUint64(nil, id)
	b = binary.BigEndian.AppendUint64(b, c.seed)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (c *epoch) number64(text []byte) (uint64, error) {
	var id, seed uint64
	plain := strings.ReplaceAll(string(text), "-", "")
	if len(plain) != 32 {
		return 0, fmt.Errorf("event id %q", text)
	}
	if _, err := fmt.Sscanf(plain[:16]+" "+plain[16:], "%x %x", &id, &seed); err != nil || seed != c.seed {
		return 0, fmt.Errorf("event id %q is none of this run's (%v)", text, err)
	}
	return id, nil
}

// learn raises what is known of a stream's version.
func (c *epoch) learn(stream int, version int64) {
	for {
		known := c.known[stream].Load()
		if version <= known || c.known[stream].CompareAndSwap(known, version) {
			return
		}
	}
}

func (c *epoch) indexOf(stream string) int { return slices.Index(c.names[:], stream) }
