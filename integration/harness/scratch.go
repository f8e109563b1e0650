package harness

import (
	"io"
	"os"
	"os/exec"

	"github.com/eventgres/eventgres/integration/postgres"
	attributes "github.com/eventgres/eventgres/integration/process"
)

// guard runs a shell script that owns something for as long as this process
// lives. The script sees end of file on its standard input when the process
// ends — by return, panic or SIGKILL alike, which no TestMain can promise.
// The pipe's end is closed by the kernel, so the caller need not keep it; it is
// returned for those who want to end the guard early.
func guard(owner *postgres.Owner, script string, args ...string) (io.Closer, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	cmd := exec.Command("/bin/sh", append([]string{"-c", script, "guard"}, args...)...)
	cmd.Stdin = reader
	cmd.Dir = "/"
	// Its own process group: the terminal's ^C must not reach it before its owner is gone.
	cmd.SysProcAttr = attributes.Attributes{Owner: owner, Apart: true}.System()
	if err := cmd.Start(); err != nil {
		writer.Close()
		return nil, err
	}
	go cmd.Wait() //nolint:errcheck // reaped only so that it is no zombie
	keep(writer)
	return writer, nil
}

// kept holds the pipe ends of all guards: an *os.File that is collected is closed.
var kept = make(chan []io.Closer, 1)

func init() { kept <- nil }

func keep(c io.Closer) { kept <- append(<-kept, c) }

// scratch makes a directory that is removed when the test process has ended.
func scratch(name string) (string, error) {
	dir, err := os.MkdirTemp("", "eventgres-"+name+"-")
	if err != nil {
		return "", err
	}
	_, err = guard(nil, `cat >/dev/null; rm -rf "$1"`, dir)
	return dir, err
}
