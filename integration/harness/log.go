package harness

import (
	"bytes"
	"regexp"
	"sync"
	"time"
)

// logKept bounds what is remembered of a server's log, in bytes: a server that
// complains in a loop must not exhaust the test process.
const logKept = 1 << 20

// A log takes a server's standard error and waits for the line in it that says
// where the server listens.
type log struct {
	mu        sync.Mutex
	text      []byte
	line      []byte
	listening chan string // the address, sent once
	heard     bool
	grown     chan struct{} // closed when there is more text
}

func newLog() *log { return &log{listening: make(chan string, 1), grown: make(chan struct{})} }

var listeningLine = regexp.MustCompile(`msg=listening\b.*\baddress="?((?:127\.0\.0\.1|\[::\]):[0-9]+)`)

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if extra := len(l.text) - logKept; extra > logKept {
		l.text = append([]byte(nil), l.text[extra:]...)
	}
	l.scan(p)
	close(l.grown)
	l.grown = make(chan struct{})
	return len(p), nil
}

func (l *log) scan(p []byte) {
	if l.heard {
		return
	}
	l.line = append(l.line, p...)
	for {
		line, rest, found := bytes.Cut(l.line, []byte("\n"))
		if !found {
			return
		}
		l.line = rest
		if m := listeningLine.FindSubmatch(line); m != nil {
			l.heard, l.line = true, nil
			l.listening <- string(m[1])
			return
		}
	}
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// has waits until a text stands in the log, and tells whether it came in time.
func (l *log) has(text string, patience time.Duration) bool {
	late := time.After(patience)
	for {
		l.mu.Lock()
		found, grown := bytes.Contains(l.text, []byte(text)), l.grown
		l.mu.Unlock()
		if found {
			return true
		}
		select {
		case <-grown:
		case <-late:
			return false
		}
	}
}

// tail is the end of the log, in whole lines.
func (l *log) tail(size int) string {
	text := l.String()
	if len(text) <= size {
		return text
	}
	text = text[len(text)-size:]
	if i := bytes.IndexByte([]byte(text), '\n'); i >= 0 {
		text = text[i+1:]
	}
	return "…\n" + text
}
