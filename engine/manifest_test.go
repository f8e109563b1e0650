package engine

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// backedUp is a file system with a backup in /b that has three sealed segments, and what is in the store
// that it makes.
func backedUp(t testing.TB) (m *vfs.Mem, manifest string, files []string) {
	t.Helper()
	m = vfs.NewMem()
	o := Options{FS: m, SegmentBytes: 1200}
	s, err := Open("/db", o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		e := NewEvent("s", "T", fmt.Appendf(nil, `{"i": %d, "pad": %q}`, i, strings.Repeat("y", 300)))
		if err := s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{e}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := writeDefinitions(m, "/db", "views"); err != nil { // as of an older store
		t.Fatal(err)
	}
	if _, err := Backup(ctx, "/db", "/b", Whole, o); err != nil {
		t.Fatal(err)
	}
	manifest, err = readCheckedUpTo(m, "/b/BACKUP", maxManifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.WriteFile("/b/analytics.duckdb", []byte("forged")); err != nil {
		t.Fatal(err)
	}
	if err := m.WriteFile("/outside", []byte("forged")); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(ctx, "/b", "/r", o); err != nil {
		t.Fatal(err)
	}
	for _, name := range m.Names() {
		if rest, ok := strings.CutPrefix(name, "/r/"); ok {
			files = append(files, rest)
			if err := m.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, dir := range []string{"/r/log", "/r/index", "/r"} {
		if err := m.Remove(dir); err != nil {
			t.Fatal(err)
		}
	}
	return m, manifest, files
}

// restoreForged restores with another manifest, whose checksum is right: there is a store afterwards with
// the files that it should have, or there is nothing.
func restoreForged(t *testing.T, m *vfs.Mem, manifest string, files []string) error {
	t.Helper()
	if err := writeChecked(m, "/b/BACKUP", manifest); err != nil {
		t.Fatal(err)
	}
	before := m.Names()
	report, err := Restore(ctx, "/b", "/r", Options{FS: m})
	var made, elsewhere []string
	for _, name := range m.Names() {
		if rest, ok := strings.CutPrefix(name, "/r/"); ok {
			made = append(made, rest)
		} else {
			elsewhere = append(elsewhere, name)
		}
	}
	if !slices.Equal(elsewhere, before) {
		t.Fatalf("files outside of the store were made or removed: %q", elsewhere)
	}
	if err != nil && !slices.Contains(made, "STORE") && len(made) > 0 {
		t.Fatalf("it failed (%v) and left %q", err, made)
	}
	for _, name := range made {
		known := slices.Contains(files, name) || path.Dir(name) == "log" && strings.HasSuffix(name, ".seg")
		if !known {
			t.Fatalf("%s was restored", name)
		}
	}
	if err == nil && len(report.Damage) == 0 && report.Events != 12 {
		t.Fatalf("%d events", report.Events)
	}
	return err
}

func TestForgedManifests(t *testing.T) {
	whole, manifest, files := backedUp(t)
	if err := restoreForged(t, whole.Clone(), manifest, files); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(manifest, "\n"), "\n")
	with := func(n int, more ...string) string {
		out := slices.Concat(lines[:6], more)
		out[5] = fmt.Sprintf("files %d", n)
		return strings.Join(out, "\n") + "\n"
	}
	entries := lines[6:]
	hash, _, _ := strings.Cut(entries[0], " ")
	n := len(entries)
	forged := map[string]string{}
	for _, name := range []string{
		"analytics.duckdb", "analytics.duckdb.wal", "x/analytics.duckdb", "CHECKPOINT", "LOCK", "BACKUP", "DEFINITIONS", "tail.seg", "../outside", "/outside",
		"log/../analytics.duckdb", "log/00000099.seg", "log/1.seg", "log/00000001.seg.new", "log//00000001.seg", "index/00000001.idx", "at-1-2/tail.seg",
		"log/\\..\\x", "STORE/", "./STORE", "log", "", "store", "at-12-0/../STORE",
	} {
		forged["also "+name] = with(n+1, append(slices.Clone(entries), hash+" 6 "+name)...)
		forged["first "+name] = with(n+1, append([]string{hash + " 6 " + name}, entries...)...)
	}
	for i, e := range entries {
		forged["twice "+e] = with(n+1, append(slices.Clone(entries), e)...)
		if !strings.HasSuffix(e, "/DEFINITIONS") { // a store may have none
			forged["without "+e] = with(n-1, slices.Delete(slices.Clone(entries), i, i+1)...)
		}
		for _, size := range []string{"-1", "0", "1", "99999999999999", "00", "+1"} {
			f := strings.Fields(e)
			other := slices.Clone(entries)
			other[i] = f[0] + " " + size + " " + f[2]
			forged["size "+other[i]] = with(n, other...)
			other = slices.Clone(other)
			other[i] = strings.ToUpper(f[0]) + " " + f[1] + " " + f[2]
			forged["hash "+other[i]] = with(n, other...)
		}
	}
	forged["reversed"] = with(n, append(slices.Clone(entries[:0:0]), reversed(entries)...)...)
	for what, manifest := range forged {
		if err := restoreForged(t, whole.Clone(), manifest, files); err == nil {
			t.Errorf("%s: restored", what)
		}
	}
	t.Logf("%d forged manifests", len(forged))
}

func reversed(list []string) []string {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func FuzzRestoreManifest(f *testing.F) {
	whole, manifest, files := backedUp(f)
	f.Add(manifest)
	f.Add(strings.Replace(manifest, "log/00000001.seg", "../outside", 1))
	f.Add(strings.Replace(manifest, "/DEFINITIONS", "/analytics.duckdb", 1))
	f.Fuzz(func(t *testing.T, manifest string) {
		if len(manifest) > 1<<16 {
			return
		}
		_ = restoreForged(t, whole.Clone(), manifest, files)
	})
}
