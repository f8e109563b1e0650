//go:build linux

package network

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5/pgproto3"
)

func query(sql string) pgproto3.FrontendMessage { return &pgproto3.Query{String: sql} }

// Valid sessions, to be mutated: all flows of the protocol, both paths of SQL.
var validSessions = [][]pgproto3.FrontendMessage{
	{
		query("SELECT version, payload FROM events WHERE stream = 'fuzz-1' ORDER BY version LIMIT 5"),
		query("INSERT INTO events (stream, type, payload) VALUES ('fuzz-1', 'A', '{\"a\": [1, 2.5, null]}') RETURNING position"),
		query("SHOW server_version; SET application_name = 'x'; SELECT 1"),
		query("SELEC 1"),
		query(""),
	},
	{
		query("BEGIN"),
		query("INSERT INTO events (stream, type, expected_version) VALUES ('fuzz-2', 'A', -1)"),
		query("SAVEPOINT a"),
		query("INSERT INTO events (stream, type, expected_version) VALUES ('fuzz-2', 'B', 7)"),
		query("ROLLBACK TO a"),
		query("COMMIT"),
	},
	{
		&pgproto3.Parse{Name: "s", Query: "SELECT $1::bigint, $2::text, $3::uuid", ParameterOIDs: []uint32{20, 25, 0}},
		&pgproto3.Describe{ObjectType: 'S', Name: "s"},
		&pgproto3.Bind{
			DestinationPortal: "p", PreparedStatement: "s", ParameterFormatCodes: []int16{1, 0, 0},
			Parameters:        [][]byte{{0, 0, 0, 0, 0, 0, 0, 7}, []byte("text"), nil},
			ResultFormatCodes: []int16{1},
		},
		&pgproto3.Describe{ObjectType: 'P', Name: "p"},
		&pgproto3.Execute{Portal: "p", MaxRows: 1},
		&pgproto3.Close{ObjectType: 'P', Name: "p"},
		&pgproto3.Flush{},
		&pgproto3.Sync{},
	},
	{
		&pgproto3.Parse{Query: "INSERT INTO events (stream, type, payload, tags) VALUES ($1, $2, $3, $4)"},
		&pgproto3.Bind{Parameters: [][]byte{[]byte("fuzz-3"), []byte("A"), []byte(`{"b": "ü"}`), []byte("{a,b}")}},
		&pgproto3.Execute{},
		&pgproto3.Bind{Parameters: [][]byte{[]byte("fuzz-3"), []byte("A"), []byte("no JSON"), nil}},
		&pgproto3.Execute{},
		&pgproto3.Sync{},
		&pgproto3.Parse{Query: "SELECT * FROM events WHERE position >= 0 LIMIT 20"},
		&pgproto3.Bind{},
		&pgproto3.Execute{MaxRows: 3},
		&pgproto3.Execute{},
		&pgproto3.Sync{},
	},
	{
		query("COPY events (stream, type, payload) FROM STDIN"),
		&pgproto3.CopyData{Data: []byte("fuzz-4\tA\t{\"c\": 1}\nfuzz-4\tB\t\\N\n")},
		&pgproto3.CopyData{Data: []byte("fuzz-4\tC\t{}\n\\.\n")},
		&pgproto3.CopyDone{},
		query("COPY events (stream, type) FROM STDIN (FORMAT binary)"),
		&pgproto3.CopyData{Data: []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
			"\x00\x02\x00\x00\x00\x06fuzz-5\x00\x00\x00\x01A\xff\xff")},
		&pgproto3.CopyDone{},
		query("COPY events (stream, type, payload) FROM STDIN (FORMAT csv)"),
		&pgproto3.CopyData{Data: []byte("fuzz-6,A,\"{\"\"d\"\": 1}\"\n")},
		&pgproto3.CopyFail{Message: "enough"},
	},
	{
		query("BEGIN; DECLARE c CURSOR FOR SELECT * FROM events LIMIT 30; FETCH 3 FROM c; MOVE 2 FROM c; CLOSE c; COMMIT"),
		query("PREPARE q (text) AS SELECT count(*) FROM events WHERE stream = $1; EXECUTE q('fuzz-1'); DEALLOCATE q"),
		query("COPY (SELECT position, stream FROM events LIMIT 5) TO STDOUT (FORMAT csv)"),
		query("EXPLAIN SELECT * FROM streams WHERE category = 'fuzz'; DISCARD ALL"),
	},
	{
		query("SELECT type, count(*), max(payload->>'a') FROM events WHERE category = 'fuzz' GROUP BY type ORDER BY 2 DESC"),
		query("WITH x AS (SELECT 1 AS a UNION ALL SELECT 2) SELECT sum(a) OVER (), a FROM x"),
		query("SELECT relname FROM pg_catalog.pg_class WHERE relkind = 'r' ORDER BY 1"),
	},
}

// A mutant is a session with something wrong in it.
type mutant struct {
	*rand.Rand
	text []byte
}

var rude = []byte{0, 1, 4, 0x7f, 0x80, 0xfe, 0xff, '\'', '"', '$', '(', '\\', 'Q', 'S', 'd'}

func random(seed uint64, session int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(session))) }

// mutate changes the bytes in a few places.
func (m *mutant) mutate() {
	for range 1 + m.IntN(6) {
		if len(m.text) == 0 {
			return
		}
		at := m.IntN(len(m.text))
		span := min(1+m.IntN(16), len(m.text)-at)
		switch m.IntN(8) {
		case 0:
			m.text[at] ^= 1 << m.IntN(8)
		case 1:
			m.text[at] = rude[m.IntN(len(rude))]
		case 2: // leave out
			m.text = append(m.text[:at:at], m.text[at+span:]...)
		case 3: // repeat
			m.text = append(m.text[:at+span:at+span], m.text[at:]...)
		case 4: // put in
			put := make([]byte, span)
			for i := range put {
				put[i] = byte(m.Uint32())
			}
			m.text = append(m.text[:at:at], append(put, m.text[at:]...)...)
		case 5: // end early
			if m.IntN(4) == 0 {
				m.text = m.text[:at]
			}
		case 6: // a number of four bytes, a length maybe
			if at+4 <= len(m.text) {
				n := binary.BigEndian.Uint32(m.text[at:])
				numbers := []uint32{0, 3, 4, n - 1, n + 1, 2 * n, 0x7fffffff, 0x80000000, 0xffffffff}
				binary.BigEndian.PutUint32(m.text[at:], numbers[m.IntN(len(numbers))])
			}
		case 7: // move
			from := m.IntN(len(m.text))
			copy(m.text[at:at+span], m.text[from:])
		}
	}
}

// parameters of all mutated sessions: what a mutation makes of a statement must not take long.
var patient = map[string]string{"statement_timeout": "5000"}

// Sessions with their bytes mutated: anywhere, the lengths of messages and the startup
// packet included. The answer is messages, and then an end.
func TestMutatedSessions(t *testing.T) {
	fuzz(t, func(s *siege, random *rand.Rand) error {
		messages := encode(validSessions[random.IntN(len(validSessions))]...)
		m := &mutant{Rand: random}
		if random.IntN(4) == 0 {
			m.text = append(startup(patient), messages...)
			m.mutate()
			r, err := dial(s.server.Address())
			if err != nil {
				return err
			}
			return told(r.finish(m.text, false), m.text)
		}
		r, err := start(s.server, patient)
		if err != nil {
			return err
		}
		m.text = messages
		m.mutate()
		return told(r.finish(m.text, true), m.text)
	})
}

// Sessions with the bodies of their messages mutated, in frames that are right. The
// session goes on at the next Sync, with no memory of it, unless it was ended by a FATAL
// error.
func TestMutatedBodies(t *testing.T) {
	var fatals atomic.Int64
	fuzz(t, func(s *siege, random *rand.Rand) error {
		r, err := start(s.server, patient)
		if err != nil {
			return err
		}
		defer r.Close()
		var text []byte
		for _, message := range validSessions[random.IntN(len(validSessions))] {
			framed := encode(message)
			m := &mutant{Rand: random, text: framed[5:]}
			if random.IntN(3) == 0 {
				m.mutate()
			}
			text = append(text, framed[0])
			text = binary.BigEndian.AppendUint32(text, uint32(len(m.text)+4))
			text = append(text, m.text...)
		}
		// A COPY that has begun takes all up to its end for rows.
		text = append(text, encode(&pgproto3.CopyFail{}, &pgproto3.Sync{},
			query("ROLLBACK"), query("SELECT 41 + 1"))...)
		r.sendAll(text)
		value, fatal, err := r.last()
		if fatal {
			fatals.Add(1)
		} else if err == nil && value != "42" {
			err = fmt.Errorf("the last answer is %q instead of 42", value)
		}
		return told(err, text)
	})
	t.Logf("%d sessions ended with FATAL", fatals.Load())
}

func told(err error, text []byte) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w\nsent: %q", err, text)
}

// last reads to the end. It gives the last row's first column, and whether the end came
// with a fatal error.
func (r *raw) last() (value string, fatal bool, err error) {
	for {
		message, err := r.front.Receive()
		if ended(err) {
			return value, fatal, nil
		}
		if err != nil {
			return value, fatal, err
		}
		switch message := message.(type) {
		case *pgproto3.DataRow:
			if len(message.Values) > 0 {
				value = string(message.Values[0])
			}
		case *pgproto3.ErrorResponse:
			if err := wellFormed(message); err != nil {
				return value, fatal, err
			}
			value, fatal = "", message.Severity == "FATAL"
		}
	}
}

// fuzz lets clients go through mutants: first, while the victim is measured, no faster than
// leaves it some of the processors, then as fast as they can to the end. The number of a
// failure is in its message; -seed repeats all of them.
func fuzz(t *testing.T, one func(*siege, *rand.Rand) error) {
	seed := harness.Seed(t)
	s := besiege(t, nil)
	s.awaitWorker()
	total := int64(size(2_000, 50_000))
	var next atomic.Int64
	mutant := func() error {
		n := next.Add(1)
		if err := one(s, random(seed, int(n))); err != nil {
			return fmt.Errorf("-seed %d, session %d: %w", seed, n, err)
		}
		return nil
	}
	stop := s.attack(2, func(ctx context.Context, _ int) error {
		return pace(ctx, 5*time.Millisecond, mutant)
	})
	s.endure()
	stop()
	paced := next.Load()
	s.attack(2, func(context.Context, int) error {
		for next.Load() < total {
			if err := mutant(); err != nil {
				return err
			}
		}
		return nil
	})()
	t.Logf("%d sessions, %d of them beside the victim", next.Load(), paced)
	s.lift()
}
