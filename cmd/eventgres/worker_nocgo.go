//go:build !cgo

package main

import "errors"

const hasWorker = false

type workerCommand struct {
	Config string `arg:""`
}

func (c *workerCommand) Run() error {
	return errors.New("this program was built without cgo, and has no analytics worker")
}
