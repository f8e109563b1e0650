package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

// copyPlan is a prepared COPY.
type copyPlan struct {
	from    bool
	columns []int // of events
	query   plan  // a selectPlan or an analyticPlan
	format  copyFormat
}

func (p *copyPlan) ParameterOIDs() []uint32  { return nil }
func (p *copyPlan) Columns() []pgwire.Column { return nil }

// copyFormat is how COPY's data is written.
type copyFormat struct {
	kind                    string // text, csv, binary
	delimiter               byte
	null                    string
	header                  string // "", "true", "match"
	quote                   byte
	escape                  byte
	forceQuote              map[string]bool // by column; "*" for all
	forceNull, forceNotNull map[string]bool
}

func (s *Session) prepareCopy(c *compiler, st *copyStmt) (plan, error) {
	p := &copyPlan{from: st.from}
	if st.beyond != nil {
		return nil, beyondError(c.src, st.beyond)
	}
	var err error
	if st.text != nil {
		q, err := s.prepareQuery(c, st.query, st.text, nil)
		if err != nil {
			return nil, err
		}
		if len(q.ParameterOIDs()) > 0 {
			return nil, pgwire.Errorf("42P02", "there is no parameter $1")
		}
		p.query = q
	} else if err := p.resolve(s, c, st); err != nil {
		return nil, err
	}
	if p.format, err = parseCopyOptions(c, st.options, st.from); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *copyPlan) resolve(s *Session, c *compiler, st *copyStmt) error {
	rel, err := findRelation(&st.relation, c.src)
	if err != nil {
		// COPY reports no position for a missing table.
		if e := new(pgwire.Error); errors.As(err, &e) {
			e.Position = 0
		}
		return err
	}
	if rel != eventsRelation && st.from {
		return pgwire.Errorf("42809", "cannot copy to view \"%s\"", rel.name).WithHint("Copy into events.")
	}
	seen := map[string]bool{}
	for _, n := range st.columns {
		i, ok := rel.byName[n.text]
		if !ok {
			return pgwire.Errorf("42703", "column \"%s\" of relation \"%s\" does not exist", n.text, rel.name)
		}
		if seen[n.text] {
			return pgwire.Errorf("42701", "column \"%s\" specified more than once", n.text)
		}
		seen[n.text] = true
		p.columns = append(p.columns, i)
	}
	if st.columns == nil {
		for i := range rel.visible {
			p.columns = append(p.columns, i)
		}
	}
	if st.from {
		return nil
	}
	q := &selectStmt{from: &relationRef{table: rel.name}}
	for _, i := range p.columns {
		q.items = append(q.items, selectItem{expr: &columnExpr{column: rel.columns[i].name}})
	}
	p.query, err = s.prepareSelect(&compiler{src: c.src, session: s}, q)
	return err
}

func parseCopyOptions(c *compiler, options []copyOption, from bool) (copyFormat, error) {
	f := copyFormat{kind: "text"}
	given := map[string]string{}
	for _, o := range options {
		if _, twice := given[o.name]; twice {
			return f, c.at(pgwire.Errorf("42601", "conflicting or redundant options"), o.pos)
		}
		given[o.name] = o.value
		set := map[string]bool{}
		for _, column := range o.list {
			set[column] = true
		}
		switch o.name {
		case "format":
			f.kind = o.value
			if f.kind != "text" && f.kind != "csv" && f.kind != "binary" {
				return f, c.at(pgwire.Errorf("22023", "COPY format \"%s\" not recognized", o.value), o.pos)
			}
		case "header":
			switch v := strings.ToLower(o.value); v {
			case "true", "on", "1":
				f.header = "true"
			case "false", "off", "0":
			case "match":
				f.header = v
			default:
				return f, pgwire.Errorf("42601", "header requires a Boolean value or \"match\"")
			}
		case "force_quote":
			f.forceQuote = set
		case "force_null":
			f.forceNull = set
		case "force_not_null":
			f.forceNotNull = set
		case "delimiter", "null", "quote", "escape", "freeze":
		case "encoding":
			if _, err := checkEncoding(nil, o.value); err != nil {
				return f, c.at(pgwire.Errorf("22023", "argument to option \"encoding\" must be a valid encoding name"), o.pos)
			}
		default:
			return f, c.at(pgwire.Errorf("42601", "option \"%s\" not recognized", o.name), o.pos)
		}
	}
	return f, f.settle(given, from)
}

// settle fills in defaults and checks that the options go together.
func (f *copyFormat) settle(given map[string]string, from bool) error {
	csv := f.kind == "csv"
	_, hasDelimiter := given["delimiter"]
	_, hasNull := given["null"]
	switch {
	case f.kind == "binary" && hasDelimiter:
		return pgwire.Errorf("42601", "cannot specify DELIMITER in BINARY mode")
	case f.kind == "binary" && hasNull:
		return pgwire.Errorf("42601", "cannot specify NULL in BINARY mode")
	case f.kind == "binary" && f.header != "":
		return pgwire.Errorf("0A000", "cannot specify HEADER in BINARY mode")
	case f.header == "match" && !from:
		return pgwire.Errorf("0A000", "cannot use \"match\" with HEADER in COPY TO")
	}
	f.delimiter, f.null = '\t', `\N`
	if csv {
		f.delimiter, f.null = ',', ""
	}
	if hasDelimiter {
		d := given["delimiter"]
		if len(d) != 1 {
			return pgwire.Errorf("0A000", "COPY delimiter must be a single one-byte character")
		}
		if d == "\n" || d == "\r" {
			return pgwire.Errorf("22023", "COPY delimiter cannot be newline or carriage return")
		}
		if !csv && strings.Contains(`\.abcdefghijklmnopqrstuvwxyz0123456789`, d) {
			return pgwire.Errorf("22023", "COPY delimiter cannot be \"%s\"", d)
		}
		f.delimiter = d[0]
	}
	if hasNull {
		f.null = given["null"]
	}
	if strings.ContainsAny(f.null, "\r\n") {
		return pgwire.Errorf("22023", "COPY null representation cannot use newline or carriage return")
	}
	f.quote, f.escape = '"', '"'
	for option, to := range map[string]*byte{"quote": &f.quote, "escape": &f.escape} {
		v, ok := given[option]
		if !ok {
			continue
		}
		if !csv {
			return pgwire.Errorf("0A000", "COPY %s available only in CSV mode", option)
		}
		if len(v) != 1 {
			return pgwire.Errorf("0A000", "COPY %s must be a single one-byte character", option)
		}
		*to = v[0]
	}
	if _, ok := given["escape"]; csv && !ok {
		f.escape = f.quote
	}
	switch {
	case csv && f.delimiter == f.quote:
		return pgwire.Errorf("22023", "COPY delimiter and quote must be different")
	case strings.IndexByte(f.null, f.delimiter) >= 0:
		return pgwire.Errorf("0A000", "COPY delimiter must not appear in the NULL specification")
	case csv && f.null != "" && strings.IndexByte(f.null, f.quote) >= 0:
		return pgwire.Errorf("0A000", "CSV quote character must not appear in the NULL specification")
	case f.forceQuote != nil && (!csv || from):
		return pgwire.Errorf("0A000", "COPY force quote available only in CSV mode")
	case (f.forceNull != nil || f.forceNotNull != nil) && (!csv || !from):
		return pgwire.Errorf("0A000", "COPY force null available only in CSV mode")
	}
	return nil
}

func (p *copyPlan) bind(s *Session, _ []pgwire.Value) (pgwire.Portal, error) {
	if p.from {
		return &copyInPortal{plan: p, s: s}, nil
	}
	inner, err := p.query.bind(s, nil)
	if err != nil {
		return nil, err
	}
	return &copyOutPortal{plan: p, query: inner.(rowReader)}, nil
}

// copyOutPortal is COPY … TO STDOUT.
type copyOutPortal struct {
	plan  *copyPlan
	query rowReader
}

func (p *copyOutPortal) Columns() []pgwire.Column { return nil }
func (p *copyOutPortal) Close()                   { p.query.Close() }

func (p *copyOutPortal) Execute(ctx context.Context, out *pgwire.Output, _ int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "COPY"}
	if err := p.query.open(ctx); err != nil {
		return tag, false, err
	}
	columns := p.plan.query.Columns()
	out.BeginCopyOut(len(columns), p.plan.format.kind == "binary")
	w := copyWriter{format: &p.plan.format, columns: columns, zone: out.Zone()}
	if head := w.begin(); head != nil {
		if err := out.CopyData(ctx, head); err != nil {
			return tag, false, err
		}
	}
	for {
		ok, err := p.query.next(ctx)
		if err != nil {
			return tag, false, err
		}
		if !ok {
			break
		}
		if err := out.CopyData(ctx, w.row(p.query.current())); err != nil {
			return tag, false, err
		}
		tag.Rows++
	}
	if end := w.end(); end != nil {
		if err := out.CopyData(ctx, end); err != nil {
			return tag, false, err
		}
	}
	out.EndCopyOut()
	return tag, true, nil
}

// copyInPortal is COPY events FROM STDIN.
type copyInPortal struct {
	plan *copyPlan
	s    *Session

	rows     int64 // read
	durable  int64 // rows
	staging  bool
	expected map[uuid.UUID]*copyExpectation
	pending  []copyAppend // in order
	blocks   *copyBlocks
	spare    []*copyBlock // whose events are durable
}

// copyAppend is a chunk that is being appended.
type copyAppend struct {
	request *engine.AppendRequest
	rows    int64
	block   *copyBlock // that it is the last of; or nil
}

// maxCopyPending chunks are appended at a time: enough that the writer finds the next when it has
// synced some, and that a sync is for more than one.
const maxCopyPending = 4

// copyExpectation follows a stream that rows gave an expected_version for.
type copyExpectation struct {
	stream   streamRef
	version  int64 // as the rows give it: before the COPY
	appended int64 // by earlier chunks
	rows     int64 // in this chunk
}

func (p *copyInPortal) Columns() []pgwire.Column { return nil }
func (p *copyInPortal) Close()                   {}

func (p *copyInPortal) Execute(ctx context.Context, out *pgwire.Output, _ int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "COPY"}
	s := p.s
	if s.tx.readOnly {
		return tag, false, pgwire.Errorf("25006", "cannot execute COPY FROM in a read-only transaction")
	}
	s.before()
	alone, err := last()
	if err != nil {
		return tag, false, err
	}
	p.staging = s.tx.state == txExplicit || !alone || len(s.tx.staged) > 0
	in, err := out.BeginCopyIn(len(p.plan.columns), p.plan.format.kind == "binary")
	if err != nil {
		return tag, false, err
	}
	err = p.copyRows(ctx, in, out.Zone())
	// What went wrong with a chunk did before what may be wrong with rows behind it; but not before
	// what ends the connection.
	e := new(pgwire.Error)
	ordinary := err == nil || errors.As(err, &e) && e.Severity != "FATAL"
	if waited := p.wait(ctx); waited != nil && ordinary && !errors.Is(waited, engine.ErrAfterFailed) {
		err = waited
	}
	if err != nil {
		return tag, false, p.withDurable(err)
	}
	tag.Rows = p.rows
	return tag, true, nil
}

// copyRows reads all rows and appends them.
func (p *copyInPortal) copyRows(ctx context.Context, in *pgwire.CopyReader, zone *pgwire.Zone) error {
	parser := copyParser{plan: p.plan, zone: zone, limits: p.s.server.store.Limits()}
	if !p.staging {
		parser.packFor = p.s.server.writer
	}
	if p.plan.format.kind != "binary" {
		p.blocks = newCopyBlocks(in, &p.plan.format)
		return p.copyBlocks(ctx, parser)
	}
	r := newCopyReader(in, p.plan, zone)
	for {
		var rows copyRows
		from := r.line
		_, err := parser.rows(ctx, r, &rows, true)
		if err == nil || errors.Is(err, io.EOF) {
			failed := p.take(ctx, &rows)
			if of := new(copyRowError); errors.As(failed, &of) {
				r.line = from + int64(of.row) + 1
				return r.context(of.err)
			}
			if failed != nil {
				return failed
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// copyBlocks reads blocks side by side and appends what is in them in order.
func (p *copyInPortal) copyBlocks(ctx context.Context, parser copyParser) error {
	var reading []*copyBlock
	// One for each processor, though not many, and one to be appended meanwhile.
	ahead := min(runtime.GOMAXPROCS(0), 8) + 1
	defer func() {
		for _, b := range reading {
			<-b.done // not to be left running when the statement has ended
		}
	}()
	line := int64(0)
	for more := true; more || len(reading) > 0; {
		if more {
			data, err := p.blocks.next(ctx)
			switch {
			case errors.Is(err, io.EOF):
				more = false
			case err != nil:
				return err
			default:
				b := p.spareBlock()
				parser.start(b, data, len(reading) == 0 && line == 0)
				reading = append(reading, b)
			}
			if more && len(reading) < ahead {
				continue
			}
		}
		if len(reading) == 0 {
			return nil
		}
		b := reading[0]
		<-b.done
		reading = reading[1:]
		for {
			if b.panic != nil {
				panic(b.panic)
			}
			if b.err != nil {
				return parser.again(b, line)
			}
			if err := p.take(ctx, &b.rows); err != nil {
				return parser.blame(b, line, err)
			}
			if !b.more {
				break
			}
			b.begun += len(b.rows.events)
			b.rows = copyRows{} // the events before may not be durable yet
			parser.read(b)
		}
		if n := len(p.pending); n > 0 {
			p.pending[n-1].block = b
		}
		if b.ended {
			return p.blocks.drain(ctx)
		}
		line += b.lines
	}
	return nil
}

func (p *copyInPortal) spareBlock() *copyBlock {
	if n := len(p.spare); n > 0 {
		b := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return b
	}
	return new(copyBlock)
}

// take appends rows in chunks.
func (p *copyInPortal) take(ctx context.Context, rows *copyRows) error {
	from := 0
	for _, to := range rows.chunks {
		if err := p.chunk(ctx, rows, from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// chunk appends rows, and lets that go on while the next are read.
func (p *copyInPortal) chunk(ctx context.Context, rows *copyRows, from, to int) error {
	events := rows.events[from:to:to]
	p.rows += int64(len(events))
	expected, err := p.expectations(rows, from, to)
	if err != nil {
		return err
	}
	if p.staging {
		_, err := p.s.stage(events, expected)
		return err
	}
	if len(p.pending) == maxCopyPending {
		if err := p.waitFirst(ctx); err != nil {
			return err
		}
	}
	r := &engine.AppendRequest{Events: events, Conditions: appendConditions(nil, expected)}
	if n := len(p.pending); n > 0 {
		r.After = p.pending[n-1].request
	}
	if err := p.s.server.writer.Start(ctx, r); err != nil {
		return err
	}
	p.pending = append(p.pending, copyAppend{request: r, rows: int64(len(events))})
	return nil
}

// expectations of a chunk.
func (p *copyInPortal) expectations(rows *copyRows, from, to int) ([]expectation, error) {
	if rows.expected == nil && p.expected == nil {
		return nil, nil
	}
	for i := from; i < to; i++ {
		version, given := int64(0), false
		if rows.expected != nil {
			version, given = rows.expected[i], rows.expected[i] != expectsNothing
		}
		if err := p.expect(&rows.events[i], version, given); err != nil {
			return nil, &copyRowError{row: i, err: err}
		}
	}
	var expected []expectation
	for _, x := range p.expected {
		if x.rows > 0 {
			expected = append(expected, expectation{x.stream, x.version + x.appended})
			x.appended, x.rows = x.appended+x.rows, 0
		}
	}
	return expected, nil
}

// maxCopyExpectations bounds the streams a COPY may follow with expected_version.
const maxCopyExpectations = 1 << 20

func (p *copyInPortal) expect(e *engine.ProposedEvent, version int64, given bool) error {
	x := p.expected[e.StreamID]
	if given {
		if x == nil {
			if len(p.expected) >= maxCopyExpectations {
				return pgwire.Errorf("54000", "COPY may give expected_version for %d streams at most", maxCopyExpectations)
			}
			if p.expected == nil {
				p.expected = map[uuid.UUID]*copyExpectation{}
			}
			// A copy of the name: that of the event is in a block that is used again.
			x = &copyExpectation{stream: streamRef{e.StreamID, strings.Clone(e.Stream)}, version: version}
			p.expected[e.StreamID] = x
		}
		if x.version != version {
			return pgwire.Errorf("22023", "rows of one stream expect different versions, %d and %d", x.version, version)
		}
	}
	if x != nil {
		x.rows++
	}
	return nil
}

// waitFirst waits for the oldest chunk that is being appended.
func (p *copyInPortal) waitFirst(ctx context.Context) error {
	first := p.pending[0]
	p.pending = slices.Delete(p.pending, 0, 1)
	if err := p.s.server.writer.Wait(ctx, first.request); err != nil {
		return err
	}
	p.durable += first.rows
	if b := first.block; b != nil {
		p.spare = append(p.spare, b)
		p.blocks.reuse(b.data)
	}
	return nil
}

// wait waits for all chunks that are being appended. The first that failed is why the others did.
func (p *copyInPortal) wait(ctx context.Context) (err error) {
	for len(p.pending) > 0 {
		if failed := p.waitFirst(ctx); err == nil {
			err = failed
		}
	}
	return err
}

// withDurable adds to an error how much of the COPY is there to stay.
func (p *copyInPortal) withDurable(err error) error {
	err = engineError(err)
	e := new(pgwire.Error)
	if p.staging || !errors.As(err, &e) || e.Severity == "FATAL" {
		return err
	}
	out := *e
	text := fmt.Sprintf("%d rows are durable: those of the chunks before.", p.durable)
	if out.Detail != "" {
		text = out.Detail + "\n" + text
	}
	out.Detail = text
	return &out
}
