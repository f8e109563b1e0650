package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
)

type importCommand struct {
	File          string `arg:"" optional:"" help:"File with a JSON object a line, one an event; - for standard input."`
	FromDump      bool   `help:"The file is what pg_dump wrote, as plain text, of an events table."`
	FromMessageDB string `name:"from-message-db" placeholder:"DSN" help:"Instead of a file: the address of a PostgreSQL with Message DB, whose messages are copied with their ids and times. Run again, it goes on where it was."`
	Renumber      bool   `help:"Give the messages of streams whose positions have gaps versions that have none, and keep the positions in metadata."`
	URL           string `default:"postgres://127.0.0.1:5433/events" env:"EVENTGRES_URL" help:"Server to append to."`
}

const (
	// maxLine bounds a line of the input, in bytes.
	maxLine = 64 << 20
	// insertRows is how many events with ids are one append. PostgreSQL's protocol
	// has room for 65,535 parameters.
	insertRows = 500
	// copyRows and batchBytes bound a batch. The server divides a COPY into appends as
	// it thinks fit, and appends one while it reads the next, so there should be a few.
	copyRows   = 32_768
	batchBytes = 4 << 20
	// maxCountedStreams bounds what is remembered for the sake of the summary.
	maxCountedStreams = 1 << 20
)

func (c *importCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	switch {
	case c.FromMessageDB != "" && (c.File != "" || c.FromDump):
		return errors.New("--from-message-db takes the place of a file")
	case c.FromMessageDB != "":
		return c.fromMessageDB(ctx)
	case c.Renumber:
		return errors.New("--renumber is for --from-message-db")
	case c.File == "":
		return errors.New("which file? - is standard input")
	}
	in := os.Stdin
	if c.File != "-" {
		var err error
		if in, err = os.Open(c.File); err != nil {
			return err
		}
		defer in.Close()
	}
	conn, err := connect(ctx, c.URL, "eventgres import")
	if err != nil {
		return err
	}
	defer hangUp(conn)
	im := importer{conn: conn, progress: newProgress(os.Stderr)}
	if c.FromDump {
		im.dump = newDumpReader()
	}
	if err := im.run(ctx, in); err != nil {
		return fmt.Errorf("%w; %s", err, im.durable())
	}
	fmt.Println(im.summary())
	return nil
}

// An importer appends batches, while another goroutine makes them of the input.
type importer struct {
	conn     *pgconn.PgConn
	prepared bool        // the INSERT of insertRows rows
	dump     *dumpReader // of a dump; nil: the input has an event a line
	*progress

	imported, skipped int64
	lastLine          int // all up to this one are durable
	streams           map[uuid.UUID]struct{}
}

// delivery is a batch, or how the input ended.
type delivery struct {
	batch *batch
	err   error
}

func (im *importer) run(ctx context.Context, in io.Reader) error {
	deliveries := make(chan delivery)
	reading, stop := context.WithCancel(ctx)
	// The reader is told to stop but not waited for: it may be held up by a terminal or
	// a pipe for ever. It ends with the process.
	defer stop()
	r := &batchReader{in: in, out: deliveries, dump: im.dump, streams: map[uuid.UUID]struct{}{}}
	go r.run(reading)
	for {
		select {
		case <-ctx.Done():
			return errInterrupted
		case d := <-deliveries:
			if errors.Is(d.err, io.EOF) {
				im.streams = r.streams
				return nil
			}
			if d.err != nil {
				return d.err
			}
			// ^C does not cut a batch short: what became of it would be unknown.
			if err := im.append(context.WithoutCancel(ctx), d.batch); err != nil {
				return err
			}
		}
	}
}

// append appends a batch. If the server finds fault with it, the batch is halved again
// and again until all before the faulty line are durable and that line is known.
func (im *importer) append(ctx context.Context, b *batch) error {
	durable, skipped, err := im.send(ctx, b)
	if durable > 0 {
		im.imported += int64(durable - skipped)
		im.skipped += int64(skipped)
		im.lastLine = b.rows[durable-1].line
		im.add(int64(durable))
	}
	if err == nil {
		return nil
	}
	rest := b.part(max(durable, 0), len(b.rows))
	if durable < 0 || len(rest.rows) == 1 || !isFault(err) {
		return lineError(rest, durable < 0, err)
	}
	half := len(rest.rows) / 2
	if err := im.append(ctx, rest.part(0, half)); err != nil {
		return err
	}
	return im.append(ctx, rest.part(half, len(rest.rows)))
}

// send appends a batch and returns how many of its events, from the first on, are
// durable, and how many of those had been there before. durable is -1 if that cannot
// be known, for want of an answer.
func (im *importer) send(ctx context.Context, b *batch) (durable, skipped int, err error) {
	if !b.keyed {
		return im.copy(ctx, b)
	}
	tag, err := im.insert(ctx, b)
	switch {
	case err == nil:
		return len(b.rows), len(b.rows) - int(tag.RowsAffected()), nil
	case isRefusal(err):
		return 0, 0, err
	}
	return -1, 0, err
}

func (im *importer) insert(ctx context.Context, b *batch) (pgconn.CommandTag, error) {
	formats := []int16{1} // all of them are binary
	if len(b.rows) != insertRows {
		return im.conn.ExecParams(ctx, insertSQL(len(b.rows)), b.params(), nil, formats, nil).Close()
	}
	const name = "import"
	if !im.prepared {
		if _, err := im.conn.Prepare(ctx, name, insertSQL(insertRows), nil); err != nil {
			return pgconn.CommandTag{}, err
		}
		im.prepared = true
	}
	return im.conn.ExecPrepared(ctx, name, b.params(), formats, nil).Close()
}

var (
	copyHeader  = append([]byte("PGCOPY\n\xff\r\n\x00"), make([]byte, 8)...) // no flags, no extension
	copyTrailer = []byte{0xff, 0xff}
	// durableRows is how the server ends the detail of a COPY's error.
	durableRows = regexp.MustCompile(`(?m)^(\d+) rows are durable.*$`)
)

func copySQL(columns []string) string {
	return "COPY events (" + strings.Join(columns, ", ") + ") FROM STDIN (FORMAT binary)"
}

func (im *importer) copy(ctx context.Context, b *batch) (durable, skipped int, err error) {
	rows := b.data[b.rows[0].start:b.rows[len(b.rows)-1].end]
	data := io.MultiReader(bytes.NewReader(copyHeader), bytes.NewReader(rows), bytes.NewReader(copyTrailer))
	if _, err = im.conn.CopyFrom(ctx, data, copySQL(b.columns())); err == nil {
		return len(b.rows), 0, nil
	}
	e := new(pgconn.PgError)
	if !errors.As(err, &e) || !isRefusal(err) {
		return -1, 0, err
	}
	if m := durableRows.FindStringSubmatch(e.Detail); m != nil {
		durable, _ = strconv.Atoi(m[1])
	}
	return min(durable, len(b.rows)), 0, err
}

// isFault says whether an error is about what a batch holds. The classes are those of
// PostgreSQL's SQLSTATEs.
func isFault(err error) bool {
	return hasClass(err, "22", "23", "40", "54")
}

// isRefusal says whether an error means that the append it answers did not happen. Of
// an I/O error, say, that cannot be said. Class 53 is want of room.
func isRefusal(err error) bool { return isFault(err) || hasClass(err, "0A", "42", "53") }

func hasClass(err error, classes ...string) bool {
	e := new(pgconn.PgError)
	return errors.As(err, &e) && e.Severity == "ERROR" && len(e.Code) == 5 && slices.Contains(classes, e.Code[:2])
}

// lineError says which lines an error is about, and what it is.
func lineError(b *batch, unknown bool, err error) error {
	where := b.lines()
	if unknown {
		where += " (which may be durable or not)"
	}
	e := new(pgconn.PgError)
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", where, err)
	}
	text := fmt.Sprintf("%s: %s (SQLSTATE %s)", where, e.Message, e.Code)
	if detail := strings.Trim(durableRows.ReplaceAllString(e.Detail, ""), ".\n"); detail != "" {
		text += ": " + detail
	}
	return &lineFault{text, err}
}

// A lineFault is an error that names lines.
type lineFault struct {
	text string
	err  error
}

func (f *lineFault) Error() string { return f.text }

func (f *lineFault) Unwrap() error { return f.err }

// durable says how far an import came that failed.
func (im *importer) durable() string {
	n := im.imported + im.skipped
	if n == 0 {
		return "nothing was imported"
	}
	text := fmt.Sprintf("durable: %s, up to line %d", counted(n, "event"), im.lastLine)
	if im.skipped > 0 {
		text += fmt.Sprintf(", %d of them from before", im.skipped)
	}
	return text
}

func (im *importer) summary() string {
	streams := counted(int64(len(im.streams)), "stream")
	if len(im.streams) == maxCountedStreams {
		streams = "over a million streams"
	}
	return fmt.Sprintf("imported %s, skipped %d already there, %s, in %s",
		counted(im.imported, "event"), im.skipped, streams, im.took())
}

// A batchReader makes batches of the input.
type batchReader struct {
	in      io.Reader
	out     chan<- delivery
	batch   *batch
	dump    *dumpReader            // nil: an event a line
	streams map[uuid.UUID]struct{} // at most maxCountedStreams
}

func (r *batchReader) run(ctx context.Context) {
	err := r.read(ctx)
	// What came before a bad line, or before the end, is still imported.
	if r.flush(ctx) {
		r.deliver(ctx, delivery{err: err})
	}
}

// read reads up to the end, which is io.EOF, a bad line, or the end of ctx.
func (r *batchReader) read(ctx context.Context) error {
	lines := bufio.NewScanner(r.in)
	lines.Buffer(make([]byte, 1<<20), maxLine+len("\r\n"))
	number := 0
	for lines.Scan() {
		number++
		e, err := r.parse(lines.Bytes())
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		if e != nil && !r.add(ctx, e, number, len(lines.Bytes())) {
			return ctx.Err()
		}
	}
	switch err := lines.Err(); {
	case err == nil && r.dump != nil && r.dump.end() != nil:
		return fmt.Errorf("line %d: %w", number, r.dump.end())
	case err == nil:
		return io.EOF
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("line %d: longer than %d MiB", number+1, maxLine>>20)
	default:
		return fmt.Errorf("line %d: %w", number+1, err)
	}
}

// parse reads a line; nil if it holds no event.
func (r *batchReader) parse(b []byte) (*line, error) {
	if r.dump != nil {
		return r.dump.parse(b)
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, nil
	}
	e, err := parseLine(b)
	return &e, err
}

// add puts an event into the batch, delivering the batch before if it is full or of
// the other kind. It returns whether anyone still wants more.
func (r *batchReader) add(ctx context.Context, e *line, number, size int) bool {
	if len(r.streams) < maxCountedStreams {
		r.streams[e.streamID()] = struct{}{}
	}
	keyed := e.EventID != uuid.Nil
	if r.batch != nil && r.full(keyed, size) && !r.flush(ctx) {
		return false
	}
	if r.batch == nil {
		r.batch = &batch{keyed: keyed}
	}
	if r.batch.keyed && !keyed {
		// An event without an id among others that have one: were it to end the batch,
		// input that mixes them would be appended event by event.
		id, err := uuid.NewV7()
		if err != nil {
			panic(err) // no randomness to be had
		}
		e.EventID = id
	}
	r.batch.add(e, number)
	return true
}

func (r *batchReader) full(keyed bool, size int) bool {
	limit := copyRows
	if r.batch.keyed {
		limit = insertRows
	}
	return len(r.batch.rows) >= limit || len(r.batch.data)+size > batchBytes || keyed && !r.batch.keyed
}

func (r *batchReader) flush(ctx context.Context) bool {
	if r.batch == nil {
		return true
	}
	b := r.batch
	r.batch = nil
	return r.deliver(ctx, delivery{batch: b})
}

// deliver hands on a batch or an error, unless nobody wants it any more.
func (r *batchReader) deliver(ctx context.Context, d delivery) bool {
	select {
	case r.out <- d:
		return true
	case <-ctx.Done():
		return false
	}
}
