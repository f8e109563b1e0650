//go:build !planted

package engine

func planted(bug) bool { return false }
