package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/eventgres/eventgres/engine/vfs"
)

// Restore makes a store of a backup, in a directory that is empty or does not exist. Every file's
// size and hash is checked before the first byte is written, and the whole log is verified after
// the last. Without its STORE file, which comes at the end, nothing takes what is there for a store.
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
	if err := r.check(); err != nil {
		return VerifyReport{}, err
	}
	if err := r.copy(); err != nil {
		return VerifyReport{}, err
	}
	report, err := Verify(dir, options)
	if err == nil && report.Events != m.position {
		err = fmt.Errorf("%s holds %d events, the backup was made of %d", dir, report.Events, m.position)
	}
	return report, err
}

type restore struct {
	ctx       context.Context
	from, dir string
	opts      *Options
	manifest  *manifest
}

// check compares the backup's files with its manifest.
func (r *restore) check() error {
	total := int64(0)
	for _, f := range r.manifest.files {
		total += f.size
	}
	p := progress{logger: r.opts.Logger, what: "checking the backup", unit: "bytes", total: total}
	done := int64(0)
	for _, want := range r.manifest.files {
		got, err := hashFile(r.ctx, r.opts.FS, r.from, want.name)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the backup is incomplete: %s is missing", filepath.Join(r.from, want.name))
		}
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("the backup was altered: %s is not what was written (%d bytes of %d)", filepath.Join(r.from, want.name), got.size, want.size)
		}
		done += want.size
		p.at(done)
	}
	return nil
}

func (r *restore) copy() error {
	fsys := r.opts.FS
	for _, d := range []string{r.dir, filepath.Join(r.dir, "log"), filepath.Join(r.dir, "index")} {
		if err := fsys.MkdirAll(d); err != nil {
			return err
		}
	}
	p := progress{logger: r.opts.Logger, what: "restoring", unit: "files", total: int64(len(r.manifest.files))}
	segments := 0
	for i, f := range r.manifest.files {
		to := ""
		switch {
		case f.name == "STORE":
			continue // the last
		case strings.HasPrefix(f.name, "log/"):
			to = filepath.Join(r.dir, filepath.FromSlash(f.name))
			segments++
		case path.Base(f.name) == "tail.seg":
			to = segmentName(r.dir, uint32(segments+1))
		default:
			to = filepath.Join(r.dir, path.Base(f.name))
		}
		if err := r.take(f, to); err != nil {
			return err
		}
		p.at(int64(i))
	}
	for _, d := range []string{filepath.Join(r.dir, "log"), r.dir} {
		if err := fsys.SyncDir(d); err != nil {
			return err
		}
	}
	text, err := readChecked(fsys, filepath.Join(r.from, "STORE"))
	if err != nil {
		return err
	}
	return writeChecked(fsys, filepath.Join(r.dir, "STORE"), text)
}

// take copies a file. The restored store is written to, so that it must not be the backup's file
// under a second name; a reflink is another file.
func (r *restore) take(f backupFile, to string) error {
	from := filepath.Join(r.from, filepath.FromSlash(f.name))
	link, err := vfs.Share(r.opts.FS, from, to)
	if err == nil && !link {
		return nil
	}
	if err == nil {
		err = r.opts.FS.Remove(to)
	}
	if err != nil && !errors.Is(err, vfs.ErrCannotShare) {
		return err
	}
	return copyFile(r.ctx, r.opts.FS, from, to, f.size)
}
