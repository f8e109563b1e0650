package query

import (
	"context"
	"errors"
	"fmt"
	"io"
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

const (
	// A chunk of COPY is one atomic append. Large enough that a sync is cheap, small
	// enough that its memory is, and that other appends are not held up.
	copyChunkRows  = 8192
	copyChunkBytes = 1 << 20
)

// copyInPortal is COPY events FROM STDIN.
type copyInPortal struct {
	plan *copyPlan
	s    *Session

	chunk    []engine.ProposedEvent
	bytes    int
	rows     int64 // read
	durable  int64 // rows
	staging  bool
	expected map[uuid.UUID]*copyExpectation
	pending  chan error // of the chunk being appended; nil if none is
	inFlight int64
}

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
	if waited := p.wait(); err == nil {
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
	r := newCopyReader(in, p.plan, zone)
	for {
		fields, err := r.row(ctx)
		if errors.Is(err, io.EOF) {
			return p.flush(ctx)
		}
		if err != nil {
			return err
		}
		if err := p.add(r, fields); err != nil {
			return r.context(err)
		}
		if len(p.chunk) >= copyChunkRows || p.bytes >= copyChunkBytes {
			if err := p.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// add makes an event of a row.
func (p *copyInPortal) add(r *copyReader, fields []copyField) error {
	p.rows++
	e := engine.ProposedEvent{Version: engine.AnyVersion}
	var payload, opaque []byte
	expected, hasExpected, typed := int64(0), false, false
	for i, column := range p.plan.columns {
		if fields[i].null {
			if column == evEventID {
				return notNullError("event_id")
			}
			continue
		}
		r.column = column
		v, err := r.value(column, fields[i].data)
		if err != nil {
			return err
		}
		switch column {
		case evPayload:
			payload = v.Bytes
		case evPayloadBytes:
			opaque = v.Bytes
		case evExpectedVersion:
			expected, hasExpected = v.Int, true
		default:
			typed = typed || column == evType
			if err := setEventField(&e, column, &v); err != nil {
				return err
			}
		}
	}
	r.column = -1
	if err := finishEvent(&e, payload, opaque, typed); err != nil {
		return err
	}
	if err := e.Validate(p.s.server.store.Limits()); err != nil {
		return engineError(err)
	}
	if hasExpected || p.expected != nil {
		if err := p.expect(&e, expected, hasExpected); err != nil {
			return err
		}
	}
	p.chunk = append(p.chunk, e)
	p.bytes += e.StoredSize()
	return nil
}

// maxCopyExpectations bounds the streams a COPY may follow with expected_version.
const maxCopyExpectations = 1 << 20

func (p *copyInPortal) expect(e *engine.ProposedEvent, version int64, given bool) error {
	x := p.expected[e.StreamID]
	if given {
		if version < -1 {
			return pgwire.Errorf("22023", "expected_version %d is less than -1", version)
		}
		if x == nil {
			if len(p.expected) >= maxCopyExpectations {
				return pgwire.Errorf("54000", "COPY may give expected_version for %d streams at most", maxCopyExpectations)
			}
			if p.expected == nil {
				p.expected = map[uuid.UUID]*copyExpectation{}
			}
			x = &copyExpectation{stream: streamRef{e.StreamID, e.Stream}, version: version}
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

// flush appends the chunk: it waits for the one before and lets this one go on while
// the next is read.
func (p *copyInPortal) flush(ctx context.Context) error {
	if len(p.chunk) == 0 {
		return nil
	}
	var expected []expectation
	for _, x := range p.expected {
		if x.rows > 0 {
			expected = append(expected, expectation{x.stream, x.version + x.appended})
			x.appended, x.rows = x.appended+x.rows, 0
		}
	}
	chunk := p.chunk
	p.chunk, p.bytes = nil, 0
	if p.staging {
		_, err := p.s.stage(chunk, expected)
		return err
	}
	if err := p.wait(); err != nil {
		return err
	}
	r := &engine.AppendRequest{Events: chunk}
	for _, x := range expected {
		r.Conditions = append(r.Conditions, engine.Condition{
			Kind: engine.StreamAt, StreamID: x.stream.id, Stream: x.stream.name, Version: engine.ExpectedVersion(x.version),
		})
	}
	p.chunk = make([]engine.ProposedEvent, 0, min(copyChunkRows, 2*len(chunk)))
	pending := make(chan error, 1)
	p.pending, p.inFlight = pending, int64(len(chunk))
	go func() { pending <- p.s.server.writer.Append(ctx, r) }()
	return nil
}

// wait waits for the chunk that is being appended.
func (p *copyInPortal) wait() error {
	if p.pending == nil {
		return nil
	}
	err := <-p.pending
	p.pending = nil
	if err == nil {
		p.durable += p.inFlight
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
