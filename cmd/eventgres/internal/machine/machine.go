// Package machine asks the operating system what a server has: disk, memory, open files, a clock. What a system cannot tell is
// not known, and never a guess. The package knows nothing of events.
package machine

// Disk is what is known of a file system, in bytes.
type Disk struct {
	Free, Size uint64 // Free for who is not root
	Known      bool
}
