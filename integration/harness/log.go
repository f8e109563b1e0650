package harness

import (
	"bytes"
	"regexp"
	"sync"
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
}

func newLog() *log { return &log{listening: make(chan string, 1)} }

var listeningLine = regexp.MustCompile(`msg=listening\b.*\baddress="?(127\.0\.0\.1:[0-9]+)`)

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if extra := len(l.text) - logKept; extra > logKept {
		l.text = append([]byte(nil), l.text[extra:]...)
	}
	l.scan(p)
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
