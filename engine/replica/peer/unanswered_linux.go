package peer

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// unanswered ends a connection whose other side has acknowledged nothing of what was sent to it for so long. The system itself goes on for minutes, with pauses
// that double, and so finds out late that a network works again; who connects anew does at once.
func unanswered(conn net.Conn, limit time.Duration) {
	tcp, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // without it, it only takes longer
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(limit.Milliseconds()))
	})
}
