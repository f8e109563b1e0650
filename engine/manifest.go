package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// manifest is the file BACKUP.
type manifest struct {
	store    uuid.UUID
	position int64
	changes  int64 // of the control state; -1 if it is of format 1, which does not say
	taken    int64 // µs since the Unix epoch
	files    []backupFile
}

type backupFile struct {
	name   string // slash-separated, within the backup
	size   int64
	sha256 string
}

func (f *backupFile) line() string { return fmt.Sprintf("%s %d %s", f.sha256, f.size, f.name) }

const (
	manifestName   = "BACKUP"
	manifestFormat = "eventgres backup, format 2\nstore %s\nposition %d\nchanges %d\ntaken %d\nfiles %d\n"
	// Of releases up to 0.5, whose stores had no control state.
	manifestFormat1 = "eventgres backup, format 1\nstore %s\nposition %d\ntaken %d\nfiles %d\n"
	// maxManifest bounds what is read of one: a line is about 100 bytes, so that a million
	// segments have room.
	maxManifest = 128 << 20
)

// dir is the directory of what belongs to this backup alone.
func (m *manifest) dir() string { return fmt.Sprintf("at-%d-%d", m.position, m.taken) }

func (m *manifest) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, manifestFormat, m.store, m.position, m.changes, m.taken, len(m.files))
	for _, f := range m.files {
		out.WriteString(f.line() + "\n")
	}
	return out.String()
}

func readManifest(fsys vfs.FS, dir string) (*manifest, error) {
	name := filepath.Join(dir, manifestName)
	text, err := readCheckedUpTo(fsys, name, maxManifest)
	if err != nil {
		return nil, err
	}
	m := &manifest{}
	var store string
	var n int
	head := 6 // lines
	if _, err := fmt.Sscanf(text, manifestFormat, &store, &m.position, &m.changes, &m.taken, &n); err != nil {
		m.changes, head = -1, 5
		if _, err := fmt.Sscanf(text, manifestFormat1, &store, &m.position, &m.taken, &n); err != nil {
			return nil, fmt.Errorf("%s is not of a format this program reads", name)
		}
	}
	if m.store, err = uuid.Parse(store); err != nil {
		return nil, &CorruptionError{File: name, Reason: "cannot be read"}
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < head {
		return nil, &CorruptionError{File: name, Reason: "cannot be read"}
	}
	lines = lines[head:]
	if len(lines) != n {
		return nil, &CorruptionError{File: name, Reason: "cannot be read"}
	}
	for _, line := range lines {
		var f backupFile
		if _, err := fmt.Sscanf(line, "%s %d %s", &f.sha256, &f.size, &f.name); err != nil || line != f.line() {
			return nil, &CorruptionError{File: name, Reason: "cannot be read"}
		}
		m.files = append(m.files, f)
	}
	if bad := m.unexpected(); bad != "" {
		return nil, &CorruptionError{File: name, Reason: bad}
	}
	return m, nil
}

// unexpected tells what in a manifest no backup has, empty if nothing. A manifest may come from anywhere,
// and what it names becomes part of a store: it may name what Backup writes, and each once.
func (m *manifest) unexpected() string {
	seen := map[string]bool{}
	segments, tail := 0, false
	dir := m.dir()
	for _, f := range m.files {
		limit := int64(1<<32) + sealSize // older releases had segments of nearly 4 GiB
		switch f.name {
		case "STORE":
			limit = 4096
		case dir + "/tail.seg":
			tail = true
		case dir + "/DEFINITIONS":
			limit = maxDefinitions + 8192
		case path.Join("log", filepath.Base(segmentName("", uint32(segments+1)))):
			segments++
		default:
			return fmt.Sprintf("names %q, which no backup has there", f.name)
		}
		hash, err := hex.DecodeString(f.sha256)
		switch {
		case seen[f.name]:
			return fmt.Sprintf("names %s twice", f.name)
		case err != nil || len(hash) != sha256.Size || f.sha256 != hex.EncodeToString(hash):
			return "has no hash of " + f.name
		case f.size < 0 || f.size > limit:
			return fmt.Sprintf("gives %s %d bytes", f.name, f.size)
		}
		seen[f.name] = true
	}
	if m.position < 0 || m.changes < -1 || !seen["STORE"] || !tail {
		return "is incomplete"
	}
	return ""
}
