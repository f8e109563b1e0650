package pgwire

import (
	"net"
	"syscall"
)

// reservedFiles is how many descriptors connections leave to the rest of the process: the log's
// next segment and its index, and the sockets to the worker of sessions that are there.
const reservedFiles = 16

// scarce reports whether nc has a descriptor that is among the last the process may have. The
// system gives the lowest that is free, so that its number says how many are left.
func scarce(nc net.Conn) bool {
	conn, ok := nc.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	last := false
	err = raw.Control(func(fd uintptr) { last = int(fd) >= maxFiles()-reservedFiles })
	return err == nil && last
}
