//go:build cgo

package main

import (
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/eventgres/eventgres/query/analytics/worker"
)

const hasWorker = true

// workerCommand is the analytics worker; the server starts it, nobody else.
type workerCommand struct {
	Config string `arg:""`
}

func (c *workerCommand) Run() error {
	// A terminal's interrupt reaches the server too, and it ends the worker.
	signal.Ignore(syscall.SIGINT)
	config, err := worker.ReadConfig(c.Config)
	if err != nil {
		return err
	}
	logger := newLogger(config.LogFormat).With(slog.String("process", "analytics worker"))
	return worker.Run(config, os.Stdin, logger)
}
