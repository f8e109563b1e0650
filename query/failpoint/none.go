//go:build !failpoint

package failpoint

// On tells whether a mistake is to be made.
func On(Bug) bool { return false }
