//go:build !linux

package pgwire

import "syscall"

// peerGone looks, without waiting or taking anything, for the end of what the client sends;
// bytes that it sent before hide it.
func peerGone(rc syscall.RawConn) bool {
	gone := false
	_ = rc.Read(func(fd uintptr) bool { // an error: the connection is closed here already
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		gone = n == 0 && err == nil
		return true
	})
	return gone
}
