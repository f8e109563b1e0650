package vfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// conformance is what every FS must do; each case gets an empty directory.
var conformance = []struct {
	name string
	run  func(t *testing.T, fsys vfs.FS, dir string)
}{
	{"create is exclusive", func(t *testing.T, fsys vfs.FS, dir string) {
		create(t, fsys, dir+"/a")
		_, err := fsys.Create(dir + "/a")
		wantErr(t, err, fs.ErrExist)
		_, err = fsys.Create(dir + "/none/a")
		wantErr(t, err, fs.ErrNotExist)
		_, err = fsys.Create(dir + "/a/a")
		wantErr(t, err, syscall.ENOTDIR)
	}},
	{"missing files", func(t *testing.T, fsys vfs.FS, dir string) {
		_, err := fsys.Open(dir + "/a")
		wantErr(t, err, fs.ErrNotExist)
		_, err = fsys.OpenReadWrite(dir + "/a")
		wantErr(t, err, fs.ErrNotExist)
		_, err = fsys.Stat(dir + "/a")
		wantErr(t, err, fs.ErrNotExist)
		_, err = fsys.List(dir + "/a")
		wantErr(t, err, fs.ErrNotExist)
		_, err = fsys.Lock(dir + "/none/a")
		wantErr(t, err, fs.ErrNotExist)
		wantErr(t, fsys.Remove(dir+"/a"), fs.ErrNotExist)
		wantErr(t, fsys.Rename(dir+"/a", dir+"/b"), fs.ErrNotExist)
		wantErr(t, fsys.SyncDir(dir+"/a"), fs.ErrNotExist)
		wantErr(t, fsys.MkdirAll(""), fs.ErrNotExist)
	}},
	{"read at and past the end", func(t *testing.T, fsys vfs.FS, dir string) {
		f := create(t, fsys, dir+"/a")
		write(t, f, 0, "hello")
		for _, c := range []struct {
			off  int64
			n    int
			want string
			err  error
		}{
			{0, 5, "hello", nil},
			{1, 3, "ell", nil},
			{3, 5, "lo", io.EOF},
			{5, 1, "", io.EOF},
			{9999, 1, "", io.EOF},
			{9999, 0, "", nil},
		} {
			p := make([]byte, c.n)
			n, err := f.ReadAt(p, c.off)
			if string(p[:n]) != c.want || err != c.err {
				t.Errorf("ReadAt(%d bytes, %d) = %q, %v; want %q, %v", c.n, c.off, p[:n], err, c.want, c.err)
			}
		}
		if _, err := f.ReadAt(make([]byte, 1), -1); err == nil {
			t.Error("ReadAt(-1) succeeded")
		}
		if _, err := f.WriteAt([]byte("x"), -1); err == nil {
			t.Error("WriteAt(-1) succeeded")
		}
	}},
	{"write past the end leaves zeros", func(t *testing.T, fsys vfs.FS, dir string) {
		f := create(t, fsys, dir+"/a")
		write(t, f, 300_000, "end")
		write(t, f, 4094, "across")
		want := make([]byte, 300_003)
		copy(want[4094:], "across")
		copy(want[300_000:], "end")
		wantContent(t, fsys, dir+"/a", want)
		write(t, f, 1<<30, "")
		wantSize(t, f, 300_003)
	}},
	{"allocate", func(t *testing.T, fsys vfs.FS, dir string) {
		f := create(t, fsys, dir+"/a")
		write(t, f, 0, "head")
		noErr(t, f.Allocate(4096, 100_000))
		wantSize(t, f, 104_096)
		noErr(t, f.Allocate(0, 10)) // inside: changes nothing
		wantSize(t, f, 104_096)
		wantContent(t, fsys, dir+"/a", append([]byte("head"), make([]byte, 104_092)...))
		wantErr(t, f.Allocate(0, 0), syscall.EINVAL)
		wantErr(t, f.Allocate(-1, 5), syscall.EINVAL)
	}},
	{"truncate", func(t *testing.T, fsys vfs.FS, dir string) {
		f := create(t, fsys, dir+"/a")
		data := bytes.Repeat([]byte("0123456789"), 60_000)
		write(t, f, 0, string(data))
		for _, size := range []int{600_000, 524_288, 300_000, 262_144, 270_336, 270_000, 262_145, 5000, 4096, 10, 0} {
			noErr(t, f.Truncate(int64(size)))
			clear(data[min(size, len(data)):])
			wantSize(t, f, int64(size))
			// What was cut must not come back.
			noErr(t, f.Truncate(600_000))
			wantContent(t, fsys, dir+"/a", data)
		}
		if f.Truncate(-1) == nil {
			t.Error("Truncate(-1) succeeded")
		}
	}},
	{"handles", func(t *testing.T, fsys vfs.FS, dir string) {
		f := create(t, fsys, dir+"/a")
		write(t, f, 0, "old")
		r, err := fsys.Open(dir + "/a")
		noErr(t, err)
		w, err := fsys.OpenReadWrite(dir + "/a")
		noErr(t, err)
		write(t, w, 0, "new")
		noErr(t, w.SyncData())
		wantRead(t, r, "new")
		if _, err := r.WriteAt([]byte("x"), 0); err == nil {
			t.Error("a file opened for reading was written")
		}
		if r.Truncate(0) == nil {
			t.Error("a file opened for reading was truncated")
		}
		wantErr(t, r.Allocate(0, 10), syscall.EBADF)
		noErr(t, fsys.Remove(dir+"/a"))
		wantRead(t, r, "new") // an open file outlives its name
		noErr(t, r.Close())
		noErr(t, w.Close())
		wantErr(t, r.Close(), fs.ErrClosed)
		_, err = r.ReadAt(make([]byte, 1), 0)
		wantErr(t, err, fs.ErrClosed)
		_, err = w.WriteAt(make([]byte, 1), 0)
		wantErr(t, err, fs.ErrClosed)
		wantErr(t, w.Truncate(0), fs.ErrClosed)
		if w.SyncData() == nil || w.Allocate(0, 1) == nil {
			t.Error("a closed file was changed")
		}
	}},
	{"rename", func(t *testing.T, fsys vfs.FS, dir string) {
		write(t, create(t, fsys, dir+"/a"), 0, "A")
		b := create(t, fsys, dir+"/b")
		write(t, b, 0, "B")
		noErr(t, fsys.Rename(dir+"/a", dir+"/b"))
		wantList(t, fsys, dir, "b")
		wantContent(t, fsys, dir+"/b", []byte("A"))
		wantRead(t, b, "B") // the handle stays with the file it opened
		noErr(t, fsys.Rename(dir+"/b", dir+"/b"))
		wantContent(t, fsys, dir+"/b", []byte("A"))

		noErr(t, fsys.MkdirAll(dir+"/d"))
		wantErr(t, fsys.Rename(dir+"/b", dir+"/d"), fs.ErrExist)
		wantErr(t, fsys.Rename(dir+"/d", dir+"/b"), syscall.ENOTDIR)
		wantErr(t, fsys.Rename(dir+"/b", dir+"/none/b"), fs.ErrNotExist)
		noErr(t, fsys.Rename(dir+"/b", dir+"/d/c"))
		noErr(t, fsys.Rename(dir+"/d", dir+"/e"))
		wantContent(t, fsys, dir+"/e/c", []byte("A"))
	}},
	{"remove", func(t *testing.T, fsys vfs.FS, dir string) {
		noErr(t, fsys.MkdirAll(dir+"/d"))
		create(t, fsys, dir+"/d/a")
		wantErr(t, fsys.Remove(dir+"/d"), syscall.ENOTEMPTY)
		noErr(t, fsys.Remove(dir+"/d/a"))
		noErr(t, fsys.Remove(dir+"/d"))
		wantList(t, fsys, dir)
	}},
	{"list is sorted", func(t *testing.T, fsys vfs.FS, dir string) {
		for _, name := range []string{"b", "a10", "a9", "B"} {
			create(t, fsys, dir+"/"+name)
		}
		noErr(t, fsys.MkdirAll(dir+"/aa"))
		wantList(t, fsys, dir, "B", "a10", "a9", "aa", "b")
		_, err := fsys.List(dir + "/b")
		wantErr(t, err, syscall.ENOTDIR)
	}},
	{"directories", func(t *testing.T, fsys vfs.FS, dir string) {
		noErr(t, fsys.MkdirAll(dir+"/x/y"))
		noErr(t, fsys.MkdirAll(dir+"/x/y"))
		noErr(t, fsys.SyncDir(dir+"/x/y"))
		info, err := fsys.Stat(dir + "/x/y")
		noErr(t, err)
		if !info.IsDir() || info.Name() != "y" || info.Mode() != fs.ModeDir|0o700 {
			t.Errorf("got %v", fs.FormatFileInfo(info))
		}
		write(t, create(t, fsys, dir+"/f"), 0, "four")
		info, err = fsys.Stat(dir + "/f")
		noErr(t, err)
		if info.IsDir() || info.Name() != "f" || info.Size() != 4 || info.Mode() != 0o600 {
			t.Errorf("got %v", fs.FormatFileInfo(info))
		}
		wantErr(t, fsys.MkdirAll(dir+"/f"), syscall.ENOTDIR)
		wantErr(t, fsys.MkdirAll(dir+"/f/g"), syscall.ENOTDIR)
		_, err = fsys.OpenReadWrite(dir + "/x")
		wantErr(t, err, syscall.EISDIR)
	}},
	{"lock is exclusive", func(t *testing.T, fsys vfs.FS, dir string) {
		l, err := fsys.Lock(dir + "/lock")
		noErr(t, err)
		_, err = fsys.Lock(dir + "/lock")
		wantErr(t, err, vfs.ErrLocked)
		other, err := fsys.Lock(dir + "/other")
		noErr(t, err)
		noErr(t, l.Close())
		wantErr(t, l.Close(), fs.ErrClosed)
		l, err = fsys.Lock(dir + "/lock")
		noErr(t, err)
		wantList(t, fsys, dir, "lock", "other")
		noErr(t, l.Close())
		noErr(t, other.Close())
	}},
}

func TestOS(t *testing.T) {
	for _, c := range conformance {
		t.Run(c.name, func(t *testing.T) { c.run(t, vfs.OS, t.TempDir()) })
	}
}

func TestMem(t *testing.T) {
	for _, c := range conformance {
		t.Run(c.name, func(t *testing.T) {
			m := vfs.NewMem()
			noErr(t, m.MkdirAll("/dir"))
			c.run(t, m, "/dir")
		})
		t.Run(c.name+", relative", func(t *testing.T) {
			m := vfs.NewMem()
			noErr(t, m.MkdirAll("dir"))
			c.run(t, m, "dir")
		})
	}
}

// FuzzMemMatchesOS does the same operations to both and compares what they say.
func FuzzMemMatchesOS(f *testing.F) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 0))
		data := make([]byte, 400)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := vfs.NewMem()
		noErr(t, m.MkdirAll("/dir"))
		mem, real := &player{fsys: m, dir: "/dir"}, &player{fsys: vfs.OS, dir: t.TempDir()}
		defer mem.close()
		defer real.close()
		for step := 0; len(data) >= 4; step++ {
			op := [4]byte(data)
			data = data[4:]
			got, skip := mem.play(op)
			if skip {
				continue
			}
			if want, _ := real.play(op); got != want {
				t.Fatalf("step %d, %d:\nmem: %s\nos:  %s", step, op, got, want)
			}
		}
	})
}

// A player does operations that four bytes encode.
type player struct {
	fsys  vfs.FS
	dir   string
	files []vfs.File
}

func (p *player) close() {
	for _, f := range p.files {
		f.Close()
	}
}

// play returns what came of an operation, and whether not to compare it.
func (p *player) play(op [4]byte) (got string, skip bool) {
	names := []string{"a", "b", "d", "d/a", "d/e", "d/e/a", "a/x"}
	name := func(b byte) string { return filepath.Join(p.dir, names[int(b)%len(names)]) }
	off, n := int64(op[2])*700, int64(op[3])*50
	var f vfs.File
	if len(p.files) > 0 {
		f = p.files[int(op[1])%len(p.files)]
	}
	kind := int(op[0]) % 16
	if f == nil && kind >= 10 {
		kind = 0
	}
	var err error
	switch kind {
	case 0, 1, 2:
		open := []func(string) (vfs.File, error){p.fsys.Create, p.fsys.OpenReadWrite, p.fsys.Open}[kind]
		if f, err = open(name(op[1])); err == nil {
			p.files = append(p.files, f)
		}
		skip = kind == 2 && errors.Is(err, syscall.EISDIR) // Linux lets directories be opened
	case 3:
		err = p.fsys.Remove(name(op[1]))
	case 4, 5:
		err = p.fsys.Rename(name(op[1]), name(op[2]))
		skip = errors.Is(err, syscall.EXDEV) // documented
	case 6:
		var list []string
		list, err = p.fsys.List(name(op[1]))
		got = fmt.Sprint(list)
	case 7:
		var info fs.FileInfo
		if info, err = p.fsys.Stat(name(op[1])); err == nil {
			got = fmt.Sprint(info.Name(), info.Mode())
			if !info.IsDir() {
				got += fmt.Sprint(info.Size())
			}
		}
	case 8:
		err = p.fsys.MkdirAll(name(op[1]))
	case 9:
		err = p.fsys.SyncDir(name(op[1]))
		skip = errors.Is(err, syscall.ENOTDIR) // fsync(2) takes files too
	case 10, 11:
		var w int
		w, err = f.WriteAt(bytes.Repeat(op[:1], int(n)), off)
		got = fmt.Sprint(w)
	case 12, 13:
		buf := make([]byte, n)
		var r int
		r, err = f.ReadAt(buf, off)
		got = fmt.Sprintf("%d %x", r, buf[:r])
	case 14:
		err = f.Allocate(off, n)
	case 15:
		err = f.Truncate(off)
	}
	if f != nil && kind >= 10 {
		size, _ := f.Size()
		got += fmt.Sprint(" size ", size)
	}
	return got + " " + class(err), skip
}

// class names what a caller may ask of an error.
func class(err error) string {
	if err == nil || err == io.EOF {
		return fmt.Sprint(err)
	}
	for _, e := range []error{
		fs.ErrNotExist, fs.ErrClosed, syscall.ENOTEMPTY, fs.ErrExist, syscall.ENOTDIR, syscall.EISDIR,
	} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	if errors.Is(err, syscall.EBADF) || errors.Is(err, syscall.EINVAL) {
		return "refused" // Linux is of two minds about files opened for reading
	}
	return err.Error()
}

func noErr(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

func create(t *testing.T, fsys vfs.FS, name string) vfs.File {
	t.Helper()
	f, err := fsys.Create(name)
	noErr(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func write(t *testing.T, f vfs.File, off int64, data string) {
	t.Helper()
	if n, err := f.WriteAt([]byte(data), off); n != len(data) || err != nil {
		t.Fatalf("WriteAt = %d, %v", n, err)
	}
}

func wantRead(t *testing.T, f vfs.File, want string) {
	t.Helper()
	p := make([]byte, len(want))
	if _, err := f.ReadAt(p, 0); string(p) != want || err != nil {
		t.Errorf("read %q, %v; want %q", p, err, want)
	}
}

func wantSize(t *testing.T, f vfs.File, want int64) {
	t.Helper()
	if size, err := f.Size(); size != want || err != nil {
		t.Errorf("size %d, %v; want %d", size, err, want)
	}
}

func wantContent(t *testing.T, fsys vfs.FS, name string, want []byte) {
	t.Helper()
	f, err := fsys.Open(name)
	noErr(t, err)
	defer f.Close()
	got := make([]byte, len(want)+1)
	n, err := f.ReadAt(got, 0)
	if n != len(want) || err != io.EOF {
		t.Fatalf("ReadAt = %d, %v; want %d, EOF", n, err, len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("byte %d is %q, want %q", i, got[i], want[i])
		}
	}
}

func wantList(t *testing.T, fsys vfs.FS, dir string, want ...string) {
	t.Helper()
	got, err := fsys.List(dir)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("list %q, %v; want %q", got, err, want)
	}
}
