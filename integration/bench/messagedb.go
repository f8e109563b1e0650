package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/eventgres/eventgres/integration/postgres"
)

// messageDB is where npm puts what makes a Message DB: integration/messagedb/install.sh.
const messageDB = "integration/messagedb/testdata/node/node_modules/@eventide/message-db/database"

// The messages that both sides are loaded with: streams of twenty, a thousand of them at a time, in twenty categories. So 1,000
// messages of a category lie among 20,000.
const (
	messageStreams    = 1000
	messageCategories = 20
)

// A messaging is a call that clients of Message DB make.
type messaging struct {
	name, text, aim string
	clients         int
}

// messagings are the calls. Writers take one category, whose lock the real one's take turns for.
func messagings() (list []messaging) {
	for _, w := range []struct {
		clients int
		aim     string
	}{{1, "≥ 1.5×"}, {8, "≥ 5×"}, {64, "≥ 10×"}} {
		list = append(list, messaging{
			name: "write_message to streams of one category, " + counted(w.clients), aim: w.aim, clients: w.clients,
			text: "\\set s random(1, 1000000)\nSELECT message_store.write_message(gen_random_uuid()::varchar, 'written-' || :s, 'Deposited', " +
				"'{\"amount\": 11, \"currency\": \"EUR\", \"account\": \"a-17\"}', '{\"user\": \"u1\"}');\n",
		})
	}
	for _, clients := range []int{1, 8} {
		list = append(list,
			messaging{
				name: "get_category_messages of 1,000, from anywhere, " + counted(clients), aim: "≥ 3×", clients: clients,
				text: "\\set p random(1, {last_page_of_category})\n\\set c random(0, 19)\nSELECT * FROM message_store.get_category_messages('c' || :c, :p, 1000);\n",
			},
			messaging{
				name: "get_stream_messages of a stream of 20, " + counted(clients), aim: "≥ 2×", clients: clients,
				text: "\\set s random(0, {last_message_stream})\nSELECT * FROM message_store.get_stream_messages('c' || (:s % 20) || '-' || :s);\n",
			})
	}
	return list
}

func counted(clients int) string {
	if clients == 1 {
		return "1 client"
	}
	return fmt.Sprint(clients, " clients")
}

// messages compares the calls of Message DB's clients with the real one, in PostgreSQL.
func (b *bench) messages(ctx context.Context, out string) error {
	started := time.Now()
	if _, err := os.Stat(messageDB); err != nil {
		return fmt.Errorf("%w: run integration/messagedb/install.sh", err)
	}
	if err := b.serve(ctx, "--no-analytics"); err != nil {
		return err
	}
	if err := postgres.InstallMessageDB(ctx, messageDB, b.bin, "127.0.0.1", b.pg.port); err != nil {
		return err
	}
	// The real one's functions and indexes call each other by their names alone.
	if err := b.psql(ctx, b.pg, "-c", "ALTER DATABASE "+postgres.MessageDB+" SET search_path = message_store, public"); err != nil {
		return err
	}
	b.pg.database = postgres.MessageDB
	n := b.events / (streamLength * messageStreams) * streamLength * messageStreams
	if n == 0 {
		return fmt.Errorf("-events is less than %d", streamLength*messageStreams)
	}
	for _, s := range []*side{b.pg, b.eg} {
		if err := b.loadMessages(ctx, s, n); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	cells := [][]string{{"call", "aim", "Message DB, /s", "Eventgres, /s", "ratio"}}
	for _, m := range messagings() {
		if !b.only.MatchString(m.name) {
			continue
		}
		line, err := b.message(ctx, m, n)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		cells = append(cells, line)
	}
	text := align(cells)
	fmt.Print(text)
	if out == "" {
		return nil
	}
	return replace(out, "messagedb", b.environment(started)+"\n"+text)
}

// fill puts in what the call's numbers reach to among n messages.
func (m messaging) fill(n int) string {
	return strings.NewReplacer(
		"{last_page_of_category}", strconv.Itoa(max(n-1000*messageCategories, 1)),
		"{last_message_stream}", strconv.Itoa(n/streamLength-1),
	).Replace(m.text)
}

// message measures one call, in turns.
func (b *bench) message(ctx context.Context, m messaging, n int) ([]string, error) {
	run := script{text: m.fill(n), clients: m.clients, mode: "prepared"}
	rates := map[*side]series{}
	var ratios series
	for round := range b.rounds {
		sides := []*side{b.pg, b.eg}
		if round%2 == 1 {
			sides[0], sides[1] = sides[1], sides[0]
		}
		for _, s := range sides {
			v, err := run.run(ctx, b, s)
			if err != nil {
				return nil, err
			}
			rates[s] = append(rates[s], v)
		}
		ratios = append(ratios, sample{value: rates[b.eg][round].value / rates[b.pg][round].value})
	}
	line := []string{m.name, m.aim, number(rates[b.pg].median()), number(rates[b.eg].median()), fmt.Sprintf("%.1f×", ratios.median())}
	fmt.Fprintln(os.Stderr, line)
	return line, nil
}

// loadMessages loads n of them, and looks whether a category's can be read.
func (b *bench) loadMessages(ctx context.Context, s *side, n int) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	into := "COPY events (stream, version, type, payload, metadata) FROM STDIN"
	if s == b.pg {
		into = "COPY message_store.messages (stream_name, position, type, data, metadata) FROM STDIN"
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(writeMessages(w, n)) }()
	_, err = conn.CopyFrom(ctx, r, into)
	r.Close()
	if err != nil {
		return err
	}
	if s == b.pg {
		if _, err := conn.Exec(ctx, "VACUUM ANALYZE message_store.messages").ReadAll(); err != nil {
			return err
		}
	}
	got := conn.ExecParams(ctx, "SELECT * FROM message_store.get_category_messages('c0', 1, 1000)", nil, nil, nil, nil).Read()
	if got.Err == nil && len(got.Rows) != min(1000, n/messageCategories) {
		got.Err = fmt.Errorf("%d messages of a category", len(got.Rows))
	}
	return got.Err
}

// writeMessages writes them in COPY's text format: stream, position within it, type, data, metadata.
func writeMessages(w io.Writer, n int) error {
	out := bufio.NewWriterSize(w, 1<<16)
	for i := range n {
		block, within := i/(streamLength*messageStreams), i%(streamLength*messageStreams)
		stream := block*messageStreams + within%messageStreams
		if _, err := fmt.Fprintf(out, "c%d-%d\t%d\t%s\t{\"order\": %d, \"amount\": %d, \"currency\": \"EUR\", \"customer\": \"c-%d\"}\t{\"user\": \"u%d\"}\n",
			stream%messageCategories, stream, within/messageStreams, types[i%len(types)], i, i%1000, i%5000, i%4999); err != nil {
			return err
		}
	}
	return out.Flush()
}
