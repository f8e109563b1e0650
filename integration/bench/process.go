package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/eventgres/eventgres/integration/postgres"
	"github.com/eventgres/eventgres/integration/process"
)

// patience bounds every wait for a process.
const patience = 2 * time.Minute

// side is one of the servers that are compared.
type side struct {
	name     string
	port     int
	user     string
	database string
	program  string   // Eventgres, unless it is the one that is built
	flags    []string // of it
	tls      bool     // what its clients ask for
}

// mode is the sslmode of its clients.
func (s *side) mode() string {
	if s.tls {
		return "require"
	}
	return "disable"
}

func (s *side) url() string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=%s", s.user, s.port, s.database, s.mode())
}

// args are those of psql and pgbench that lead to the side.
func (s *side) args(more ...string) []string {
	return append([]string{"-h", "127.0.0.1", "-p", strconv.Itoa(s.port), "-U", s.user}, more...)
}

// child is a process that ends when the benchmark does.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner // of what it prints
	ended chan error
}

// start runs a program. Its standard error goes to a file.
func start(log string, owner *postgres.Owner, argv ...string) (*child, error) {
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = f
	cmd.SysProcAttr = process.Attributes{Owner: owner, EndWith: syscall.SIGTERM}.System()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, in: in, lines: bufio.NewScanner(out), ended: make(chan error, 1)}
	c.lines.Buffer(nil, 1<<20)
	return c, nil
}

// line is the next one that the process prints.
func (c *child) line() (string, error) {
	if !c.lines.Scan() {
		return "", errors.Join(fmt.Errorf("%s ended", c.cmd.Path), c.lines.Err())
	}
	return c.lines.Text(), nil
}

// stop ends the process: with a signal, or if that is 0 by the end of its input.
func (c *child) stop(signal syscall.Signal) {
	if c == nil {
		return
	}
	if signal == 0 {
		c.in.Close()
	} else {
		_ = c.cmd.Process.Signal(signal)
	}
	go func() { c.ended <- c.cmd.Wait() }()
	select {
	case <-c.ended:
	case <-time.After(patience):
		_ = c.cmd.Process.Kill()
	}
}

// machine holds the servers and where their files are.
type machine struct {
	dir       string // all files; one file system
	bin       string // PostgreSQL's programs
	eventgres string // binaries
	ceilingAt string
	duckdbAt  string
	postgres  *child
	// postgresFlags are those that PostgreSQL is started with beside where it is.
	postgresFlags []string
	server        *child
	ceiling       *child
	small         *child // Eventgres with the store of the first stage, of -scale
	owner         *postgres.Owner
}

func (m *machine) path(name string) string { return filepath.Join(m.dir, name) }

// postgresPrograms is a directory with PostgreSQL's server and clients of one version.
func postgresPrograms() (string, error) {
	for _, dir := range postgres.Dirs() {
		if !slices.ContainsFunc([]string{"initdb", "psql", "pgbench"}, func(name string) bool {
			_, err := os.Stat(filepath.Join(dir, name))
			return err != nil
		}) {
			return dir, nil
		}
	}
	return "", errors.New("PostgreSQL is not installed: postgres, initdb, psql and pgbench in one directory")
}

// build makes the programs of this module that the benchmark runs.
func (m *machine) build() error {
	for _, b := range []struct {
		to   *string
		from string
	}{
		{&m.eventgres, "./cmd/eventgres"},
		{&m.ceilingAt, "./integration/bench/ceiling"},
		{&m.duckdbAt, "./integration/bench/duckdb"},
	} {
		*b.to = m.path(filepath.Base(b.from))
		cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-o", *b.to, b.from)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("build %s: %w", b.from, err)
		}
	}
	return nil
}

// initPostgres makes a cluster with PostgreSQL's default settings.
func (m *machine) initPostgres() (err error) {
	data := m.path("pg")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	if m.owner, err = postgres.Own(data); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(m.bin, "initdb"), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", data)
	cmd.SysProcAttr = process.Attributes{Owner: m.owner}.System()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (m *machine) startPostgres(s *side) (err error) {
	argv := append([]string{filepath.Join(m.bin, "postgres"), "-D", m.path("pg"), "-k", "", "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1"}, m.postgresFlags...)
	m.postgres, err = start(m.path("pg.log"), m.owner, argv...)
	return err
}

func (m *machine) stopPostgres() {
	m.postgres.stop(syscall.SIGINT)
	m.postgres = nil
}

func (m *machine) startEventgres(s *side) (err error) {
	m.server, err = m.serveStore("eg", s)
	return err
}

// serveStore starts Eventgres on a data directory.
func (m *machine) serveStore(data string, s *side) (*child, error) {
	program := m.eventgres
	if s.program != "" {
		program = s.program
	}
	args := append([]string{program, "serve", "--data", m.path(data), "--listen", "127.0.0.1:" + strconv.Itoa(s.port)}, s.flags...)
	return start(m.path("eventgres.log"), nil, args...)
}

func (m *machine) stopEventgres() {
	m.server.stop(syscall.SIGTERM)
	m.server = nil
}

func (m *machine) startCeiling(s *side) (err error) {
	m.ceiling, err = start(m.path("ceiling.log"), nil, m.ceilingAt, "-listen", "127.0.0.1:"+strconv.Itoa(s.port), "-file", m.path("ceiling.log.data"))
	return err
}

// startDuckDB runs DuckDB alone, with the worker's memory, threads and priority.
func (m *machine) startDuckDB(more ...string) (*child, error) {
	return start(m.path("duckdb.log"), nil, append([]string{"nice", "-n", "15", m.duckdbAt, "-db", m.path("alone.duckdb")}, more...)...)
}

// stop ends all servers.
func (m *machine) stop() {
	m.stopPostgres()
	m.stopEventgres()
	m.ceiling.stop(syscall.SIGTERM)
}

// await calls f until it succeeds.
func await(what string, f func() error) error {
	end := time.Now().Add(patience)
	for {
		err := f()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s: %w", what, err)
		}
		time.Sleep(2 * time.Millisecond) // between attempts; nothing else tells
	}
}

// uncache makes the pages of files leave the system's cache.
func uncache(dirs ...string) error {
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			return exec.Command("dd", "if="+path, "iflag=nocache", "count=0", "status=none").Run()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// diskBytes is what the files that match patterns take.
func diskBytes(patterns ...string) (sum int64) {
	for _, pattern := range patterns {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			_ = filepath.WalkDir(path, func(_ string, d os.DirEntry, err error) error {
				if err != nil {
					return nil
				}
				if info, err := d.Info(); err == nil && d.Type().IsRegular() {
					sum += info.Size()
				}
				return nil
			})
		}
	}
	return sum
}

// residentBytes is the memory that a process has in use.
func residentBytes(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return 0, errors.New("no VmRSS")
	}
	kb, err := strconv.ParseInt(string(m[1]), 10, 64)
	return kb << 10, err
}
