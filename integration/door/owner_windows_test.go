package door

import "io/fs"

func chownLike(string, fs.FileInfo) error { return nil }
