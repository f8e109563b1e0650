//go:build linux

package faults

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/crash/history"
	"github.com/eventgres/eventgres/integration/harness"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgproto3"
)

// A program is a client that is a process, so that it can be stopped.
type program struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said bytes.Buffer
}

func start(t *testing.T, name string, args ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(name, args...)}
	p.cmd.Stderr = &p.said
	p.cmd.WaitDelay = patience
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // it may still be stopped; the test has waited otherwise
	return p
}

func (p *program) stop(t *testing.T) { p.signal(t, syscall.SIGSTOP) }
func (p *program) goOn(t *testing.T) { p.signal(t, syscall.SIGCONT) }

func (p *program) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// others append while a client is stopped: each append is answered.
func others(t *testing.T, j *journal, clients []*client, each int) {
	t.Helper()
	before, started := j.count(acknowledged), time.Now()
	run(t, clients, each)
	if n, want := j.count(acknowledged)-before, each*len(clients); n != want {
		t.Errorf("%d of %d appends were acknowledged beside a stopped client", n, want)
	}
	t.Logf("%d appends beside a stopped client in %v", each*len(clients), time.Since(started).Round(time.Millisecond))
}

// A reader is stopped in the middle of a large result, of which more is left
// than the sockets hold. The others append; the reader gets all of what was
// there when it began, and a server may be shut down meanwhile.
func TestStoppedReader(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics", "--shutdown-grace", "1s"))
	j := newJournal()
	run(t, j.connect(t, server, 4, 150_000), 25) // 22 MB
	j.onlyAnswers(t)
	there := j.events()
	clients := j.connect(t, server, 4, 100)

	export := start(t, harness.Binary(t), "export", "--url", server.URL())
	if _, err := export.out.ReadByte(); err != nil {
		t.Fatalf("the first event: %v\n%s", err, export.said.String())
	}
	export.stop(t)
	others(t, j, clients, 50)
	j.sees(t, server)
	export.goOn(t)
	all, err := io.ReadAll(export.out)
	if err != nil {
		t.Error(err)
	}
	lines := bytes.Count(all, []byte("\n"))
	if err := export.cmd.Wait(); err != nil || lines < there {
		t.Errorf("export: %v, %d events, want %d\n%s", err, lines, there, export.said.String())
	}

	// One that never goes on does not keep the server from ending.
	export = start(t, harness.Binary(t), "export", "--url", server.URL())
	if _, err := export.out.ReadByte(); err != nil {
		t.Fatal(err)
	}
	export.stop(t)
	if status := server.Stop(); status != 0 {
		t.Errorf("exit status %d after SIGTERM with a stopped client", status)
	}
	server.Restart()
	j.judge(t, server)
}

// An importer is stopped in the middle of its events.
func TestStoppedImporter(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
	j := newJournal()
	clients := j.connect(t, server, 4, 100)
	importer := start(t, harness.Binary(t), "import", "--url", server.URL(), "-")
	written := make(chan error, 1)
	var imported []history.Attempt
	for range 30_000 {
		imported = append(imported, history.Attempt{Sent: j.now(), Events: []history.Proposed{{
			ID: uuid.New(), Stream: "imported", Type: "Tried", Expected: history.AnyVersion,
			Payload: fmt.Sprintf(`{"pad":"%0800d"}`, len(imported)),
		}}})
	}
	go func() {
		lines := json.NewEncoder(importer.in)
		for _, a := range imported {
			e := a.Events[0]
			if err := lines.Encode(map[string]any{
				"event_id": e.ID, "stream": e.Stream, "type": e.Type, "payload": json.RawMessage(e.Payload),
			}); err != nil {
				written <- err
				return
			}
		}
		written <- importer.in.Close()
	}()
	conn := connect(t, server)
	eventually(t, "some events are imported", func() bool {
		var n int
		err := conn.QueryRow(t.Context(), "SELECT count(*) FROM events WHERE stream = 'imported'").Scan(&n)
		return err == nil && n > 0
	})
	importer.stop(t)
	select {
	case <-written:
		t.Fatal("all was written before it was stopped: give it more")
	default:
	}
	others(t, j, clients, 50)
	importer.goOn(t)
	if err := <-written; err != nil {
		t.Error(err)
	}
	if err := importer.cmd.Wait(); err != nil {
		t.Errorf("import: %v\n%s", err, importer.said.String())
	}
	for _, a := range imported {
		a.Outcome, a.Answered = history.Acknowledged, j.now()
		j.add(a, acknowledged)
	}
	j.sees(t, server)
}

// A client is stopped with an open transaction. Others append to the stream
// that it has staged an event for. It may commit afterwards, unless it was told
// a version that is taken meanwhile.
func TestStoppedTransaction(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
	j := newJournal()
	clients := j.connect(t, server, 4, 100)
	for _, pinned := range []bool{false, true} {
		a := history.Attempt{Sent: j.now(), Events: []history.Proposed{{
			ID: uuid.New(), Stream: "shared", Type: "Tried", Payload: `{}`, Expected: history.AnyVersion,
		}}}
		psql := start(t, harness.Need(t, "psql"), "-XqAt", server.URL())
		returning := ""
		if pinned {
			returning = "RETURNING version"
		}
		fmt.Fprintf(psql.in, "BEGIN; INSERT INTO events (event_id, stream, type, payload) VALUES ('%s', 'shared', 'Tried', '{}') %s;\n\\echo staged\n",
			a.Events[0].ID, returning)
		for line := ""; line != "staged\n"; {
			var err error
			if line, err = psql.out.ReadString('\n'); err != nil {
				t.Fatalf("psql: %v\n%s", err, psql.said.String())
			}
		}
		psql.stop(t)
		others(t, j, clients, 50)
		psql.goOn(t)
		fmt.Fprintln(psql.in, "COMMIT;\n\\echo :SQLSTATE")
		psql.in.Close()
		answer, err := psql.out.ReadString('\n')
		if err != nil {
			t.Fatalf("psql: %v\n%s", err, psql.said.String())
		}
		_ = psql.cmd.Wait() // its status is that of the last command, which \echo has told
		a.Answered = j.now()
		want := acknowledged + "\n"
		if pinned {
			want = "40001\n"
		} else {
			a.Outcome = history.Acknowledged
		}
		if answer != want {
			t.Errorf("COMMIT, pinned %v: %q, want %q", pinned, answer, want)
		}
		j.add(a, answer[:len(answer)-1])
		j.sees(t, server)
	}
}

// A client sends its statement one byte at a time, each after an append of
// somebody else, and stops before the last one.
func TestSlowSender(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
	j := newJournal()
	c := j.connect(t, server, 1, 0)[0]
	slow, err := net.DialTimeout("tcp", server.Address(), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	startup, err := (&pgproto3.StartupMessage{
		ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "slow", "database": "events"},
	}).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	a := history.Attempt{Sent: j.now(), Events: []history.Proposed{{
		ID: uuid.New(), Stream: "shared", Type: "Tried", Payload: `{}`, Expected: history.AnyVersion,
	}}}
	query, err := (&pgproto3.Query{String: fmt.Sprintf(
		"INSERT INTO events (event_id, stream, type, payload) VALUES ('%s', 'shared', 'Tried', '{}')", a.Events[0].ID,
	)}).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	message := append(startup, query...)
	for i := range message[:len(message)-1] {
		if _, err := slow.Write(message[i : i+1]); err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
		if code := c.append(t); code != acknowledged {
			t.Fatalf("append beside the slow client: %s", code)
		}
	}
	j.sees(t, server) // nothing of the statement, which is not complete
	if err := slow.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Write(message[len(message)-1:]); err != nil {
		t.Fatal(err)
	}
	for front, ready := pgproto3.NewFrontend(slow, slow), 0; ready < 2; {
		switch m, err := front.Receive(); m := m.(type) {
		case nil:
			t.Fatal(err)
		case *pgproto3.ErrorResponse:
			t.Fatalf("%s %s", m.Code, m.Message)
		case *pgproto3.ReadyForQuery:
			ready++
		}
	}
	a.Outcome, a.Answered = history.Acknowledged, j.now()
	j.add(a, acknowledged)
	j.sees(t, server)
}
