//go:build failpoint

package engine

import "os"

// failpointSet is the one that this process has.
var failpointSet = bug(os.Getenv("EVENTGRES_BUG"))

func failpoint(b bug) bool { return b == failpointSet }
