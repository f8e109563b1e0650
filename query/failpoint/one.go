//go:build failpoint

package failpoint

import "os"

var set = Bug(os.Getenv("EVENTGRES_BUG"))

// On tells whether a mistake is to be made.
func On(b Bug) bool { return b == set }
