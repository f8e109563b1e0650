package wire

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// connect is an ordinary start-up, which other scripts look at in detail.
func (r *run) connect(args []string) error {
	eventually := len(args) > 0 && args[0] == "eventually"
	if eventually {
		args = args[1:]
	}
	name := "main"
	if len(args) > 0 && !strings.Contains(args[0], "=") {
		name, args = args[0], args[1:]
	}
	parameters := [][2]string{{"user", r.target.user}, {"database", r.target.database}}
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		parameters = append(parameters, [2]string{key, value})
	}
	for deadline := time.Now().Add(patience); ; {
		err := r.start(name, parameters)
		var refused *refusal
		if !eventually || !errors.As(err, &refused) || refused.code != "53300" || time.Now().After(deadline) {
			return err
		}
		r.forget(name)
		time.Sleep(5 * time.Millisecond) // between attempts; nothing tells when a place is free
	}
}

// A refusal is an error in reply to a start-up.
type refusal struct {
	code string
	text string
}

func (e *refusal) Error() string { return "refused: " + e.text }

func (r *run) start(name string, parameters [][2]string) error {
	c, err := r.dial(name)
	if err != nil {
		return err
	}
	const version30 = 3 << 16
	if err := c.write(startup(version30, parameters)); err != nil {
		return err
	}
	for {
		m, err := c.read(patience)
		if err != nil {
			return err
		}
		switch m.kind {
		case "ErrorResponse":
			code, _ := textOf(m.value.(map[string]any)["Code"])
			return &refusal{code, m.String()}
		case "EOF":
			return errors.New("closed during the start-up")
		case "BackendKeyData":
			key := m.value.(map[string]any)
			r.vars[name+".pid"], _ = textOf(key["Pid"])
			r.vars[name+".key"], _ = textOf(key["Key"])
		case "ReadyForQuery":
			c.started = true
			return nil
		}
	}
}

// cancel sends requests until the connection has an answer: one that comes
// before the query has begun is lost, as it should be.
func (r *run) cancel(name string) error {
	c, ok := r.conns[name]
	if !ok {
		return fmt.Errorf("no connection %s", name)
	}
	request, err := encodeCancel(fmt.Sprintf(`{"Pid":%q,"Key":%q}`, r.vars[name+".pid"], r.vars[name+".key"]))
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if err := r.cancelOnce(request); err != nil {
			return err
		}
		answered, err := c.answered(20 * time.Millisecond)
		if answered || err != nil {
			return err
		}
	}
	return errors.New("nothing was cancelled")
}

// cancelOnce must be answered by nothing but the end.
func (r *run) cancelOnce(request []byte) error {
	c, err := dial(r.target.address)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.write(request); err != nil {
		return err
	}
	m, err := c.read(patience)
	if err == nil && m != eof {
		err = fmt.Errorf("a cancel request was answered by %v", m)
	}
	return err
}
