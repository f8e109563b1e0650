package main

import (
	"errors"
	"fmt"

	"github.com/eventgres/eventgres/engine"
)

type backupCommand struct {
	Dir  string `arg:"" help:"Directory for the backup; one that holds an earlier backup is brought up to date." type:"path"`
	Data string `default:"data" env:"EVENTGRES_DATA" help:"Data directory." type:"path"`
	URL  string `default:"postgres://127.0.0.1:5433/events" env:"EVENTGRES_URL" help:"The server that has it open, if one has."`
	Copy bool   `help:"Copy every segment, instead of sharing its blocks or, by a hard link, the file itself with the log."`
}

func (c *backupCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	options := engine.Options{Logger: newLogger("text"), Copy: c.Copy}
	var report engine.BackupReport
	err := withExtent(ctx, c.URL, c.Data, "eventgres backup", func(before engine.Extent) (err error) {
		report, err = engine.Backup(ctx, c.Data, c.Dir, before, options)
		return err
	})
	if err != nil {
		return interrupted(ctx, err)
	}
	fmt.Printf("store     %s\nevents    %d\nsegments  %d sealed, %d of them new\nbytes     %d, %d shared with the store\n",
		report.StoreID, report.Position, report.Segments, report.Copied, report.Bytes, report.Shared)
	return nil
}

type restoreCommand struct {
	Backup string `arg:"" help:"Directory of the backup." type:"existingdir"`
	Data   string `default:"data" env:"EVENTGRES_DATA" help:"Data directory to make; it must be empty or missing." type:"path"`
}

func (c *restoreCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	report, err := engine.Restore(ctx, c.Backup, c.Data, engine.Options{Logger: newLogger("text")})
	if err != nil {
		return interrupted(ctx, err)
	}
	if len(report.Damage) > 0 {
		return fmt.Errorf("restored, and %w: %s", errDamaged, report.Damage[0])
	}
	fmt.Printf("store     %s\nevents    %d\nstreams   %d\nrestored and verified in %s\n", report.StoreID, report.Events, report.Streams, c.Data)
	return nil
}

type repairCommand struct {
	Data        string `default:"data" env:"EVENTGRES_DATA" help:"Data directory; no server may have it open." type:"path"`
	CutAt       int64  `default:"-1" help:"End the log before this position; what is cut is kept aside."`
	Indexes     bool   `help:"Take the index files out; the next start builds them from the log."`
	Projection  bool   `help:"Take the projection out, which analytical statements read; the next start makes it of the log."`
	Checkpoint  bool   `help:"Take the file CHECKPOINT out, where it is damaged."`
	Definitions bool   `help:"Take the file DEFINITIONS of a store of version 0.5 or older out, where it is damaged: views are gone."`
}

func (c *repairCommand) Run() error {
	r := engine.Repair{CutAt: c.CutAt, Indexes: c.Indexes, Projection: c.Projection, Checkpoint: c.Checkpoint, Definitions: c.Definitions}
	if c.CutAt < 0 && !c.Indexes && !c.Projection && !c.Checkpoint && !c.Definitions {
		return errors.New("nothing to do: say --cut-at POSITION, --indexes, --projection, --checkpoint or --definitions; eventgres verify shows what is damaged")
	}
	report, err := r.Run(c.Data, engine.Options{Logger: newLogger("text")})
	if err != nil {
		return err
	}
	if c.CutAt >= 0 {
		fmt.Printf("the log ends after %s; %d bytes were cut\n", counted(report.Events, "event"), report.Cut)
	}
	if report.Aside == "" {
		fmt.Println("there was nothing to take out")
		return nil
	}
	fmt.Printf("%s kept in %s\n", counted(int64(report.Files), "file"), report.Aside)
	return nil
}
