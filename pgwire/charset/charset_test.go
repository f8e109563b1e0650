package charset

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

// TestTables: every encoding's tables are there, and what a character of theirs decodes to encodes to one that
// decodes to it again; in parts, too.
func TestTables(t *testing.T) {
	for _, e := range all {
		if e.Same() {
			continue
		}
		known := 0
		var text []byte
		for r := rune(0x80); r < 0x30000; r++ {
			b, err := e.Encode(nil, utf8.AppendRune(nil, r))
			if err != nil {
				continue
			}
			if e.scheme.valid(b) != len(b) {
				continue // PostgreSQL's tables have some that it does not take back
			}
			known++
			text = utf8.AppendRune(text, r)
		}
		if known < 80 {
			t.Errorf("%s has %d characters", e.Name, known)
		}
		whole, err := e.Encode(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		var parts []byte
		for rest := text; len(rest) > 0; {
			var read int
			if parts, read, err = e.EncodePart(parts, rest, len(parts)+100); err != nil {
				t.Fatal(err)
			}
			rest = rest[read:]
		}
		if !bytes.Equal(whole, parts) {
			t.Errorf("%s: parts make another text", e.Name)
		}
		if e.Check(whole) != nil || e.Characters(whole) > known {
			t.Errorf("%s: %d characters of %d, %v", e.Name, e.Characters(whole), known, e.Check(whole))
		}
	}
}

// TestPartial: of a character that is cut, more may come.
func TestPartial(t *testing.T) {
	for _, e := range all {
		for r := rune(0x80); r < 0x30000 && !e.Same(); r += 7 {
			b, err := e.Encode(nil, utf8.AppendRune(nil, r))
			if err != nil || e.scheme.valid(b) != len(b) {
				continue
			}
			for n := 1; n < len(b); n++ {
				if !e.Partial(b[:n]) {
					t.Fatalf("%s: % x of % x is not partial", e.Name, b[:n], b)
				}
			}
			if e.Partial(b) {
				t.Fatalf("%s: % x is partial", e.Name, b)
			}
		}
	}
}
