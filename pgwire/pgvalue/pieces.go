package pgvalue

import (
	"bytes"
	"strings"
)

// Go can stop no goroutine within one search or copy, which are not its own code, and while it waits to stop one, nobody
// runs. So what may be as long as a message is searched and copied a piece at a time.
const pieceBytes = 256 << 10

// inPieces searches a text of so many bytes by searching pieces of it, which overlap by so many. find searches from one place to
// another, and returns how far behind the first it found something; -1 if it did not.
func inPieces(length, overlap int, find func(from, to int) int) int {
	for from := 0; ; from += pieceBytes {
		to := min(from+pieceBytes+overlap, length)
		if i := find(from, to); i >= 0 {
			return from + i
		}
		if to == length {
			return -1
		}
	}
}

// IndexByte is bytes.IndexByte of a text that may be long.
func IndexByte(b []byte, c byte) int {
	if len(b) <= pieceBytes {
		return bytes.IndexByte(b, c)
	}
	return inPieces(len(b), 0, func(from, to int) int { return bytes.IndexByte(b[from:to], c) })
}

// IndexString is strings.Index of a text that may be long, for one that is short beside a piece.
func IndexString(s, of string) int {
	if len(s) <= pieceBytes {
		return strings.Index(s, of)
	}
	return inPieces(len(s), len(of)-1, func(from, to int) int { return strings.Index(s[from:to], of) })
}

// CopyString is string(b) of a text that may be long.
func CopyString(b []byte) string {
	if len(b) <= pieceBytes {
		return string(b)
	}
	var s strings.Builder
	s.Grow(len(b))
	for ; len(b) > pieceBytes; b = b[pieceBytes:] {
		s.Write(b[:pieceBytes])
	}
	s.Write(b)
	return s.String()
}

// Grown is a copy of b with room for size bytes. Between the pieces it calls pace, nil: nothing.
func Grown(b []byte, size int, pace func() error) ([]byte, error) {
	grown := make([]byte, len(b), size)
	for from := 0; from < len(b); {
		from += copy(grown[from:], b[from:min(len(b), from+pieceBytes)])
		if pace != nil {
			if err := pace(); err != nil {
				return nil, err
			}
		}
	}
	return grown, nil
}
