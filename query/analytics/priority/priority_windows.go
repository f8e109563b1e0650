package priority

import "golang.org/x/sys/windows"

// Lower lowers the priority of the process, to the class below the usual one.
func Lower() error {
	return windows.SetPriorityClass(windows.CurrentProcess(), windows.BELOW_NORMAL_PRIORITY_CLASS)
}
