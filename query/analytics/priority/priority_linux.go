package priority

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// niceness and slice of the worker's threads: appends and stream reads come first. A short
// slice lets them have a processor soon, where the kernel knows it (from Linux 6.12 on).
const (
	niceness   = 15
	sliceNanos = 100_000
)

// Lower lowers the priority of the process. On Linux it is a thread's, which those it
// makes inherit, and by now there are several: the program begins anew from one that has it.
func Lower() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// The system call counts from 40 down to 1.
	if got, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err != nil || 20-got >= niceness {
		return err
	}
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Nice: niceness, Runtime: sliceNanos}
	if unix.SchedSetAttr(0, &attr, 0) != nil {
		if err := unix.Setpriority(unix.PRIO_PROCESS, 0, niceness); err != nil {
			return err
		}
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(program, os.Args, os.Environ())
}
