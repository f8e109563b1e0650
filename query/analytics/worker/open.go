//go:build cgo

package worker

import (
	"sync"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Bounds of the portals that are open: begun, and not yet read to their end. Each keeps a connection of the
// engine's with a query that waits, and what of its rows is made and not read.
const (
	// maxOpenSession is more than any client was seen to keep.
	maxOpenSession = 100
	// maxOpen is two for each of the sessions that a server takes if it is not told otherwise.
	maxOpen = 400
	// What waits in them may be a part of the engine's memory that leaves others room to run, in a session and
	// in all. The only portal of its session may hold more than the one, the only one of all more than either.
	heldSessionPart, heldPart = 4, 2
	// chunksHeld is how many chunks a portal holds that waits: the one that is read, the one after it, and the
	// one that is being made.
	chunksHeld = 3
)

// openPortals counts portals that are open and the bytes that wait in them, of a session or of all.
type openPortals struct {
	mu    sync.Mutex
	count int
	held  int64
}

// openAll are the portals of all sessions, which share one engine.
var openAll openPortals

// engineMemory is what the engine may allocate, as boundMemory was told.
var engineMemory int64 = 1 << 40

// open counts a portal of a session's that begins.
func (o *openPortals) open() error {
	openAll.mu.Lock()
	defer openAll.mu.Unlock()
	if o.count >= maxOpenSession {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "too many open cursors").
			WithDetail("A session may have %d analytical queries open at the same time.", maxOpenSession).
			WithHint("Close cursors and portals, or read them to their end.")
	}
	if openAll.count >= maxOpen {
		return pgerror.Errorf(pgerror.OutOfMemory, "out of memory").
			WithDetail("All sessions together may have %d analytical queries open at the same time.", maxOpen)
	}
	o.count++
	openAll.count++
	return nil
}

// hold counts what waits in a portal, where it was before.
func (o *openPortals) hold(before, now int64) error {
	openAll.mu.Lock()
	defer openAll.mu.Unlock()
	o.held += now - before
	openAll.held += now - before
	if now > before && (o.held > engineMemory/heldSessionPart && o.count > 1 || openAll.held > engineMemory/heldPart && openAll.count > 1) {
		return pgerror.Errorf(pgerror.OutOfMemory, "out of memory").
			WithDetail("The rows that wait in open cursors take more than %d MB in this session, or %d MB in all.", engineMemory/heldSessionPart>>20, engineMemory/heldPart>>20).
			WithHint("Close cursors and portals, or read them to their end.")
	}
	return nil
}

// close forgets a portal and what waited in it.
func (o *openPortals) close(held int64) {
	openAll.mu.Lock()
	defer openAll.mu.Unlock()
	o.count--
	openAll.count--
	o.held -= held
	openAll.held -= held
}
