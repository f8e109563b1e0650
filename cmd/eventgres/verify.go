package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/eventgres/eventgres/engine"
)

type verifyCommand struct {
	Data string `default:"data" env:"EVENTGRES_DATA" help:"Data directory." type:"path"`
	URL  string `default:"postgres://127.0.0.1:5433/events" env:"EVENTGRES_URL" help:"The server that has it open, if one has."`
}

var errDamaged = errors.New("the log is damaged")

func (c *verifyCommand) Run() error {
	options := engine.Options{Logger: newLogger("text")}
	ctx := context.Background() // ^C may end it at any time: it changes nothing
	var report engine.VerifyReport
	err := withExtent(ctx, c.URL, c.Data, "eventgres verify", func(before engine.Extent) (err error) {
		if before == engine.Whole {
			report, err = engine.Verify(c.Data, options)
		} else {
			report, err = engine.VerifyBelow(c.Data, before, options)
		}
		return err
	})
	if err != nil {
		return err
	}
	fmt.Printf("store     %s\nsegments  %d\nbytes     %d\nevents    %d\nstreams   %d\n",
		report.StoreID, report.Segments, report.Bytes, report.Events, report.Streams)
	if report.TornTail > 0 {
		fmt.Printf("torn tail %d bytes, never acknowledged; the next start cuts it\n", report.TornTail)
	}
	for _, d := range report.Indexes {
		fmt.Fprintln(os.Stderr, "index    ", d)
	}
	for _, d := range report.Damage {
		fmt.Fprintln(os.Stderr, "damaged  ", d)
	}
	if len(report.Damage) > 0 {
		return errDamaged
	}
	// The columns that analytical statements read are derived, and as good as the log is.
	found, damaged, err := verifyProjection(ctx, c.Data, report.Events)
	if err != nil {
		return fmt.Errorf("the projection: %w", err)
	}
	if damaged {
		fmt.Fprintln(os.Stderr, "damaged  ", "the projection:", found)
	} else {
		fmt.Printf("projection %s\n", found)
	}
	if damaged {
		return errors.New("the projection is damaged, the log is not: stop the server and run eventgres repair --projection")
	}
	if len(report.Indexes) > 0 {
		return errors.New("an index is damaged, the log is not: stop the server and run eventgres repair --indexes")
	}
	fmt.Println("no damage")
	return nil
}

// withExtent runs f for the whole of a store, and where a server has it open for as much as the server
// has committed.
func withExtent(ctx context.Context, url, dir, name string, f func(before engine.Extent) error) error {
	err := f(engine.Whole)
	if !errors.Is(err, engine.ErrLocked) {
		return err
	}
	before, err := committedBy(ctx, url, dir, name)
	if err != nil {
		return err
	}
	return f(before)
}

// committedBy asks the server that has a data directory open how much is committed.
func committedBy(ctx context.Context, url, dir, name string) (extent engine.Extent, err error) {
	id, err := engine.ReadStoreID(dir)
	if err != nil {
		return extent, err
	}
	conn, err := connect(ctx, url, name)
	if err != nil {
		return extent, fmt.Errorf("a server has %s open; ask it with --url: %w", dir, err)
	}
	defer hangUp(conn)
	result := conn.ExecParams(ctx, "SELECT eventgres_backup_start()", nil, nil, nil, nil).Read()
	if result.Err != nil {
		return extent, result.Err
	}
	var told struct {
		Events, Changes int64
		Store           string `json:"store_id"`
	}
	if err := json.Unmarshal(result.Rows[0][0], &told); err != nil {
		return extent, err
	}
	if told.Store != id.String() {
		return extent, fmt.Errorf("the server at %s serves another store than %s", url, dir)
	}
	return engine.Extent{Events: told.Events, Changes: told.Changes}, nil
}
