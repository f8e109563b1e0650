//go:build unix

package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExposed: every command refuses a data directory that others may reach, whatever they may do there,
// and says what mends it. An empty one is made private.
func TestExposed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's data")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, dir, Options{})
	mustAppend(t, s, NewEvent("a", "T", nil))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("an empty directory is left as %v, %v", info.Mode(), err)
	}
	commands := map[string]func() error{
		"open": func() error {
			s, err := Open(dir, Options{})
			if err == nil {
				err = s.Close()
			}
			return err
		},
		"verify":               func() error { _, err := Verify(dir, Options{}); return err },
		"verify beside server": func() error { _, err := VerifyBelow(dir, Extent{1, 0}, Options{}); return err },
		"backup":               func() error { _, err := Backup(ctx, dir, t.TempDir(), Whole, Options{}); return err },
		"backup beside server": func() error { _, err := Backup(ctx, dir, t.TempDir(), Extent{1, 0}, Options{}); return err },
		"repair":               func() error { _, err := (&Repair{CutAt: -1, Indexes: true}).Run(dir, Options{}); return err },
	}
	for bits := fs.FileMode(0); bits <= 0o77; bits++ {
		if err := os.Chmod(dir, 0o700|bits); err != nil {
			t.Fatal(err)
		}
		for name, command := range commands {
			err := command()
			var e *ExposedError
			if errors.As(err, &e) != (bits != 0) {
				t.Errorf("%s with %04o: %v", name, 0o700|bits, err)
			}
			if e != nil && !strings.Contains(err.Error(), fmt.Sprintf("%04o", 0o700|bits)) {
				t.Errorf("%s with %04o: %v", name, 0o700|bits, err)
			}
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir, Options{})
	_, mend, _ := strings.Cut(fmt.Sprint(err), "chmod -R go-rwx ")
	if want := "'" + strings.ReplaceAll(dir, "'", `'\''`) + "'"; mend != want {
		t.Errorf("what mends it: %s, want %s", mend, want)
	}
}

// A segment that lies elsewhere, under a symbolic link, is backed up as the file it is; and nothing that
// --copy makes is the log's own file.
func TestBackupOfALink(t *testing.T) {
	dir, elsewhere := filepath.Join(t.TempDir(), "data"), t.TempDir()
	options := Options{SegmentBytes: 4 << 10}
	s := openTest(t, dir, options)
	for range 40 {
		mustAppend(t, s, NewEvent("a", "T", []byte(`"`+strings.Repeat("x", 400)+`"`)))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	first := segmentName(dir, 1)
	moved := filepath.Join(elsewhere, "moved.seg")
	if err := errors.Join(os.Rename(first, moved), os.Symlink(moved, first)); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "b")
	for _, c := range []bool{false, true} { // the second time over what the first has linked
		options.Copy = c
		if _, err := Backup(ctx, dir, to, Whole, options); err != nil {
			t.Fatal(err)
		}
		names, err := os.ReadDir(filepath.Join(to, "log"))
		if err != nil || len(names) < 2 {
			t.Fatal(names, err)
		}
		for _, name := range names {
			info, err := os.Lstat(filepath.Join(to, "log", name.Name()))
			if err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != 0o600 {
				t.Errorf("copy %v: %s is %v, %v", c, name, info.Mode(), err)
			}
			if own, err := os.Stat(filepath.Join(dir, "log", name.Name())); c && (err != nil || os.SameFile(own, info)) {
				t.Errorf("%s is the log's own file, %v", name, err)
			}
		}
	}
	if report, err := Restore(ctx, to, filepath.Join(t.TempDir(), "r"), Options{}); err != nil || len(report.Damage) > 0 {
		t.Error(report, err)
	}
}
