//go:build cgo

package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/relation"
)

// projection is the log in columns.
type projection struct {
	db       *duck.DB
	conn     *duck.Conn // that it is filled through
	follower *engine.Follower
	logger   *slog.Logger

	filling  chan struct{} // holds one while it is filled
	position atomic.Int64
	failed   error                // why it cannot go on; as filling has it
	tell     func(position int64) // is told how far it has come; nil: nobody is
}

const (
	projectionFile = "analytics.duckdb"
	// projectionVersion is of the tables below; another one is rebuilt.
	projectionVersion = 2
	// A transaction of a long catch-up holds so many events or bytes, whichever are fewer:
	// enough that its cost is small, few enough that its memory is.
	batchEvents = 256 << 10
	batchBytes  = 64 << 20
)

// projected are the columns of events that the projection has, as DuckDB has them. Of the two columns of UUIDs queries group and
// join by stream_id. Where ids begin alike, DuckDB packs their bits, and takes fifteen times as long to read them: 0.4 s for a million.
var projected = []struct {
	column int
	typ    *duck.Type
	sql    string
}{
	{relation.EventPosition, duck.TInt64, "BIGINT"},
	{relation.EventStreamID, duck.TUUID, "UUID USING COMPRESSION uncompressed"},
	{relation.EventStream, duck.TVarchar, "VARCHAR"},
	{relation.EventVersion, duck.TInt64, "BIGINT"},
	{relation.EventEventID, duck.TUUID, "UUID"},
	{relation.EventType, duck.TVarchar, "VARCHAR"},
	{relation.EventPayload, duck.TVarchar, "VARCHAR"},
	{relation.EventPayloadBytes, duck.TBlob, "BLOB"},
	{relation.EventMetadata, duck.TVarchar, "VARCHAR"},
	{relation.EventTags, duck.ListOf(duck.TVarchar), "VARCHAR[]"},
	{relation.EventRecordedAt, duck.TTimestamp, "TIMESTAMP"},
}

// What projected says: names, types, and the tables.
var projectionNames, projectionTypes, projectionSchema = func() (names []string, types []*duck.Type, schema string) {
	var list []string
	for _, p := range projected {
		c := relation.Events.Columns[p.column]
		column := c.Name + " " + p.sql
		if c.NotNull {
			column += " NOT NULL"
		}
		names, types, list = append(names, c.Name), append(types, p.typ), append(list, column)
	}
	return names, types, "CREATE TABLE events (" + strings.Join(list, ", ") + `);
CREATE TABLE progress (version INTEGER NOT NULL, store VARCHAR NOT NULL, segment BIGINT NOT NULL, byte_offset BIGINT NOT NULL, position BIGINT NOT NULL);
`
}()

// openProjection opens the projection in a data directory, or makes it anew where it is
// missing, foreign or damaged.
func openProjection(dir string, settings map[string]string, logger *slog.Logger) (*projection, error) {
	follower, err := engine.OpenFollower(dir, engine.Options{Logger: logger})
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, projectionFile)
	_, missing := os.Stat(path)
	p := &projection{follower: follower, logger: logger, filling: make(chan struct{}, 1)}
	err = p.open(path, settings)
	if locked(err) {
		logger.Info("waiting for another process to let go of the projection", "file", path)
	}
	for deadline := time.Now().Add(lockPatience); locked(err) && time.Now().Before(deadline); {
		p.closeFile()
		time.Sleep(lockRetry)
		err = p.open(path, settings)
	}
	if err == nil {
		return p, nil
	}
	if blameless(err) {
		p.close()
		return nil, err
	}
	if missing == nil {
		logger.Warn("building the projection anew", "file", path, "reason", err)
	}
	p.closeFile()
	if err := removeFile(path); err != nil {
		return nil, err
	}
	if err := p.open(path, settings); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

const (
	// lockPatience is how long a worker that was killed may take to let go of the file.
	lockPatience = 10 * time.Second
	lockRetry    = 20 * time.Millisecond
)

// locked tells whether another process has the file.
func locked(err error) bool {
	var e *duck.Error
	return errors.As(err, &e) && strings.Contains(e.Message, "Could not set lock")
}

// blameless tells whether an error of opening says nothing against the file, which a new one
// would meet as well.
func blameless(err error) bool {
	if locked(err) {
		return true
	}
	var e *duck.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, cause := range []string{"Out of Memory", "No space left", "Permission denied", "Read-only file system", "Too many open files"} {
		if strings.Contains(e.Message, cause) {
			return true
		}
	}
	return e.Kind == "Out of Memory"
}

func (p *projection) open(path string, settings map[string]string) error {
	for _, name := range []string{path, path + ".wal"} { // releases before 0.6 let others read them
		if err := os.Chmod(name, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := p.make(path, settings); err != nil {
			return err
		}
	}
	if err := p.openFile(path, settings); err != nil {
		return err
	}
	return p.resume()
}

// make makes a projection of no events. It has another name until it is whole: a file that DuckDB has begun, and a kill or a full disk
// has kept it from ending, could not be told from one that is damaged.
func (p *projection) make(path string, settings map[string]string) error {
	begun := path + ".new"
	if err := removeFile(begun); err != nil {
		return err
	}
	err := p.openFile(begun, settings)
	if err == nil {
		insert := fmt.Sprintf("INSERT INTO progress VALUES (%d, '%s', 1, 0, 0)", projectionVersion, p.follower.StoreID())
		err = p.conn.Exec("BEGIN; " + projectionSchema + insert + "; COMMIT; CHECKPOINT")
	}
	p.closeFile()
	if err == nil {
		err = os.Rename(begun, path)
	}
	if err != nil {
		return errors.Join(err, removeFile(begun))
	}
	return nil
}

// removeFile removes a projection's file, and what belongs to it.
func removeFile(path string) error {
	for _, name := range []string{path, path + ".wal"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (p *projection) openFile(path string, settings map[string]string) (err error) {
	if p.db, err = duck.Open(path, settings); err != nil {
		return err
	}
	p.conn, err = p.db.Connect()
	return err
}

// resume goes on where the projection's last transaction ended.
func (p *projection) resume() error {
	rows, err := p.conn.Read("SELECT version, store, segment, byte_offset, position, (SELECT count(*) FROM events) FROM progress")
	if err != nil {
		return err
	}
	defer rows.Close()
	v, n, err := rows.Next()
	switch {
	case err != nil:
		return err
	case n != 1:
		return errors.New("it says nothing of its progress")
	case v[0].Int32(0) != projectionVersion:
		return fmt.Errorf("its version is %d instead of %d", v[0].Int32(0), projectionVersion)
	case v[1].Text(0) != p.follower.StoreID().String():
		return fmt.Errorf("it is of another store, %s", v[1].Text(0))
	case v[5].Int64(0) != v[4].Int64(0):
		return fmt.Errorf("it has %d events instead of %d", v[5].Int64(0), v[4].Int64(0))
	}
	place := engine.Place{Segment: uint32(v[2].Int64(0)), Offset: v[3].Int64(0), Position: v[4].Int64(0)}
	if place.Position > 0 {
		p.follower.Seek(place)
	}
	p.position.Store(place.Position)
	return nil
}

func (p *projection) close() {
	p.follower.Close()
	p.closeFile()
}

func (p *projection) closeFile() {
	if p.conn != nil {
		p.conn.Close()
		p.conn = nil
	}
	if p.db != nil {
		p.db.Close()
		p.db = nil
	}
}

// reach returns when the projection holds every event below a position.
func (p *projection) reach(ctx context.Context, before int64) error {
	if p.position.Load() >= before {
		return nil
	}
	select {
	case p.filling <- struct{}{}:
		defer func() { <-p.filling }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if p.failed != nil {
		return p.failed
	}
	progress := &progress{logger: p.logger, from: p.position.Load(), to: before, began: time.Now()}
	for p.position.Load() < before {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.batch(ctx, before); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		progress.at(p.position.Load())
	}
	progress.done()
	return nil
}

// batch appends events in one transaction, which records how far it came.
func (p *projection) batch(ctx context.Context, before int64) (err error) {
	start := p.follower.Place()
	defer func() {
		if err != nil {
			p.follower.Seek(start)
			rollBack(p.conn) // the error that matters is the first
		}
	}()
	if err := p.conn.Exec("BEGIN"); err != nil {
		return err // where memory is short the transaction has begun all the same
	}
	appender, err := p.conn.Appender("", "main", "events", projectionTypes)
	if err != nil {
		return err
	}
	f := &filler{appender: appender, follower: p.follower}
	if err = f.begin(); err == nil {
		// A frame is taken whole: the place is between frames.
		err = p.follower.Read(ctx, before, f.event)
	}
	if err == nil {
		err = f.flush()
	}
	if err != nil {
		_ = appender.Close()
		return err
	}
	if err = appender.Close(); err != nil {
		return err
	}
	place := p.follower.Place()
	if err = p.conn.Exec(fmt.Sprintf("UPDATE progress SET segment = %d, byte_offset = %d, position = %d; COMMIT", place.Segment, place.Offset, place.Position)); err != nil {
		return err
	}
	p.position.Store(place.Position)
	if p.tell != nil {
		p.tell(place.Position)
	}
	return nil
}

// filler puts events into chunks.
type filler struct {
	appender *duck.Appender
	follower *engine.Follower
	columns  []duck.Writer
	n        int
	total    int
	bytes    int
}

func (f *filler) begin() (err error) {
	defer duck.Recover(&err)
	f.columns = f.appender.Chunk()
	return nil
}

func (f *filler) event(e *engine.RecordedEvent) (err error) {
	defer duck.Recover(&err)
	setEvent(f.columns, f.n, e)
	f.n++
	f.total++
	f.bytes += len(e.Payload) + len(e.Metadata) + 100
	if f.total >= batchEvents || f.bytes >= batchBytes {
		f.follower.Stop()
	}
	if f.n == duck.ChunkRows {
		return f.flush()
	}
	return nil
}

// setEvent sets a row of projectionTypes.
func setEvent(c []duck.Writer, i int, e *engine.RecordedEvent) {
	c[0].SetInt64(i, e.Position)
	c[1].SetUUID(i, (*[16]byte)(&e.StreamID))
	setText(&c[2], i, e.Stream, e.Stream != "")
	c[3].SetInt64(i, e.Version)
	c[4].SetUUID(i, (*[16]byte)(&e.EventID))
	c[5].SetText(i, e.Type)
	setBytes(&c[6], i, e.Payload, e.Payload != nil && !e.Opaque)
	setBytes(&c[7], i, e.Payload, e.Payload != nil && e.Opaque)
	setBytes(&c[8], i, e.Metadata, e.Metadata != nil)
	setTags(&c[9], i, e.Tags)
	c[10].SetInt64(i, e.RecordedAt)
}

func (f *filler) flush() (err error) {
	defer duck.Recover(&err)
	if f.n == 0 {
		return nil
	}
	if err := f.appender.Append(f.n); err != nil {
		return err
	}
	f.columns, f.n = f.appender.Chunk(), 0
	return nil
}

func setText(w *duck.Writer, i int, s string, ok bool) {
	if !ok {
		w.SetNull(i)
		return
	}
	w.SetText(i, s)
}

func setBytes(w *duck.Writer, i int, b []byte, ok bool) {
	if !ok {
		w.SetNull(i)
		return
	}
	w.SetBytes(i, b)
}

func setTags(w *duck.Writer, i int, tags []string) {
	items, from := w.BeginList(i, len(tags))
	if tags == nil {
		w.SetNull(i)
		return
	}
	for k, tag := range tags {
		setText(items, from+k, tag, tag != engine.NullTag)
	}
}

// progress logs a long catch-up.
type progress struct {
	logger   *slog.Logger
	from, to int64
	began    time.Time
	last     time.Time
}

const progressInterval = 2 * time.Second

func (p *progress) at(position int64) {
	if now := time.Now(); now.Sub(p.began) >= progressInterval && now.Sub(p.last) >= progressInterval {
		p.last = now
		p.logger.Info("filling the projection", "done", position, "of", p.to, "unit", "events")
	}
}

func (p *progress) done() {
	if took := time.Since(p.began); took >= progressInterval {
		p.logger.Info("filled the projection", "events", p.to-p.from, "took", took.Round(time.Millisecond),
			"events_per_second", int64(float64(p.to-p.from)/took.Seconds()))
	}
}

// eventsSQL is the table of events, as of a position, for a transaction that sees the
// projection up to another.
func eventsSQL(before, visible int64) string {
	if before >= visible {
		return "main.events"
	}
	return fmt.Sprintf("(SELECT * FROM main.events WHERE position < %d)", before)
}
