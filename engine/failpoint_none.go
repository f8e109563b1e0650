//go:build !failpoint

package engine

func failpoint(bug) bool { return false }
