//go:build unix && !linux && !freebsd

package process

import "syscall"

// System is what exec.Cmd takes of it.
func (w Attributes) System() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: w.Apart}
	if w.Owner != nil {
		a.Credential = &syscall.Credential{Uid: w.Owner.UID, Gid: w.Owner.GID}
	}
	return a
}
