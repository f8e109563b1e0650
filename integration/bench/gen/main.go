// Command gen writes the events of integration/bench/analytics.sh in COPY's text format:
// stream_id, version, type, payload, metadata. The same arguments write the same events.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/google/uuid"
)

var types = [...]string{
	"OrderPlaced", "OrderPaid", "OrderPacked", "OrderShipped", "OrderDelivered",
	"OrderNoted", "OrderAmended", "OrderReturned", "OrderRefunded", "OrderClosed",
}

// stream is one that still has events to come.
type stream struct {
	id      uuid.UUID
	version int
	at      time.Time // of its next event
}

func main() {
	events := flag.Int("events", 1_000_000, "events, a multiple of the length")
	length := flag.Int("length", 20, "events of a stream")
	open := flag.Int("open", 5000, "streams that are appended to at the same time")
	flag.Parse()
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	write(out, *events / *length, *length, *open)
	if err := out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// write writes streams of a length. So many are open at a time, and each event is of one
// of them by chance: as services that are busy with many things append. What the payloads
// call occurred_at advances over 60 days.
func write(out *bufio.Writer, streams, length, open int) {
	random := rand.New(rand.NewPCG(1, 2))
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	step := 60 * 24 * time.Hour / time.Duration(max(streams*length, 1))
	var busy []stream
	started, written := 0, 0
	for {
		for len(busy) < open && started < streams {
			busy = append(busy, stream{id: newID(random)})
			started++
		}
		if len(busy) == 0 {
			return
		}
		i := random.IntN(len(busy))
		s := &busy[i]
		s.at = begin.Add(time.Duration(written) * step)
		writeEvent(out, random, s)
		written++
		if s.version++; s.version == length {
			busy[i] = busy[len(busy)-1]
			busy = busy[:len(busy)-1]
		}
	}
}

func writeEvent(out *bufio.Writer, random *rand.Rand, s *stream) {
	user := random.IntN(5000)
	fmt.Fprintf(out, "%s\t%d\t%s\t", s.id, s.version, types[random.IntN(len(types))])
	fmt.Fprintf(out, `{"order": %d, "amount": %d.%02d, "currency": "EUR", "items": %d, "customer": "c-%d", "occurred_at": "%s"}`,
		random.IntN(1_000_000), random.IntN(1000), random.IntN(100), 1+random.IntN(9), user, s.at.Format("2006-01-02T15:04:05.000Z"))
	fmt.Fprintf(out, "\t"+`{"user": "u%d", "trace": "%s"}`+"\n", user, hex.EncodeToString(s.id[:8]))
}

func newID(random *rand.Rand) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:8], random.Uint64())
	binary.BigEndian.PutUint64(id[8:], random.Uint64())
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}
