package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/uuid"
)

// Follower reads a store's log from its files while another process, or this one, has the store open
// and appends to it. It takes no lock and changes nothing. What it may read it is told:
// the position up to which that process has committed. Everything below that is durable
// and will not change, and every frame and record is verified before it is handed out.
//
// A Follower belongs to one goroutine.
type Follower struct {
	dir     string
	opts    *Options
	store   uuid.UUID
	key     frameKey
	seg     *segment // nil before the first read
	scanner *frameScanner
	start   Place
	stop    bool
	d       decoder
}

// Place is where a follower goes on: before the frame at Offset of Segment, whose first
// event has Position.
type Place struct {
	Segment  uint32
	Offset   int64
	Position int64
}

// OpenFollower opens a follower of the store in dir, at the beginning of its log.
func OpenFollower(dir string, options Options) (*Follower, error) {
	f := &Follower{dir: dir, opts: options.withDefaults(), start: Place{Segment: 1, Offset: segmentHeaderSize}}
	identity, err := readIdentity(f.opts.FS, dir)
	if err != nil {
		return nil, err
	}
	f.store, f.key = identity.UUID, identity.key()
	return f, nil
}

// Follow returns a follower of the open store's log, placed before the append that holds the event at a position; behind the
// newest append, if there is no event at that position yet. Close it before the store.
func (s *Store) Follow(position int64) (*Follower, error) {
	f := &Follower{dir: s.dir, opts: s.opts, store: s.log.store, key: s.log.key}
	var err error
	f.start, err = s.log.frameOf(position)
	return f, err
}

// frameOf finds where the frame begins that holds an event, from the index alone: in a frame records follow each other without a
// gap, and between the records of two there are an end byte and a header at least. Other frames may stand in the gap, those of
// the control state, and a scan passes over them; that it begins where a frame does follows from the record before, and no byte
// of a payload is ever looked at.
func (l *EventLog) frameOf(position int64) (Place, error) {
	position = min(max(position, 0), l.committed.Load())
	seg, count := l.segmentAt(position)
	for n := position - seg.first; n > 0; n-- {
		end, err := seg.recordEnd(uint32(n - 1))
		if err != nil {
			return Place{}, err
		}
		if n < count {
			next, err := seg.offset(uint32(n))
			if err != nil {
				return Place{}, err
			}
			if end == int64(next) {
				continue
			}
		}
		return Place{Segment: seg.number, Offset: end + 1, Position: seg.first + n}, nil
	}
	return Place{Segment: seg.number, Offset: segmentHeaderSize, Position: seg.first}, nil
}

// recordEnd returns the offset behind a committed event's record.
func (s *segment) recordEnd(ordinal uint32) (int64, error) {
	offset, err := s.offset(ordinal)
	if err != nil {
		return 0, err
	}
	var head [4 + binary.MaxVarintLen64]byte
	b, err := s.readAvailable(head[:], int64(offset))
	if err != nil {
		return 0, err
	}
	size := recordSize(b)
	if size <= 0 {
		return 0, s.corrupt(int64(offset), "record length")
	}
	return int64(offset) + int64(size), nil
}

// StoreID identifies the store.
func (f *Follower) StoreID() uuid.UUID { return f.store }

// Place returns where the follower goes on.
func (f *Follower) Place() Place {
	if f.seg == nil {
		return f.start
	}
	return Place{Segment: f.seg.number, Offset: f.scanner.offset, Position: f.scanner.next}
}

// Seek goes to a place that Place returned earlier, of this store. A place that is not
// the store's shows when it is read from.
func (f *Follower) Seek(p Place) {
	f.Close()
	f.start = p
}

// Close closes the file that is open.
func (f *Follower) Close() {
	if f.seg != nil {
		f.seg.file.Close()
		f.seg, f.scanner = nil, nil
	}
}

// Read calls each with the events from the follower's place up to the frame that ends at
// the position before or beyond it, in order. An event's slices are valid during the call.
// After an error the place is that of the frame it happened in. If each calls Stop, Read
// returns after the frame.
func (f *Follower) Read(ctx context.Context, before int64, each func(*RecordedEvent) error) error {
	if f.seg == nil {
		if f.start.Position >= before {
			return nil
		}
		if err := f.open(f.start.Segment, f.start.Offset, f.start.Position); err != nil {
			return err
		}
	}
	if err := f.refresh(); err != nil {
		return err
	}
	f.stop = false
	f.scanner.ahead = tailReadSize
	fresh := true
	for f.scanner.next < before && !f.stop {
		if err := ctx.Err(); err != nil {
			return err
		}
		place := f.Place()
		h, frame, bad, err := f.scanner.scan()
		switch {
		case err != nil:
			return err
		case bad != "" && !fresh:
			// The buffer may hold what was there before the frame was written.
			if err := f.refresh(); err != nil {
				return err
			}
			fresh = true
			continue
		case bad != "":
			return f.seg.corrupt(place.Offset, bad)
		case h.kind == kindSeal:
			if err := f.advance(); err != nil {
				return err
			}
			continue
		}
		fresh = false
		if err := f.records(h, frame, place, each); err != nil {
			f.Seek(place)
			return err
		}
	}
	return nil
}

// Stop ends the Read that is going on, once the frame has been read.
func (f *Follower) Stop() { f.stop = true }

func (f *Follower) records(h frameHeader, frame []byte, place Place, each func(*RecordedEvent) error) error {
	return f.seg.eachEvent(&f.d, h, frame, place.Offset, func(_ int64, e *RecordedEvent) error {
		e.AppendFirst, e.AppendLast = h.first, h.first+int64(h.count)-1
		return each(e)
	})
}

// open opens a segment and goes to a frame in it.
func (f *Follower) open(number uint32, offset, position int64) error {
	seg := &segment{number: number, name: segmentName(f.dir, number), key: f.key}
	var err error
	if seg.file, err = f.opts.FS.Open(seg.name); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return &CorruptionError{File: seg.name, Reason: "the segment is missing"}
		}
		return err
	}
	if err := seg.readHeader(f.store); err != nil {
		seg.file.Close()
		return err
	}
	if position < seg.first || offset == segmentHeaderSize && position != seg.first {
		seg.file.Close()
		return seg.corrupt(24, fmt.Sprintf("the segment begins at position %d instead of %d", seg.first, position))
	}
	f.seg, f.scanner = seg, newFrameScanner(seg, 0)
	f.scanner.offset, f.scanner.next = offset, position
	f.scanner.synced, f.scanner.ahead = 0, tailReadSize
	if offset != segmentHeaderSize {
		f.scanner.lost()
	}
	return f.refresh()
}

// refresh looks at the file anew: it has grown, and what was read ahead may have changed.
func (f *Follower) refresh() error {
	size, err := f.seg.file.Size()
	if err != nil {
		return err
	}
	f.scanner.limit = size
	f.scanner.buf = f.scanner.buf[:0]
	return nil
}

// advance goes on to the next segment.
func (f *Follower) advance() error {
	number, position := f.seg.number+1, f.scanner.next
	f.Close()
	f.start = Place{Segment: number, Offset: segmentHeaderSize, Position: position}
	return f.open(number, segmentHeaderSize, position)
}
