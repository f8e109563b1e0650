//go:build cgo

package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/analytics/duck"
)

// ErrProjectionInUse: a server has the projection open.
var ErrProjectionInUse = errors.New("a server has the projection open")

// ProjectionReport is what VerifyProjection found.
type ProjectionReport struct {
	Missing bool  // there is none; the next start makes it
	Events  int64 // compared, and the same as the log's
	// Stale tells why a server would make the projection anew, empty if it would not.
	Stale string
	// Damage tells what is not as in the log, empty if nothing.
	Damage string
}

// VerifyProjection compares the projection in a data directory with the log, every column of every
// event. The log's events below before must be durable. It changes nothing.
func VerifyProjection(ctx context.Context, dir string, before int64) (report ProjectionReport, err error) {
	path := filepath.Join(dir, projectionFile)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return ProjectionReport{Missing: true}, nil
	}
	follower, err := engine.OpenFollower(dir, engine.Options{})
	if err != nil {
		return report, err
	}
	p := &verified{projection: projection{follower: follower}, begin: follower.Place()}
	defer p.close()
	p.db, err = duck.Open(path, map[string]string{"access_mode": "READ_ONLY", "threads": "1", "memory_limit": "512MiB"})
	if err == nil {
		p.conn, err = p.db.Connect()
	}
	switch {
	case locked(err):
		return report, ErrProjectionInUse
	case blameless(err):
		return report, err
	case err != nil:
		report.Damage = "it cannot be opened: " + err.Error()
		return report, nil
	}
	if report.Damage = p.foreign(); report.Damage != "" {
		return report, nil
	}
	if err := p.resume(); err != nil {
		report.Stale = err.Error()
		return report, nil
	}
	position := p.position.Load()
	if position > before {
		report.Damage = fmt.Sprintf("it has %d events, and the log %d", position, before)
		return report, nil
	}
	if report.Damage, err = p.compare(ctx, position); err == nil && report.Damage == "" {
		report.Events = position
	}
	return report, err
}

// verified is a projection that is compared with the log.
type verified struct {
	projection
	begin engine.Place // of the log
}

// foreign tells what the file holds beside the projection: anything could stand before what queries mean.
func (p *verified) foreign() string {
	rows, err := p.conn.Read(`SELECT table_name FROM duckdb_tables() WHERE NOT internal AND table_name NOT IN ('events', 'progress')
		UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal
		UNION ALL SELECT function_name FROM duckdb_functions() WHERE NOT internal
		UNION ALL SELECT schema_name FROM duckdb_schemas() WHERE NOT internal AND schema_name <> 'main'`)
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	v, n, err := rows.Next()
	switch {
	case err != nil:
		return err.Error()
	case n > 0:
		return fmt.Sprintf("it holds %q, which no projection has", v[0].Text(0))
	}
	return ""
}

var errDiffers = errors.New("it differs")

// compare reads both in the order of positions.
func (p *verified) compare(ctx context.Context, before int64) (damage string, err error) {
	rows, err := p.conn.Query("SELECT " + strings.Join(projectionNames, ", ") + " FROM events")
	if err != nil {
		return "it cannot be read: " + err.Error(), nil
	}
	defer rows.Close()
	p.follower.Seek(p.begin)
	var columns []duck.Vector
	row, n := 0, 0
	err = p.follower.Read(ctx, before, func(e *engine.RecordedEvent) error {
		if row == n {
			var err error
			if columns, n, err = rows.Next(); err != nil || n == 0 {
				damage = fmt.Sprintf("it ends before position %d: %v", e.Position, err)
				return errDiffers
			}
			row = 0
		}
		if column := differs(columns, row, e); column != "" {
			damage = fmt.Sprintf("at position %d it has another %s than the log", e.Position, column)
			return errDiffers
		}
		row++
		return nil
	})
	if errors.Is(err, errDiffers) {
		return damage, nil
	}
	return "", err
}

// differs tells the column in which a row is not the event, empty if there is none.
func differs(c []duck.Vector, i int, e *engine.RecordedEvent) string {
	text := func(v *duck.Vector, want []byte, ok bool) bool {
		if v.Null(i) || !ok {
			return v.Null(i) == !ok
		}
		return bytes.Equal(v.Bytes(i), want)
	}
	same := []bool{
		!c[0].Null(i) && c[0].Int64(i) == e.Position,
		!c[1].Null(i) && c[1].UUID(i) == [16]byte(e.StreamID),
		text(&c[2], []byte(e.Stream), e.Stream != ""),
		!c[3].Null(i) && c[3].Int64(i) == e.Version,
		!c[4].Null(i) && c[4].UUID(i) == [16]byte(e.EventID),
		text(&c[5], []byte(e.Type), true),
		text(&c[6], e.Payload, e.Payload != nil && !e.Opaque),
		text(&c[7], e.Payload, e.Payload != nil && e.Opaque),
		text(&c[8], e.Metadata, e.Metadata != nil),
		sameTags(&c[9], i, e.Tags),
		!c[10].Null(i) && c[10].Int64(i) == e.RecordedAt,
	}
	if at := slices.Index(same, false); at >= 0 {
		return projectionNames[at]
	}
	return ""
}

func sameTags(v *duck.Vector, i int, tags []string) bool {
	if v.Null(i) || tags == nil {
		return v.Null(i) == (tags == nil)
	}
	from, to := v.List(i)
	if to-from != len(tags) {
		return false
	}
	items := v.Child()
	for k, tag := range tags {
		if items.Null(from+k) != (tag == engine.NullTag) || tag != engine.NullTag && items.Text(from+k) != tag {
			return false
		}
	}
	return true
}
