package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/eventgres/eventgres/engine/vfs"
)

// Repair is what an operator asks of a store that does not open. Nothing is deleted: what is taken
// out of the store is kept in a directory beside its files.
type Repair struct {
	// CutAt, if it is not negative, ends the log before this position, which must be where an
	// append begins. Everything from there on is taken out, and the projection. The control state is
	// what it was there.
	CutAt int64
	// Indexes takes out all index files, Projection the analytics worker's columns, Checkpoint the
	// checkpoint: all are derived. Definitions takes out the file DEFINITIONS of a store that was not
	// upgraded yet, which is not: views are gone.
	Indexes, Projection, Checkpoint, Definitions bool
}

// RepairReport is what Repair did.
type RepairReport struct {
	Aside  string // the directory that has what was taken out; empty if that is nothing
	Events int64  // in the log, after a cut
	Cut    int64  // bytes of the log taken out
	Files  int    // files taken out
}

// Run changes a store that nobody has open as it is told, and only so. It may be repeated after a
// crash. What lies before a cut must be intact.
func (r Repair) Run(dir string, options Options) (report RepairReport, err error) {
	o := options.withDefaults()
	lock, err := lockStore(o.FS, dir)
	if err != nil {
		return report, err
	}
	defer lock.Close()
	p := &repairer{Repair: r, dir: dir, fs: o.FS, opts: o}
	p.aside = filepath.Join(dir, "taken-out-"+time.Now().UTC().Format("20060102-150405.000"))
	err = p.run()
	return p.report, err
}

type repairer struct {
	Repair
	dir    string
	fs     vfs.FS
	opts   *Options
	aside  string
	report RepairReport
}

func (p *repairer) run() error {
	if p.CutAt >= 0 {
		if err := refuseMember(p.fs, p.dir, false); err != nil {
			return err // what the others have acknowledged cannot be cut here
		}
		if err := p.cut(); err != nil {
			return err
		}
	}
	if p.Checkpoint {
		if err := p.takeOut("CHECKPOINT"); err != nil {
			return err
		}
	}
	if p.Definitions {
		if err := p.takeOut("DEFINITIONS"); err != nil {
			return err
		}
	}
	if p.Projection || p.CutAt >= 0 { // after a cut other events may come to the same positions
		for _, name := range []string{"analytics.duckdb", "analytics.duckdb.wal"} {
			if err := p.takeOut(name); err != nil {
				return err
			}
		}
	}
	if p.Indexes {
		return p.indexes(1)
	}
	return nil
}

// takeOut moves a file of the store aside; one that is not there is none to move.
func (p *repairer) takeOut(name string) error {
	from := filepath.Join(p.dir, name)
	if _, err := p.fs.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if err := p.makeAside(); err != nil {
		return err
	}
	to := filepath.Join(p.aside, filepath.Base(name))
	if err := p.fs.Rename(from, to); err != nil {
		return err
	}
	if err := p.fs.SyncDir(p.aside); err != nil {
		return err
	}
	p.report.Files++
	return p.fs.SyncDir(filepath.Dir(from))
}

func (p *repairer) makeAside() error {
	p.report.Aside = p.aside
	return p.fs.MkdirAll(p.aside)
}

// indexes takes out the index files from a segment on.
func (p *repairer) indexes(from uint32) error {
	names, err := p.fs.List(filepath.Join(p.dir, "index"))
	if err != nil {
		return err
	}
	for _, name := range names {
		var n uint32
		if base, ok := strings.CutSuffix(strings.Replace(name, ".key", ".idx", 1), ".idx"); ok {
			if _, err := fmt.Sscanf(base, "%d", &n); err == nil && n < from {
				continue
			}
		}
		if err := p.takeOut(filepath.Join("index", name)); err != nil {
			return err
		}
	}
	return nil
}

// cut ends the log before CutAt. A crash in the middle leaves a store that does not open, or one
// that was not cut or was: never one with a gap.
func (p *repairer) cut() error {
	id, err := readIdentity(p.fs, p.dir)
	if err != nil {
		return err
	}
	seg, end, err := p.find(&id)
	if err != nil {
		return err
	}
	defer seg.file.Close()
	numbers, err := segmentNumbers(p.fs, p.dir)
	if err != nil {
		return err
	}
	size, err := seg.file.Size()
	if err != nil {
		return err
	}
	// What is cut is kept first.
	if err := p.makeAside(); err != nil {
		return err
	}
	whole := filepath.Join(p.aside, filepath.Base(seg.name))
	if err := copyFile(context.Background(), p.fs, seg.name, whole, size); err != nil {
		return err
	}
	if err := p.fs.SyncDir(p.aside); err != nil {
		return err
	}
	p.report.Files++
	p.report.Cut, p.report.Events = size-end, p.CutAt
	// From here on the checkpoint would say that something is missing, and what is derived from
	// the log knows too much.
	for _, name := range []string{"CHECKPOINT", "analytics.duckdb", "analytics.duckdb.wal"} {
		if err := p.takeOut(name); err != nil {
			return err
		}
	}
	if err := p.indexes(seg.number); err != nil {
		return err
	}
	for i := len(numbers) - 1; i >= 0 && numbers[i] > seg.number; i-- {
		name := segmentName(p.dir, numbers[i])
		if info, err := p.fs.Stat(name); err == nil {
			p.report.Cut += info.Size()
		}
		if err := p.takeOut(filepath.Join("log", filepath.Base(name))); err != nil {
			return err
		}
	}
	// A new file takes the place of the old one, which may be a backup's under another name.
	tmp := seg.name + ".tmp"
	if err := removeIfExists(p.fs, tmp); err != nil {
		return err
	}
	if err := copyFile(context.Background(), p.fs, seg.name, tmp, end); err != nil {
		return err
	}
	if err := p.fs.Rename(tmp, seg.name); err != nil {
		return err
	}
	if err := p.fs.SyncDir(filepath.Dir(seg.name)); err != nil || seg.version >= controlVersion {
		return err
	}
	return p.returnDefinitions()
}

// find verifies the log up to the cut, and returns the segment that will be the last and where it
// will end. Changes of the control state that come before the next event are kept, as far as they are
// intact.
func (p *repairer) find(id *identity) (last *segment, end int64, err error) {
	var prev *segment
	for n := uint32(1); ; n++ {
		seg := &segment{number: n, name: segmentName(p.dir, n), key: id.key()}
		if seg.file, err = p.fs.Open(seg.name); err != nil && last != nil {
			return last, end, nil
		} else if errors.Is(err, fs.ErrNotExist) {
			return nil, 0, fmt.Errorf("the log does not reach position %d: %s does not exist", p.CutAt, seg.name)
		} else if err != nil {
			return nil, 0, err
		}
		f, err := p.verify(seg, prev, id)
		reached := err == nil && f.next == p.CutAt
		if reached && (last == nil || f.changes > 0) {
			if last != nil {
				last.file.Close()
			}
			last, end = seg, f.end
			if prev = seg; f.sealed {
				continue
			}
			return last, end, nil
		}
		seg.file.Close()
		switch {
		case last != nil:
			return last, end, nil
		case err != nil:
			return nil, 0, fmt.Errorf("the log is damaged before position %d, cut it there or earlier: %w", p.CutAt, err)
		case f.next > p.CutAt:
			return nil, 0, fmt.Errorf("position %d is within an append that begins before it and ends before %d", p.CutAt, f.next)
		}
		prev = seg
	}
}

// found is what of a segment is before the cut.
type found struct {
	end, next int64
	changes   int  // of the control state, after the last event before the cut
	sealed    bool // it is all of the segment
}

// verify reads a segment's frames up to the cut.
func (p *repairer) verify(seg, prev *segment, id *identity) (f found, err error) {
	if err := seg.readHeader(id.UUID); err != nil {
		return f, err
	}
	if err := seg.mustContinue(prev); err != nil {
		return f, err
	}
	size, err := seg.file.Size()
	if err != nil {
		return f, err
	}
	s := newFrameScanner(seg, size)
	progress := progress{logger: p.opts.Logger, what: "verifying " + seg.name, unit: "bytes", total: size}
	var d decoder
	for !f.sealed {
		progress.at(s.offset)
		f.end, f.next = s.offset, s.next
		seg.count, seg.chain = s.next-seg.first, s.chain
		if f.next > p.CutAt {
			break
		}
		h, frame, bad, err := s.scan()
		if err != nil {
			return f, err
		}
		if f.next == p.CutAt && (bad != "" || h.count > 0) {
			break
		}
		switch {
		case bad != "":
			err = seg.corrupt(f.end, bad)
		case h.kind == kindSeal:
			f.sealed = true
		default:
			err = seg.eachEvent(&d, h, frame, f.end, nil)
		}
		if err != nil {
			return f, fmt.Errorf("%w; the events before position %d are intact", err, f.next)
		}
		if f.next == p.CutAt && h.kind == kindControl {
			f.changes++
		}
	}
	return f, nil
}

// returnDefinitions gives a log that is cut before its first control record its file DEFINITIONS back,
// which the next start takes over once more.
func (p *repairer) returnDefinitions() error {
	name := definitionsName(p.dir)
	if _, err := p.fs.Stat(name); err == nil {
		return nil
	}
	if _, err := p.fs.Stat(name + ".old"); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := p.fs.Rename(name+".old", name); err != nil {
		return err
	}
	return p.fs.SyncDir(p.dir)
}
