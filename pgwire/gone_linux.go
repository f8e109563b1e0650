package pgwire

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// peerGone looks, without waiting or taking anything, whether the client has closed its
// side, also behind bytes that it sent before.
func peerGone(rc syscall.RawConn) bool {
	gone := false
	_ = rc.Control(func(fd uintptr) { // an error: the connection is closed here already
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(poll, 0)
		gone = err == nil && n == 1 && poll[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
	})
	return gone
}
