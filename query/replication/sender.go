package replication

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/policy"
	"github.com/eventgres/eventgres/query/schema"
)

// Session is what replication asks of the session whose commands it runs.
type Session struct {
	Host  expr.Host
	PID   int32
	Store *engine.Store
	Slots *Slots
	// Database is its database's name.
	Database string
	// Sees tells which events it may see at this moment; nil: all. It costs little where nothing has changed since.
	Sees func() (*policy.Seen, error)
	// Schema is what is defined at this moment.
	Schema func() *schema.Schema
	// Waiting runs what waits for something else than a processor.
	Waiting func(f func() error) error
	// May tells whether its role may use slots.
	May func() bool
	// Decodes refuses to have anything to do with slots where the node does not lead a cluster that it is a member of.
	Decodes func() error
	// Timeout is how long a client that follows may say nothing; 0: as long as it likes.
	Timeout time.Duration
}

// Sender streams a slot to a client: a walsender.
type Sender struct {
	*Session
	slot   *Slot
	output output
	env    expr.Env
	both   *pgwire.CopyBoth
	// sink takes what is streamed in place of a client; nil: both does.
	sink func(at LSN, piece []byte) error

	from    int64        // appends that end below it are not sent
	sees    *policy.Seen // as of the append that is looked at
	current transaction  // that append
	looked  int          // events that were looked at
	clock   int64        // when that append was begun, µs since 2000
	passed  bool         // appends were, of which nothing is sent, since the client was last told where it is
	told    time.Time    // when that was
	saved   time.Time    // when the slot was last written

	mu    sync.Mutex // guards what follows, which the goroutine that reads the client writes
	reply reply
	nudge chan struct{} // has one when something has come
	began time.Time
	sent  int64 // all below this position was sent, or passed over whole
}

// reply is what the client has said.
type reply struct {
	write, flush, apply LSN
	heard               time.Time
	sentAt              int64 // by its clock, µs since 2000
	asks                bool  // it wants to be told where it is
	asked               bool  // and was asked
}

const (
	// saveEvery is how often at most what was confirmed is written to the log.
	saveEvery = time.Second
	// tellEvery is how often at most a client is told where it is after appends of which it was sent nothing.
	tellEvery = 100 * time.Millisecond
	// lookEvery is how many events are looked at in between.
	lookEvery = 16
)

// Start runs START_REPLICATION: it streams until the client has enough.
func (s *Session) Start(ctx context.Context, out *pgwire.Output, c *Command) error {
	slot, err := s.Slots.Acquire(c.Slot, s.PID)
	if err != nil {
		return err
	}
	defer slot.Release()
	next := s.Store.Index().GlobalPosition() + 1
	from := max(c.At.Position(), slot.Confirmed())
	if from > next {
		return pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "requested starting point %s is ahead of the WAL flush position of this server %s", LSNOf(from), LSNOf(next)).
			WithDetail("The log was restored, or repaired, to a state before the one that was followed.").
			WithHint("Drop the replication slot, and copy what is there anew.")
	}
	w := &Sender{Session: s, slot: slot, env: expr.Env{Host: s.Host}, from: from, nudge: make(chan struct{}, 1), began: time.Now(), saved: time.Now()}
	if w.output, err = newOutput(slot.Plugin(), w, c.Options); err != nil {
		return err
	}
	if _, err := s.Sees(); err != nil {
		return err
	}
	w.reply.heard = w.began
	if w.both, err = out.BeginCopyBoth(s.Timeout, w.heard); err == nil {
		s.Slots.streams(slot, w)
		err = w.run(ctx)
		w.confirm() // what came last
	}
	w.save(context.WithoutCancel(ctx), true)
	return w.both.End(err)
}

// streams notes who streams a slot.
func (s *Slots) streams(slot *Slot, w *Sender) {
	s.mu.Lock()
	slot.sender = w
	s.mu.Unlock()
}

// run sends what there is and what comes. It returns nil when the client has ended its side.
func (w *Sender) run(ctx context.Context) error {
	f, err := w.Store.Follow(w.from)
	if err != nil {
		return err
	}
	defer f.Close()
	w.reached(min(w.from, f.Place().Position))
	for {
		next := w.Store.Index().GlobalPosition() + 1
		if f.Place().Position < next {
			if err := f.Read(ctx, next, func(e *engine.RecordedEvent) error { return w.event(ctx, f, e) }); err != nil {
				return err
			}
		}
		if done, err := w.answer(ctx); done || err != nil {
			return err
		}
		if next = w.Store.Index().GlobalPosition() + 1; f.Place().Position < next {
			continue
		}
		if err := w.both.Flush(); err != nil {
			return err
		}
		if err := w.wait(ctx, f.Place().Position); err != nil {
			return err
		}
	}
}

// event sends an event, if it is for the client, and what belongs to its append.
func (w *Sender) event(ctx context.Context, f *engine.Follower, e *engine.RecordedEvent) error {
	if e.Position == e.AppendFirst {
		if err := w.begin(e); err != nil {
			return err
		}
	}
	if w.looked++; w.looked%lookEvery == 0 {
		if err := w.Host.Pace(); err != nil {
			return err
		}
	}
	w.env.NextRow()
	ok := e.AppendLast >= w.from
	if ok && w.sees != nil {
		var err error
		if ok, err = w.sees.Sees(&w.env, e); err != nil {
			return err
		}
	}
	if ok {
		var err error
		if ok, err = w.output.wants(&w.env, e); err != nil {
			return err
		}
	}
	t := &w.current
	if ok {
		if !t.begun {
			t.begun = true
			if err := w.output.begin(ctx, t); err != nil {
				return err
			}
		}
		if err := w.output.event(ctx, t, e); err != nil {
			return err
		}
	}
	if e.Position < e.AppendLast {
		return nil
	}
	if t.begun {
		if err := w.output.commit(ctx, t); err != nil {
			return err
		}
	}
	w.passed = !t.begun
	w.reached(e.AppendLast + 1)
	if w.sink != nil {
		return nil
	}
	done, err := w.answer(ctx)
	if done {
		f.Stop()
	}
	return err
}

// begin looks at whether the session may still follow, what it may see, and what is published: that may be another before each append.
func (w *Sender) begin(e *engine.RecordedEvent) error {
	sees, err := w.Sees()
	if err == nil {
		err = w.checkMay()
	}
	if err != nil {
		return err
	}
	w.clock = postgresTime(time.Now().UnixMicro())
	w.sees, w.current = sees, transaction{first: e.AppendFirst, last: e.AppendLast, at: e.RecordedAt}
	return w.output.look(w.Schema())
}

// reached notes that all below a position was sent, or passed over.
func (w *Sender) reached(position int64) {
	w.mu.Lock()
	w.sent = max(w.sent, position)
	w.mu.Unlock()
}

// send sends a piece of the stream, which is of the places from to in the log.
func (w *Sender) send(ctx context.Context, from, to LSN, size int, piece func(dst []byte) ([]byte, error)) error {
	if w.sink != nil {
		text, err := piece(nil)
		if err != nil {
			return err
		}
		return w.sink(from, text)
	}
	return w.both.Send(ctx, size, func(dst []byte) ([]byte, error) {
		dst = append(dst, 'w')
		dst = pgvalue.Be.AppendUint64(dst, uint64(from))
		dst = pgvalue.Be.AppendUint64(dst, uint64(to))
		dst = pgvalue.Be.AppendUint64(dst, uint64(w.clock))
		return piece(dst)
	})
}

// tell tells the client where it is; asks: it is to answer.
func (w *Sender) tell(ctx context.Context, asks bool) error {
	if w.sink != nil {
		return nil
	}
	w.passed, w.told = false, time.Now()
	err := w.both.Send(ctx, 0, func(dst []byte) ([]byte, error) {
		dst = append(dst, 'k')
		dst = pgvalue.Be.AppendUint64(dst, uint64(LSNOf(w.sent)))
		dst = pgvalue.Be.AppendUint64(dst, uint64(postgresTime(time.Now().UnixMicro())))
		if asks {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	})
	if err != nil {
		return err
	}
	return w.both.Flush()
}

// heard takes what the client says, on the goroutine that reads it. It holds the newest alone: who says much is not kept waiting.
func (w *Sender) heard(data []byte) error {
	if len(data) == 0 || data[0] == 'r' && len(data) != 34 {
		return pgerror.Errorf(pgerror.ProtocolViolation, "invalid standby message")
	}
	w.mu.Lock()
	r := &w.reply
	r.heard, r.asked = time.Now(), false
	switch data[0] {
	case 'r':
		lsn := func(at int) LSN { return LSN(pgvalue.Be.Uint64(data[at:])) }
		r.write, r.flush, r.apply = lsn(1), max(r.flush, lsn(9)), lsn(17)
		r.sentAt = int64(pgvalue.Be.Uint64(data[25:]))
		r.asks = r.asks || data[33] != 0
	case 'h': // a hot standby's, which keeps rows for it that nothing here removes
	default:
		w.mu.Unlock()
		return &pgerror.Error{Severity: "FATAL", Code: pgerror.ProtocolViolation, Message: "unexpected message type \"" + string(rune(data[0])) + "\""}
	}
	w.mu.Unlock()
	select {
	case w.nudge <- struct{}{}:
	default:
	}
	return nil
}

// answer does what the client's messages ask for, and what time does. done: the client has ended its side.
func (w *Sender) answer(ctx context.Context) (done bool, err error) {
	select {
	case <-w.both.Ended():
		return w.both.Err() == nil, w.both.Err()
	default:
	}
	now := time.Now()
	w.mu.Lock()
	r := &w.reply
	asks := r.asks
	r.asks = false
	silent := now.Sub(r.heard)
	ask := w.Timeout > 0 && silent >= w.Timeout/2 && !r.asked
	if ask {
		r.asked = true
	}
	w.mu.Unlock()
	w.confirm()
	if w.Timeout > 0 && silent >= w.Timeout {
		return false, &pgerror.Error{Severity: "FATAL", Code: pgerror.AdminShutdown, Message: "terminating walsender process due to replication timeout"}
	}
	w.save(ctx, false)
	if asks || ask || w.passed && now.Sub(w.told) >= tellEvery {
		return false, w.tell(ctx, ask)
	}
	return false, nil
}

// confirm moves the slot on to what the client has said that it has, of what it was sent.
func (w *Sender) confirm() {
	w.mu.Lock()
	flushed := min(w.reply.flush.Position(), w.sent)
	w.mu.Unlock()
	w.slot.confirm(flushed)
}

// save writes what was confirmed, if it is time or it is the last time. That it fails costs the client nothing but that it is sent some again.
func (w *Sender) save(ctx context.Context, last bool) {
	if !w.slot.behind() || !last && time.Since(w.saved) < saveEvery {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	if err := w.Waiting(func() error { return w.slot.save(ctx) }); err != nil && !errors.Is(err, context.Canceled) {
		w.Slots.logger.Warn("how far a replication slot is was not written", "slot", w.slot.Name(), "error", err)
	}
	w.saved = time.Now()
}

// wait waits until there is more to send, or something to answer.
func (w *Sender) wait(ctx context.Context, position int64) error {
	timer := time.NewTimer(w.until())
	defer timer.Stop()
	return w.Waiting(func() error {
		select {
		case <-w.Store.Hub().Moves(position):
		case <-w.nudge:
		case <-w.both.Ended():
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		return nil
	})
}

// until is how long nothing has to be done that time alone brings.
func (w *Sender) until() time.Duration {
	now := time.Now()
	d := time.Hour
	if w.passed {
		d = min(d, tellEvery-now.Sub(w.told))
	}
	if w.slot.behind() {
		d = min(d, saveEvery-now.Sub(w.saved))
	}
	if w.Timeout > 0 {
		w.mu.Lock()
		silent, asked := now.Sub(w.reply.heard), w.reply.asked
		w.mu.Unlock()
		if asked {
			d = min(d, w.Timeout-silent)
		} else {
			d = min(d, w.Timeout/2-silent)
		}
	}
	return max(d, time.Millisecond)
}

// progress is what pg_stat_replication shows.
func (w *Sender) progress() *analytics.Sender {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &analytics.Sender{
		Sent: uint64(LSNOf(w.sent)), Write: uint64(w.reply.write), Flush: uint64(w.reply.flush), Apply: uint64(w.reply.apply),
		Replied: unixTime(w.reply.sentAt),
	}
}

// postgresEpoch is 2000-01-01, from which PostgreSQL's times count, in µs since the Unix epoch.
const postgresEpoch = 946_684_800_000_000

func postgresTime(unix int64) int64 { return unix - postgresEpoch }

// unixTime is 0 for none.
func unixTime(postgres int64) int64 {
	if postgres == 0 {
		return 0
	}
	return postgres + postgresEpoch
}
