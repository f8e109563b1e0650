//go:build !linux

package machine

// Memory is not asked for here.
func Memory() (total uint64, known bool) { return 0, false }

// Clock is not asked for here.
func Clock() (kept, known bool) { return false, false }

// Volatile is not asked for here.
func Volatile(string) (kind string, known bool) { return "", false }
