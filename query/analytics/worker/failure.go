//go:build cgo

package worker

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/translate"
)

// What a function of ours fails with goes through DuckDB as a text. The text is a ticket, a
// number drawn at random, and the error itself is kept here: an error's words hold what a
// client wrote, and nothing of that is ever looked through for marks.
const (
	ticketMark   = "EVG#"
	ticketDigits = 16

	// maxTickets bounds the errors that wait. Threads of one statement fail together and one
	// error is reported, and the optimizer tries what it then leaves alone; the oldest go.
	maxTickets = 4096
)

type tickets struct {
	mu    sync.Mutex
	held  map[uint64]*pgerror.Error
	order [maxTickets]uint64
	next  int
}

var failures = tickets{held: map[uint64]*pgerror.Error{}}

// marked writes an error so that it survives DuckDB.
func marked(err error) error {
	var engine *duck.Error
	if errors.As(err, &engine) {
		err = duckError(err)
	}
	var e *pgerror.Error
	if errors.As(err, &e) {
		return errors.New(failures.put(e))
	}
	return err
}

func (t *tickets) put(e *pgerror.Error) string {
	n := rand.Uint64()
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.held, t.order[t.next])
	t.held[n], t.order[t.next] = e, n
	t.next = (t.next + 1) % maxTickets
	digits := strconv.FormatUint(n, 16)
	return ticketMark + strings.Repeat("0", ticketDigits-len(digits)) + digits
}

// failure returns the error of ours that a message of DuckDB's carries, nil if it carries
// none. Both forms stand at the message's very beginning, where DuckDB puts a client's text
// never.
func failure(message string) *pgerror.Error {
	if rest, ok := strings.CutPrefix(message, ticketMark); ok && len(rest) >= ticketDigits {
		n, err := strconv.ParseUint(rest[:ticketDigits], 16, 64)
		if err != nil {
			return nil
		}
		failures.mu.Lock()
		defer failures.mu.Unlock()
		if e := failures.held[n]; e != nil {
			own := *e
			return &own
		}
		return nil
	}
	if code, words, ok := translate.CutMarker(message); ok {
		return pgerror.Errorf(code, "%s", words)
	}
	return nil
}
