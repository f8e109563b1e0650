package charset

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Error is text that cannot be converted, in PostgreSQL's words.
type Error struct {
	Code    string // SQLSTATE: 22021 of what is no text, 22P05 of a character that the other encoding lacks
	Message string
}

func (e *Error) Error() string { return e.Message }

// maxShown is how many bytes PostgreSQL shows of a character.
const maxShown = 8

// shown are the bytes of the character that b begins with, as PostgreSQL's messages have them.
func (e *Encoding) shown(b []byte) string {
	var out strings.Builder
	for i, c := range b[:min(len(b), e.scheme.length(b), maxShown)] {
		if i > 0 {
			out.WriteByte(' ')
		}
		fmt.Fprintf(&out, "0x%02x", c)
	}
	return out.String()
}

// Invalid is the error of bytes that begin no character of the encoding.
func (e *Encoding) Invalid(b []byte) *Error {
	return &Error{pgerror.CharacterNotInRepertoire, fmt.Sprintf("invalid byte sequence for encoding \"%s\": %s", e.Name, e.shown(b))}
}

func (e *Encoding) missing(b []byte, in *Encoding) *Error {
	return &Error{pgerror.UntranslatableCharacter, fmt.Sprintf("character with byte sequence %s in encoding \"%s\" has no equivalent in encoding \"%s\"", e.shown(b), e.Name, in.Name)}
}

// Plain tells whether text is of ASCII alone, without a zero: it is the same in every encoding.
func Plain(b []byte) bool {
	for len(b) >= 8 {
		w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		// The high bit of a byte shows one beyond ASCII, or a zero once 1 is taken from each.
		if (w|(w-0x0101010101010101))&0x8080808080808080 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c-1 >= 0x7f {
			return false
		}
	}
	return true
}

// Check returns the error of what is no text in the encoding. It is not for encodings that are the [Encoding.Same].
func (e *Encoding) Check(src []byte) error {
	for i := 0; i < len(src); {
		n := 1
		if c := src[i]; c == 0 {
			n = 0
		} else if c >= 0x80 {
			n = e.scheme.valid(src[i:])
		}
		if n == 0 {
			return e.Invalid(src[i:])
		}
		i += n
	}
	return nil
}

// Characters is how many characters a text has that Check finds nothing wrong with.
func (e *Encoding) Characters(b []byte) (n int) {
	for ; len(b) > 0; n++ {
		b = b[min(e.scheme.length(b), len(b)):]
	}
	return n
}

// Decode appends text in the encoding to dst as UTF-8. It is not for encodings that are the [Encoding.Same].
func (e *Encoding) Decode(dst, src []byte) ([]byte, error) {
	dst, _, err := e.DecodePart(dst, src, maxLength)
	return dst, err
}

// Encode appends UTF-8 to dst as text in the encoding. It is not for encodings that are the [Encoding.Same].
func (e *Encoding) Encode(dst, src []byte) ([]byte, error) {
	dst, _, err := e.EncodePart(dst, src, maxLength)
	return dst, err
}

const maxLength = int(^uint(0) >> 1)

// MaxGrown is how many bytes more than its limit a part may become.
const MaxGrown = 2 * utf8.UTFMax

// Partial tells of text that Decode refuses whether more bytes may make a character of it.
func (e *Encoding) Partial(rest []byte) bool {
	return len(rest) > 0 && rest[0] >= 0x80 && e.scheme.length(rest) > len(rest) ||
		e.scheme == schemeGB18030 && len(rest) == 1 && rest[0] >= 0x80
}

// DecodePart is Decode until dst has limit bytes, and tells how many of src it has read: with an error, those
// before what cannot be converted.
func (e *Encoding) DecodePart(dst, src []byte, limit int) (out []byte, read int, err error) {
	t := e.table()
	i := 0
	for i < len(src) && len(dst) < limit {
		c := src[i]
		if c-1 < 0x7f {
			dst = append(dst, c)
			i++
			continue
		}
		n := 0
		if c != 0 {
			n = e.scheme.valid(src[i:])
		}
		if n == 0 {
			return dst, i, e.Invalid(src[i:])
		}
		index := e.scheme.index(src[i : i+n])
		if r := t.decode.at(index); r != 0 {
			dst = utf8.AppendRune(dst, rune(r))
		} else if pair, ok := t.split[index]; ok {
			dst = utf8.AppendRune(utf8.AppendRune(dst, pair[0]), pair[1])
		} else {
			return dst, i, e.missing(src[i:], UTF8)
		}
		i += n
	}
	return dst, i, nil
}

// EncodePart is Encode until dst has limit bytes, and tells how many of src it has read.
func (e *Encoding) EncodePart(dst, src []byte, limit int) (out []byte, read int, err error) {
	t := e.table()
	i := 0
	for i < len(src) && len(dst) < limit {
		c := src[i]
		if c-1 < 0x7f {
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(src[i:])
		if c == 0 || r == utf8.RuneError && n <= 1 {
			return dst, i, UTF8.Invalid(src[i:])
		}
		if t.first[r] {
			second, m := utf8.DecodeRune(src[i+n:])
			if index, ok := t.pairs[[2]rune{r, second}]; ok {
				dst = e.scheme.appendCode(dst, index)
				i += n + m
				continue
			}
		}
		index := t.encode.at(uint32(r))
		if index == 0 {
			return dst, i, UTF8.missing(src[i:], e)
		}
		dst = e.scheme.appendCode(dst, index)
		i += n
	}
	return dst, i, nil
}
