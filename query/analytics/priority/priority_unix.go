//go:build unix && !linux

package priority

import "syscall"

// niceness of the worker: appends and stream reads come first.
const niceness = 15

// Lower lowers the priority of the process.
func Lower() error { return syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness) }
