//go:build cgo

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/eventgres/eventgres/query/analytics/worker"
)

const hasWorker = true

// verifyProjection compares the projection with the log's events below a position, and tells what it
// found; damaged: the projection says something else than the log.
func verifyProjection(ctx context.Context, dir string, before int64) (found string, damaged bool, err error) {
	report, err := worker.VerifyProjection(ctx, dir, before)
	switch {
	case errors.Is(err, worker.ErrProjectionInUse):
		return "a server has it open: not compared", false, nil
	case err != nil:
		return "", false, err
	case report.Missing:
		return "none; a server makes it of the log", false, nil
	case report.Stale != "":
		return "made anew at the next start: " + report.Stale, false, nil
	case report.Damage != "":
		return report.Damage, true, nil
	}
	return counted(report.Events, "event") + ", the same as in the log", false, nil
}

// workerCommand is the analytics worker; the server starts it, nobody else.
type workerCommand struct {
	Config string `arg:""`
}

func (c *workerCommand) Run() error {
	// A terminal's interrupt reaches the server too, and it ends the worker; a hangup ends nothing.
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP)
	config, err := worker.ReadConfig(c.Config)
	if err != nil {
		return err
	}
	logger := newLogger(config.LogFormat).With(slog.String("process", "analytics worker"))
	return worker.Run(config, os.Stdin, logger)
}
