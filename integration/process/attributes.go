package process

import (
	"syscall"

	"github.com/eventgres/eventgres/integration/postgres"
)

// Attributes are how a program is to run.
type Attributes struct {
	Owner *postgres.Owner // the account, where the system has such; nil: this process's
	// Apart gives it a group of its own, which a terminal's ^C does not reach.
	Apart bool
	// EndWith is sent to it when the thread that started it ends, where the system knows how.
	EndWith syscall.Signal
}
