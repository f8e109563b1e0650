package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/eventgres/eventgres/engine/vfs"
)

// DefinitionsKey is the key of the control state that has what older stores kept in the file DEFINITIONS:
// the views of an SQL server, as it wrote them.
const DefinitionsKey = "definitions"

const (
	definitionsHead = "eventgres definitions, format 1\nversion %d position %d\n"
	maxDefinitions  = maxControlValue
)

// upgrade brings a store that an older version has written to this format, once it has been recovered:
//
//  1. STORE gets the new format, so that no older version opens it any more;
//  2. the log goes on in a new segment: older ones are read, never appended to. An older one that has no
//     events is made anew;
//  3. what is in DEFINITIONS becomes a control record, in the segment's first group;
//  4. DEFINITIONS gets another name.
//
// Each step looks whether it is still to be done, so that they may be interrupted anywhere. The events are
// not touched. Where there are control records, a file DEFINITIONS is a left-over.
func (s *Store) upgrade(id *identity) error {
	definitions, err := readDefinitions(s.opts.FS, s.dir)
	if taken := s.log.control.changes > 0; err != nil && !taken {
		return err
	}
	if err := s.upgradeSteps(id, definitions); err != nil {
		return fmt.Errorf("upgrading the store: %w", err)
	}
	return nil
}

func (s *Store) upgradeSteps(id *identity, definitions *string) error {
	if id.format < storeFormat {
		s.opts.Logger.Info("upgrading the store", "from format", id.format, "to", storeFormat)
		id.format = storeFormat
		if err := writeChecked(s.opts.FS, filepath.Join(s.dir, "STORE"), id.String()); err != nil {
			return err
		}
	}
	if s.w.active().version < controlVersion {
		if err := s.w.leaveOlder(); err != nil {
			return err
		}
	}
	if definitions == nil {
		return nil
	}
	if failpoint(bugRenameDefinitions) {
		_ = s.setDefinitionsAside()
	}
	if s.log.control.changes == 0 || failpoint(bugDefinitionsTwice) {
		if err := s.w.takeOver(*definitions); err != nil {
			return err
		}
	}
	return s.setDefinitionsAside()
}

// leaveOlder has the log go on in a segment of this format.
func (w *writer) leaveOlder() error {
	if !w.fresh {
		return w.roll()
	}
	return w.renew()
}

// renew makes the active segment, which has no append yet, anew: of another format.
func (w *writer) renew() error {
	l := w.log
	old := w.active()
	// The checkpoint may say that the old one has a dictionary.
	if err := w.checkpoint(old.number, segmentHeaderSize); err != nil {
		return err
	}
	seg := &segment{number: old.number, first: old.first, baseTime: old.baseTime, chainStart: old.chainStart, key: old.key, version: w.version}
	if err := createSegment(l.fs, l.dir, l.store, seg); err != nil {
		return err
	}
	old.file.Close()
	seg.indexInMemory(l.hash)
	l.segments[len(l.segments)-1] = seg
	if n := len(l.segments); n > 1 {
		prev := l.segments[n-2]
		w.learn(prev, seg, prev.end, prev.count)
	}
	w.begin(seg)
	return nil
}

// takeOver makes a control record of the text of DEFINITIONS.
func (w *writer) takeOver(text string) error {
	r := &AppendRequest{Control: []ControlChange{{Key: DefinitionsKey, Value: []byte(text), IfVersion: AnyControlVersion}}}
	g := w.group
	g.reset(w.active(), uint32(w.end), w.carry)
	err := g.apply(r)
	if err == nil {
		err = w.write(g)
	}
	if err != nil {
		return err
	}
	w.log.publish(g)
	return nil
}

func (s *Store) setDefinitionsAside() error {
	name := definitionsName(s.dir)
	if err := s.opts.FS.Rename(name, name+".old"); err != nil {
		return err
	}
	return s.opts.FS.SyncDir(s.dir)
}

func definitionsName(dir string) string { return filepath.Join(dir, "DEFINITIONS") }

// readDefinitions returns the text of the file DEFINITIONS, nil if there is none.
func readDefinitions(fsys vfs.FS, dir string) (*string, error) {
	name := definitionsName(dir)
	text, err := readCheckedUpTo(fsys, name, maxDefinitions+4096)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var version, position int64
	if _, err := fmt.Sscanf(text, definitionsHead, &version, &position); err != nil {
		return nil, &CorruptionError{File: name, Reason: "cannot be read"}
	}
	text = strings.TrimSuffix(strings.SplitN(text, "\n", 3)[2], "\n")
	return &text, nil
}
