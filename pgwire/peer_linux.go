package pgwire

import "golang.org/x/sys/unix"

// socketPeer is the user at the other end of a Unix socket's descriptor.
func socketPeer(fd int) (uint32, error) {
	credentials, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return credentials.Uid, nil
}
