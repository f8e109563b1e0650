//go:build planted

package engine

import "os"

// plantedBug is the one that this process has.
var plantedBug = bug(os.Getenv("EVENTGRES_BUG"))

func planted(b bug) bool { return b == plantedBug }
