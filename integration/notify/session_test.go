package notify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// patience bounds the wait for one message, far more than it needs.
const patience = time.Minute

// A session is one connection, driven message by message.
type session struct {
	t      *testing.T
	name   string
	conn   *pgconn.HijackedConn
	pids   map[uint32]string // the names of all sessions
	status byte
}

// world is some sessions of one server.
type world map[string]*session

func connect(t *testing.T, url string, names ...string) world {
	t.Helper()
	w, pids := world{}, map[uint32]string{}
	for _, name := range names {
		conn, err := pgconn.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		hijacked, err := conn.Hijack()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { hijacked.Conn.Close() })
		pids[hijacked.PID] = name
		w[name] = &session{t: t, name: name, conn: hijacked, pids: pids, status: 'I'}
	}
	return w
}

func (w world) close() {
	for _, s := range w {
		s.send(&pgproto3.Terminate{})
		s.conn.Conn.Close()
	}
}

func (s *session) send(list ...pgproto3.FrontendMessage) {
	for _, m := range list {
		s.conn.Frontend.Send(m)
	}
	_ = s.conn.Frontend.Flush() // who reads finds out
}

// next is the next message, a line; last: it is ReadyForQuery, or the end.
func (s *session) next() (line string, last bool) {
	_ = s.conn.Conn.SetReadDeadline(time.Now().Add(patience))
	for {
		m, err := s.conn.Frontend.Receive()
		if err != nil {
			return "the end: " + strings.TrimPrefix(err.Error(), "unexpected "), true
		}
		switch m := m.(type) {
		case *pgproto3.NotificationResponse:
			from := s.pids[m.PID]
			if from == "" {
				from = fmt.Sprint(m.PID)
			}
			if len(m.Payload) > 100 {
				m.Payload = fmt.Sprintf("%d bytes", len(m.Payload))
			}
			return fmt.Sprintf("told %s %q %q", from, m.Channel, m.Payload), false
		case *pgproto3.RowDescription:
			line = "columns"
			for _, f := range m.Fields {
				line += fmt.Sprintf(" %s:%d", f.Name, f.DataTypeOID)
			}
			return line, false
		case *pgproto3.DataRow:
			line = "row"
			for _, v := range m.Values {
				line += " " + string(v)
			}
			return line, false
		case *pgproto3.CommandComplete:
			return string(m.CommandTag), false
		case *pgproto3.ErrorResponse:
			return fmt.Sprintf("%s %s %s at %d %s %s", m.Severity, m.Code, m.Message, m.Position, m.Detail, m.Hint), m.Severity == "FATAL"
		case *pgproto3.NoticeResponse:
			return fmt.Sprintf("%s %s %s", m.Severity, m.Code, m.Message), false
		case *pgproto3.ReadyForQuery:
			s.status = m.TxStatus
			return "ready " + string(m.TxStatus), true
		}
	}
}

// all reads up to ReadyForQuery.
func (s *session) all() (out []string) {
	for {
		line, last := s.next()
		if out = append(out, line); last {
			// PostgreSQL evaluates constants before it announces columns.
			for i := 0; i+1 < len(out); i++ {
				if strings.HasPrefix(out[i], "columns") && strings.HasPrefix(out[i+1], "ERROR") {
					out = append(out[:i], out[i+1:]...)
				}
			}
			return out
		}
	}
}

// query runs a simple query.
func (s *session) query(sql string) []string {
	s.send(&pgproto3.Query{String: sql})
	return s.all()
}

// sync asks for nothing.
func (s *session) sync() []string {
	s.send(&pgproto3.Sync{})
	return s.all()
}

// extended runs statements in one pipeline; the parameters are those of each.
func (s *session) extended(statements []string, parameters [][]byte) []string {
	for _, sql := range statements {
		used := parameters
		if !strings.Contains(sql, "$1") {
			used = nil
		}
		s.conn.Frontend.Send(&pgproto3.Parse{Query: sql})
		s.conn.Frontend.Send(&pgproto3.Bind{Parameters: used})
		s.conn.Frontend.Send(&pgproto3.Execute{})
	}
	return s.sync()
}

// must runs a query that has to succeed.
func (s *session) must(sql string) []string {
	s.t.Helper()
	out := s.query(sql)
	for _, line := range out {
		if strings.HasPrefix(line, "ERROR") || strings.HasPrefix(line, "FATAL") || strings.HasPrefix(line, "the end") {
			s.t.Fatalf("%s: %s", sql, line)
		}
	}
	return out
}

// told reads notifications that the session has asked for nothing to get.
func (s *session) told(n int) (out []string) {
	for range n {
		line, _ := s.next()
		out = append(out, line)
	}
	return out
}
