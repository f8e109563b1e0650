package engine

import "fmt"

// sectorSize is what a disk writes whole or not at all.
const sectorSize = 512

// tail is what a scan of the last segment found where its intact frames end.
type tail struct {
	offset int64  // where they end
	reason string // why the bytes there are no frame; "end" if they are zeros
}

// checkTail decides whether what lies behind the intact frames of the last segment
// is a torn tail, which may be cut, or damage. durable is an offset below which the
// segment is known to have been durable, 0 if nothing is known. The rules are those
// of the package comment.
func checkTail(seg *segment, scanner *frameScanner, t tail, durable int64) error {
	if t.offset < durable {
		return seg.corrupt(t.offset, t.reason+"; the log was durable up to offset "+fmt.Sprint(durable))
	}
	witness, err := findWitness(scanner, t.offset)
	if err != nil {
		return err
	}
	if witness > 0 && !failpoint(bugIgnoreWitness) {
		return seg.corrupt(t.offset, fmt.Sprintf("%s; the intact frame at offset %d shows that this was durable", t.reason, witness))
	}
	if t.reason == "end" {
		return nil // zeros, and whatever of a lost group lies behind them
	}
	torn, err := looksTorn(scanner, t.offset)
	if err != nil {
		return err
	}
	if !torn {
		return seg.corrupt(t.offset, t.reason+"; it was written whole")
	}
	return nil
}

// findWitness looks for an intact frame behind offset that was written after offset
// was durable. It returns where, or 0.
func findWitness(s *frameScanner, offset int64) (int64, error) {
	const step = 64 << 10
	for at := offset + 1; at < s.limit; at += step {
		b, err := s.load(at, step+frameHeaderSize)
		if err != nil {
			return 0, err
		}
		for i := 0; i+frameHeaderSize <= len(b); i++ {
			if b[i+30] != byte(frameMagic&0xff) || b[i+31] != byte(frameMagic>>8) {
				continue
			}
			h, ok := s.seg.key.decodeHeader(b[i:])
			if ok && int64(h.synced) > offset && int64(h.synced) <= at+int64(i) && h.first >= s.next {
				return at + int64(i), nil
			}
		}
	}
	return 0, nil
}

// looksTorn tells whether the bytes at offset are what a write leaves that did not
// wholly reach the disk.
func looksTorn(s *frameScanner, offset int64) (bool, error) {
	b, err := s.load(offset, frameHeaderSize)
	if err != nil {
		return false, err
	}
	if len(b) < frameHeaderSize {
		return true, nil // the file ends here
	}
	length := int64(frameHeaderSize)
	h, ok := s.seg.key.decodeHeader(b)
	if ok {
		length = int64(h.length)
	}
	if offset+length > s.limit {
		return true, nil
	}
	frame, err := s.load(offset, int(length))
	if err != nil {
		return false, err
	}
	if frame[len(frame)-1] == 0 {
		return true, nil // ends in zeros: a prefix was written
	}
	for at := int64(0); at < length; {
		end := min(length, at+sectorSize-(offset+at)%sectorSize)
		if allZero(frame[at:end]) {
			return true, nil
		}
		at = end
	}
	return false, nil
}
