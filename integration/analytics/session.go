package analytics

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// A Mode is a way to run a statement.
type Mode string

// The modes, as they appear in the names of subtests.
const (
	Simple         Mode = "simple"
	ExtendedText   Mode = "extended-text"
	ExtendedBinary Mode = "extended-binary"
)

// caseTime bounds a statement: a server that never answers must not hang the suite. On a machine under load the worker,
// which has the lowest priority, may take its time to start.
const caseTime = 90 * time.Second

// A Session is a connection to one server, opened again after it was lost.
type Session struct {
	server string // for messages
	url    string
	setup  []string // statements that each connection begins with
	conn   *pgconn.PgConn
}

// NewSession connects when first used.
func NewSession(server, url string, setup ...string) *Session {
	return &Session{server: server, url: url, setup: setup}
}

// Close ends the session politely.
func (s *Session) Close() {
	if s.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.conn.Close(ctx) // it may be gone already
	}
}

// Run answers a case in one mode. The error is one of the test's surroundings, such
// as a connection refused; what the server says is in the answer.
func (s *Session) Run(ctx context.Context, c *Case, mode Mode) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, caseTime)
	defer cancel()
	if err := s.connect(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", s.server, err)
	}
	zone := c.Zone
	if zone == "" {
		zone = "UTC"
	}
	if err := s.exec(ctx, "SET TimeZone = '"+strings.ReplaceAll(zone, "'", "''")+"'"); err != nil {
		return nil, fmt.Errorf("%s: %w", s.server, err)
	}
	return s.Ask(ctx, c, mode), nil
}

// Exec runs commands of which only the outcome matters, in the simple protocol; a lost
// connection is opened first. What the server says is a *pgconn.PgError.
func (s *Session) Exec(ctx context.Context, sql string) error {
	ctx, cancel := context.WithTimeout(ctx, caseTime)
	defer cancel()
	if err := s.connect(ctx); err != nil {
		return err
	}
	return s.exec(ctx, sql)
}

// Ask is Run under the settings that the session has.
func (s *Session) Ask(ctx context.Context, c *Case, mode Mode) *Answer {
	ctx, cancel := context.WithTimeout(ctx, caseTime)
	defer cancel()
	if err := s.connect(ctx); err != nil {
		return Failed(err)
	}
	if mode == Simple {
		return s.simple(ctx, c)
	}
	return s.extended(ctx, c, mode == ExtendedBinary)
}

func (s *Session) connect(ctx context.Context) error {
	if s.conn != nil && !s.conn.IsClosed() {
		return nil
	}
	conn, err := pgconn.Connect(ctx, s.url)
	if err != nil {
		return err
	}
	s.conn = conn
	for _, sql := range s.setup {
		if err := s.exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

func (s *Session) exec(ctx context.Context, sql string) error {
	_, err := s.conn.Exec(ctx, sql).ReadAll()
	return err
}

func (s *Session) simple(ctx context.Context, c *Case) *Answer {
	results := s.conn.Exec(ctx, c.SQL)
	var answers []*Answer
	for results.NextResult() {
		answers = append(answers, answered(results.ResultReader()))
	}
	if err := results.Close(); err != nil {
		return Failed(err)
	}
	if len(answers) != 1 {
		return Failed(fmt.Errorf("%d results for one statement", len(answers)))
	}
	return answers[0]
}

// extended prepares first, as most drivers do, for the types of the parameters.
func (s *Session) extended(ctx context.Context, c *Case, binary bool) *Answer {
	oids := make([]uint32, len(c.Params))
	for i, p := range c.Params {
		oids[i] = p.OID
	}
	statement, err := s.conn.Prepare(ctx, "", c.SQL, oids)
	if err != nil {
		return Failed(err)
	}
	if len(statement.ParamOIDs) != len(c.Params) {
		return Failed(fmt.Errorf("%d parameters in ParameterDescription, %d given", len(statement.ParamOIDs), len(c.Params)))
	}
	values, formats := make([][]byte, len(c.Params)), make([]int16, len(c.Params))
	for i, p := range c.Params {
		values[i], formats[i] = p.encode(statement.ParamOIDs[i], binary)
	}
	results := []int16{pgtype.TextFormatCode}
	if binary {
		results[0] = pgtype.BinaryFormatCode
	}
	a := answered(s.conn.ExecPrepared(ctx, "", values, formats, results))
	a.Params = statement.ParamOIDs
	if a.Err == nil {
		a.described(statement.Fields)
	}
	return a
}

// answered reads a result. The columns come from the reader: a pgconn.Result without rows
// has none.
func answered(reader *pgconn.ResultReader) *Answer {
	result := reader.Read()
	if result.Err != nil {
		return Failed(result.Err)
	}
	return &Answer{Columns: columns(reader.FieldDescriptions()), Rows: result.Rows, Tag: result.CommandTag.String()}
}

// Failed is the answer that an error is.
func Failed(err error) *Answer {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return &Answer{Err: said}
	}
	// No server says this, so it equals no answer of the other's.
	return &Answer{Err: &pgconn.PgError{Severity: "LOST", Message: err.Error()}}
}
