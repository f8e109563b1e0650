package pgwire

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// pushHandler makes sessions that push what is put into them: those of a query that begins with b open a transaction, which e ends.
type pushHandler struct{ made chan *pushSession }

func (h pushHandler) Connect(_ context.Context, c *Conn) (Session, error) {
	c.SetParameter("client_encoding", "UTF8")
	s := &pushSession{c: c, status: 'I'}
	h.made <- s
	return s, nil
}

type pushSession struct {
	echoSession
	c      *Conn
	status byte

	mu    sync.Mutex
	queue []string
	fail  error
}

func (s *pushSession) Status() byte { return s.status }

func (s *pushSession) Parse(_ context.Context, sql string) ([]Query, error) {
	switch sql[0] {
	case 'b':
		s.status = 'T'
	case 'e':
		s.status = 'I'
	case 'i':
		s.c.IdleTimeout = time.Second
	}
	s.c.Listens(sql[0] != 'u')
	return []Query{echoQuery(sql)}, nil
}

func (s *pushSession) Push(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, payload := range s.queue {
		if err := s.c.Notification(7, "channel", payload); err != nil {
			return err
		}
	}
	s.queue = nil
	return s.fail
}

func (s *pushSession) put(payload string) {
	s.mu.Lock()
	s.queue = append(s.queue, payload)
	s.mu.Unlock()
	s.c.Wake()
}

// pushed starts a server and a client that listens, encrypted or not.
func pushed(t *testing.T, encrypted bool) (*client, *pushSession) {
	t.Helper()
	h := pushHandler{made: make(chan *pushSession, 1)}
	s := &Server{Handler: h}
	var config *tls.Config
	if encrypted {
		a := newAuthority(t)
		a.sign("localhost")
		s.TLS = a.load("localhost")
		config = &tls.Config{RootCAs: a.pool, ServerName: "localhost"}
	}
	addr, served := listen(t, s)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		<-served
	})
	c := dial(t, addr)
	if encrypted {
		var err error
		if c, err = c.secure(config); err != nil {
			t.Fatal(err)
		}
	}
	c.send(startup(protocol30, "user", "u"))
	c.until('Z')
	session := <-h.made
	c.send(frame('Q', "listen\x00"))
	c.until('Z')
	return c, session
}

// payload reads a notification.
func (c *client) payload() string {
	c.t.Helper()
	body, all := c.until('A')
	if all != "A" {
		c.t.Fatalf("where a notification was to come: %s", all)
	}
	var m pgproto3.NotificationResponse
	if err := m.Decode(body); err != nil {
		c.t.Fatal(err)
	}
	return fmt.Sprintf("%d %s %s", m.PID, m.Channel, m.Payload)
}

func bothWays(t *testing.T, f func(t *testing.T, encrypted bool)) {
	for _, encrypted := range []bool{false, true} {
		t.Run(fmt.Sprintf("encrypted=%t", encrypted), func(t *testing.T) { f(t, encrypted) })
	}
}

// TestPush: a client that says nothing is told at once; one in a transaction behind it, before ReadyForQuery; one that has begun a message
// when that has been answered.
func TestPush(t *testing.T) {
	bothWays(t, func(t *testing.T, encrypted bool) {
		c, s := pushed(t, encrypted)
		for i := range 100 {
			s.put(fmt.Sprint(i))
			if got, want := c.payload(), fmt.Sprintf("7 channel %d", i); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
		c.send(frame('Q', "begin\x00"))
		c.until('Z')
		s.put("later")
		c.send(frame('Q', "still\x00"))
		if _, all := c.until('Z'); all != "TDDDCZ" {
			t.Errorf("in a transaction: %s", all)
		}
		c.send(frame('Q', "end\x00"))
		if _, all := c.until('Z'); all != "TDDDCAZ" {
			t.Errorf("at its end: %s", all)
		}
		query := frame('Q', "half of it\x00")
		s.await(t, true)
		c.send(query[:3])
		s.await(t, false)
		s.put("not within a message")
		c.send(query[3:])
		if _, all := c.until('Z'); all != "TDDDCAZ" {
			t.Errorf("within a message: %s", all)
		}
		// Extended: only behind Sync.
		c.send(frame('P', "\x00x\x00\x00\x00") + frame('H', ""))
		c.until('1')
		s.put("behind Sync")
		c.send(frame('B', "\x00\x00\x00\x00\x00\x00\x00\x00") + frame('E', "\x00\x00\x00\x00\x00") + frame('S', ""))
		if _, all := c.until('Z'); all != "2DDDCAZ" {
			t.Errorf("before Sync: %s", all)
		}
		c.send(frame('Q', "unlisten\x00"))
		c.until('Z')
		s.put("nobody listens")
		c.send(frame('Q', "x\x00"))
		if _, all := c.until('Z'); all != "TDDDCAZ" { // x does
			t.Errorf("who listens again: %s", all)
		}
	})
}

// await waits until the connection waits for a message's first byte, or does no more.
func (s *pushSession) await(t *testing.T, silent bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		s.c.mu.Lock()
		is := s.c.silent
		s.c.mu.Unlock()
		if is == silent {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("silent is %t", is)
		}
		runtime.Gosched() // nothing else tells
	}
}

// TestPushWhileBusy: notifications that come at any moment neither break a message nor get lost, encrypted or not, whatever pieces the client
// sends its messages in.
func TestPushWhileBusy(t *testing.T) {
	bothWays(t, func(t *testing.T, encrypted bool) {
		c, s := pushed(t, encrypted)
		const notifications, queries = 3000, 300
		heard := make(chan int, notifications)
		go func() {
			rnd := rand.New(rand.NewPCG(1, 2))
			for i := range notifications {
				s.put(fmt.Sprint(i))
				if rnd.IntN(20) == 0 { // so that some come while it is silent
					for <-heard < i {
					}
				}
			}
		}()
		go func() {
			rnd := rand.New(rand.NewPCG(3, 4))
			for i := range queries {
				b := frame('Q', fmt.Sprint(i)+strings.Repeat("x", rnd.IntN(100))+"\x00")
				for len(b) > 0 {
					n := min(len(b), 1+rnd.IntN(20))
					if _, err := c.Write([]byte(b[:n])); err != nil {
						return // the reader tells
					}
					b = b[n:]
				}
			}
		}()
		told, answered := 0, 0
		for told < notifications || answered < queries {
			header := make([]byte, 5)
			c.read(header)
			body := make([]byte, pgvalue.Be.Uint32(header[1:])-4)
			c.read(body)
			switch header[0] {
			case 'A':
				if want := fmt.Sprintf("channel\x00%d\x00", told); string(body[4:]) != want {
					t.Fatalf("got %q, want %q", body[4:], want)
				}
				heard <- told
				told++
			case 'Z':
				answered++
			case 'E':
				t.Fatalf("%q", body)
			}
		}
	})
}

func (c *client) read(b []byte) {
	c.t.Helper()
	for n := 0; n < len(b); {
		k, err := c.Read(b[n:])
		if err != nil {
			c.t.Fatal(err)
		}
		n += k
	}
}

// TestPushIdle: what is pushed does not make a client less idle.
func TestPushIdle(t *testing.T) {
	bothWays(t, func(t *testing.T, encrypted bool) {
		c, s := pushed(t, encrypted)
		c.send(frame('Q', "idle\x00"))
		c.until('Z')
		began, told := time.Now(), 0
		for time.Since(began) < patience {
			s.put("x") // and as soon as it is there the next
			header := make([]byte, 5)
			c.read(header)
			body := make([]byte, pgvalue.Be.Uint32(header[1:])-4)
			c.read(body)
			if header[0] == 'A' {
				told++
				continue
			}
			if took := time.Since(began); !strings.Contains(string(body), "57P05") || took < time.Second/2 || told == 0 {
				t.Errorf("%c %q after %s, %d notifications", header[0], body, took, told)
			}
			return
		}
		t.Error("it is never idle")
	})
}

// TestPushEnds: an error of Push, and End, end the connection.
func TestPushEnds(t *testing.T) {
	c, s := pushed(t, false)
	s.mu.Lock()
	s.fail = pgerror.Errorf(pgerror.InsufficientPrivilege, "no more")
	s.mu.Unlock()
	s.put("x")
	if _, all := c.until('E'); all != "AE(FATAL 42501 no more)" {
		t.Error(all)
	}
	c, s = pushed(t, false)
	s.c.End(&pgerror.Error{Severity: "FATAL", Code: pgerror.OutOfMemory, Message: "too much"})
	s.c.Terminate()
	s.put("x")
	if _, all := c.until('E'); strings.TrimPrefix(all, "A") != "E(FATAL 53200 too much)" {
		t.Error(all)
	}
}
