//go:build unix

package main

import "syscall"

// keepToOwner has everything that this process and its worker make be their owner's alone, what
// libraries make too.
func keepToOwner() { syscall.Umask(0o077) }
