package pgwire

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// wsaPoll is poll(2) of Winsock, which golang.org/x/sys does not have.
var wsaPoll = windows.NewLazySystemDLL("ws2_32.dll").NewProc("WSAPoll")

// What WSAPoll knows, from winsock2.h.
const (
	pollErr    = 0x0001
	pollHup    = 0x0002
	pollRdNorm = 0x0100
)

// wsaPollFd is WSAPOLLFD.
type wsaPollFd struct {
	socket  uintptr
	events  int16
	revents int16
}

// peerGone looks, without waiting or taking anything, whether the client has closed its side.
func peerGone(rc syscall.RawConn) bool {
	gone := false
	_ = rc.Control(func(fd uintptr) { // an error: the connection is closed here already
		poll := wsaPollFd{socket: fd, events: pollRdNorm}
		n, _, _ := wsaPoll.Call(uintptr(unsafe.Pointer(&poll)), 1, 0)
		gone = int32(n) == 1 && poll.revents&(pollHup|pollErr) != 0
	})
	return gone
}
