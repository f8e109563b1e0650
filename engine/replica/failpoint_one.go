//go:build failpoint

package replica

import "os"

// failpointSet is the one that this process has; it has the engine's too.
var failpointSet = bug(os.Getenv("EVENTGRES_BUG"))

func failpoint(b bug) bool { return b == failpointSet }
