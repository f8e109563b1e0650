package pgvalue

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// TestPieces: a byte or a text is found wherever it lies, on the borders of pieces too.
func TestPieces(t *testing.T) {
	for _, size := range []int{0, 1, 2, pieceBytes - 1, pieceBytes, pieceBytes + 1, pieceBytes + 3, 2 * pieceBytes, 3*pieceBytes + 5} {
		text := strings.Repeat("x", size)
		if IndexByte([]byte(text), 'y') != -1 || IndexString(text, "y") != -1 || IndexString(text, "$a$") != -1 {
			t.Errorf("%d bytes: found what is not there", size)
		}
		for _, at := range []int{0, 1, pieceBytes - 3, pieceBytes - 2, pieceBytes - 1, pieceBytes, pieceBytes + 1, 2*pieceBytes - 1, size - 3, size - 1} {
			if at < 0 || at >= size {
				continue
			}
			b := []byte(text)
			b[at] = 'y'
			if i := IndexByte(b, 'y'); i != at {
				t.Errorf("%d bytes: %d, want %d", size, i, at)
			}
			if i := IndexString(string(b), "y"); i != at {
				t.Errorf("%d bytes: %d, want %d", size, i, at)
			}
			if at+3 <= size {
				copy(b[at:], "$a$")
				if i := IndexString(string(b), "$a$"); i != at {
					t.Errorf("%d bytes: %d, want %d", size, i, at)
				}
			}
		}
		if CopyString([]byte(text)) != text {
			t.Errorf("%d bytes: a copy is another text", size)
		}
		called := 0
		grown, err := Grown([]byte(text), size+7, func() error { called++; return nil })
		if err != nil || !bytes.Equal(grown, []byte(text)) || cap(grown) < size+7 || called != (size+pieceBytes-1)/pieceBytes {
			t.Errorf("%d bytes: %d, room for %d, paced %d times, %v", size, len(grown), cap(grown), called, err)
		}
	}
	if _, err := Grown(make([]byte, 10), 10, func() error { return errors.New("stop") }); err == nil {
		t.Error("it was not stopped")
	}
}
