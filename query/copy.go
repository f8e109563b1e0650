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
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/copyfmt"
	"github.com/eventgres/eventgres/query/copyin"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/failure"
	"github.com/eventgres/eventgres/query/live"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/staging"
	"github.com/eventgres/eventgres/query/syntax"
)

// copyPlan is a prepared COPY.
type copyPlan struct {
	plain
	from    bool
	columns []int // of events
	query   plan  // a selectPlan or an analyticPlan
	format  copyfmt.Format
	where   *expr.Scalar // of the rows that COPY FROM takes; nil: all
}

func (*copyPlan) kind() activity.Kind { return activity.Copy }

func (p *copyPlan) ParameterOIDs() []uint32 { return nil }

func (p *copyPlan) Columns() []pgvalue.Column { return nil }

// prepareCopy makes COPY's plan; prepare makes that of its query.
func (s *Session) prepareCopy(c *expr.Compiler, st *syntax.CopyStmt, prepare queryPreparer) (plan, error) {
	p := &copyPlan{from: st.From}
	if st.Unsupported != nil {
		return nil, syntax.UnsupportedError(c.Src, st.Unsupported)
	}
	var err error
	var rel *relation.Relation
	if st.Text != nil {
		var q plan
		if st.Subscribe != nil {
			q, err = s.prepareSubscribe(c, st.Subscribe)
		} else {
			q, err = prepare(c, st.Query, st.Text, nil)
		}
		if err != nil {
			return nil, err
		}
		if len(q.ParameterOIDs()) > 0 {
			return nil, pgerror.Errorf(pgerror.UndefinedParameter, "there is no parameter $1")
		}
		if err := refuseConsume(q, "COPY"); err != nil {
			return nil, err
		}
		p.query = q
	} else if rel, err = p.resolve(s, c, st, prepare); err != nil {
		return nil, err
	}
	if p.format, err = copyfmt.ParseOptions(c.Src, st.Options, st.From); err != nil {
		return nil, err
	}
	if st.Where != nil {
		if p.where, err = copyin.CompileWhere(c, p.columns, st.Where, s.effective.imports); err != nil {
			return nil, err
		}
	}
	return p, p.checkForced(rel)
}

func (p *copyPlan) resolve(s *Session, c *expr.Compiler, st *syntax.CopyStmt, prepare queryPreparer) (*relation.Relation, error) {
	if rel := relation.InMessageStore(&st.Relation, s.path); rel != nil {
		return rel, p.resolveMessages(s, rel, st, prepare)
	}
	rel, err := relation.Find(&st.Relation, c.Src, s.path)
	if err != nil {
		// COPY reports no position for a missing table.
		if e := new(pgerror.Error); errors.As(err, &e) {
			e.Position = 0
		}
		return nil, err
	}
	if rel != relation.Events && st.From {
		return nil, pgerror.Errorf(pgerror.WrongObjectType, "cannot copy to view \"%s\"", rel.Name).WithHint("Copy into events.")
	}
	if err := p.resolveColumns(rel, st); err != nil {
		return nil, err
	}
	if st.From {
		return rel, nil
	}
	q := &syntax.SelectStmt{From: &syntax.RelationRef{Schema: "public", Table: rel.Name}}
	for _, i := range p.columns {
		q.Items = append(q.Items, syntax.SelectItem{Expr: &syntax.ColumnExpr{Column: rel.Columns[i].Name}})
	}
	p.query, err = s.prepareSelect(&expr.Compiler{Src: c.Src, Host: s}, q)
	return rel, err
}

// resolveMessages is resolve for a relation of schema message_store. Messages are read by a query, as COPY (SELECT …) reads them.
func (p *copyPlan) resolveMessages(s *Session, rel *relation.Relation, st *syntax.CopyStmt, prepare queryPreparer) error {
	want := privilege.Select
	if st.From {
		want = privilege.Insert
	}
	switch err := s.may().MessageStore(want); {
	case err != nil:
		return err
	case st.From && rel == relation.Messages:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "COPY into messages is not supported").WithHint("Call write_message for each, or copy into events.")
	case st.From:
		return pgerror.Errorf(pgerror.WrongObjectType, "cannot copy to view \"%s\"", rel.Name)
	case rel != relation.Messages:
		return pgerror.Errorf(pgerror.WrongObjectType, "cannot copy from view \"%s\"", rel.Name).WithHint("Try the COPY (SELECT ...) TO variant.")
	}
	if err := p.resolveColumns(rel, st); err != nil {
		return err
	}
	q := &syntax.SelectStmt{From: &syntax.RelationRef{Schema: searchpath.MessageStore, Table: rel.Name}}
	names := make([]string, len(p.columns))
	for i, column := range p.columns {
		names[i] = syntax.QuoteName(rel.Columns[column].Name)
		q.Items = append(q.Items, syntax.SelectItem{Expr: &syntax.ColumnExpr{Column: rel.Columns[column].Name}})
	}
	text := "SELECT " + strings.Join(names, ", ") + " FROM " + searchpath.MessageStore + "." + rel.Name
	var err error
	p.query, err = prepare(&expr.Compiler{Src: text, Host: s}, q, &syntax.QueryText{Src: text, End: len(text)}, nil)
	return err
}

func (p *copyPlan) resolveColumns(rel *relation.Relation, st *syntax.CopyStmt) error {
	seen := map[string]bool{}
	for _, n := range st.Columns {
		i, ok := rel.ByName[n.Text]
		if !ok {
			return pgerror.Errorf(pgerror.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", n.Text, rel.Name)
		}
		if seen[n.Text] {
			return pgerror.Errorf(pgerror.DuplicateColumn, "column \"%s\" specified more than once", n.Text)
		}
		seen[n.Text] = true
		p.columns = append(p.columns, i)
	}
	if st.Columns == nil {
		for i := range rel.Visible {
			p.columns = append(p.columns, i)
		}
	}
	return nil
}

func (p *copyPlan) bind(s *Session, _ []pgvalue.Value) (pgwire.Portal, error) {
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

func (p *copyOutPortal) Columns() []pgvalue.Column { return nil }

func (p *copyOutPortal) Close() { p.query.Close() }

func (p *copyOutPortal) Execute(ctx context.Context, out *pgwire.Output, _ int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "COPY"}
	if err := p.query.Open(ctx); err != nil {
		return tag, false, err
	}
	columns := p.plan.query.Columns()
	out.BeginCopyOut(len(columns), p.plan.format.Kind == "binary", p.plan.format.Encoding)
	if f, ok := p.query.(*live.Portal); ok {
		var stop func()
		ctx, stop = f.Stream(ctx, out)
		defer stop()
	}
	w := copyfmt.Writer{Format: &p.plan.format, Columns: columns, Zone: out.Zone(), Out: out}
	if head := w.Begin(); head != nil {
		if err := out.CopyData(ctx, head); err != nil {
			return tag, false, err
		}
	}
	for {
		ok, err := p.query.Next(ctx)
		if err != nil {
			return tag, false, err
		}
		if !ok {
			break
		}
		row, err := w.Row(p.query.Current())
		if err == nil {
			err = out.CopyData(ctx, row)
		}
		if err != nil {
			return tag, false, err
		}
		tag.Rows++
	}
	if end := w.End(); end != nil {
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
	where    *copyin.Condition // nil: all rows are taken
	expected map[uuid.UUID]*copyExpectation
	pending  []copyAppend // in order
	blocks   *copyfmt.Blocks
	spare    []*copyin.Block // whose events are durable
}

// copyAppend is a chunk that is being appended.
type copyAppend struct {
	request *engine.AppendRequest
	rows    int64
	block   *copyin.Block // that it is the last of; or nil
}

// maxCopyPending chunks are appended at a time: enough that the writer finds the next when it has
// synced some, and that a sync is for more than one.
const maxCopyPending = 4

// copyExpectation follows a stream that rows gave an expected_version for.
type copyExpectation struct {
	stream   staging.StreamRef
	version  int64 // as the rows give it: before the COPY
	appended int64 // by earlier chunks
	rows     int64 // in this chunk
}

func (p *copyInPortal) Columns() []pgvalue.Column { return nil }

func (p *copyInPortal) Close() {}

func (p *copyInPortal) Execute(ctx context.Context, out *pgwire.Output, _ int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "COPY"}
	s := p.s
	if err := s.mayAppend("COPY FROM"); err != nil {
		return tag, false, err
	}
	if err := s.mayInsert(false); err != nil {
		return tag, false, err
	}
	now, err := s.appendsNow(last)
	if err != nil {
		return tag, false, err
	}
	p.staging = !now
	if p.plan.where != nil {
		if p.where, err = copyin.NewCondition(p.plan.where, s); err != nil {
			return tag, false, err
		}
	}
	in, err := out.BeginCopyIn(len(p.plan.columns), p.plan.format.Kind == "binary", p.plan.format.Encoding)
	if err != nil {
		return tag, false, err
	}
	err = p.copyRows(ctx, in, out.Zone())
	// What went wrong with a chunk did before what may be wrong with rows behind it; but not before
	// what ends the connection.
	e := new(pgerror.Error)
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
func (p *copyInPortal) copyRows(ctx context.Context, in *pgwire.CopyReader, zone *pgvalue.Zone) error {
	parser := copyin.Parser{
		Columns: p.plan.columns, Format: &p.plan.format, Zone: zone, Limits: p.s.server.store.Limits(), Error: failure.Of, Where: p.where,
		Imports: p.s.effective.imports,
	}
	if !p.staging {
		parser.PackFor = p.s.server.writer
	}
	if p.plan.format.Kind != "binary" {
		p.blocks = copyfmt.NewBlocks(in, &p.plan.format)
		return p.copyBlocks(ctx, parser)
	}
	r := copyfmt.NewReader(in, &p.plan.format, p.plan.columns, zone)
	for {
		var rows copyin.Rows
		from := r.Line
		_, err := parser.Rows(ctx, r, &rows, true)
		if err == nil || errors.Is(err, io.EOF) {
			failed := p.take(ctx, &rows)
			if of := new(copyin.RowError); errors.As(failed, &of) {
				r.Line = from + int64(of.Row) + 1
				return r.Context(of.Err)
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
func (p *copyInPortal) copyBlocks(ctx context.Context, parser copyin.Parser) error {
	var reading []*copyin.Block
	// One for each processor, though not many, and one to be appended meanwhile.
	ahead := min(runtime.GOMAXPROCS(0), 8) + 1
	if parser.Where != nil {
		ahead = 1
	}
	defer func() {
		for _, b := range reading {
			<-b.Done // not to be left running when the statement has ended
		}
	}()
	line := int64(0)
	for more := true; more || len(reading) > 0; {
		if more {
			data, err := p.blocks.Next(ctx)
			switch {
			case errors.Is(err, io.EOF):
				more = false
			case err != nil:
				return err
			default:
				b := p.spareBlock()
				parser.Start(b, data, len(reading) == 0 && line == 0)
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
		<-b.Done
		reading = reading[1:]
		for {
			if b.Panic != nil {
				panic(b.Panic)
			}
			if b.Err != nil {
				return parser.Again(b, line)
			}
			if err := p.take(ctx, &b.Rows); err != nil {
				return parser.Blame(b, line, err)
			}
			if !b.More {
				break
			}
			b.Begun += b.Rows.Read
			b.Rows = copyin.Rows{} // the events before may not be durable yet
			parser.Read(b)
		}
		if n := len(p.pending); n > 0 {
			p.pending[n-1].block = b
		}
		if b.Ended {
			return p.blocks.Drain(ctx)
		}
		line += b.Lines
	}
	return p.blocks.Broken(line + 1)
}

func (p *copyInPortal) spareBlock() *copyin.Block {
	if n := len(p.spare); n > 0 {
		b := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return b
	}
	return new(copyin.Block)
}

// take appends rows in chunks.
func (p *copyInPortal) take(ctx context.Context, rows *copyin.Rows) error {
	from := 0
	for _, to := range rows.Chunks {
		if err := p.chunk(ctx, rows, from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// chunk appends rows, and lets that go on while the next are read.
func (p *copyInPortal) chunk(ctx context.Context, rows *copyin.Rows, from, to int) error {
	events := rows.Events[from:to:to]
	p.rows += int64(len(events))
	expected, err := p.expectations(rows, from, to)
	if err != nil {
		return err
	}
	if p.s.may().Secured {
		if err := p.wait(ctx); err != nil { // they may have begun the streams that these events are of
			return err
		}
		n := 0
		if expected, n, err = p.s.mayAdd(events, expected, false); err != nil {
			return &copyin.RowError{Row: rows.Row(from + n), Err: err}
		}
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
	r := &engine.AppendRequest{Events: events, Conditions: staging.Conditions(nil, expected)}
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
func (p *copyInPortal) expectations(rows *copyin.Rows, from, to int) ([]staging.Expectation, error) {
	if rows.Expected == nil && p.expected == nil {
		return nil, nil
	}
	for i := from; i < to; i++ {
		version, given := int64(0), false
		if rows.Expected != nil {
			version, given = rows.Expected[i], rows.Expected[i] != copyin.ExpectsNothing
		}
		if err := p.expect(&rows.Events[i], version, given); err != nil {
			return nil, &copyin.RowError{Row: rows.Row(i), Err: err}
		}
	}
	var expected []staging.Expectation
	for _, x := range p.expected {
		if x.rows > 0 {
			expected = append(expected, staging.Expectation{Stream: x.stream, Version: x.version + x.appended})
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
				return pgerror.Errorf(pgerror.ProgramLimitExceeded, "COPY may give expected_version for %d streams at most", maxCopyExpectations)
			}
			if p.expected == nil {
				p.expected = map[uuid.UUID]*copyExpectation{}
			}
			// A copy of the name: that of the event is in a block that is used again.
			x = &copyExpectation{stream: staging.StreamRef{ID: e.StreamID, Name: strings.Clone(e.Stream)}, version: version}
			p.expected[e.StreamID] = x
		}
		if x.version != version {
			return pgerror.Errorf(pgerror.InvalidParameterValue, "rows of one stream expect different versions, %d and %d", x.version, version)
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
	p.s.audit.Appended(first.request)
	p.durable += first.rows
	if b := first.block; b != nil {
		p.spare = append(p.spare, b)
		p.blocks.Reuse(b.Data)
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
	err = p.s.engineError(err)
	e := new(pgerror.Error)
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

// checkForced looks for the columns that FORCE options name in the relation, if it is one that is
// copied, and among those that are copied.
func (p *copyPlan) checkForced(rel *relation.Relation) error {
	var copied []string
	if rel == nil {
		for _, c := range p.query.Columns() {
			copied = append(copied, c.Name)
		}
	} else {
		for _, i := range p.columns {
			copied = append(copied, rel.Columns[i].Name)
		}
	}
	for _, list := range p.format.Forced {
		if slices.Equal(list.Columns, []string{"*"}) {
			continue
		}
		seen := map[string]bool{}
		for _, column := range list.Columns {
			if rel == nil && !slices.Contains(copied, column) {
				return pgerror.Errorf(pgerror.UndefinedColumn, "column \"%s\" does not exist", column)
			}
			if rel != nil {
				if _, ok := rel.ByName[column]; !ok {
					return pgerror.Errorf(pgerror.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", column, rel.Name)
				}
			}
			if seen[column] {
				return pgerror.Errorf(pgerror.DuplicateColumn, "column \"%s\" specified more than once", column)
			}
			seen[column] = true
		}
		for _, column := range list.Columns {
			if !slices.Contains(copied, column) {
				return pgerror.Errorf(pgerror.InvalidColumnReference, "%s column \"%s\" not referenced by COPY", list.Option, column)
			}
		}
	}
	return nil
}
