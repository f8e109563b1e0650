package linear

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"
)

// A streamReader takes the events of a stream in the order in which a read gives them.
type streamReader struct {
	*epoch
	count int64
	sum   uint64
}

func (r *streamReader) next(version, id []byte) error {
	v, err := strconv.ParseInt(string(version), 10, 64)
	if err != nil {
		return err
	}
	n, err := r.number64(id)
	if err != nil {
		return err
	}
	if v != r.count {
		return fmt.Errorf("version %d where %d comes next", v, r.count)
	}
	r.count++
	r.sum = fold(r.sum, n)
	return nil
}

func (r *streamReader) answer() answer { return answer{kind: listed, count: r.count, sum: r.sum} }

// audit reads what the epoch has added to the log. It is each stream's last read in the
// history, and shows what a model of one stream cannot: that positions have no gaps (I3),
// that an append is there whole and in one piece or not at all (I2), where its answer said
// (I1), and behind all that was acknowledged before it was sent (I8).
func (e *epoch) audit(t *testing.T, h *history) {
	t.Helper()
	c := &client{epoch: e, Rand: e.random(-1), number: clients}
	defer c.hangUp()
	if err := c.connect(); err != nil {
		t.Fatal(err)
	}
	sent := e.now()
	result := c.conn.ExecParams(context.Background(),
		"SELECT position, version, event_id, stream FROM events WHERE position >= $1 ORDER BY position",
		[][]byte{strconv.AppendInt(nil, e.position, 10)}, nil, nil, nil).Read()
	answered := e.now()
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	streams := map[string]*streamReader{}
	for _, name := range e.names {
		streams[name] = &streamReader{epoch: e}
	}
	at := map[uint64]int64{} // positions
	for i, row := range result.Rows {
		position, err := strconv.ParseInt(string(row[0]), 10, 64)
		if err != nil || position != e.position+int64(i) {
			t.Fatalf("position %s where %d comes next (%v)", row[0], e.position+int64(i), err)
		}
		id, err := e.number64(row[2])
		if err != nil {
			t.Fatal(err)
		}
		at[id] = position
		s := streams[string(row[3])]
		if s == nil {
			// What was open at the end of an earlier epoch may take effect now.
			if !e.open[id] {
				t.Errorf("event %x on stream %s, which is none of this epoch's", id, row[3])
			}
			continue
		}
		if err := s.next(row[1], row[2]); err != nil {
			t.Errorf("stream %s at position %d: %v", row[3], position, err)
		}
	}
	for name, s := range streams {
		h.add(c.number, request{stream: name}, s.answer(), sent, answered)
	}
	e.position += int64(len(result.Rows))
	for _, err := range e.judgePlaces(h.asked, at) {
		t.Error(err)
	}
	for _, err := range e.judgeOrder(h.asked, at) {
		t.Error(err)
	}
}

// judgePlaces looks at each append for itself.
func (r *run) judgePlaces(asked []ask, at map[uint64]int64) (found []error) {
	for _, a := range asked {
		first, there := at[a.ids[0]]
		for i, id := range a.ids {
			position, ok := at[id]
			if ok != there {
				found = append(found, fmt.Errorf("append of %x is there in part", a.ids))
				break
			}
			if ok && position != first+int64(i) {
				found = append(found, fmt.Errorf("append of %x is scattered: event %d at position %d, the first at %d", a.ids, i, position, first))
				break
			}
		}
		if a.kind == unknown && !there {
			for _, id := range a.ids {
				r.open[id] = true
			}
		}
		if isThere(a.kind) && !there {
			found = append(found, fmt.Errorf("append of %x: the answer was %v and it is not there", a.ids, a.kind))
		}
		if a.position != unsaid && there && a.position != first {
			found = append(found, fmt.Errorf("append of %x: the answer said position %d, it is at %d", a.ids, a.position, first))
		}
	}
	return found
}

func isThere(k kind) bool { return k == stored || k == skipped || k == duplicate }

// judgeOrder replays when appends were sent first and when they were known to be stored.
// Whatever was known when another was sent is at a lower position.
func (r *run) judgeOrder(asked []ask, at map[uint64]int64) (found []error) {
	type moment struct {
		when  time.Duration
		known bool
		id    uint64
	}
	var moments []moment
	begun := map[uint64]bool{}
	slices.SortFunc(asked, func(a, b ask) int { return int(a.sent - b.sent) })
	for _, a := range asked {
		id := a.ids[0]
		if _, there := at[id]; !there {
			continue
		}
		if !begun[id] {
			begun[id] = true
			moments = append(moments, moment{when: a.sent, id: id})
		}
		if isThere(a.kind) {
			moments = append(moments, moment{when: a.answered, known: true, id: id})
		}
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return int(a.when - b.when) })
	for _, m := range moments {
		switch position := at[m.id]; {
		case m.known:
			r.acknowledged = max(r.acknowledged, position)
		case position <= r.acknowledged:
			found = append(found, fmt.Errorf("event %x is at position %d, and was sent after position %d was acknowledged", m.id, position, r.acknowledged))
		}
	}
	return found
}
