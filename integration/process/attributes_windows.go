package process

import "syscall"

// System is what exec.Cmd takes of it.
func (w Attributes) System() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{}
	if w.Apart {
		a.CreationFlags = syscall.CREATE_NEW_PROCESS_GROUP
	}
	return a
}
