package main

import (
	"bufio"
	"crypto/md5"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

// The events that both sides are loaded with: orders, 20 events a stream, of 5,000 streams
// at a time, as services that are busy with many things append.
const (
	streamLength = 20
	openStreams  = 5000
	// firstStream is the number of the first of the streams that are loaded.
	firstStream = 100_000_000_000
)

// streamID is the id of the stream with a number, as random as ids are that services make. It is
// what md5('order-' || number)::uuid is in SQL.
func streamID(number int) uuid.UUID { return md5.Sum(fmt.Appendf(nil, "order-%d", number)) }

var types = [...]string{
	"OrderPlaced", "OrderPaid", "OrderPacked", "OrderShipped", "OrderDelivered",
	"OrderNoted", "OrderAmended", "OrderReturned", "OrderRefunded", "OrderClosed",
}

func (b *bench) streams() int { return b.events / streamLength }

// writeEvents writes events in COPY's text format: stream_id, version, type, payload,
// metadata. Its streams have the numbers from first on. The same arguments write the same
// events. What the payloads call occurred_at advances over 60 days.
func writeEvents(w io.Writer, first, count int) error {
	type stream struct {
		id      uuid.UUID
		version int
	}
	out := bufio.NewWriterSize(w, 1<<20)
	random := rand.New(rand.NewPCG(1, uint64(first)))
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	step := 60 * 24 * time.Hour / time.Duration(count)
	var busy []stream
	var line []byte
	for written, started := 0, 0; written < count; written++ {
		for len(busy) < openStreams && started < count/streamLength {
			busy = append(busy, stream{id: streamID(firstStream + first + started)})
			started++
		}
		i := random.IntN(len(busy))
		s := &busy[i]
		line = fmt.Appendf(line[:0], "%s\t%d\t%s\t", s.id, s.version, types[random.IntN(len(types))])
		line = fmt.Appendf(line, `{"order": %d, "amount": %d.%02d, "currency": "EUR", "items": %d, "customer": "c-%d", "occurred_at": "`,
			random.IntN(1_000_000), random.IntN(1000), random.IntN(100), 1+random.IntN(9), random.IntN(5000))
		line = at.AppendFormat(line, "2006-01-02T15:04:05.000Z")
		line = fmt.Appendf(line, `"}`+"\t"+`{"user": "u%d"}`+"\n", random.IntN(5000))
		if _, err := out.Write(line); err != nil {
			return err
		}
		at = at.Add(step)
		if s.version++; s.version == streamLength {
			busy[i] = busy[len(busy)-1]
			busy = busy[:len(busy)-1]
		}
	}
	return out.Flush()
}
