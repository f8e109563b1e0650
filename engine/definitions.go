package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/eventgres/eventgres/engine/vfs"
)

// Definitions is a text that whoever uses the store keeps with it, such as the views of an
// SQL front. It is replaced as a whole, durably, in order with appends.
type Definitions struct {
	Version  int64 // counts the replacements; 0 if there was none
	Position int64 // the log had this many events when it was made
	Text     string
}

// ErrDefinitionsChanged: somebody else replaced the definitions in between. Read them
// again and retry.
var ErrDefinitionsChanged = errors.New("the definitions were changed concurrently")

const (
	definitionsHead = "eventgres definitions, format 1\nversion %d position %d\n"
	// maxDefinitions bounds the text, which is held in memory and written as a whole.
	maxDefinitions = 16 << 20
)

// Definitions returns the current ones.
func (s *Store) Definitions() Definitions { return *s.w.definitions.Load() }

// Define replaces the definitions if their version still is the one given. It returns
// after the new ones are on stable storage, and after every append that was queued before. After
// an error they are not replaced, save that after ErrPoisoned it is unknown. It may be called
// concurrently.
func (h *WriterHandle) Define(ctx context.Context, version int64, text string) error {
	if len(text) > maxDefinitions {
		return &TooLargeError{What: "definitions", Size: int64(len(text)), Limit: maxDefinitions}
	}
	r := &AppendRequest{define: &Definitions{Version: version + 1, Text: text}, done: make(chan error, 1)}
	return h.w.outcome(ctx, r)
}

// define carries out a request of Define, on the writer's goroutine.
func (w *writer) define(d *Definitions) error {
	if w.poison != nil {
		return w.poison // by a request of the same group
	}
	if w.definitions.Load().Version != d.Version-1 {
		return ErrDefinitionsChanged
	}
	d.Position = w.log.committed.Load()
	if err := writeChecked(w.log.fs, definitionsName(w.log.dir), fmt.Sprintf(definitionsHead, d.Version, d.Position)+d.Text+"\n"); err != nil {
		// Where nobody knows which definitions a restart will find, none may follow before it.
		return w.ioError(err, errors.As(err, new(*unsettledError)) && !planted(bugUnsettledDefine))
	}
	w.definitions.Store(d)
	w.become(StateOK, nil)
	return nil
}

func definitionsName(dir string) string { return filepath.Join(dir, "DEFINITIONS") }

// readDefinitions returns the empty ones if there are none yet.
func readDefinitions(fsys vfs.FS, dir string) (*Definitions, error) {
	name := definitionsName(dir)
	text, err := readCheckedUpTo(fsys, name, maxDefinitions+4096)
	if errors.Is(err, fs.ErrNotExist) {
		return &Definitions{}, nil
	}
	if err != nil {
		return nil, err
	}
	d := &Definitions{}
	if _, err := fmt.Sscanf(text, definitionsHead, &d.Version, &d.Position); err != nil {
		return nil, &CorruptionError{File: name, Reason: "cannot be read"}
	}
	lines := strings.SplitN(text, "\n", 3)
	d.Text = strings.TrimSuffix(lines[2], "\n")
	return d, nil
}
