// Package postgres finds the PostgreSQL of this machine, for tests and benchmarks that run
// one of their own.
package postgres

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Dirs are the bin directories of the PostgreSQL servers here, the one to compare with
// (15) first.
func Dirs() []string {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(dirs)
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append([]string{strings.TrimSpace(string(out))}, dirs...)
	}
	slices.SortStableFunc(dirs, func(a, b string) int { return not15(a) - not15(b) })
	return slices.DeleteFunc(dirs, func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "postgres"))
		return err != nil
	})
}

func not15(dir string) int {
	if strings.Contains(dir, "/15/") {
		return 0
	}
	return 1
}

// An Owner is an account that programs run as; nil is this process's own.
type Owner struct{ UID, GID uint32 }

// Own gives a directory to the account that a server may run as, which is returned; nil is
// this process's own. PostgreSQL refuses to run as root, so root's servers belong to the
// account that the package made for it.
func Own(dir string) (*Owner, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &Owner{UID: uint32(uid), GID: uint32(gid)}, os.Chown(dir, int(uid), int(gid))
}

// FreePort is a port of the loopback interface that nobody listens on. It is below those that systems give to whoever asks for any:
// a server takes its time to start, in which other tests open thousands of connections, each from a port.
func FreePort() (int, error) {
	const first, last = 15_000, 32_000
	for range 100 {
		port := first + rand.IntN(last-first)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("a hundred ports are taken")
}
