package main

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// A batch is consecutive events that go to the server together: by INSERT if they have
// ids, else by COPY. The events are kept as COPY's binary format has them, where a row
// is a count of fields and then, for each, its length and its bytes. INSERT's
// parameters are taken out of the same bytes.
type batch struct {
	keyed    bool
	messages bool // of a Message DB: they have times beside ids, and go by COPY; a line is a global position
	rows     []batchRow
	data     []byte
}

type batchRow struct {
	line  int // in the input, from 1
	start int // in data; the row ends where the next one begins
	end   int
}

// The columns that a batch fills. event_id is left out where the server is to make the
// ids: then it need not look for them in its history.
var (
	plainColumns   = []string{"stream", "stream_id", "version", "type", "payload", "payload_bytes", "metadata", "tags"}
	keyedColumns   = append(plainColumns[:len(plainColumns):len(plainColumns)], "event_id")
	messageColumns = []string{"stream", "version", "type", "payload", "metadata", "event_id", "recorded_at"}
)

func (b *batch) columns() []string {
	switch {
	case b.messages:
		return messageColumns
	case b.keyed:
		return keyedColumns
	}
	return plainColumns
}

// part is the rows from i up to j, as a batch that shares its memory.
func (b *batch) part(i, j int) *batch {
	return &batch{keyed: b.keyed, messages: b.messages, rows: b.rows[i:j], data: b.data}
}

// lines names the lines that the rows came from.
func (b *batch) lines() string {
	first, last := b.rows[0].line, b.rows[len(b.rows)-1].line
	if b.messages {
		return fmt.Sprintf("global positions %d to %d", first, last)
	}
	if first == last {
		return fmt.Sprintf("line %d", first)
	}
	return fmt.Sprintf("lines %d to %d", first, last)
}

var be = binary.BigEndian

// add encodes an event.
func (b *batch) add(e *line, number int) {
	row := batchRow{line: number, start: len(b.data)}
	b.data = be.AppendUint16(b.data, uint16(len(b.columns())))
	b.text(e.Stream)
	b.id(e.StreamID)
	if e.Version == nil {
		b.null()
	} else {
		b.data = be.AppendUint64(be.AppendUint32(b.data, 8), uint64(*e.Version))
	}
	b.text(e.Type)
	b.json(e.Payload)
	if e.PayloadBytes == nil {
		b.null()
	} else {
		b.data = append(be.AppendUint32(b.data, uint32(len(e.PayloadBytes))), e.PayloadBytes...)
	}
	b.json(e.Metadata)
	b.tags(e.Tags)
	if b.keyed {
		b.id(e.EventID)
	}
	row.end = len(b.data)
	b.rows = append(b.rows, row)
}

// addMessage encodes a message of a Message DB.
func (b *batch) addMessage(x *message) {
	row := batchRow{line: int(x.global), start: len(b.data)}
	b.data = be.AppendUint16(b.data, uint16(len(messageColumns)))
	b.data = append(be.AppendUint32(b.data, uint32(len(x.stream))), x.stream...)
	b.data = be.AppendUint64(be.AppendUint32(b.data, 8), uint64(x.version))
	b.data = append(be.AppendUint32(b.data, uint32(len(x.typ))), x.typ...) // which may be empty
	b.json(x.data)
	b.json(x.metadata)
	b.id(x.id)
	b.data = be.AppendUint64(be.AppendUint32(b.data, 8), uint64(x.recordedAt-postgresEpoch))
	row.end = len(b.data)
	b.rows = append(b.rows, row)
}

func (b *batch) null() { b.data = be.AppendUint32(b.data, 0xffffffff) }

func (b *batch) text(s string) {
	if s == "" {
		b.null()
		return
	}
	b.data = append(be.AppendUint32(b.data, uint32(len(s))), s...)
}

func (b *batch) id(id uuid.UUID) {
	if id == uuid.Nil {
		b.null()
		return
	}
	b.data = append(be.AppendUint32(b.data, 16), id[:]...)
}

// json: a jsonb is a version, 1, and the text.
func (b *batch) json(value []byte) {
	if value == nil {
		b.null()
		return
	}
	b.data = append(append(be.AppendUint32(b.data, uint32(1+len(value))), 1), value...)
}

// tags: an array is its number of dimensions, whether it has nulls, the type of its
// elements, each dimension's length and lower bound, and the elements.
func (b *batch) tags(tags []string) {
	if tags == nil {
		b.null()
		return
	}
	at := len(b.data)
	b.data = append(b.data, 0, 0, 0, 0)
	dimensions := min(len(tags), 1)
	for _, n := range []int{dimensions, 0, pgtype.TextOID} {
		b.data = be.AppendUint32(b.data, uint32(n))
	}
	if dimensions == 1 {
		b.data = be.AppendUint32(be.AppendUint32(b.data, uint32(len(tags))), 1)
	}
	for _, tag := range tags {
		b.data = append(be.AppendUint32(b.data, uint32(len(tag))), tag...)
	}
	be.PutUint32(b.data[at:], uint32(len(b.data)-at-4))
}

// params returns the fields of all rows, one after the other; nil for null.
func (b *batch) params() [][]byte {
	out := make([][]byte, 0, len(b.rows)*len(b.columns()))
	for _, row := range b.rows {
		for at := row.start + 2; at < row.end; {
			size := int(int32(be.Uint32(b.data[at:])))
			at += 4
			if size < 0 {
				out = append(out, nil)
				continue
			}
			out = append(out, b.data[at:at+size:at+size])
			at += size
		}
	}
	return out
}

// insertSQL is the statement for a number of rows.
func insertSQL(rows int) string {
	var sql strings.Builder
	fmt.Fprintf(&sql, "INSERT INTO events (%s) VALUES ", strings.Join(keyedColumns, ", "))
	n := 0
	for i := range rows {
		if i > 0 {
			sql.WriteString(", ")
		}
		for j := range keyedColumns {
			n++
			fmt.Fprintf(&sql, "%c$%d", "(,"[min(j, 1)], n)
		}
		sql.WriteByte(')')
	}
	sql.WriteString(" ON CONFLICT (event_id) DO NOTHING")
	return sql.String()
}
