package vfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestCrash plays testdata/crash.txt.
func TestCrash(t *testing.T) {
	text, err := os.ReadFile("testdata/crash.txt")
	noErr(t, err)
	for block := range strings.SplitSeq(string(text), "\n\n") {
		title, script, _ := strings.Cut(block, "\n")
		if strings.HasPrefix(title, "#") || script == "" {
			continue
		}
		t.Run(title, func(t *testing.T) {
			m := vfs.NewMem()
			lines := strings.Split(strings.TrimSuffix(script, "\n"), "\n")
			for len(lines) > 0 {
				words := strings.Fields(lines[0])
				n := 1
				for n < len(lines) && strings.HasPrefix(lines[n], "\t\t") {
					n++
				}
				want := strings.Join(lines[1:n], "\n")
				lines = lines[n:]
				got := "\t\t" + strings.Join(outcomes(t, &m, words), "\n\t\t")
				if want != "" && got != want {
					t.Errorf("%s: got\n%s\nwant\n%s", words[0], got, want)
				}
			}
		})
	}
}

// outcomes does one command of a crash script and returns the states it shows.
func outcomes(t *testing.T, m **vfs.Mem, words []string) []string {
	t.Helper()
	switch words[0] {
	case "see":
		return []string{state(t, *m, "/")}
	case "drop":
		return []string{state(t, (*m).CrashDropAll(), "/")}
	case "crash":
		seen := map[string]bool{}
		for seed := range uint64(500) {
			seen[state(t, (*m).Crash(rand.New(rand.NewPCG(seed, 0))), "/")] = true
		}
		return slices.Sorted(maps.Keys(seen))
	case "kill":
		*m = (*m).CrashKeepAll()
	case "durable":
		noErr(t, (*m).WriteFile(words[1], row(words[2])))
	default:
		noErr(t, command(*m, words))
	}
	return nil
}

func command(m *vfs.Mem, words []string) error {
	name, last := words[1], words[len(words)-1]
	sectors := int64(last[0]-'0') * vfs.SectorSize
	switch words[0] {
	case "create":
		_, err := m.Create(name)
		return err
	case "remove":
		return m.Remove(name)
	case "rename":
		return m.Rename(name, last)
	case "syncdir":
		return m.SyncDir(name)
	case "mkdir":
		return failing(m, vfs.OpSyncDir, func() error { return m.MkdirAll(name) })
	}
	f, err := m.OpenReadWrite(name)
	if err != nil {
		return err
	}
	switch words[0] {
	case "write":
		_, err := f.WriteAt(row(last), int64(words[2][0]-'0')*vfs.SectorSize)
		return err
	case "allocate":
		return f.Allocate(0, sectors)
	case "truncate":
		return f.Truncate(sectors)
	case "sync":
		return f.SyncData()
	case "failsync":
		return failing(m, vfs.OpSyncData, f.SyncData)
	}
	return errors.New("unknown command " + words[0])
}

// failing does what must fail because operations of that kind do.
func failing(m *vfs.Mem, kind vfs.OpKind, do func() error) error {
	m.Inject = func(op vfs.Op) error {
		if op.Kind == kind {
			return syscall.EIO
		}
		return nil
	}
	defer func() { m.Inject = nil }()
	if err := do(); !errors.Is(err, syscall.EIO) {
		return fmt.Errorf("%v, want EIO", err)
	}
	return nil
}

func row(letters string) []byte {
	var p []byte
	for _, c := range []byte(letters) {
		p = append(p, bytes.Repeat([]byte{c}, vfs.SectorSize)...)
	}
	return bytes.ReplaceAll(p, []byte("."), []byte{0})
}

// state describes all that is in a file system.
func state(t *testing.T, m *vfs.Mem, dir string) string {
	names, err := m.List(dir)
	noErr(t, err)
	var out []string
	for _, name := range names {
		full := path.Join(dir, name)
		info, err := m.Stat(full)
		noErr(t, err)
		switch {
		case !info.IsDir():
			p, err := m.ReadFile(full)
			noErr(t, err)
			out = append(out, full[1:]+":"+letters(p))
		case state(t, m, full) == "-":
			out = append(out, full[1:]+"/")
		default:
			out = append(out, state(t, m, full))
		}
	}
	if len(out) == 0 {
		return "-"
	}
	return strings.Join(out, " ")
}

func letters(p []byte) string {
	var s []byte
	for sector := range slices.Chunk(p, vfs.SectorSize) {
		c := sector[0]
		if !bytes.Equal(sector, bytes.Repeat([]byte{c}, vfs.SectorSize)) {
			c = '?' // torn inside a sector
		} else if c == 0 {
			c = '.'
		}
		s = append(s, c)
	}
	return string(s)
}

// TestCrashSectors checks random changes at random offsets against an
// independent account: after a crash the size is one that the file has had since
// the last sync, and each sector, as far as that size goes, what it has been.
func TestCrashSectors(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 1))
		m := vfs.NewMem()
		f := create(t, m, "a")
		noErr(t, m.SyncDir("/"))
		images := [][]byte{nil} // what the file has been since the last sync
		for step := range 30 {
			off, n := rng.Int64N(10_000), rng.Int64N(1500)+1
			switch rng.IntN(8) {
			default:
				write(t, f, off, strings.Repeat(string(rune('A'+step)), int(n)))
			case 0:
				noErr(t, f.Truncate(off))
			case 1:
				noErr(t, f.Allocate(off, n))
			case 2:
				noErr(t, f.SyncData())
				images = nil
			}
			image, err := m.ReadFile("a")
			noErr(t, err)
			images = append(images, image)
			drop, err := m.CrashDropAll().ReadFile("a")
			noErr(t, err)
			if !bytes.Equal(drop, images[0]) {
				t.Fatalf("seed %d, step %d: what was synced did not stay", seed, step)
			}
			for range 5 {
				left, err := m.Crash(rng).ReadFile("a")
				noErr(t, err)
				if err := possible(left, images); err != nil {
					t.Fatalf("seed %d, step %d: %v", seed, step, err)
				}
			}
		}
	}
}

func possible(left []byte, images [][]byte) error {
	if !slices.ContainsFunc(images, func(image []byte) bool { return len(image) == len(left) }) {
		return fmt.Errorf("size %d was never", len(left))
	}
	for off := 0; off < len(left); off += vfs.SectorSize {
		got := left[off:min(len(left), off+vfs.SectorSize)]
		if !slices.ContainsFunc(images, func(image []byte) bool {
			was := make([]byte, len(got)) // zeros past the end
			copy(was, image[min(off, len(image)):])
			return bytes.Equal(got, was)
		}) {
			return fmt.Errorf("sector at %d was never %q", off, got)
		}
	}
	return nil
}

// TestCrashNames checks random operations on directory entries: after a crash
// every name refers to what it has referred to since its last sync, no file has
// two names, and none that nobody removed or replaced has lost its last.
func TestCrashNames(t *testing.T) {
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 2))
		m := vfs.NewMem()
		names := []string{"/d/a", "/d/b", "/d/c", "/e/a", "/e/b"}
		now := map[string]string{}            // the files, each known by its content
		since := map[string]map[string]bool{} // what a name has been since its last sync
		gone := map[string]bool{}             // files removed or replaced
		noErr(t, m.WriteFile("/e/x", nil))
		for i, name := range names {
			since[name] = map[string]bool{}
			if i < 3 {
				now[name] = fmt.Sprint("first ", i)
				noErr(t, m.WriteFile(name, []byte(now[name])))
			}
			since[name][now[name]] = true
		}
		for step := range 25 {
			a, b := names[rng.IntN(len(names))], names[rng.IntN(len(names))]
			switch rng.IntN(5) {
			case 0:
				if now[a] != "" {
					continue
				}
				now[a] = fmt.Sprint("step ", step)
				f := create(t, m, a)
				write(t, f, 0, now[a])
				noErr(t, f.SyncData())
				gone[now[a]] = true // until its name is synced it may vanish
			case 1:
				if now[a] == "" {
					continue
				}
				gone[now[a]] = true
				noErr(t, m.Remove(a))
				now[a] = ""
			case 2, 3:
				if now[a] == "" || a == b {
					continue
				}
				gone[now[b]] = true
				noErr(t, m.Rename(a, b))
				now[a], now[b] = "", now[a]
			case 4:
				noErr(t, m.SyncDir(path.Dir(a)))
				for _, name := range names {
					if path.Dir(name) == path.Dir(a) {
						since[name] = map[string]bool{}
						delete(gone, now[name])
					}
				}
			}
			for _, name := range names {
				since[name][now[name]] = true
			}
			for range 5 {
				left := m.Crash(rng)
				found := map[string]bool{}
				for _, name := range names {
					p, _ := left.ReadFile(name)
					if !since[name][string(p)] {
						t.Fatalf("seed %d, step %d: %s is %q, not one of %v", seed, step, name, p, since[name])
					}
					if len(p) > 0 && found[string(p)] {
						t.Fatalf("seed %d, step %d: %q has two names", seed, step, p)
					}
					found[string(p)] = true
				}
				for _, file := range now {
					if file != "" && !gone[file] && !found[file] {
						t.Fatalf("seed %d, step %d: %q is lost; left %v", seed, step, file, found)
					}
				}
			}
		}
	}
}

// TestFailedSyncBytes: what a failed sync lost stays lost to the byte, also in a
// sector that is written and synced afterwards. (The kernel may drop the page it
// marked clean, and read it again from the disk before the later write.)
func TestFailedSyncBytes(t *testing.T) {
	m := vfs.NewMem()
	noErr(t, m.WriteFile("a", []byte("..........")))
	f, err := m.OpenReadWrite("a")
	noErr(t, err)
	write(t, f, 2, "LOST")
	noErr(t, failing(m, vfs.OpSyncData, f.SyncData))
	write(t, f, 4, "new")
	wantRead(t, f, "..LOnew...")
	check := func(want ...string) {
		t.Helper()
		seen := map[string]bool{}
		for seed := range uint64(200) {
			p, err := m.Crash(rand.New(rand.NewPCG(seed, 0))).ReadFile("a")
			noErr(t, err)
			seen[string(p)] = true
		}
		if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	check("..........", "....new...", "..LOST....", "..LOnew...")
	noErr(t, f.SyncData())
	wantRead(t, f, "..LOnew...")
	wantContent(t, m.CrashDropAll(), "a", []byte("....new..."))
	check("....new...", "..LOnew...")
}

// TestSyncCoversWhatCameBefore: bytes and entries that arrive while a sync is
// under way are not covered by it.
func TestSyncCoversWhatCameBefore(t *testing.T) {
	m := vfs.NewMem()
	noErr(t, m.WriteFile("a", []byte("--")))
	f, err := m.OpenReadWrite("a")
	noErr(t, err)
	m.Inject = func(op vfs.Op) error {
		switch op.Kind {
		case vfs.OpSyncData:
			write(t, f, 1, "2")
		case vfs.OpSyncDir:
			create(t, m, "late")
		}
		return nil
	}
	write(t, f, 0, "1")
	create(t, m, "early")
	noErr(t, f.SyncData())
	noErr(t, m.SyncDir("/"))
	wantRead(t, f, "12")
	after := m.CrashDropAll()
	wantContent(t, after, "a", []byte("1-"))
	wantList(t, after, "/", "a", "early")
	m.Inject = nil
	noErr(t, f.SyncData())
	wantContent(t, m.CrashDropAll(), "a", []byte("12"))
}

func TestInject(t *testing.T) {
	m := vfs.NewMem()
	var log []string
	var fail error
	m.Inject = func(op vfs.Op) error {
		log = append(log, op.String())
		return fail
	}
	play := func() (errs []error) {
		noErr(t, m.WriteFile("/f", []byte("f")))
		f, err := m.OpenReadWrite("/f")
		noErr(t, err)
		_, err = m.Create("/a")
		errs = append(errs, err)
		_, err = f.WriteAt([]byte("xyz"), 7)
		errs = append(errs, err, f.Allocate(8, 100), f.Truncate(9), f.SyncData(), m.Rename("/f", "/g"), m.Remove("/a"),
			m.SyncDir("/"), m.MkdirAll("/d/e"))
		_, err = m.Lock("/lock")
		return append(errs, err)
	}

	fail = syscall.EIO
	for i, err := range play() {
		if !errors.Is(err, syscall.EIO) {
			t.Errorf("call %d: %v, want EIO", i, err)
		}
	}
	wantList(t, m, "/", "f")
	wantContent(t, m, "/f", []byte("f"))

	fail, log = nil, nil
	for i, err := range play() {
		if err != nil {
			t.Errorf("call %d: %v", i, err)
		}
	}
	want := []string{
		"11 create /a", "12 write /f [7,10)", "13 allocate /f [8,108)", "14 truncate /f 9", "15 syncdata /f",
		"16 rename /f /g", "17 remove /a", "18 syncdir /", "19 mkdir /d", "20 syncdir /", "21 mkdir /d/e",
		"22 syncdir /d", "23 create /lock",
	}
	if !slices.Equal(log, want) || m.Ops() != 23 {
		t.Errorf("%d operations:\n%s", m.Ops(), strings.Join(log, "\n"))
	}
}

func TestShortWrite(t *testing.T) {
	for _, c := range []struct {
		short vfs.ShortWrite
		n     int
		want  string
		err   error
	}{
		{vfs.ShortWrite{N: 3, Err: syscall.ENOSPC}, 3, "abc-", syscall.ENOSPC},
		{vfs.ShortWrite{N: 0, Err: syscall.ENOSPC}, 0, "----", syscall.ENOSPC},
		{vfs.ShortWrite{N: -1, Err: syscall.ENOSPC}, 0, "----", syscall.ENOSPC},
		{vfs.ShortWrite{N: 9, Err: syscall.EIO}, 6, "abcdef", syscall.EIO},
		{vfs.ShortWrite{N: 5}, 5, "abcde", io.ErrShortWrite},
	} {
		m := vfs.NewMem()
		noErr(t, m.WriteFile("a", []byte("----")))
		f, err := m.OpenReadWrite("a")
		noErr(t, err)
		m.Inject = func(vfs.Op) error { return &c.short }
		n, err := f.WriteAt([]byte("abcdef"), 0)
		if n != c.n || !errors.Is(err, c.err) {
			t.Errorf("%v: wrote %d, %v", c.short, n, err)
		}
		wantContent(t, m, "a", []byte(c.want))
	}
}

func TestHalt(t *testing.T) {
	m := vfs.NewMem()
	noErr(t, m.MkdirAll("d"))
	f := create(t, m, "a")
	write(t, f, 0, "a")
	m.Inject = func(op vfs.Op) error {
		m.Halt() // while the write is under way
		return nil
	}
	_, err := f.WriteAt([]byte("b"), 0)
	wantErr(t, err, vfs.ErrCrashed)
	_, err = f.ReadAt(make([]byte, 1), 0)
	wantErr(t, err, vfs.ErrCrashed)
	_, err = f.Size()
	wantErr(t, err, vfs.ErrCrashed)
	_, err = m.Create("b")
	wantErr(t, err, vfs.ErrCrashed)
	_, err = m.Open("a")
	wantErr(t, err, vfs.ErrCrashed)
	_, err = m.Stat("a")
	wantErr(t, err, vfs.ErrCrashed)
	_, err = m.List("/")
	wantErr(t, err, vfs.ErrCrashed)
	_, err = m.Lock("lock")
	wantErr(t, err, vfs.ErrCrashed)
	for _, err := range []error{
		f.Allocate(0, 1), f.Truncate(0), f.SyncData(), m.Remove("a"), m.Rename("a", "b"), m.SyncDir("/"), m.MkdirAll("d"),
	} {
		wantErr(t, err, vfs.ErrCrashed)
	}
	if got := m.Names(); !slices.Equal(got, []string{"/a"}) {
		t.Errorf("names %q", got)
	}
	after := m.CrashKeepAll()
	wantContent(t, after, "a", []byte("a"))
	noErr(t, after.Remove("a"))
}

// TestWorldsAreSeparate: what happens to one file system does not show in those
// that were made from it, nor the other way round.
func TestWorldsAreSeparate(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(m *vfs.Mem) *vfs.Mem
	}{
		{"clone", (*vfs.Mem).Clone},
		{"kill", (*vfs.Mem).CrashKeepAll},
		{"power cut", (*vfs.Mem).CrashDropAll},
		{"chance", func(m *vfs.Mem) *vfs.Mem { return m.Crash(rand.New(rand.NewPCG(0, 0))) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := vfs.NewMem()
			noErr(t, m.WriteFile("/d/a", []byte("0000")))
			zombie, err := m.OpenReadWrite("/d/a")
			noErr(t, err)
			_, err = m.Lock("/d/a")
			noErr(t, err)
			// Changes that stay pending, for logs that could be shared.
			write(t, zombie, 0, "0")
			write(t, zombie, 0, "0")
			write(t, zombie, 0, "0")
			after := c.make(m)
			_, err = after.Lock("/d/a")
			noErr(t, err)
			f, err := after.OpenReadWrite("/d/a")
			noErr(t, err)

			write(t, zombie, 0, "old")
			create(t, m, "/d/old")
			write(t, f, 1, "new")
			create(t, after, "/d/new")
			wantContent(t, m, "/d/a", []byte("old0"))
			wantContent(t, after, "/d/a", []byte("0new"))
			wantList(t, m, "/d", "a", "old")
			wantList(t, after, "/d", "a", "new")

			noErr(t, f.SyncData())
			noErr(t, after.SyncDir("/d"))
			wantContent(t, m.CrashDropAll(), "/d/a", []byte("0000"))
			wantContent(t, after.CrashDropAll(), "/d/a", []byte("0new"))
			wantList(t, m.CrashDropAll(), "/d", "a")
			noErr(t, zombie.SyncData())
			wantContent(t, m.CrashDropAll(), "/d/a", []byte("old0"))
			wantContent(t, after, "/d/a", []byte("0new"))
		})
	}
}

// TestClonesKeepTheirPendingWrites: neither side's later writes and syncs get
// into the other's record of what is not durable.
func TestClonesKeepTheirPendingWrites(t *testing.T) {
	m := vfs.NewMem()
	noErr(t, m.WriteFile("a", row("000")))
	put := func(m *vfs.Mem, sector int64, data string) vfs.File {
		f, err := m.OpenReadWrite("a")
		noErr(t, err)
		write(t, f, sector*vfs.SectorSize, string(row(data)))
		return f
	}
	for range 3 { // for the log to have room for one more
		put(m, 0, "1")
	}
	clones := []*vfs.Mem{m.Clone(), m.Clone(), m.Clone()}
	for i, c := range clones[1:] {
		put(c, 1, string(rune('A'+i)))
	}
	noErr(t, put(m, 1, "X").SyncData())
	put(m, 2, "Y")
	for i, want := range []string{
		"a:000 a:100", "a:000 a:0A0 a:100 a:1A0", "a:000 a:0B0 a:100 a:1B0",
	} {
		if got := strings.Join(outcomes(t, &clones[i], []string{"crash"}), " "); got != want {
			t.Errorf("clone %d: got %s, want %s", i, got, want)
		}
	}
	if got := strings.Join(outcomes(t, &m, []string{"crash"}), " "); got != "a:1X0 a:1XY" {
		t.Errorf("original: got %s", got)
	}
}

func TestSameSeedSameCrash(t *testing.T) {
	m := vfs.NewMem()
	for i := range 20 {
		f := create(t, m, fmt.Sprint(i))
		write(t, f, 0, strings.Repeat("x", 5000))
	}
	for seed := range uint64(10) {
		first := state(t, m.Crash(rand.New(rand.NewPCG(seed, 0))), "/")
		if state(t, m.Clone().Crash(rand.New(rand.NewPCG(seed, 0))), "/") != first {
			t.Fatal("the same seed gave two states")
		}
	}
}

func TestFixtures(t *testing.T) {
	m := vfs.NewMem()
	noErr(t, m.WriteFile("x/y/b", []byte("long content")))
	noErr(t, m.WriteFile("x/y/b", []byte("abc")))
	noErr(t, m.WriteFile("/a", nil))
	wantErr(t, m.WriteFile("x/y", nil), syscall.EISDIR)
	wantErr(t, m.WriteFile("a/b", nil), syscall.ENOTDIR)
	wantErr(t, m.WriteFile("/", nil), syscall.EBUSY)
	if got := m.Names(); !slices.Equal(got, []string{"/a", "/x/y/b"}) {
		t.Errorf("names %q", got)
	}
	noErr(t, m.Corrupt("/x/y/b", 1, 0x80))
	wantContent(t, m.CrashDropAll(), "x/y/b", []byte("a\xe2c"))
	for _, off := range []int64{-1, 3} {
		if m.Corrupt("/x/y/b", off, 1) == nil {
			t.Errorf("byte %d was corrupted", off)
		}
	}
	noErr(t, m.TruncateFile("/x/y/b", 1))
	wantContent(t, m.CrashDropAll(), "x/y/b", []byte("a"))
	wantErr(t, m.TruncateFile("/x", 1), syscall.EISDIR)
	_, err := m.ReadFile("/x/z")
	wantErr(t, err, syscall.ENOENT)
	if m.Ops() != 0 {
		t.Errorf("%d operations, want none", m.Ops())
	}
}

// TestSparse: a file's size costs nothing, or crash tests could not have
// preallocated segments.
func TestSparse(t *testing.T) {
	m := vfs.NewMem()
	f := create(t, m, "a")
	allocs := testing.AllocsPerRun(10, func() {
		size, err := f.Size()
		noErr(t, err)
		noErr(t, f.Allocate(size, 8<<20))
		noErr(t, f.SyncData())
		m.Clone()
	})
	if allocs > 30 {
		t.Errorf("%v allocations to allocate, sync and clone", allocs)
	}
	write(t, f, 1<<40-1, "x")
	_, err := f.WriteAt([]byte("xy"), 1<<40-1)
	wantErr(t, err, syscall.EFBIG)
	wantErr(t, f.Allocate(1<<62, 1<<62), syscall.EFBIG)
}

// TestConcurrent is for the race detector.
func TestConcurrent(t *testing.T) {
	m := vfs.NewMem()
	f := create(t, m, "a")
	noErr(t, m.SyncDir("/"))
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 0))
			for j := range 50 {
				off := int64(i*50+j) * 100
				f.WriteAt(bytes.Repeat([]byte{byte(i + 1)}, 100), off)
				f.SyncData()
				name := fmt.Sprint("f", i, "-", j)
				m.Create(name)
				m.SyncDir("/")
				clone, crash := m.Clone(), m.Crash(rng)
				for _, world := range []*vfs.Mem{m, clone, crash} {
					if p, err := world.ReadFile("a"); err != nil || p[off] != byte(i+1) || p[off+99] != byte(i+1) {
						t.Errorf("synced bytes are missing: %v", err)
					}
					if _, err := world.Stat(name); err != nil {
						t.Error(err)
					}
				}
				g, _ := clone.OpenReadWrite("a")
				g.WriteAt([]byte("xxxx"), off)
			}
		})
	}
	wg.Wait()
}

func BenchmarkAppendSync(b *testing.B) {
	m := vfs.NewMem()
	f, _ := m.Create("a")
	f.Allocate(0, 8<<20)
	p := make([]byte, 200)
	for i := range b.N {
		f.WriteAt(p, int64(i*200%(8<<20)))
		f.SyncData()
	}
}

func BenchmarkClone(b *testing.B) { benchmarkWorlds(b, (*vfs.Mem).Clone) }

func BenchmarkCrash(b *testing.B) {
	rng := rand.New(rand.NewPCG(0, 0))
	benchmarkWorlds(b, func(m *vfs.Mem) *vfs.Mem { return m.Crash(rng) })
}

func benchmarkWorlds(b *testing.B, world func(*vfs.Mem) *vfs.Mem) {
	m := vfs.NewMem()
	for i := range 5 {
		m.WriteFile(fmt.Sprint("/d/", i), make([]byte, 1<<20))
	}
	f, _ := m.OpenReadWrite("/d/0")
	for i := range 10 {
		f.WriteAt(make([]byte, 300), int64(i*300))
	}
	for b.Loop() {
		world(m)
	}
}
