//go:build cgo && !linux

package worker

import "syscall"

// lowerPriority lowers the priority of the process: appends and stream reads come first.
func lowerPriority() error { return syscall.Setpriority(syscall.PRIO_PROCESS, 0, 15) }
