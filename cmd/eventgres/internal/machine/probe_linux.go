package machine

import "golang.org/x/sys/unix"

// Memory is what the machine has, in bytes.
func Memory() (total uint64, known bool) {
	var i unix.Sysinfo_t
	if unix.Sysinfo(&i) != nil {
		return 0, false
	}
	return uint64(i.Totalram) * uint64(i.Unit), true //nolint:unconvert // types differ between processors
}

// Clock tells whether something keeps the clock right.
func Clock() (kept, known bool) {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return false, false
	}
	return t.Status&unix.STA_UNSYNC == 0, true
}

// Volatile tells whether a directory is in memory, or on a file system over a network, by the name of the file system.
func Volatile(dir string) (kind string, known bool) {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return "", false
	}
	switch s.Type {
	case unix.TMPFS_MAGIC:
		return "tmpfs", true
	case unix.RAMFS_MAGIC:
		return "ramfs", true
	case unix.NFS_SUPER_MAGIC:
		return "nfs", true
	case unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC:
		return "smb", true
	}
	return "", true
}
