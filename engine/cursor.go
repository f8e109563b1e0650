package engine

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"
)

// ReadOptions choose what a read returns. The zero value reads nothing; begin with
// [Forward] or [Backward].
type ReadOptions struct {
	// From and To bound versions (or positions, for ReadAll), both inclusive.
	From, To int64
	// Backward returns the newest first.
	Backward bool
	// Limit is the number of events at most.
	Limit int64
	// Before leaves out events at this position and after it: a snapshot. A
	// position beyond the log means all that is committed when the read begins.
	Before int64
	// NamesOnly leaves the stream id of an event whose stream has a name zero, where many streams are read: it is the name's hash,
	// which takes a third as long as all else of a small event.
	NamesOnly bool
}

const maxInt64 = 1<<63 - 1

// Forward reads everything from a version or position on.
func Forward(from int64) ReadOptions {
	return ReadOptions{From: from, To: maxInt64, Limit: maxInt64, Before: maxInt64}
}

// Backward reads everything from a version or position back to the first.
func Backward(from int64) ReadOptions {
	return ReadOptions{To: from, Backward: true, Limit: maxInt64, Before: maxInt64}
}

// Cursor steps through events. It holds one page of the log in memory, whatever the
// size of the result. A cursor belongs to one goroutine; it need not be closed.
//
//	for c.Next(ctx) {
//		use(c.Event())
//	}
//	if err := c.Err(); err != nil { … }
type Cursor struct {
	log *EventLog
	// A cursor over a stream has one; its versions are next..last. A cursor over
	// the log has positions.
	entry    streamEntry
	isStream bool
	find     *finder // of a cursor over the events that have some keys

	next, last int64 // what is still to be returned, in the order of the read
	backward   bool
	left       int64 // of the limit
	before     int64

	*cursorMemory     // nil until the first page, and after the end
	at            int // next of page
	pageSize      int
	bufSeg        *segment // of what is in buf
	bufOffset     int64
	headerOnly    bool // packed content is not wanted
	namesOnly     bool // ids are not, of streams that have a name
	event         RecordedEvent
	err           error
}

// cursorMemory is what a cursor allocates. Those that are read to their end leave it to others:
// most reads are of a few events, and would take longer to allocate than to read.
type cursorMemory struct {
	page []place
	buf  []byte
	d    decoder
}

// maxPooledBytes bounds the buffer that waits for the next cursor.
const maxPooledBytes = 64 << 10

var cursorMemories = sync.Pool{New: func() any { return new(cursorMemory) }}

// end lets go of the cursor's memory: there is no event that it backs.
func (c *Cursor) end() {
	m := c.cursorMemory
	if m == nil {
		return
	}
	c.cursorMemory, c.bufSeg, c.event = nil, nil, RecordedEvent{}
	clear(m.page) // not to keep segments
	m.page, m.buf = m.page[:0], m.buf[:0]
	if cap(m.buf) <= maxPooledBytes {
		cursorMemories.Put(m)
	}
}

// A page begins small, for streams of a few events and LIMIT 1, and grows for scans.
const (
	firstPage    = 32
	maxPage      = 1024
	maxPageBytes = 512 << 10
	// coalesceGap is how far apart two records may be and still be read together:
	// reading a few pages more is cheaper than another system call.
	coalesceGap = 8 << 10
)

// Event returns the event Next moved to. Its slices are valid until the next call
// of Next.
func (c *Cursor) Event() *RecordedEvent { return &c.event }

// Err returns the error that ended the cursor, if any.
func (c *Cursor) Err() error { return c.err }

// Next moves to the next event and tells whether there is one.
func (c *Cursor) Next(ctx context.Context) bool {
	more := c.step(ctx)
	if !more {
		c.end()
	}
	return more
}

func (c *Cursor) step(ctx context.Context) bool {
	for {
		if c.err != nil || c.left <= 0 {
			return false
		}
		if (c.cursorMemory == nil || c.at == len(c.page)) && !c.fill(ctx) {
			return false
		}
		p := c.page[c.at]
		if c.err = c.read(p); c.err != nil {
			return false
		}
		version := c.versionAt(c.at)
		c.at++
		if c.isStream && (c.event.StreamID != c.entry.id || c.event.Version != version) {
			c.err = p.seg.corrupt(int64(p.offset), fmt.Sprintf(
				"the index names this version %d of stream %s, and it is not", version, c.entry.id))
			return false
		}
		if c.event.Position >= c.before {
			if c.backward {
				continue // newer than the snapshot; older ones follow
			}
			c.left = 0
			return false
		}
		c.left--
		return true
	}
}

// versionAt is the version that the entry i of the page must have.
func (c *Cursor) versionAt(i int) int64 {
	if c.backward {
		return c.next + int64(len(c.page)-i)
	}
	return c.next - int64(len(c.page)-i)
}

// fill locates the next page.
func (c *Cursor) fill(ctx context.Context) bool {
	if c.err = ctx.Err(); c.err != nil {
		return false
	}
	if !c.backward && c.next > c.last || c.backward && c.next < c.last {
		return false
	}
	n := c.last - c.next + 1
	if c.backward {
		n = c.next - c.last + 1
	}
	if c.cursorMemory == nil {
		c.cursorMemory = cursorMemories.Get().(*cursorMemory)
		c.d.headerOnly, c.d.namesOnly = c.headerOnly, c.namesOnly
	}
	n = min(n, c.left, int64(c.pageSize))
	c.pageSize = min(c.pageSize*4, maxPage)
	c.page, c.at = c.page[:0], 0
	if c.find != nil {
		return c.fillFound(ctx, int(n))
	}
	lo, hi := c.next, c.next+n-1
	if c.backward {
		lo, hi = c.next-n+1, c.next
	}
	if c.isStream {
		c.page, c.err = c.log.locate(c.page, c.entry, uint32(lo), uint32(hi))
	} else {
		c.err = c.locatePositions(lo, hi)
	}
	if c.err != nil || len(c.page) == 0 {
		return false
	}
	if c.backward {
		reversePlaces(c.page)
		c.next -= int64(len(c.page))
	} else {
		c.next += int64(len(c.page))
	}
	return true
}

// locatePositions makes a page of positions within lo..hi that are in one segment
// and not more than maxPageBytes apart: those next to lo, or to hi if backward.
func (c *Cursor) locatePositions(lo, hi int64) error {
	anchor := lo
	if c.backward {
		anchor = hi
	}
	seg, count := c.log.segmentAt(anchor)
	first := max(lo-seg.first, 0)
	last := min(hi-seg.first, count-1)
	for i := first; i <= last; i++ {
		offset, err := seg.offset(uint32(i))
		if err != nil {
			return err
		}
		c.page = append(c.page, place{seg: seg, ordinal: uint32(i), offset: offset})
	}
	if c.backward {
		end := c.page[len(c.page)-1].offset
		for len(c.page) > 1 && end-c.page[0].offset > maxPageBytes {
			c.page = c.page[1:]
		}
		return nil
	}
	start := c.page[0].offset
	for len(c.page) > 1 && c.page[len(c.page)-1].offset-start > maxPageBytes {
		c.page = c.page[:len(c.page)-1]
	}
	return nil
}

// read decodes the record at p, from the buffer if it is there.
func (c *Cursor) read(p place) error {
	b := c.buffered(p)
	if size := recordSize(b); size <= 0 || size > len(b) {
		if err := c.load(p); err != nil {
			return err
		}
		b = c.buffered(p)
	}
	if size := recordSize(b); size > len(b) {
		fits, err := p.seg.holds(int64(p.offset), size)
		if err == nil && fits {
			c.grow(size)
			err = c.loadSpan(p.seg, int64(p.offset), size)
		}
		if err != nil {
			return err
		}
		b = c.buffered(p)
	}
	return c.d.decode(&c.event, b, p.position(), p.seg, int64(p.offset))
}

func (c *Cursor) buffered(p place) []byte {
	at := int64(p.offset) - c.bufOffset
	if c.bufSeg != p.seg || at < 0 || at >= int64(len(c.buf)) {
		return nil
	}
	return c.buf[at:]
}

// load reads the record at p and those of the page that follow closely, in one call.
func (c *Cursor) load(p place) error {
	lo, hi := p.offset, p.offset
	for _, q := range c.page[c.at+1:] {
		if q.seg != p.seg {
			break
		}
		near := q.offset >= hi && q.offset-hi <= coalesceGap ||
			q.offset < lo && lo-q.offset <= coalesceGap
		if !near || max(hi, q.offset)-min(lo, q.offset) > c.maxSpan() {
			break
		}
		lo, hi = min(lo, q.offset), max(hi, q.offset)
	}
	n := int(hi-lo) + recordGuess
	c.grow(n)
	return c.loadSpan(p.seg, int64(lo), n)
}

// maxSpan is how much is read at once. Between events that are found lie others: what they take is not worth a buffer that
// nobody uses again.
func (c *Cursor) maxSpan() uint32 {
	if c.find != nil {
		return maxPooledBytes * 3 / 4
	}
	return maxPageBytes
}

func (c *Cursor) grow(n int) {
	if cap(c.buf) < n {
		c.buf = make([]byte, n+n/4)
	}
}

func (c *Cursor) loadSpan(seg *segment, offset int64, n int) error {
	b, err := seg.readAvailable(c.buf[:n], offset)
	if err != nil {
		c.buf, c.bufSeg = c.buf[:0], nil
		return err
	}
	c.buf, c.bufSeg, c.bufOffset = b, seg, offset
	return nil
}

func (l *EventLog) cursor(o ReadOptions) *Cursor {
	return &Cursor{
		log: l, backward: o.Backward, left: o.Limit, pageSize: firstPage,
		before: min(o.Before, l.committed.Load()),
	}
}

// readAll returns a cursor over positions.
func (l *EventLog) readAll(o ReadOptions) *Cursor {
	c := l.cursor(o)
	c.namesOnly = o.NamesOnly
	c.next, c.last = max(o.From, 0), min(o.To, c.before-1)
	if c.backward {
		c.next, c.last = c.last, c.next
	}
	return c
}

// readStream returns a cursor over versions of a stream.
func (l *EventLog) readStream(id uuid.UUID, o ReadOptions) *Cursor {
	c := l.cursor(o)
	c.isStream = true
	entry, ok := l.stream(id)
	if !ok {
		c.left = 0
		return c
	}
	c.entry = entry
	c.next, c.last = max(o.From, 0), min(o.To, int64(entry.count)-1)
	if c.backward {
		c.next, c.last = c.last, c.next
	}
	return c
}
