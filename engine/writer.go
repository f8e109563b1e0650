package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// requestState settles who has the request: a caller that gives up, or the writer.
type requestState struct{ v atomic.Int32 }

const (
	requestWaiting int32 = iota
	requestTaken
	requestCancelled
)

const (
	// queueLength bounds requests that wait; a caller beyond it waits in Append,
	// which is the back-pressure. It holds every connection of a default server.
	queueLength = 1024
	// A group is bounded so that the first of it does not wait long for the last,
	// and so that its buffer stays small. One append may exceed the bytes alone.
	maxGroupRequests = 1024
	maxGroupBytes    = 4 << 20
	// allocateChunk is reserved ahead of the log's end, so that most syncs need not
	// write the file's size: a third less time each on ext4.
	allocateChunk = 8 << 20
	// firstSegmentBytes ends a store's first segment early: its events are what the dictionary of the
	// next is made of.
	firstSegmentBytes = 256 << 10
	// maxSegmentEvents bounds a segment whose events are small: a start replays the newest segment, and
	// all of its events are indexed in memory.
	maxSegmentEvents = 1 << 20
)

// writer writes the log: its goroutine does, with what is in the queue, or a caller whose append
// would be the only one there.
type writer struct {
	log     *EventLog
	opts    *Options
	hub     *Hub
	queue   chan *AppendRequest
	stopped chan struct{}
	sendMu  sync.RWMutex // held for reading while sending to queue
	closed  bool         // under sendMu

	committing sync.Mutex   // held while a group is committed; guards what follows, save the next two and postponed
	waiting    atomic.Bool  // the goroutine waits to commit one: no caller may go first
	solo       atomic.Int32 // groups of one request since the last that was of more

	group     *group
	refusals  [maxGroupRequests]error // of the group being committed, by request
	rolling   bool                    // the next segment exists, this one's seal does not yet
	chain     uint32                  // of all frames so far
	end       int64                   // offset in the active segment where the log ends
	uncounted int64                   // bytes of it that do not count: the control state that it begins with
	fresh     bool                    // it has no append yet
	version   byte                    // of the format of segments that are begun; 0: that of a single node
	carry     bool                    // it has no control state of the log before yet
	allocated int64                   // size of its file
	poison    error
	building  sync.WaitGroup // index files being written, of one segment at most
	deriving  sync.WaitGroup // the goroutine that builds what is missing of them
	wanted    atomic.Int32   // how often that was asked for since it last was done
	stopping  chan struct{}  // closed when the store is
	health    atomic.Pointer[Health]
	postponed *AppendRequest // taken off the queue, to begin the next group
	counters  counters
	gate      func(ctx context.Context) error // of a node of a cluster: an error where it takes no appends
}

func (w *writer) active() *segment { return w.log.segments[len(w.log.segments)-1] }

// run is the writer's goroutine. It keeps to one thread: with a few clients that is quicker than
// threads that take turns.
func (w *writer) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread() // a thread that ends locked is thrown away
	defer close(w.stopped)
	requests := make([]*AppendRequest, 0, maxGroupRequests)
	for {
		var ok bool
		requests, ok = w.collect(requests[:0])
		if !ok {
			return
		}
		w.waiting.Store(true)
		w.committing.Lock()
		w.waiting.Store(false)
		w.commit(requests)
		w.committing.Unlock()
	}
}

// soloGroups groups of one in a row tell that nobody else appends at the same time.
const soloGroups = 16

// alone commits an append in the caller's goroutine and returns true, if no other is likely to come
// along and share its sync: handing it to the writer's goroutine and back takes a third as long as the
// append itself. Otherwise the request belongs into the queue.
func (w *writer) alone(r *AppendRequest) (done bool, err error) {
	if w.opts.WriterThread || r.After != nil || w.solo.Load() < soloGroups {
		return false, nil
	}
	if len(w.queue) > 0 || w.waiting.Load() {
		w.solo.Store(0) // somebody else appends
		return false, nil
	}
	w.sendMu.RLock() // close waits for it
	defer w.sendMu.RUnlock()
	if w.closed {
		return false, nil
	}
	if !w.committing.TryLock() {
		w.solo.Store(0)
		return false, nil
	}
	defer w.committing.Unlock()
	defer func() {
		if p := recover(); p != nil {
			// Half a commit: the process ends, as when the writer's goroutine panics, whatever the caller
			// recovers from.
			go panic(p)
			select {}
		}
	}()
	request := [1]*AppendRequest{r}
	w.commit(request[:])
	return true, <-r.done
}

// collect waits for a request and takes those that are there with it.
func (w *writer) collect(requests []*AppendRequest) ([]*AppendRequest, bool) {
	size := 0
	if w.postponed != nil {
		requests = append(requests, w.postponed)
		size, w.postponed = w.postponed.stored, nil
	} else {
		r, ok := <-w.queue
		if !ok {
			return requests, false
		}
		requests = append(requests, r)
		size = r.stored
	}
	limit := min(maxGroupBytes, int(w.opts.SegmentBytes)) // a group goes into one segment
	for len(requests) < maxGroupRequests && size < limit {
		select {
		case r, ok := <-w.queue:
			if !ok {
				return requests, true
			}
			if size += r.stored; size > limit {
				w.postponed = r
				return requests, true
			}
			requests = append(requests, r)
		default:
			return requests, true
		}
	}
	return requests, true
}

// commit makes the requests' appends durable, publishes them and answers.
func (w *writer) commit(requests []*AppendRequest) {
	size := int64(0)
	taken := requests[:0]
	for _, r := range requests {
		if r.state.v.CompareAndSwap(requestWaiting, requestTaken) {
			taken = append(taken, r)
			size += int64(r.stored)
		} else {
			r.failed = true
		}
	}
	if len(taken) == 0 {
		return
	}
	if len(taken) > 1 {
		w.solo.Store(0)
	} else if w.solo.Load() < soloGroups {
		w.solo.Add(1)
	}
	if err := w.prepare(size); err != nil {
		if errors.Is(err, ErrPoisoned) {
			err = &notTriedError{err}
		}
		w.counters.failures.Add(int64(len(taken)))
		for _, r := range taken {
			w.answer(r, err)
		}
		return
	}
	g := w.group
	g.reset(w.active(), uint32(w.end), w.carry)
	w.evaluate(taken)
	if failpoint(bugPublishEarly) {
		w.log.publish(g)
	}
	err := w.write(g)
	if failpoint(bugAckOnError) {
		err = nil
	}
	if err == nil && len(g.buf) > 0 && !failpoint(bugPublishEarly) {
		w.publish(g)
	}
	w.tell(taken, err)
}

// evaluate applies requests to the group, and notes which it refuses.
func (w *writer) evaluate(requests []*AppendRequest) {
	for i, r := range requests {
		if r.After != nil && r.After.failed {
			w.refusals[i] = ErrAfterFailed
		} else {
			w.refusals[i] = w.group.apply(r)
		}
		r.failed = w.refusals[i] != nil
	}
}

// tell answers the requests of a group that was written, or was not: err.
func (w *writer) tell(taken []*AppendRequest, err error) {
	if w.opts.Measure {
		w.counters.took(taken)
	}
	appended := 0
	for i := range taken {
		if refusal := w.refusals[i]; refusal == nil {
			appended++
		} else {
			w.counters.refused(refusal)
		}
	}
	if err == nil {
		w.counters.committed(w.group, appended)
	} else {
		w.counters.failures.Add(int64(appended))
	}
	for i, r := range taken {
		// A refusal may rest on an append of this group, so it too waits for the sync: who
		// is refused can read what refused him.
		outcome := err
		if err == nil {
			outcome = w.refusals[i]
		}
		w.answer(r, outcome)
	}
}

// publish makes a durable group visible, and those know that wait for it.
func (w *writer) publish(g *group) {
	w.log.publish(g)
	if len(g.events) > 0 {
		w.hub.publish(w.log.committed.Load())
	}
}

// answer tells a caller what became of its request, which is the caller's again then.
func (w *writer) answer(r *AppendRequest, err error) {
	r.failed, r.After = err != nil, nil // not to keep all that came before
	if err == nil && r.Then != nil {
		r.Then()
	}
	r.done <- err
}

// prepare makes sure that a group of at most size bytes can be written: the writer is
// sound, and the segment has room.
func (w *writer) prepare(size int64) error {
	if w.poison != nil {
		return w.poison
	}
	// A segment without an append takes anything.
	if w.fresh || !w.rolling && w.hasRoom(size) {
		return nil
	}
	return w.roll()
}

// hasRoom tells whether size more bytes go into the active segment.
func (w *writer) hasRoom(size int64) bool {
	seg, limit := w.active(), w.opts.SegmentBytes
	if seg.number == 1 {
		limit = min(limit, firstSegmentBytes)
	}
	return w.end-w.uncounted+size+sealSize <= limit && w.log.committed.Load()-seg.first < maxSegmentEvents &&
		seg.postings.Load().bytes() < maxPostingBytes
}

// write makes the group's frames durable.
func (w *writer) write(g *group) error {
	if len(g.buf) == 0 {
		return nil // nothing but duplicates
	}
	seg := g.seg
	if err := w.reserve(seg, &w.allocated, w.end+int64(len(g.buf))); err != nil {
		return w.ioError(err, false)
	}
	if n, err := seg.file.WriteAt(g.buf, w.end); err != nil && n == 0 && vfs.IsDenied(err) {
		return w.ioError(err, false)
	} else if err != nil {
		return w.undoWrite(seg, err)
	}
	if err := w.sync(seg); err != nil {
		return w.ioError(err, !failpoint(bugNotPoisoned))
	}
	for at := 0; at < len(g.buf); {
		w.chain = chainCRC(w.chain, g.buf[at:])
		at += int(le.Uint32(g.buf[at+4:]))
	}
	w.end += int64(len(g.buf))
	w.uncounted += g.carried
	w.fresh, w.carry = false, false
	w.become(StateOK, nil)
	return nil
}

// sync makes what was written to the active segment durable. It is tried once: what a failed one
// has marked clean no later one writes.
func (w *writer) sync(seg *segment) error {
	if failpoint(bugAckBeforeSync) {
		return nil
	}
	if w.opts.Measure {
		begin := time.Now()
		defer func() { w.counters.syncTimes.ObserveDuration(time.Since(begin)) }()
	}
	err := seg.file.SyncData()
	if err != nil && failpoint(bugRetrySync) {
		err = seg.file.SyncData()
	}
	return err
}

// reserve makes a segment's file, of which so many bytes are allocated, long enough to hold the log up to need.
func (w *writer) reserve(seg *segment, allocated *int64, need int64) error {
	if need <= *allocated {
		return nil
	}
	want := min((need+allocateChunk-1)/allocateChunk*allocateChunk, max(w.opts.SegmentBytes, need))
	err := seg.file.Allocate(*allocated, want-*allocated)
	if vfs.IsFull(err) && want > need {
		want = need
		err = seg.file.Allocate(*allocated, want-*allocated)
	}
	if err != nil {
		return err
	}
	*allocated = want
	return nil
}

// undoWrite takes back what a failed write left behind, durably: a frame that was
// refused must not be found after a crash.
func (w *writer) undoWrite(seg *segment, cause error) error {
	if !vfs.IsFull(cause) {
		return w.ioError(cause, true)
	}
	if failpoint(bugKeepRefused) {
		return w.ioError(cause, false)
	}
	err := seg.file.Truncate(w.end)
	if err == nil {
		err = seg.file.SyncData()
	}
	if err != nil {
		return w.ioError(errors.Join(cause, err), true)
	}
	w.allocated = w.end
	return w.ioError(cause, false)
}

// ioError turns a failure into what callers are told, and poisons the writer if what
// is on disk is no longer known.
func (w *writer) ioError(err error, poison bool) error {
	switch {
	case poison:
		w.poison = fmt.Errorf("%w (%w)", ErrPoisoned, err)
		w.become(StateFailed, err)
		return w.poison
	case vfs.IsFull(err):
		w.become(StateDiskFull, err)
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	case vfs.IsDenied(err):
		w.become(StateReadOnly, err)
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	w.become(StateFailing, err)
	return err
}

// WriterHandle sends appends to the writer. It may be used concurrently.
type WriterHandle struct{ w *writer }

// Append validates the request and makes it durable. It returns after the append is
// on stable storage and visible to readers, or with an error:
//
//   - *InvalidEventError, *TooLargeError: the request can never succeed;
//   - *VersionConflictError, *PositionMovedError: a condition does not hold; read
//     again and retry;
//   - *ControlConflictError: a key of the control state is at another version; likewise;
//   - *PremiseError: a premise does not hold;
//   - *VersionTakenError, *DuplicateEventError: it is there already;
//   - ErrDiskFull: retry later; ErrClosed; ErrPoisoned, ErrNotTried: see there;
//   - the context's error: it was cancelled before the writer took it.
//
// After every error but ErrPoisoned without ErrNotTried the append did not happen. It waits while the
// queue is full. Once the writer has taken the request its outcome is awaited, whatever
// becomes of ctx. A request whose Append was cancelled must not be used again, since
// it may still be in the queue; any other may.
func (h *WriterHandle) Append(ctx context.Context, r *AppendRequest) error {
	if err := h.pass(ctx); err != nil {
		return err
	}
	if err := h.admit(ctx, r); err != nil {
		return err
	}
	for r.rounds = 0; ; r.rounds++ {
		r.lookedAt, r.lookedBytes = 0, 0
		if err := h.catchUp(ctx, r); err != nil {
			return err
		}
		done, err := h.w.alone(r)
		if !done {
			err = h.w.outcome(ctx, r)
		}
		if p := r.panicked; p != nil {
			r.panicked = nil
			panic(p)
		}
		if err != errLookAgain {
			return err
		}
		r.state.v.Store(requestWaiting)
	}
}

// Start is the first part of Append: it returns when the request is in the queue, or with an error
// if it never will be. The appends of requests that one goroutine starts happen in that order. Premises are looked at once: where more comes meanwhile
// than the writer looks at, the append is refused.
func (h *WriterHandle) Start(ctx context.Context, r *AppendRequest) error {
	if err := h.pass(ctx); err != nil {
		return err
	}
	if err := h.admit(ctx, r); err != nil {
		return err
	}
	r.rounds, r.lookedAt, r.lookedBytes = 0, 0, 0
	if err := h.catchUp(ctx, r); err != nil {
		return err
	}
	r.rounds = maxPremiseRounds // nobody looks once more
	return h.w.send(ctx, r)
}

// pass asks a node of a cluster whether it takes appends.
func (h *WriterHandle) pass(ctx context.Context) error {
	if h.w.gate == nil {
		return nil
	}
	return h.w.gate(ctx)
}

// Wait is the second part of Append, for a request that was started.
func (h *WriterHandle) Wait(ctx context.Context, r *AppendRequest) error { return h.w.wait(ctx, r) }

// Poll tells without waiting what became of a request that was started; done is false as long as nothing has.
func (h *WriterHandle) Poll(r *AppendRequest) (done bool, err error) {
	select {
	case err := <-r.done:
		return true, err
	default:
		return false, nil
	}
}

// outcome queues a request and awaits what becomes of it. Once the writer has taken it, ctx no
// longer matters.
func (w *writer) outcome(ctx context.Context, r *AppendRequest) error {
	if err := w.send(ctx, r); err != nil {
		return err
	}
	return w.wait(ctx, r)
}

func (w *writer) wait(ctx context.Context, r *AppendRequest) error {
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		if r.state.v.CompareAndSwap(requestWaiting, requestCancelled) {
			return ctx.Err()
		}
		return <-r.done
	}
}

// admit does what can be done before the writer: checks that need no order, and the
// search of the history for ids.
func (h *WriterHandle) admit(ctx context.Context, r *AppendRequest) error {
	limits := h.w.opts.Limits
	if len(r.Events) > maxAppendEvents {
		return &TooLargeError{What: "append (events)", Size: int64(len(r.Events)), Limit: maxAppendEvents}
	}
	size, inherited := 0, 0 // bytes; the latter of names that events may take from their streams
	given := false
	r.timed, r.raised = false, nil
	now := time.Now()
	r.began = now
	id := reserveIDs(len(r.Events), now)
	for i := range r.Events {
		e := &r.Events[i]
		if err := e.Validate(limits); err != nil {
			var invalid *InvalidEventError
			if errors.As(err, &invalid) {
				invalid.Event = i
			}
			return err
		}
		// An id that is made here cannot be in the log yet. From the next time on the same
		// event is a retry.
		e.generatedID = e.EventID == (uuid.UUID{})
		if e.generatedID {
			e.EventID = eventID(id + int64(i))
		}
		size += e.StoredSize()
		if e.Stream == "" {
			inherited += limits.NameBytes
		}
		given = given || !e.generatedID
		r.timed = r.timed || e.Timed
	}
	if size > limits.AppendBytes {
		return &TooLargeError{What: "append", Size: int64(size), Limit: int64(limits.AppendBytes)}
	}
	r.stored = frameHeaderSize + 1 + size + inherited
	if len(r.Control) > 0 {
		size, err := checkChanges(r.Control)
		if err != nil {
			return err
		}
		r.stored += size
	}
	r.setKeys(h.w.log.hash)
	if r.ProposedAt == 0 {
		r.ProposedAt = now.UnixMicro()
	}
	if given {
		if err := h.searchHistory(ctx, r); err != nil {
			return err
		}
	}
	if r.done == nil {
		r.done = make(chan error, 1)
	}
	r.state.v.Store(requestWaiting)
	return ctx.Err()
}

func (h *WriterHandle) searchHistory(ctx context.Context, r *AppendRequest) error {
	log := h.w.log
	r.checkedTo = log.committed.Load()
	r.known = r.known[:0]
	for i := range r.Events {
		position := int64(-1)
		if !r.Events[i].generatedID {
			var err error
			if position, err = log.findEvent(r.Events[i].EventID, r.NewSince); err != nil {
				return err
			}
			if i%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
		}
		r.known = append(r.known, position)
	}
	return nil
}

func (w *writer) send(ctx context.Context, r *AppendRequest) error {
	w.sendMu.RLock()
	defer w.sendMu.RUnlock()
	if w.closed {
		return ErrClosed
	}
	select {
	case w.queue <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// closeQueue refuses new requests.
func (w *writer) closeQueue() {
	w.sendMu.Lock()
	defer w.sendMu.Unlock()
	if !w.closed {
		w.closed = true
		close(w.queue)
		close(w.stopping)
	}
}

// close refuses new requests, finishes those in the queue and waits.
func (w *writer) close() {
	w.closeQueue()
	<-w.stopped
	w.building.Wait()
	w.deriving.Wait()
}
