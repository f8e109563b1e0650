package engine

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// replayed is what the index needs of an event that was read from the log.
type replayed struct {
	streamID, eventID   uuid.UUID
	version, recordedAt int64
	offset              uint32 // in the segment
	named               bool
	keys                []Key // of its category, 0 if it has none, its type and its tags
}

const (
	replayBatch   = 4096
	replayBatches = 4 // that are read and not indexed yet
)

var errReplayStopped = errors.New("replay stopped")

// replayFrames indexes the intact frames and returns where they end. One goroutine reads, verifies
// and decodes them, this one checks what follows what and indexes: either is half of the work.
func (o *opening) replayFrames(seg *segment, mem *memIndex, scanner *frameScanner, p *progress) (end tail, err error) {
	batches, stop := make(chan []replayed, replayBatches), make(chan struct{})
	var scanned error
	go func() {
		defer close(batches)
		end, scanned = scanEvents(seg, o.store.log.hash, scanner, p, func(batch []replayed) bool {
			select {
			case batches <- batch:
				return true
			case <-stop:
				return false
			}
		})
	}()
	for batch := range batches {
		for i := 0; i < len(batch) && err == nil; i++ {
			if err = o.store.log.enter(seg, mem, &batch[i]); err != nil {
				close(stop)
			}
		}
	}
	if err == nil {
		err = scanned
	}
	if err != nil {
		return tail{}, err
	}
	return end, nil
}

// scanEvents gives the events of the intact frames in batches, until emit returns false, and returns
// where the frames end.
func scanEvents(seg *segment, hash idHash, scanner *frameScanner, p *progress, emit func([]replayed) bool) (tail, error) {
	var d decoder
	var keys []Key // of the batch
	batch := make([]replayed, 0, replayBatch)
	flush := func() error {
		if len(batch) > 0 && !emit(batch) {
			return errReplayStopped
		}
		batch = make([]replayed, 0, replayBatch)
		keys = make([]Key, 0, len(keys))
		return nil
	}
	for {
		offset := scanner.offset
		p.at(offset)
		h, frame, bad, err := scanner.scan()
		switch {
		case err != nil:
			return tail{}, errors.Join(flush(), err)
		case bad != "":
			return tail{offset, bad}, flush()
		case h.kind == kindSeal:
			return tail{offset, "seal"}, flush()
		}
		err = seg.eachEvent(&d, h, frame, offset, func(at int64, e *RecordedEvent) error {
			start := len(keys)
			keys = hash.appendKeys(keys, e.Stream, e.Type, e.Tags)
			batch = append(batch, replayed{
				streamID: e.StreamID, eventID: e.EventID, version: e.Version, recordedAt: e.RecordedAt,
				offset: uint32(at), named: e.Stream != "", keys: keys[start+1:],
			})
			if len(batch) < replayBatch {
				return nil
			}
			return flush()
		})
		if err != nil {
			return tail{}, errors.Join(flush(), err)
		}
	}
}

// enter indexes an event, if it is what may come next.
func (l *EventLog) enter(seg *segment, mem *memIndex, e *replayed) error {
	stream, known := l.streams.find(e.streamID)
	version := int64(0)
	if known {
		version = int64(l.streams.at(stream).count)
	}
	if e.version != version {
		return seg.corrupt(int64(e.offset), fmt.Sprintf("version %d of stream %s where %d is next", e.version, e.streamID, version))
	}
	// The log's first event may be older than its file.
	if e.recordedAt < l.recordedAt.Load() && l.streams.len() > 0 {
		return seg.corrupt(int64(e.offset), "recorded earlier than the event before it")
	}
	if !known {
		stream = l.newStream(e.streamID, e.named)
	}
	l.index(seg, mem, stream, e.offset, e.eventID, e.keys)
	l.recordedAt.Store(e.recordedAt)
	return nil
}
