package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/eventgres/eventgres/engine"
)

type verifyCommand struct {
	Data string `default:"data" env:"EVENTGRES_DATA" help:"Data directory." type:"path"`
}

var errDamaged = errors.New("the log is damaged")

func (c *verifyCommand) Run() error {
	report, err := engine.Verify(c.Data, engine.Options{Logger: newLogger("text")})
	if err != nil {
		return err
	}
	fmt.Printf("store     %s\nsegments  %d\nbytes     %d\nevents    %d\nstreams   %d\n",
		report.StoreID, report.Segments, report.Bytes, report.Events, report.Streams)
	if report.TornTail > 0 {
		fmt.Printf("torn tail %d bytes, never acknowledged; the next start cuts it\n", report.TornTail)
	}
	for _, d := range report.Damage {
		fmt.Fprintln(os.Stderr, "damaged  ", d)
	}
	if len(report.Damage) > 0 {
		return errDamaged
	}
	fmt.Println("no damage")
	return nil
}
