package machine

import "golang.org/x/sys/windows"

// DiskOf asks for the volume that a directory is in.
func DiskOf(dir string) (d Disk) {
	name, err := windows.UTF16PtrFromString(dir)
	if err == nil && windows.GetDiskFreeSpaceEx(name, &d.Free, &d.Size, nil) == nil {
		d.Known = true
	}
	return d
}

// OpenFiles is not bounded by a number on Windows.
func OpenFiles() (limit uint64, known bool) { return 0, false }
