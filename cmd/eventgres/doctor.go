package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/eventgres/eventgres/cmd/eventgres/internal/config"
	"github.com/eventgres/eventgres/cmd/eventgres/internal/machine"
	"github.com/eventgres/eventgres/engine/vfs"
	"github.com/eventgres/eventgres/pgwire/auth"
)

// doctorCommand looks at what a server is about to be started with. It changes nothing, but for a file that it writes and removes.
type doctorCommand struct {
	Data   string `help:"Data directory; otherwise the configuration's." type:"path"`
	Config string `placeholder:"FILE" help:"File of settings, as serve takes it." type:"path"`
}

// verdict is how bad a finding is.
type verdict string

const (
	fine    verdict = "ok"
	unknown verdict = "unknown" // the system does not tell
	warning verdict = "warning"
	problem verdict = "problem" // the server does not start, or loses what it promises
)

// finding is what was looked at and what was found, with what to do unless it is fine.
type finding struct {
	verdict     verdict
	what, found string
	remedy      string
}

var errProblems = errors.New("there are problems")

func (c *doctorCommand) Run() error {
	serve, findings := c.settings()
	findings = append(findings, checkDirectory(serve.Data)...)
	findings = append(findings, checkDisk(serve.Data)...)
	findings = append(findings, checkMachine(serve)...)
	findings = append(findings, checkFiles(serve)...)
	report(os.Stdout, findings)
	if slices.ContainsFunc(findings, func(f finding) bool { return f.verdict == problem }) {
		return errProblems
	}
	return nil
}

// report writes findings, aligned, what to do below each.
func report(to io.Writer, findings []finding) {
	for _, f := range findings {
		fmt.Fprintf(to, "%-8s %-14s %s\n", f.verdict, f.what, f.found)
		if f.remedy != "" {
			fmt.Fprintf(to, "%-8s %-14s %s\n", "", "", f.remedy)
		}
	}
}

// settings are those that a start of the server would have.
func (c *doctorCommand) settings() (*serveCommand, []finding) {
	var all commands
	args := []string{"serve"}
	if c.Config != "" {
		args = append(args, "--config", c.Config)
	}
	if c.Data != "" {
		args = append(args, "--data", c.Data)
	}
	ctx, err := newParser(&all).Parse(args)
	if err == nil {
		_, err = config.Take(ctx, all.Serve.Config)
	}
	if err != nil {
		return &all.Serve, []finding{{problem, "configuration", err.Error(), "Mend it; docs/configuration.md has all settings."}}
	}
	found := "no file"
	if c.Config != "" {
		found = c.Config
	}
	return &all.Serve, []finding{{fine, "configuration", found, ""}}
}

// checkDirectory looks at the data directory.
func checkDirectory(dir string) []finding {
	const what = "directory"
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []finding{{fine, what, dir + " is not there; the server makes it", ""}}
	case err != nil:
		return []finding{{problem, what, err.Error(), ""}}
	case !info.IsDir():
		return []finding{{problem, what, dir + " is no directory", ""}}
	case vfs.Exposed(info) != 0:
		return []finding{{problem, what, fmt.Sprintf("others may look into %s (%04o)", dir, info.Mode().Perm()), "chmod -R go-rwx " + dir}}
	}
	if _, err := os.Stat(filepath.Join(dir, "STORE")); err != nil {
		return []finding{{fine, what, dir + " has no store yet", ""}}
	}
	lock, err := vfs.OS.Lock(filepath.Join(dir, "LOCK"))
	switch {
	case errors.Is(err, vfs.ErrLocked):
		return []finding{{fine, what, dir + ", which a server has open", ""}}
	case err != nil:
		return []finding{{problem, what, err.Error(), "Run as the user whose directory it is."}}
	}
	lock.Close()
	return []finding{{fine, what, dir + ", which no server has open", ""}}
}

// Disk space below which a store does not last long.
const (
	leastFree = 1 << 30
	littleOf  = 20 // of the whole, one in so many
)

// checkDisk looks at the file system that a data directory is in, or will be.
func checkDisk(dir string) (list []finding) {
	for { // the nearest that is there
		if _, err := os.Stat(dir); err == nil || filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	space := finding{unknown, "space", "the system does not tell", ""}
	if d := machine.DiskOf(dir); d.Known {
		space = finding{fine, "space", fmt.Sprintf("%d MiB of %d are free", d.Free>>20, d.Size>>20), ""}
		if d.Free < leastFree || d.Free < d.Size/littleOf {
			space.verdict, space.remedy = warning, "Appends fail when it is full, and succeed again once there is room."
		}
	}
	system := finding{fine, "file system", "on a disk", ""}
	switch kind, known := machine.Volatile(dir); {
	case !known:
		system = finding{unknown, "file system", "the system does not tell which", ""}
	case kind == "tmpfs" || kind == "ramfs":
		system = finding{problem, "file system", kind + ": it is memory, and lost with the power", "Use a directory on a disk."}
	case kind != "":
		system = finding{warning, "file system", kind + ": over a network", "See that its server keeps what was synced, and locks files."}
	}
	return append(list, space, system, checkSync(dir))
}

// checkSync measures how long a write takes until it is on disk.
func checkSync(dir string) finding {
	const what = "sync"
	const rounds, most = 64, 3 * time.Second
	f, err := os.CreateTemp(dir, ".doctor-")
	if err != nil {
		return finding{problem, what, err.Error(), "Run as the user who will run the server."}
	}
	name := f.Name()
	f.Close()
	defer os.Remove(name)
	file, err := vfs.OS.OpenReadWrite(name)
	if err != nil {
		return finding{problem, what, err.Error(), ""}
	}
	defer file.Close()
	block := make([]byte, 4096)
	if err := file.Allocate(0, rounds*int64(len(block))); err != nil {
		return finding{problem, what, err.Error(), ""}
	}
	var took []time.Duration
	for began := time.Now(); len(took) < rounds && time.Since(began) < most; {
		at := time.Now()
		if _, err := file.WriteAt(block, int64(len(took)*len(block))); err != nil {
			return finding{problem, what, err.Error(), ""}
		}
		if err := file.SyncData(); err != nil {
			return finding{problem, what, err.Error(), "The disk or its driver fails: look at the system's log."}
		}
		took = append(took, time.Since(at))
	}
	slices.Sort(took)
	median, longest := took[len(took)/2], took[len(took)-1]
	found := finding{fine, what, fmt.Sprintf("4 KiB are on disk after %v, at the longest %v (%d writes)", median.Round(time.Microsecond), longest.Round(time.Microsecond), len(took)), ""}
	switch {
	case median < 20*time.Microsecond:
		found.verdict, found.remedy = warning, "That is faster than disks are: see that writes are not kept in a cache that loses them with the power."
	case median > 20*time.Millisecond:
		found.verdict, found.remedy = warning, "Each append waits for one sync; those that come together share it."
	}
	return found
}

// filesBeside is what a server has open beside connections: segments, indexes, the worker.
const filesBeside = 1000

// checkMachine looks at memory, limits and the clock.
func checkMachine(serve *serveCommand) (list []finding) {
	files := finding{unknown, "open files", "the system does not tell", ""}
	if limit, known := machine.OpenFiles(); known {
		files = finding{fine, "open files", fmt.Sprintf("%d may be", limit), ""}
		if want := uint64(2*serve.MaxConnections + filesBeside); limit < want {
			files.verdict, files.remedy = warning, fmt.Sprintf("%d connections may need %d: ulimit -n, or LimitNOFILE of the unit.", serve.MaxConnections, want)
		}
	}
	memory := finding{unknown, "memory", "the system does not tell", ""}
	if total, known := machine.Memory(); known {
		may := uint64(serve.TotalMemory)
		if !serve.NoAnalytics {
			may += uint64(serve.WorkerMemory)
		}
		memory = finding{fine, "memory", fmt.Sprintf("%d MiB; connections and the worker may take %d", total>>20, may>>20), ""}
		if may > total*3/4 {
			memory.verdict, memory.remedy = warning, "Lower max_memory and worker_memory: what the store itself needs comes on top."
		}
	}
	clock := finding{unknown, "clock", "the system does not tell whether it is kept", ""}
	if kept, known := machine.Clock(); known {
		clock = finding{fine, "clock", "kept in time", ""}
		if !kept {
			clock = finding{warning, "clock", "nothing keeps it in time", "recorded_at comes from it, and never goes back: run an NTP client."}
		}
	}
	return append(list, files, memory, clock)
}

// checkFiles looks at files that the configuration names.
func checkFiles(serve *serveCommand) (list []finding) {
	for _, secret := range []struct{ what, name string }{{"password", serve.Door.PasswordFile}, {"http token", serve.HTTP.HTTPTokenFile}} {
		if secret.name == "" {
			continue
		}
		f := finding{fine, secret.what, secret.name, ""}
		switch info, err := os.Stat(secret.name); {
		case err != nil:
			f = finding{problem, secret.what, err.Error(), ""}
		case info.Mode().Perm()&0o077 != 0 && vfs.Exposed(info) != 0:
			f.verdict, f.remedy = warning, "Others may read it: chmod go-rwx "+secret.name
		}
		list = append(list, f)
	}
	if serve.Door.HBAFile != "" {
		f := finding{fine, "rules", serve.Door.HBAFile, ""}
		options := auth.RulesOptions{TLS: serve.TLS.TLSCert != "" || serve.TLS.TLSSelfSigned, ClientCA: serve.TLS.TLSClientCA != ""}
		at := door{flags: &serve.Door, options: options, logger: slog.New(slog.DiscardHandler)}
		if _, _, err := at.read(); err != nil {
			f = finding{problem, "rules", err.Error(), ""}
		}
		list = append(list, f)
	}
	if serve.TLS.TLSCert != "" {
		list = append(list, checkCertificate(&serve.TLS))
	}
	return list
}

// renewal is how long before its end a certificate should be renewed.
const renewal = 14 * 24 * time.Hour

func checkCertificate(f *tlsFlags) finding {
	const what = "certificate"
	pair, err := tls.LoadX509KeyPair(f.TLSCert, f.TLSKey)
	if err != nil {
		return finding{problem, what, err.Error(), ""}
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return finding{problem, what, err.Error(), ""}
	}
	found := finding{fine, what, fmt.Sprintf("%s, until %s", f.TLSCert, leaf.NotAfter.UTC().Format(time.DateOnly)), ""}
	switch left := time.Until(leaf.NotAfter); {
	case left < 0:
		found.verdict, found.remedy = problem, "It has expired: clients that check it do not connect."
	case left < renewal:
		found.verdict, found.remedy = warning, "Renew it; a new file is taken while the server runs."
	}
	return found
}
