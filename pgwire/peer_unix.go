//go:build linux || darwin || freebsd

package pgwire

import (
	"errors"
	"net"
	"syscall"
)

// peerID is the user at the other end of a Unix socket.
func peerID(nc net.Conn) (id uint32, err error) {
	conn, ok := nc.(syscall.Conn)
	if !ok {
		return 0, errors.New("the connection has no other end on this machine")
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	if controlled := raw.Control(func(fd uintptr) { id, err = socketPeer(int(fd)) }); controlled != nil {
		return 0, controlled
	}
	return id, err
}
