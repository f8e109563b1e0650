package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// dumpReader reads the events of a dump that pg_dump wrote as plain text: the rows of the
// COPY of the table events, in any schema. All else is passed over: tables and views of a
// dump are the server's own.
//
// position and recorded_at are the log's to assign; that positions rise is checked, since
// their order is what import keeps. A dump has no payload that is not JSON: to pg_dump it
// is null.
type dumpReader struct {
	columns  []string // of the COPY that is being read; nil outside of it
	position int64    // of the row before
	found    bool     // the dump has events' COPY
	types    *pgtype.Map
}

func newDumpReader() *dumpReader { return &dumpReader{position: -1, types: pgtype.NewMap()} }

// parse reads a line of the dump. It returns nil for a line that is no event.
func (d *dumpReader) parse(b []byte) (*line, error) {
	if d.columns == nil {
		columns, ok := copiedColumns(string(b))
		if ok {
			d.columns, d.found = columns, true
		}
		return nil, nil
	}
	if string(b) == `\.` {
		d.columns = nil
		return nil, nil
	}
	fields := bytes.Split(b, []byte{'\t'})
	if len(fields) != len(d.columns) {
		return nil, fmt.Errorf("%d columns where the COPY names %d", len(fields), len(d.columns))
	}
	e := new(line)
	for i, field := range fields {
		if string(field) == `\N` {
			continue
		}
		value, err := unescape(field)
		if err == nil {
			err = d.set(e, d.columns[i], value)
		}
		if err != nil {
			return nil, fmt.Errorf("%s %w", d.columns[i], err)
		}
	}
	return e, e.check()
}

// end says what is wrong with a dump that has ended.
func (d *dumpReader) end() error {
	switch {
	case d.columns != nil:
		return errors.New("the dump ends within the rows of events")
	case !d.found:
		return errors.New("no COPY of a table events is in it; write it with pg_dump, without --inserts and --format")
	}
	return nil
}

// set takes the value of a column.
func (d *dumpReader) set(e *line, column string, value []byte) error {
	switch column {
	case "payload":
		e.Payload = value
		return nil
	case "metadata":
		e.Metadata = value
		return nil
	case "tags":
		if err := d.types.Scan(pgtype.TextArrayOID, pgtype.TextFormatCode, value, &e.Tags); err != nil {
			return fmt.Errorf("is not an array of texts: %s", value)
		}
		return nil
	case "position", "version":
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || n < 0 {
			return errors.New("is not a whole number from 0 up")
		}
		if column == "version" {
			e.Version = &n
			return nil
		}
		if n <= d.position {
			return fmt.Errorf("%d comes after %d: the rows are not in the log's order", n, d.position)
		}
		d.position = n
		return nil
	case "stream_id":
		if e.Stream != "" {
			return nil // follows from the name
		}
	case "stream":
		e.StreamID = uuid.Nil
	case "event_id", "type":
	default:
		return nil // recorded_at, and what the log does not keep
	}
	return e.setText(column, string(value))
}

// copiedColumns are the columns of a line that begins the rows of events.
func copiedColumns(s string) ([]string, bool) {
	rest, ok := strings.CutPrefix(s, "COPY ")
	if !ok {
		return nil, false
	}
	table, list, ok := strings.Cut(rest, " (")
	if _, name, found := strings.Cut(table, "."); found {
		table = name
	}
	list, ends := strings.CutSuffix(list, ") FROM stdin;")
	if !ok || !ends || table != "events" {
		return nil, false
	}
	columns := strings.Split(list, ", ")
	return columns, slices.Contains(columns, "type")
}

// unescape undoes what COPY's text format escapes.
func unescape(field []byte) ([]byte, error) {
	if bytes.IndexByte(field, '\\') < 0 {
		return slices.Clone(field), nil
	}
	out := make([]byte, 0, len(field))
	for i := 0; i < len(field); i++ {
		if field[i] != '\\' {
			out = append(out, field[i])
			continue
		}
		if i++; i == len(field) {
			return nil, errors.New("ends in a backslash")
		}
		if at := strings.IndexByte("bfnrtv", field[i]); at >= 0 {
			out = append(out, "\b\f\n\r\t\v"[at])
			continue
		}
		out = append(out, field[i]) // a backslash; pg_dump writes no byte as a number
	}
	return out, nil
}
