package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/eventgres/eventgres/engine/vfs"
)

// Restore makes a store of a backup, in a directory that is empty or does not exist. Every file's
// size and hash is checked as it is copied, and the whole log is verified after the last; what fails
// leaves nothing behind. Without its STORE file, which comes at the end, nothing takes what is there for
// a store.
func Restore(ctx context.Context, backupDir, dir string, options Options) (VerifyReport, error) {
	o := options.withDefaults()
	m, err := readManifest(o.FS, backupDir)
	if errors.Is(err, fs.ErrNotExist) {
		return VerifyReport{}, fmt.Errorf("%s is not a complete backup: it has no file %s", backupDir, manifestName)
	}
	if err != nil {
		return VerifyReport{}, err
	}
	if names, err := o.FS.List(dir); err == nil && len(names) > 0 {
		return VerifyReport{}, fmt.Errorf("%s is not empty", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return VerifyReport{}, err
	}
	r := restore{ctx: ctx, from: backupDir, dir: dir, opts: o, manifest: m}
	if err := r.copy(); err != nil {
		return VerifyReport{}, errors.Join(err, r.undo())
	}
	report, err := Verify(dir, options)
	if err == nil && report.Events != m.position {
		err = fmt.Errorf("%s holds %d events, the backup was made of %d", dir, report.Events, m.position)
	}
	if err == nil && m.changes >= 0 && report.Changes != m.changes {
		err = fmt.Errorf("%s holds %d changes of the control state, the backup was made of %d", dir, report.Changes, m.changes)
	}
	return report, err
}

type restore struct {
	ctx       context.Context
	from, dir string
	opts      *Options
	manifest  *manifest
}

func (r *restore) copy() error {
	fsys := r.opts.FS
	if err := makePrivate(fsys, r.dir); err != nil {
		return err
	}
	for _, d := range []string{"log", "index"} {
		if err := fsys.MkdirAll(filepath.Join(r.dir, d)); err != nil {
			return err
		}
	}
	total := int64(0)
	for _, f := range r.manifest.files {
		total += f.size
	}
	p := progress{logger: r.opts.Logger, what: "restoring", unit: "bytes", total: total}
	segments, done := uint32(0), int64(0)
	for _, f := range r.manifest.files {
		if strings.HasPrefix(f.name, "log/") {
			segments++
		}
	}
	// What a manifest may name, readManifest has seen to.
	store := ""
	for number, f := uint32(1), r.manifest.files; len(f) > 0; f = f[1:] {
		var err error
		switch name := f[0].name; {
		case name == "STORE":
			store, err = r.identity(f[0])
		case strings.HasPrefix(name, "log/"):
			err = r.take(f[0], segmentName(r.dir, number))
			number++
		case path.Base(name) == "tail.seg":
			err = r.take(f[0], segmentName(r.dir, segments+1))
		default:
			err = r.take(f[0], definitionsName(r.dir))
		}
		if err != nil {
			return err
		}
		done += f[0].size
		p.at(done)
	}
	for _, d := range []string{filepath.Join(r.dir, "log"), r.dir} {
		if err := fsys.SyncDir(d); err != nil {
			return err
		}
	}
	return writeChecked(fsys, filepath.Join(r.dir, "STORE"), store)
}

// identity reads the backup's STORE, which must be that of the manifest, and the same bytes.
func (r *restore) identity(want backupFile) (string, error) {
	text, err := readCheckedUpTo(r.opts.FS, filepath.Join(r.from, "STORE"), want.size)
	if errors.Is(err, fs.ErrNotExist) {
		return "", r.missing(want)
	}
	if err != nil {
		return "", err
	}
	to := filepath.Join(r.dir, "STORE.new")
	if err := r.take(want, to); err != nil {
		return "", err
	}
	taken, err := readCheckedUpTo(r.opts.FS, to, want.size)
	if err == nil && taken != text {
		err = r.altered(want, want.size)
	}
	return taken, errors.Join(err, r.opts.FS.Remove(to))
}

func (r *restore) missing(f backupFile) error {
	return fmt.Errorf("the backup is incomplete: %s is missing", r.source(f))
}

func (r *restore) altered(f backupFile, size int64) error {
	return fmt.Errorf("the backup was altered: %s is not what was written (%d bytes of %d)", r.source(f), size, f.size)
}

func (r *restore) source(f backupFile) string {
	return filepath.Join(r.from, filepath.FromSlash(f.name))
}

// take copies a file and checks what it has copied. The restored store is written to, so that it must
// not be the backup's file under a second name; a reflink is another file.
func (r *restore) take(f backupFile, to string) error {
	fsys, from := r.opts.FS, r.source(f)
	info, err := fsys.Stat(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r.missing(f)
	case err != nil:
		return err
	case !info.Mode().IsRegular() || info.Size() != f.size:
		return r.altered(f, info.Size())
	}
	link, err := vfs.Share(fsys, from, to)
	switch {
	case err == nil && !link: // it is ours now, whatever becomes of the backup's
		got, err := hashFile(r.ctx, fsys, r.dir, mustRel(r.dir, to))
		if err == nil && (got.sha256 != f.sha256 || got.size != f.size) {
			err = r.altered(f, got.size)
		}
		return err
	case err == nil:
		err = fsys.Remove(to)
	case errors.Is(err, vfs.ErrCannotShare):
		err = nil
	}
	if err != nil {
		return err
	}
	h := sha256.New()
	if err := copyFileInto(r.ctx, fsys, from, to, f.size, h); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != f.sha256 {
		return r.altered(f, f.size)
	}
	return nil
}

// undo removes what was made, in a directory that had nothing.
func (r *restore) undo() error {
	fsys := r.opts.FS
	for _, d := range []string{filepath.Join(r.dir, "log"), filepath.Join(r.dir, "index"), r.dir} {
		names, err := fsys.List(d)
		if err != nil {
			continue // it was not made
		}
		for _, name := range names {
			if err := fsys.Remove(filepath.Join(d, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// mustRel is where within dir a file is.
func mustRel(dir, name string) string {
	rel, err := filepath.Rel(dir, name)
	if err != nil {
		return name
	}
	return filepath.ToSlash(rel)
}
