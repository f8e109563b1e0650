package web

import "golang.org/x/sys/windows"

// diskOf asks for the volume that a directory is in.
func diskOf(dir string) (d disk) {
	name, err := windows.UTF16PtrFromString(dir)
	if err == nil && windows.GetDiskFreeSpaceEx(name, &d.free, &d.size, nil) == nil {
		d.known = true
	}
	return d
}
