//go:build darwin || freebsd

package pgwire

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// peerGone looks, without waiting or taking anything, whether the client has closed its side, also
// behind bytes that it sent before: kqueue(2)'s EV_EOF says so, where poll(2) has no portable word
// for it.
func peerGone(rc syscall.RawConn) bool {
	gone := false
	_ = rc.Control(func(fd uintptr) { // an error: the connection is closed here already
		queue, err := unix.Kqueue()
		if err != nil {
			return
		}
		defer unix.Close(queue)
		unix.CloseOnExec(queue)
		change := make([]unix.Kevent_t, 1)
		unix.SetKevent(&change[0], int(fd), unix.EVFILT_READ, unix.EV_ADD)
		events := make([]unix.Kevent_t, 1)
		n, err := unix.Kevent(queue, change, events, &unix.Timespec{})
		gone = err == nil && n == 1 && events[0].Flags&unix.EV_EOF != 0
	})
	return gone
}
