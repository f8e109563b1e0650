//go:build !failpoint

package replica

func failpoint(bug) bool { return false }
