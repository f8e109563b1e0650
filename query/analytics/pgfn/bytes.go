package pgfn

import (
	"bytes"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// BytesSubstringFrom is substring(b from start) of a bytea.
func BytesSubstringFrom(b []byte, start int) []byte {
	return b[min(max(start-1, 0), len(b)):]
}

// BytesSubstring is substring(b from start for count) of a bytea.
func BytesSubstring(b []byte, start, count int) ([]byte, error) {
	if count < 0 {
		return nil, pgerror.Errorf(pgerror.SubstringError, "negative substring length not allowed")
	}
	end := min(start-1+count, len(b))
	start = min(max(start-1, 0), len(b))
	if end <= start {
		return nil, nil
	}
	return b[start:end], nil
}

// BytesOverlay is overlay of byteas; a count of -1 is the length of what is put there.
func BytesOverlay(b, with []byte, start, count int) ([]byte, error) {
	if start <= 0 {
		return nil, pgerror.Errorf(pgerror.SubstringError, "negative substring length not allowed")
	}
	after := start + count
	if after > 1<<31-1 {
		return nil, pgerror.Errorf(pgerror.NumericValueOutOfRange, "integer out of range")
	}
	head, _ := BytesSubstring(b, 1, start-1)
	var tail []byte
	if at := max(after-1, 0); at < len(b) {
		tail = b[at:]
	}
	out := append([]byte(nil), head...)
	return append(append(out, with...), tail...), nil
}

// BytesPosition is position(sub in b), from 1.
func BytesPosition(b, sub []byte) int { return bytes.Index(b, sub) + 1 }

// BytesTrim cuts bytes of a set: at the beginning, the end, or both.
func BytesTrim(b, set []byte, left, right bool) []byte {
	for left && len(b) > 0 && bytes.IndexByte(set, b[0]) >= 0 {
		b = b[1:]
	}
	for right && len(b) > 0 && bytes.IndexByte(set, b[len(b)-1]) >= 0 {
		b = b[:len(b)-1]
	}
	return b
}

// BytesLike is LIKE of byteas, in which _ is one byte. The escape is \.
func BytesLike(b, pattern []byte) (bool, error) {
	i, j := 0, 0
	star, mark := -1, 0
	for i < len(b) {
		if j < len(pattern) {
			c := pattern[j]
			if c == '%' {
				star, mark = j, i
				j++
				continue
			}
			width := 1
			literal := c != '_'
			if c == '\\' {
				if j+1 == len(pattern) {
					return false, pgerror.Errorf(pgerror.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
				}
				c, width = pattern[j+1], 2
			}
			if !literal || c == b[i] {
				i, j = i+1, j+width
				continue
			}
		}
		if star < 0 {
			return false, nil
		}
		mark++
		i, j = mark, star+1
	}
	for j < len(pattern) && pattern[j] == '%' {
		j++
	}
	return j == len(pattern), nil
}
