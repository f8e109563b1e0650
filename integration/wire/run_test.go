package wire

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// mostMessages bounds what is read in one step.
const mostMessages = 1 << 20

// A run is one conversation with one target.
type run struct {
	script  *script
	talk    *conversation
	target  *target
	record  *recorder // nil unless rewriting
	conns   map[string]*conn
	order   []string // names in conns, as they were made
	current string
	vars    variables
	stopped bool
}

func converse(s *script, talk *conversation, to *target, record *recorder) error {
	r := &run{
		script: s, talk: talk, target: to, record: record, conns: map[string]*conn{},
		vars: variables{"user": to.user, "database": to.database},
	}
	defer r.hangUp()
	for _, step := range talk.steps {
		if err := r.step(step); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", s.path, step.line, step.verb, err)
		}
	}
	return r.end()
}

func (r *run) step(s *step) error {
	if len(r.conns) == 0 && s.verb != "connect" && s.verb != "dial" {
		if err := r.connect(nil); err != nil {
			return err
		}
	}
	switch s.verb {
	case "connect":
		return r.connect(s.args)
	case "dial":
		_, err := r.dial(name(s.args))
		return err
	case "use":
		return r.use(name(s.args))
	case "close":
		return r.drop()
	case "send":
		return r.send(s)
	case "until", "receive":
		return r.receive(s)
	case "byte":
		return r.byte(s.args)
	case "cancel":
		return r.cancel(name(s.args))
	case "stop":
		r.stopped = true
		return r.target.stop()
	}
	return errors.New("unknown verb")
}

func name(args []string) string {
	if len(args) == 0 {
		return "main"
	}
	return args[0]
}

func (r *run) dial(name string) (*conn, error) {
	if _, taken := r.conns[name]; taken {
		return nil, fmt.Errorf("connection %s is there already", name)
	}
	c, err := dial(r.target.address)
	if err != nil {
		return nil, err
	}
	r.conns[name] = c
	r.order = append(r.order, name)
	r.current = name
	return c, nil
}

func (r *run) use(name string) error {
	if _, ok := r.conns[name]; !ok {
		return fmt.Errorf("no connection %s", name)
	}
	r.current = name
	return nil
}

func (r *run) drop() error {
	err := r.conns[r.current].Close()
	r.forget(r.current)
	return err
}

func (r *run) forget(name string) {
	r.conns[name].Close()
	delete(r.conns, name)
	r.order = slices.DeleteFunc(r.order, func(s string) bool { return s == name })
}

func (r *run) send(s *step) error {
	var out []byte
	lines, args, err := times(s.of(r.target.name), s.args)
	if err != nil {
		return err
	}
	for _, l := range lines {
		payload, err := r.vars.expand(l.payload)
		if err != nil {
			return fmt.Errorf("line %d: %w", l.line, err)
		}
		data, err := encode(l.kind, payload)
		if err != nil {
			return fmt.Errorf("line %d: %w", l.line, err)
		}
		out = append(out, data...)
	}
	c, err := r.connection()
	if err != nil {
		return err
	}
	size, err := pieces(args, len(out))
	if err != nil {
		return err
	}
	for piece := range slices.Chunk(out, size) {
		if err := c.write(piece); err != nil {
			return err
		}
	}
	return nil
}

// times repeats the lines of a step that says `times N`.
func times(lines []bodyLine, args []string) ([]bodyLine, []string, error) {
	if len(args) < 2 || args[0] != "times" {
		return lines, args, nil
	}
	n, err := strconv.Atoi(args[1])
	return slices.Repeat(lines, max(n, 0)), args[2:], err
}

// pieces is how much is written at once.
func pieces(args []string, all int) (int, error) {
	if len(args) == 0 {
		return max(all, 1), nil
	}
	if len(args) != 2 || args[0] != "by" {
		return 0, errors.New("write `send by BYTES`")
	}
	size, err := strconv.Atoi(args[1])
	return max(size, 1), err
}

// connection is the one that the step is about.
func (r *run) connection() (*conn, error) {
	c, ok := r.conns[r.current]
	if !ok {
		return nil, fmt.Errorf("connection %s is closed", r.current)
	}
	return c, nil
}

func (r *run) receive(s *step) error {
	lines, args, err := times(s.of(r.target.name), s.args)
	if err != nil {
		return err
	}
	kinds, ignoring := cutArgs(args, "ignoring")
	compared, err := newComparison(lines, r.vars)
	if err != nil {
		return err
	}
	enough := func(message) bool { return len(compared.all) >= len(lines) }
	if s.verb == "until" {
		enough = stopAt(kinds)
	}
	failed := r.read(compared, enough, ignoring)
	compared.finish()
	if compared.err == nil && failed == nil {
		r.vars = compared.vars
		return nil
	}
	if r.record != nil && failed == nil {
		r.vars = compared.vars
		return r.record.replace(s, compared)
	}
	if failed != nil {
		return fmt.Errorf("%w\n%w", failed, compared.report())
	}
	return compared.report()
}

// read takes messages until enough have come, or the server has gone.
func (r *run) read(compared *comparison, enough func(message) bool, ignoring []string) error {
	c, err := r.connection()
	if err != nil {
		return err
	}
	for m := (message{}); !enough(m); {
		wait := patience
		if compared.err != nil && r.record == nil {
			wait = impatience
		}
		if m, err = c.read(wait); err != nil {
			return err
		}
		if m.kind == "ReadyForQuery" {
			c.started = true
		}
		if !slices.Contains(ignoring, m.kind) {
			compared.add(m)
		}
		if m.kind == "EOF" {
			r.forget(r.current)
			return nil
		}
		if len(compared.all) > mostMessages {
			return fmt.Errorf("more than %d messages", mostMessages)
		}
	}
	return nil
}

// stopAt says when messages of these kinds have come, in this order, ignored
// ones too.
func stopAt(kinds []string) func(message) bool {
	return func(m message) bool {
		if len(kinds) > 0 && m.kind == kinds[0] {
			kinds = kinds[1:]
		}
		return len(kinds) == 0
	}
}

func cutArgs(args []string, at string) (before, after []string) {
	i := slices.Index(args, at)
	if i < 0 {
		return args, nil
	}
	return args[:i], args[i+1:]
}

func (r *run) byte(args []string) error {
	c, err := r.connection()
	if err != nil {
		return err
	}
	got, err := c.readByte()
	if err != nil {
		return err
	}
	if len(args) != 1 || args[0] != string(rune(got)) {
		return fmt.Errorf("want %q, got %q", args, got)
	}
	return nil
}

// end terminates the connections, which must have nothing more to say.
func (r *run) end() error {
	for _, name := range r.order {
		c := r.conns[name]
		if !c.started || r.stopped {
			continue
		}
		data, err := encode("Terminate", "")
		if err != nil {
			return err
		}
		if err := c.write(data); err != nil {
			return err
		}
		m, err := c.read(patience)
		if err == nil && m != eof {
			err = fmt.Errorf("%v was left to read", m)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: after Terminate on %s: %w", r.script.path, r.talk.line, name, err)
		}
	}
	if r.stopped {
		r.target.stopped()
	}
	return nil
}

func (r *run) hangUp() {
	for _, c := range r.conns {
		c.Close()
	}
}
