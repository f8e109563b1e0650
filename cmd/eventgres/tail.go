package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/term"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

type tailCommand struct {
	Filter string `help:"Only events that meet a condition, in SQL." placeholder:"CONDITION"`
	From   string `default:"now" help:"Position to begin with; 0 is the log's beginning, now is its end." placeholder:"POSITION"`
	JSON   bool   `help:"A JSON object a line, as export writes them, with position and recorded_at."`
	Color  string `default:"auto" enum:"auto,always,never" help:"Color streams: always, never, or auto, where a terminal shows them."`
	URL    string `default:"postgres://127.0.0.1:5433/events" env:"EVENTGRES_URL" help:"Server to follow."`
}

func (c *tailCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	t := &tail{filter: c.Filter, next: -1, json: c.JSON, out: bufio.NewWriter(os.Stdout), types: pgtype.NewMap()}
	if c.From != "now" {
		var err error
		if t.next, err = strconv.ParseInt(c.From, 10, 64); err != nil || t.next < 0 {
			return fmt.Errorf("--from is a position or now, not %q", c.From)
		}
	}
	terminal := term.IsTerminal(int(os.Stdout.Fd()))
	if t.colored = c.Color == "always" || c.Color == "auto" && terminal && os.Getenv("NO_COLOR") == ""; terminal {
		t.width, _, _ = term.GetSize(int(os.Stdout.Fd()))
	}
	err := t.run(ctx, c.URL)
	if ctx.Err() != nil {
		return nil // ^C is how it ends
	}
	return err
}

// tail shows events as they are appended.
type tail struct {
	filter  string
	next    int64 // the position to go on with; -1: the log's end
	json    bool
	colored bool
	width   int // of the terminal; 0: there is none
	out     *bufio.Writer
	types   *pgtype.Map
	text    []byte
}

// again is how long it waits before it looks for a server that has gone.
const again = time.Second

// run follows, and goes on where it was when the server has gone and come back.
func (t *tail) run(ctx context.Context, url string) error {
	conn, err := connect(ctx, url, "eventgres tail")
	for ctx.Err() == nil {
		if err != nil {
			return err
		}
		err = t.follow(ctx, conn)
		hangUp(conn)
		if ctx.Err() != nil {
			return nil
		}
		if answered := new(pgconn.PgError); err == nil || t.broken(err) || errors.As(err, &answered) && answered.Code != pgerror.AdminShutdown {
			return err
		}
		fmt.Fprintf(os.Stderr, "the server is gone (%v); waiting for it\n", err)
		for {
			select {
			case <-time.After(again):
			case <-ctx.Done():
				return nil
			}
			var answered *pgconn.PgError
			if conn, err = connect(ctx, url, "eventgres tail"); err == nil || errors.As(err, &answered) && answered.Code != pgerror.CannotConnectNow {
				break
			}
		}
	}
	return nil
}

// broken tells of an error that is not the server's: of writing, or of a row that is none.
func (t *tail) broken(err error) bool {
	return errors.Is(err, errRow) || errors.Is(err, os.ErrClosed) || errors.As(err, new(*os.PathError))
}

// follow shows what comes until the connection ends.
func (t *tail) follow(ctx context.Context, conn *pgconn.PgConn) error {
	sql := "SUBSCRIBE SELECT position, recorded_at, stream, stream_id, version, event_id, type, payload IS NULL, payload_bytes, metadata, tags FROM events"
	var where []string
	if t.next >= 0 {
		where = append(where, fmt.Sprintf("position >= %d", t.next))
	}
	if t.filter != "" {
		where = append(where, "("+t.filter+"\n)")
	}
	if where != nil {
		sql += " WHERE " + strings.Join(where, " AND ")
	}
	rows := conn.ExecParams(ctx, sql+" WITH (progress = '1s')", nil, nil, nil, []int16{1})
	for rows.NextRow() {
		if err := t.row(rows.Values()); err != nil {
			return err
		}
	}
	_, err := rows.Close()
	return err
}

// row shows a row, unless it tells of progress alone.
func (t *tail) row(row [][]byte) error {
	if len(row) != 12 || len(row[0]) != 1 || len(row[1]) != 8 {
		return errRow
	}
	position := int64(be.Uint64(row[1]))
	t.next = position + 1
	if row[0][0] == 1 {
		return nil
	}
	e, err := exported(row[3:], t.types)
	if err != nil {
		return err
	}
	if len(row[2]) != 8 {
		return errRow
	}
	recorded := time.UnixMicro(int64(be.Uint64(row[2])) + 946_684_800_000_000) // from the year 2000 on
	if t.text = t.text[:0]; t.json {
		t.text = fmt.Appendf(t.text, `{"position":%d,"recorded_at":"%s",`, position, recorded.UTC().Format("2006-01-02T15:04:05.000000Z"))
		t.text = append(t.text, appendLine(nil, &e)[1:]...)
	} else {
		t.show(position, recorded, &e)
	}
	if _, err := t.out.Write(t.text); err != nil {
		return err
	}
	return t.out.Flush()
}

// show appends a line for people: position, time, stream, type, payload, as far as the terminal is wide.
func (t *tail) show(position int64, recorded time.Time, e *line) {
	stream := e.Stream
	if stream == "" {
		stream = e.StreamID.String()
	}
	payload := string(e.Payload)
	if e.PayloadBytes != nil {
		payload = fmt.Sprintf("%d bytes", len(e.PayloadBytes))
	}
	if e.Tags != nil {
		payload += " " + strings.Join(e.Tags, " ")
	}
	head := fmt.Sprintf("%10d  %s  ", position, recorded.Local().Format("15:04:05.000"))
	rest := clip(fmt.Sprintf("  %-20s  %s", printable(e.Type), printable(payload)), t.width-len(head)-max(24, utf8.RuneCountInString(stream)))
	stream = fmt.Sprintf("%-24s", printable(stream))
	if t.colored {
		h := fnv.New32a()
		_, _ = io.WriteString(h, stream)
		stream = fmt.Sprintf("\x1b[%dm%s\x1b[0m", 31+h.Sum32()%6, stream)
	}
	t.text = append(append(append(append(t.text, head...), stream...), rest...), '\n')
}

// printable is a text of a client's in one line, without what a terminal would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// clip cuts a text to a width, if there is one.
func clip(s string, width int) string {
	if width <= 1 || utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}
