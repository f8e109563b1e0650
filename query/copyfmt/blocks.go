package copyfmt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Blocks cuts COPY data in text or CSV into blocks of whole lines, so that blocks can be
// read side by side.
type Blocks struct {
	in     copyInput
	format *Format
	Size   int // of a block, at least, but for the last; bytes

	spare   [][]byte // blocks that are no longer needed
	piece   []byte   // what of the last that was received is not in buf yet
	buf     []byte   // what has been received and not been returned
	scanned int      // what of it was searched for line ends
	cut     int      // behind the last line end found; 0: there is none
	quoted  bool     // CSV: buf[scanned] is within quotes
	eof     bool
	failed  error // of the encoding: the data ends before it
}

// copyBlockBytes is enough to keep a processor busy for a while, and few enough that a block for
// each is little memory.
const copyBlockBytes = 768 << 10

// copyLineBytes is how long a line is whose memory is counted.
const copyLineBytes = 2 << 20

func NewBlocks(in copyInput, format *Format) *Blocks {
	return &Blocks{in: in, format: format, Size: copyBlockBytes}
}

// Next returns the next block, or io.EOF. It is the caller's until it comes back with reuse.
func (b *Blocks) Next(ctx context.Context) ([]byte, error) {
	for {
		if len(b.piece) == 0 {
			if b.eof {
				break
			}
			var err error
			if b.piece, err = b.in.Next(ctx); errors.Is(err, io.EOF) {
				b.eof, b.piece = true, nil
				break
			} else if encodingFailed(err) {
				b.eof, b.failed = true, err
				b.search()
				b.buf = b.buf[:b.cut] // the lines before are taken
				break
			} else if err != nil {
				return nil, err
			}
		}
		// No more than a block at a time, however much a client sends in one message.
		n := min(len(b.piece), b.Size)
		if b.buf == nil {
			b.buf = b.empty(n)
		}
		var err error
		if b.buf, err = extend(ctx, b.in, b.buf, b.piece[:n]); err != nil {
			return nil, err
		}
		b.piece = b.piece[n:]
		if len(b.buf) < b.Size {
			continue
		}
		if b.search(); b.cut > 0 {
			return b.take(b.cut), nil
		}
		if len(b.buf) > maxCopyRow {
			return nil, pgerror.Errorf(pgerror.ProgramLimitExceeded, "COPY row too large: the limit is %d bytes", maxCopyRow)
		}
	}
	if len(b.buf) == 0 {
		return nil, io.EOF
	}
	return b.take(len(b.buf)), nil
}

// encodingFailed tells of data that cannot be converted from its encoding.
func encodingFailed(err error) bool {
	e := new(pgerror.Error)
	return errors.As(err, &e) && (e.Code == pgerror.CharacterNotInRepertoire || e.Code == pgerror.UntranslatableCharacter)
}

// Broken is why the data ended at a line; nil if nothing was wrong.
func (b *Blocks) Broken(line int64) error {
	e := new(pgerror.Error)
	if !errors.As(b.failed, &e) {
		return nil
	}
	out := *e
	out.Where = fmt.Sprintf("COPY events, line %d", line)
	return &out
}

// Drain passes over the data that is left.
func (b *Blocks) Drain(ctx context.Context) error {
	b.buf, b.piece = nil, nil
	b.in.Ignore()
	for !b.eof {
		switch _, err := b.in.Next(ctx); {
		case errors.Is(err, io.EOF):
			b.eof = true
		case err != nil:
			return err
		}
	}
	return nil
}

// take cuts the buffer.
func (b *Blocks) take(n int) []byte {
	block := b.buf[:n]
	rest := b.buf[n:]
	b.buf = nil
	if len(rest) > 0 {
		b.buf = append(b.empty(len(rest)), rest...)
	}
	b.scanned, b.cut = b.scanned-n, 0
	return block
}

// Reuse takes back a block that next returned, unless a long row has made it large.
func (b *Blocks) Reuse(block []byte) {
	if cap(block) <= 2*b.Size {
		b.spare = append(b.spare, block)
	}
}

// empty returns a buffer for a block to which pieces of that size are appended.
func (b *Blocks) empty(piece int) []byte {
	if n := len(b.spare); n > 0 {
		buf := b.spare[n-1]
		b.spare = b.spare[:n-1]
		return buf[:0]
	}
	return make([]byte, 0, b.Size+2*piece)
}

// search looks for the last line end in what has come since it was last called.
func (b *Blocks) search() {
	if b.format.Kind == "csv" {
		b.searchCSV()
		return
	}
	// A line end is data if a backslash escapes it, which an even number of them does not.
	for _, c := range [...]byte{'\n', '\r'} {
		for end := len(b.buf); end > b.scanned; {
			i := bytes.LastIndexByte(b.buf[b.scanned:end], c)
			if i < 0 {
				break
			}
			i += b.scanned
			start := i
			for start > 0 && b.buf[start-1] == '\\' {
				start--
			}
			if (i-start)%2 == 0 && b.endsAt(i) {
				b.cut, b.scanned = i+1, len(b.buf)
				return
			}
			end = i
		}
	}
	// A carriage return at the end is looked at again, when it is known what follows.
	b.scanned = max(len(b.buf)-1, b.scanned)
}

// endsAt tells whether the line end at i is whole: what follows a carriage return is known, and is
// no newline.
func (b *Blocks) endsAt(i int) bool {
	return b.buf[i] == '\n' || i+1 < len(b.buf) && b.buf[i+1] != '\n'
}

func (b *Blocks) searchCSV() {
	quote, escape := b.format.quote, b.format.escape
	for ; b.scanned < len(b.buf); b.scanned++ {
		switch c := b.buf[b.scanned]; {
		case b.quoted && c == escape && escape != quote:
			if b.scanned+1 == len(b.buf) {
				return
			}
			b.scanned++
		case c == quote:
			b.quoted = !b.quoted
		case !b.quoted && (c == '\n' || c == '\r'):
			if b.scanned+1 == len(b.buf) && c == '\r' {
				return
			}
			if b.endsAt(b.scanned) {
				b.cut = b.scanned + 1
			}
		}
	}
}
