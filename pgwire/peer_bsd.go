//go:build darwin || freebsd

package pgwire

import "golang.org/x/sys/unix"

// solLocal is SOL_LOCAL, 0 on both systems.
const solLocal = 0

// socketPeer is the user at the other end of a Unix socket's descriptor.
func socketPeer(fd int) (uint32, error) {
	credentials, err := unix.GetsockoptXucred(fd, solLocal, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return credentials.Uid, nil
}
