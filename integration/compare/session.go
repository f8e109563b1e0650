package compare

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// A Mode is a way to run a statement.
type Mode string

// The modes, as they appear in the names of subtests.
const (
	Simple         Mode = "simple"          // Query
	ExtendedText   Mode = "extended-text"   // everything before one Sync, as psycopg does
	ExtendedBinary Mode = "extended-binary" // Parse and Describe first, then Bind, as pgx does
)

// stepTime bounds a step: a server that never answers must not hang the suite. On a machine under load the worker,
// which has the lowest priority, may take its time to start.
const stepTime = 90 * time.Second

// A Session is one connection, driven message by message.
type Session struct {
	conn *pgconn.HijackedConn
	mode Mode
	err  error // the connection is lost
}

// Open connects.
func Open(ctx context.Context, url string, mode Mode) (*Session, error) {
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	hijacked, err := conn.Hijack()
	if err != nil {
		return nil, err
	}
	return &Session{conn: hijacked, mode: mode}, nil
}

// Close ends the session politely.
func (s *Session) Close() {
	s.conn.Frontend.Send(&pgproto3.Terminate{})
	_ = s.conn.Frontend.Flush() // it may be gone already
	s.conn.Conn.Close()
}

// Run sends a step's statement and renders the answer.
func (s *Session) Run(step *Step, mask []string) []string {
	if s.err != nil {
		return []string{"connection lost"}
	}
	a := &answer{step: step, mask: mask}
	if err := s.run(step, a); err != nil {
		s.err = err
		a.flush("connection lost: " + err.Error())
	}
	return a.render()
}

func (s *Session) run(step *Step, a *answer) error {
	if err := s.conn.Conn.SetDeadline(time.Now().Add(stepTime)); err != nil {
		return err
	}
	switch s.mode {
	case Simple:
		s.conn.Frontend.Send(&pgproto3.Query{String: step.SQL})
		return s.receive(a, nil)
	case ExtendedText:
		s.parse(step)
		s.bind(step, nil, nil)
		s.conn.Frontend.Send(&pgproto3.Sync{})
		return s.receive(a, &exchange{})
	default:
		return s.prepared(step, a)
	}
}

// prepared asks for the parameter types first and then binds in binary.
func (s *Session) prepared(step *Step, a *answer) error {
	s.parse(step)
	s.conn.Frontend.Send(&pgproto3.Sync{})
	first := &exchange{}
	if err := s.receive(a, first); err != nil || first.failed {
		return err
	}
	formats, values := binaryParams(step.Params, first.oids)
	s.bind(step, formats, values)
	s.conn.Frontend.Send(&pgproto3.Sync{})
	return s.receive(a, &exchange{columns: first.columns})
}

func (s *Session) parse(step *Step) {
	var oids []uint32
	for _, p := range step.Params {
		oids = append(oids, p.OID)
	}
	s.conn.Frontend.Send(&pgproto3.Parse{Query: step.SQL, ParameterOIDs: oids})
	s.conn.Frontend.Send(&pgproto3.Describe{ObjectType: 'S'})
}

// binaryParams encodes what it can; text that is none of its type's goes as
// text, for the server to refuse.
func binaryParams(params []Param, oids []uint32) (formats []int16, values [][]byte) {
	for i, p := range params {
		format, value := int16(0), []byte(p.Text)
		if i < len(oids) {
			if encoded, err := encodeBinary(oids[i], p.Text); err == nil {
				format, value = 1, encoded
			}
		}
		if p.Null {
			value = nil
		}
		formats, values = append(formats, format), append(values, value)
	}
	return formats, values
}

func (s *Session) bind(step *Step, formats []int16, values [][]byte) {
	results := []int16{1}
	if s.mode == ExtendedText {
		results = nil
		values = make([][]byte, len(step.Params))
		for i, p := range step.Params {
			if !p.Null {
				values[i] = []byte(p.Text)
			}
		}
	}
	s.conn.Frontend.Send(&pgproto3.Bind{
		ParameterFormatCodes: formats, Parameters: values, ResultFormatCodes: results,
	})
	s.conn.Frontend.Send(&pgproto3.Describe{ObjectType: 'P'})
	s.conn.Frontend.Send(&pgproto3.Execute{MaxRows: step.MaxRows})
	if step.MaxRows > 0 {
		// The portal lives to the Sync, so all the Executes stand before it.
		for range 2 {
			s.conn.Frontend.Send(&pgproto3.Execute{MaxRows: step.MaxRows})
		}
	}
}

// An exchange is what one Sync's worth of extended messages has answered.
type exchange struct {
	bound   bool // what is described from here on is the portal
	failed  bool
	oids    []uint32
	columns []pgproto3.FieldDescription // the statement's
}

// receive reads until ReadyForQuery. x is nil in the simple protocol.
func (s *Session) receive(a *answer, x *exchange) error {
	if err := s.conn.Frontend.Flush(); err != nil {
		return err
	}
	var copied []byte
	var binary bool
	for {
		message, err := s.conn.Frontend.Receive()
		if err != nil {
			return err
		}
		switch m := message.(type) {
		case *pgproto3.ReadyForQuery:
			a.status = m.TxStatus
			return nil
		case *pgproto3.CopyInResponse:
			a.pending = append(a.pending, copyHead("copy in", m.OverallFormat, m.ColumnFormatCodes))
			if err := s.copyIn(a.step, x != nil); err != nil {
				return err
			}
		case *pgproto3.CopyOutResponse:
			binary = m.OverallFormat == 1
			a.pending = append(a.pending, copyHead("copy out", m.OverallFormat, m.ColumnFormatCodes))
		case *pgproto3.CopyData:
			copied = append(copied, m.Data...)
		case *pgproto3.CopyDone:
			a.copied(binary, copied)
			copied = nil
		default:
			a.take(message, x)
		}
	}
}

// take handles the messages of queries.
func (a *answer) take(message pgproto3.BackendMessage, x *exchange) {
	switch m := message.(type) {
	case *pgproto3.RowDescription:
		a.described(x, m.Fields)
	case *pgproto3.NoData:
		a.described(x, nil)
	case *pgproto3.ParameterDescription:
		x.oids = slices.Clone(m.ParameterOIDs)
		a.parameters(x.oids)
	case *pgproto3.BindComplete:
		x.bound = true
	case *pgproto3.DataRow:
		a.row(m.Values)
	case *pgproto3.CommandComplete:
		a.flush(string(m.CommandTag))
	case *pgproto3.EmptyQueryResponse:
		a.flush("empty")
	case *pgproto3.PortalSuspended:
		columns := a.columns
		a.flush("suspended")
		a.columns = columns
	case *pgproto3.ErrorResponse:
		a.fail(m)
		if x != nil {
			x.failed = true
		}
	case *pgproto3.NoticeResponse:
		a.notice(m)
	case *pgproto3.ParameterStatus:
		a.params = append(a.params, "parameter "+m.Name+" = "+quote(m.Value))
	case *pgproto3.ParseComplete:
	default:
		a.pending = append(a.pending, fmt.Sprintf("(unexpected %T)", m))
	}
}

// described takes a statement's or a portal's columns; the two must agree but for the format.
func (a *answer) described(x *exchange, columns []pgproto3.FieldDescription) {
	switch {
	case x == nil:
		a.describe(columns)
	case !x.bound:
		x.columns = copyColumns(columns)
	default:
		if !agree(x.columns, columns) {
			a.pending = append(a.pending, "(the portal's columns are not the statement's)")
		}
		a.describe(columns)
	}
}

func agree(statement, portal []pgproto3.FieldDescription) bool {
	return slices.EqualFunc(statement, portal, func(s, p pgproto3.FieldDescription) bool {
		return s.Format == 0 && string(s.Name) == string(p.Name) && s.DataTypeOID == p.DataTypeOID &&
			s.DataTypeSize == p.DataTypeSize && s.TypeModifier == p.TypeModifier
	})
}

func copyHead(what string, format byte, columns []uint16) string {
	name := map[byte]string{0: "text", 1: "binary"}[format]
	for _, c := range columns {
		if c != uint16(format) {
			name += " (its columns not)"
			break
		}
	}
	return fmt.Sprintf("%s %s, %d columns", what, name, len(columns))
}

// copyIn answers the server's wish for data. In the extended protocol the Sync
// before it was swallowed by the COPY, as libpq relies on, so one follows.
func (s *Session) copyIn(step *Step, extended bool) error {
	if step.Stdin == nil {
		s.conn.Frontend.Send(&pgproto3.CopyFail{Message: "the script has no data"})
	} else if err := s.sendData(step.Stdin); err != nil {
		return err
	}
	if extended {
		s.conn.Frontend.Send(&pgproto3.Sync{})
	}
	return s.conn.Frontend.Flush()
}

func (s *Session) sendData(stdin *Stdin) error {
	data, err := stdin.encode()
	if err != nil {
		return err
	}
	size := max(len(data), 1)
	if s.mode == ExtendedText {
		size = 7 // messages need not end where rows do
	}
	for chunk := range slices.Chunk(data, size) {
		s.conn.Frontend.Send(&pgproto3.CopyData{Data: chunk})
	}
	if stdin.Form == "fail" {
		s.conn.Frontend.Send(&pgproto3.CopyFail{Message: "the client gave up"})
		return nil
	}
	s.conn.Frontend.Send(&pgproto3.CopyDone{})
	return nil
}

func (stdin *Stdin) encode() ([]byte, error) {
	end := "\n"
	switch stdin.Form {
	case "binary":
		return encodeTuples(stdin.Lines)
	case "crlf":
		end = "\r\n"
	}
	return []byte(strings.Join(append(slices.Clone(stdin.Lines), ""), end)), nil
}
