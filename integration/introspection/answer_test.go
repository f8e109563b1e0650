package introspection

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// An answer is what a server says to a question, rewritten so that two servers'
// can be compared.
type answer struct {
	columns []string // "name type"
	rows    []string // values with | between them
	state   string   // SQLSTATE, if it is an error
	message string
}

// A session asks questions on one connection, and gets another when that breaks.
type session struct {
	server *server
	conn   *pgconn.PgConn
}

// ask runs a statement in the simple or the extended protocol.
func (s *session) ask(t *testing.T, q question, extended bool) answer {
	t.Helper()
	if s.conn == nil || s.conn.IsClosed() || s.conn.TxStatus() != 'I' {
		s.conn = s.server.connect(t)
	}
	sql, err := fill(q.sql, s.server.oids)
	if err != nil {
		return answer{state: "-----", message: err.Error()}
	}
	result := s.run(t, sql, q.params, extended)
	if result.Err == nil {
		return s.server.normalise(result)
	}
	a := refusal(result.Err)
	if a.state == insufficientPrivilege && s.server.above != "" {
		above := &session{server: s.server, conn: s.server.dial(t, s.server.above)}
		if result = above.run(t, sql, q.params, extended); result.Err == nil {
			return s.server.normalise(result)
		}
		return refusal(result.Err)
	}
	return a
}

const insufficientPrivilege = "42501"

func (s *session) run(t *testing.T, sql string, params []param, extended bool) *pgconn.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if extended {
		return s.extended(ctx, sql, params)
	}
	return s.simple(ctx, sql)
}

func (s *session) simple(ctx context.Context, sql string) *pgconn.Result {
	reader := s.conn.Exec(ctx, sql)
	var results []*pgconn.Result
	for reader.NextResult() {
		results = append(results, read(reader.ResultReader()))
	}
	if err := reader.Close(); err != nil {
		return &pgconn.Result{Err: err}
	}
	if len(results) != 1 {
		return &pgconn.Result{Err: fmt.Errorf("%d results", len(results))}
	}
	return results[0]
}

// read is ResultReader.Read that keeps the columns of an empty result.
func read(reader *pgconn.ResultReader) *pgconn.Result {
	var rows [][][]byte
	for reader.NextRow() {
		row := make([][]byte, len(reader.Values()))
		for i, value := range reader.Values() {
			row[i] = bytes.Clone(value)
		}
		rows = append(rows, row)
	}
	fields := slices.Clone(reader.FieldDescriptions())
	for i := range fields {
		fields[i].Name = strings.Clone(fields[i].Name)
	}
	_, err := reader.Close()
	return &pgconn.Result{FieldDescriptions: fields, Rows: rows, Err: err}
}

// extended prepares the statement too, because most clients do: what Describe
// says of the columns must be what Execute sends.
func (s *session) extended(ctx context.Context, sql string, params []param) *pgconn.Result {
	var values [][]byte
	var types []uint32
	for _, p := range params {
		text, err := fill(p.value, s.server.oids)
		if err != nil {
			return &pgconn.Result{Err: err}
		}
		value := []byte(text)
		if p.null {
			value = nil
		}
		values, types = append(values, value), append(types, paramOIDs[p.typ])
	}
	described, err := s.conn.Prepare(ctx, "", sql, types)
	if err != nil {
		return &pgconn.Result{Err: err}
	}
	result := read(s.conn.ExecParams(ctx, sql, values, types, nil, nil))
	if result.Err != nil {
		return result
	}
	if len(described.Fields) != len(result.FieldDescriptions) {
		result.Err = fmt.Errorf("Describe of the statement gives %d columns, Execute %d", len(described.Fields), len(result.FieldDescriptions))
	}
	for i := range min(len(described.Fields), len(result.FieldDescriptions)) {
		if before, after := described.Fields[i], result.FieldDescriptions[i]; before.Name != after.Name || before.DataTypeOID != after.DataTypeOID {
			result.Err = fmt.Errorf("column %d is %s %d in Describe of the statement and %s %d in Execute", i+1,
				before.Name, before.DataTypeOID, after.Name, after.DataTypeOID)
		}
	}
	return result
}

func refusal(err error) answer {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return answer{state: refused.Code, message: refused.Message}
	}
	return answer{state: "-----", message: err.Error()}
}

func (a answer) String() string {
	if a.state != "" {
		return "error " + a.state + ": " + a.message + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]\n", strings.Join(a.columns, "] ["))
	for _, row := range a.rows {
		fmt.Fprintln(&b, row)
	}
	return b.String()
}
