package pgwire

import "io/fs"

// openToOthers: Windows says who may read a file in lists that a mode does not show.
func openToOthers(fs.FileInfo) bool { return false }
