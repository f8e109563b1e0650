package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

type exportCommand struct {
	File string `arg:"" optional:"" default:"-" help:"File to write; - for standard output."`
	URL  string `default:"postgres://127.0.0.1:5433/events" env:"EVENTGRES_URL" help:"Server to read from."`
}

func (c *exportCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	conn, err := connect(ctx, c.URL, "eventgres export")
	if err != nil {
		return err
	}
	defer hangUp(conn)
	out := os.Stdout
	if c.File != "-" {
		if out, err = os.Create(c.File); err != nil {
			return err
		}
	}
	p := newProgress(os.Stderr)
	err = export(ctx, conn, out, p)
	if c.File != "-" {
		err = errors.Join(err, out.Close())
	}
	if err != nil {
		return fmt.Errorf("%w; the export is incomplete", err)
	}
	fmt.Fprintf(os.Stderr, "exported %s in %s\n", counted(p.events, "event"), p.took())
	return nil
}

// payload_bytes are the payload's bytes, whether they are JSON or not: they tell no
// payload from none that is JSON, and spare sending it twice.
const exportSQL = "SELECT stream, stream_id, version, event_id, type, payload IS NULL, payload_bytes, metadata, tags" +
	" FROM events ORDER BY position"

// export writes all events that are in the log when it begins.
func export(ctx context.Context, conn *pgconn.PgConn, to io.Writer, p *progress) error {
	out := bufio.NewWriterSize(to, 256<<10)
	rows := conn.ExecParams(ctx, exportSQL, nil, nil, nil, []int16{1})
	types := pgtype.NewMap()
	var text []byte
	for rows.NextRow() {
		e, err := exported(rows.Values(), types)
		if err != nil {
			return err
		}
		text = appendLine(text[:0], &e)
		if _, err := out.Write(text); err != nil {
			return err
		}
		p.add(1)
	}
	if _, err := rows.Close(); err != nil {
		if ctx.Err() != nil {
			return errInterrupted
		}
		return err
	}
	return out.Flush()
}

var errRow = errors.New("the server sent a row that is not an event's")

// exported makes a line of a row of exportSQL in binary. It shares the row's memory.
func exported(row [][]byte, types *pgtype.Map) (e line, err error) {
	if len(row) != 9 || len(row[1]) != 16 || len(row[2]) != 8 || len(row[3]) != 16 || len(row[5]) != 1 {
		return e, errRow
	}
	version := int64(be.Uint64(row[2]))
	e = line{
		Stream: string(row[0]), StreamID: uuid.UUID(row[1]), Version: &version,
		EventID: uuid.UUID(row[3]), Type: string(row[4]),
	}
	if opaque := row[5][0] == 1; opaque {
		e.PayloadBytes = row[6]
	} else {
		e.Payload = row[6]
	}
	if row[7] != nil {
		// A jsonb is a version, 1, and the text.
		if len(row[7]) == 0 || row[7][0] != 1 {
			return e, errRow
		}
		e.Metadata = row[7][1:]
	}
	if row[8] != nil {
		err = types.Scan(pgtype.TextArrayOID, pgtype.BinaryFormatCode, row[8], &e.Tags)
	}
	return e, err
}
