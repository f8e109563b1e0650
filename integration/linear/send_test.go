package linear

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// append sends a proposal, and again if its outcome is unknown, as the README tells a
// client to; every attempt is an operation of its own.
func (c *client) append(p proposal) error {
	for {
		lost, err := c.attempt(p)
		if err != nil || !lost || c.IntN(100) < 30 {
			return err
		}
	}
}

func (c *client) attempt(p proposal) (lost bool, err error) {
	sql, args := c.insert(p)
	var version, position int64 = unsaid, unsaid
	rows := 0
	sent, answered, err := c.exchange(c.chance(), func(conn *pgconn.PgConn) error {
		result := conn.ExecParams(context.Background(), sql+" RETURNING version, position", args, nil, nil, nil).Read()
		for i, row := range result.Rows {
			if err := consecutive(row, i, &version, &position); err != nil && result.Err == nil {
				return err
			}
		}
		rows = len(result.Rows)
		return result.Err
	})
	var a answer
	switch {
	case err == nil && rows == len(p.ids):
		a = answer{kind: stored, first: version}
		c.learn(p.index, version+int64(rows)-1)
	case err == nil && rows == 0 && p.once:
		a = answer{kind: skipped}
	case err == nil:
		return false, fmt.Errorf("%d events appended, %d rows returned", len(p.ids), rows)
	default:
		position = unsaid // rows before an error or a cut promise nothing
		if a, err = judge(err); err != nil {
			return false, fmt.Errorf("append to %s: %w", p.stream, err)
		}
		if a.kind == refused && a.actual != unsaid {
			c.learn(p.index, a.actual)
		}
	}
	c.kept.add(c.number, p.request, a, sent, answered)
	c.kept.asked = append(c.kept.asked, ask{ids: p.ids, sent: sent, answered: answered, kind: a.kind, position: position})
	return a.kind == unknown, nil
}

// consecutive notes the first row's version and position and checks the others against them.
func consecutive(row [][]byte, i int, version, position *int64) error {
	v, err := strconv.ParseInt(string(row[0]), 10, 64)
	if err != nil {
		return err
	}
	p, err := strconv.ParseInt(string(row[1]), 10, 64)
	if err != nil {
		return err
	}
	if i == 0 {
		*version, *position = v, p
	}
	if v != *version+int64(i) || p != *position+int64(i) {
		return fmt.Errorf("event %d of an append got version %d and position %d, the first %d and %d",
			i, v, p, *version, *position)
	}
	return nil
}

// insert is the statement of a proposal, without RETURNING.
func (c *client) insert(p proposal) (string, [][]byte) {
	column := "expected_version"
	if p.atVersion {
		column = "version"
	}
	sql := "INSERT INTO events (event_id, stream, type, payload, " + column + ") VALUES "
	var args [][]byte
	for i, id := range p.ids {
		var expected []byte
		switch {
		case p.expected == anyVersion:
		case p.atVersion:
			expected = strconv.AppendInt(nil, p.expected+1+int64(i), 10)
		default:
			expected = strconv.AppendInt(nil, p.expected, 10)
		}
		if i > 0 {
			sql += ", "
		}
		n := len(args)
		sql += fmt.Sprintf("($%d, $%d, 'Moved', '{}', $%d)", n+1, n+2, n+3)
		args = append(args, []byte(c.eventID(id)), []byte(p.stream), expected)
	}
	if p.once {
		sql += " ON CONFLICT (event_id) DO NOTHING"
	}
	return sql, args
}

// transact appends to two or three streams in a transaction. COMMIT is what may be cut.
func (c *client) transact() error {
	var parts []proposal
	for _, stream := range c.Perm(hotStreams)[:2+c.IntN(2)] {
		expected := c.known[stream].Load()
		if c.IntN(2) == 0 {
			expected = anyVersion
		}
		p := c.propose(stream, expected)
		p.once = false
		parts = append(parts, p)
	}
	for {
		lost, err := c.attemptAll(parts)
		if err != nil || !lost || c.IntN(100) < 30 {
			return err
		}
	}
}

func (c *client) attemptAll(parts []proposal) (lost bool, err error) {
	begun, _, err := c.exchange(whole, func(conn *pgconn.PgConn) error {
		if _, err := conn.Exec(context.Background(), "BEGIN").ReadAll(); err != nil {
			return err
		}
		for _, p := range parts {
			sql, args := c.insert(p)
			if r := conn.ExecParams(context.Background(), sql, args, nil, nil, nil).Read(); r.Err != nil {
				return r.Err
			}
		}
		return nil
	})
	if err == errLost {
		// It was not asked to commit, so nothing is there: an event of it that a read
		// finds belongs to no operation. A later attempt is another transaction.
		return false, nil
	}
	committing := false
	var sent, answered time.Duration
	if err == nil {
		committing = true
		sent, answered, err = c.exchange(c.chance(), func(conn *pgconn.PgConn) error {
			_, err := conn.Exec(context.Background(), "COMMIT").ReadAll()
			return err
		})
	} else {
		// Refused by a statement, at some time since BEGIN.
		sent, answered = begun, c.now()
	}
	a, named := answer{kind: stored, first: unsaid}, ""
	if err != nil {
		named = refusedStream(err)
		if a, err = judge(err); err != nil {
			return false, fmt.Errorf("transaction: %w", err)
		}
	}
	if !committing {
		if err := c.rollBack(); err != nil {
			return false, err
		}
	}
	var ids []uint64
	for _, p := range parts {
		ids = append(ids, p.ids...)
		// A refusal says something of one stream alone; of the others only that nothing
		// happened to them.
		if a.kind == refused && p.stream != named {
			continue
		}
		c.kept.add(c.number, p.request, a, sent, answered)
	}
	if a.kind == refused {
		if c.indexOf(named) < 0 {
			return false, fmt.Errorf("refused for stream %q, which is none of the transaction's", named)
		}
		c.learn(c.indexOf(named), a.actual)
	}
	c.kept.asked = append(c.kept.asked, ask{ids: ids, sent: sent, answered: answered, kind: a.kind, position: unsaid})
	return a.kind == unknown, nil
}

func (c *client) rollBack() error {
	if c.conn == nil {
		return nil
	}
	_, _, err := c.exchange(whole, func(conn *pgconn.PgConn) error {
		_, err := conn.Exec(context.Background(), "ROLLBACK").ReadAll()
		return err
	})
	if err == errLost {
		return nil
	}
	return err
}

// list reads a stream event by event.
func (c *client) list(stream int) error {
	const sql = "SELECT version, event_id FROM events WHERE stream = $1 ORDER BY version"
	return c.read(stream, sql, func(rows [][][]byte) (answer, error) {
		state := &streamReader{epoch: c.epoch}
		for _, row := range rows {
			if err := state.next(row[0], row[1]); err != nil {
				return answer{}, fmt.Errorf("read of %s: %w", c.names[stream], err)
			}
		}
		return state.answer(), nil
	})
}

// count reads a stream's version alone, from the other table.
func (c *client) count(stream int) error {
	const sql = "SELECT version FROM streams WHERE stream = $1"
	return c.read(stream, sql, func(rows [][][]byte) (answer, error) {
		if len(rows) == 0 {
			return answer{kind: counted}, nil
		}
		version, err := strconv.ParseInt(string(rows[0][0]), 10, 64)
		return answer{kind: counted, count: version + 1}, err
	})
}

func (c *client) read(stream int, sql string, see func([][][]byte) (answer, error)) error {
	var rows [][][]byte
	sent, answered, err := c.exchange(whole, func(conn *pgconn.PgConn) error {
		args := [][]byte{[]byte(c.names[stream])}
		result := conn.ExecParams(context.Background(), sql, args, nil, nil, nil).Read()
		rows = result.Rows
		return result.Err
	})
	if err == errLost {
		return nil // a read without an answer says nothing
	}
	if err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	a, err := see(rows)
	if err != nil {
		return err
	}
	c.learn(stream, a.count-1)
	c.kept.add(c.number, request{stream: c.names[stream]}, a, sent, answered)
	return nil
}

// chance chooses a cut, for few of the requests.
func (c *client) chance() cut {
	if c.IntN(1000) >= cutPerMille {
		return whole
	}
	return 1 + cut(c.IntN(int(cuts)-1))
}
