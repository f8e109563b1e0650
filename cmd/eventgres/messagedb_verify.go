package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/engine"
)

// A messageVerifier compares, row by row, what the source has with what is in the server.
type messageVerifier struct {
	*messageImport
	differences                                int64
	verified, raised, renumbered, moved, other int64
	before                                     int64 // recorded time of the event before
}

// maxShown bounds the differences that are shown.
const maxShown = 20

func (v *messageVerifier) differ(x *message, format string, args ...any) {
	if v.differences++; v.differences <= maxShown {
		fmt.Fprintf(v.log, "global position %d, %s: %s\n", x.global, x.id, fmt.Sprintf(format, args...))
	}
}

func (v *messageVerifier) run(ctx context.Context, conn *pgconn.PgConn) error {
	v.progress.restart(v.counts.messages)
	first, err := oneRow(ctx, v.source, fmt.Sprintf("SELECT id FROM %s ORDER BY global_position LIMIT 1", v.table))
	if err != nil || first == nil {
		return err
	}
	id, err := uuid.Parse(first[0])
	if err != nil {
		return err
	}
	at, err := oneRow(ctx, conn, "SELECT position FROM events WHERE event_id = '"+id.String()+"'")
	if err != nil {
		return err
	}
	from := int64(0)
	if at != nil {
		if _, err := fmt.Sscan(at[0], &from); err != nil {
			return err
		}
	}
	v.before = math.MinInt64
	// The event before the first may have raised its time.
	events := conn.ExecParams(ctx, fmt.Sprintf("SELECT position, stream, version, event_id, type, payload, metadata, recorded_at FROM events WHERE position >= %d ORDER BY position", max(from-1, 0)),
		nil, nil, nil, []int16{1})
	err = v.each(ctx, 0, func(x *message) error {
		there, err := v.next(events, x)
		if err != nil {
			return err
		}
		if !there {
			if _, err := events.Close(); err != nil {
				return err
			}
			v.differ(x, "it is not there, or not in its place")
			return errEnough // of those behind it nothing can be said
		}
		v.add(1)
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// next goes on to the event of a message, passing over those of others, and compares the two.
func (v *messageVerifier) next(events *pgconn.ResultReader, x *message) (bool, error) {
	for events.NextRow() {
		e := events.Values()
		if len(e) != 8 || len(e[0]) != 8 || len(e[2]) != 8 || len(e[3]) != 16 || len(e[7]) != 8 {
			return false, errRow
		}
		before := v.before
		v.before = int64(be.Uint64(e[7])) + postgresEpoch
		if uuid.UUID(e[3]) == x.id {
			v.compare(x, e, before)
			return true, nil
		}
		if v.verified > 0 {
			v.other++
		}
	}
	return false, nil
}

func (v *messageVerifier) compare(x *message, e [][]byte, before int64) {
	position, version, at := int64(be.Uint64(e[0])), int64(be.Uint64(e[2])), int64(be.Uint64(e[7]))+postgresEpoch
	v.verified++
	if x.version != x.position {
		v.renumbered++
	}
	if position+1 != x.global {
		v.moved++
	}
	metadata := x.metadata
	if x.recordedAt < before {
		metadata = engine.RaisedMetadata(metadata, x.recordedAt)
		v.raised++
	}
	for _, field := range []struct {
		name      string
		want, got any
	}{
		{"version", x.version, version}, {"time, µs since 1970,", max(x.recordedAt, before), at}, {"stream", x.stream, string(e[1])}, {"type", x.typ, string(e[4])},
	} {
		if field.want != field.got {
			v.differ(x, "the %s is %v, not %v", field.name, field.got, field.want)
		}
	}
	if !sameJSON(x.data, e[5]) {
		v.differ(x, "the data are others")
	}
	if !sameJSON(metadata, e[6]) {
		v.differ(x, "the metadata are others")
	}
}

// sameJSON compares a text, nil for null, with a jsonb in binary: a version, 1, and the text.
func sameJSON(text, value []byte) bool {
	if text == nil || value == nil {
		return text == nil && value == nil
	}
	return len(value) > 0 && value[0] == 1 && bytes.Equal(text, value[1:])
}

// report says what was done and found.
func (v *messageVerifier) report(out io.Writer) {
	fmt.Fprintf(out, "imported %s of %s, in %s; %d were there before\n", counted(v.im.imported, "message"), counted(v.counts.streams, "stream"), v.took(), v.counts.messages-v.im.imported)
	fmt.Fprintf(out, "verified %s: %s\n", counted(v.verified, "message"), counted(v.differences, "difference"))
	if v.raised > 0 {
		fmt.Fprintf(out, "%s earlier than the event before and got its time; their own is $recorded_at of the metadata\n", were(v.raised))
	}
	if v.renumbered > 0 {
		fmt.Fprintf(out, "%s renumbered, in %s; their position is $position of the metadata\n", were(v.renumbered), counted(v.irregular, "stream"))
	}
	if v.moved > 0 {
		fmt.Fprintf(out, "%s another global position than before: position + 1 has no gaps\n", have(v.moved))
	}
	if v.other > 0 {
		fmt.Fprintf(out, "%s of others among them\n", counted(v.other, "event"))
	}
}

func were(n int64) string {
	if n == 1 {
		return "1 message was"
	}
	return counted(n, "message") + " were"
}

func have(n int64) string {
	if n == 1 {
		return "1 message has"
	}
	return counted(n, "message") + " have"
}
