package peer

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/eventgres/eventgres/engine/replica"
)

const (
	// maxConnections bounds the connections of nodes that have shown who they are.
	maxConnections = 256
	// maxMeetings bounds those of one address that have not yet, and allMeetings those of all, who may have many addresses.
	maxMeetings = 16
	allMeetings = 256
)

// meetings counts the connections that have not shown yet whose they are, by address.
type meetings struct {
	mu   sync.Mutex
	all  int
	from map[string]int
}

// enter takes a place for an address, if there is one; leave gives it back.
func (m *meetings) enter(host string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.from[host] >= maxMeetings || m.all >= allMeetings {
		return false
	}
	m.all++
	m.from[host]++
	return true
}

func (m *meetings) leave(host string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all--
	if m.from[host]--; m.from[host] == 0 {
		delete(m.from, host)
	}
}

func (t *Transport) accept() {
	places := make(chan struct{}, maxConnections)
	m := &meetings{from: map[string]int{}}
	pause := time.Duration(0)
	for {
		raw, err := t.listener.Accept()
		switch {
		case err == nil:
			pause = 0
		case errors.Is(err, net.ErrClosed) || t.ctx.Err() != nil:
			return
		default: // such as too many open files, for a while
			if pause == 0 {
				t.log.Error("other nodes cannot reach this one", "error", err)
			}
			pause = min(max(2*pause, retry), lastRetry)
			select {
			case <-time.After(pause):
			case <-t.ctx.Done():
				return
			}
			continue
		}
		host, _, err := net.SplitHostPort(raw.RemoteAddr().String())
		if err != nil || !m.enter(host) {
			raw.Close()
			continue
		}
		conn := tls.Server(raw, t.identity.server())
		t.wg.Go(func() {
			defer t.track(conn)()
			r, theirs, err := greet(conn, t.admit)
			m.leave(host)
			if err == nil {
				select {
				case places <- struct{}{}:
					err = t.serve(conn, r, theirs)
					<-places
				default:
					err = errors.New("too many connections")
				}
			}
			if err != nil && t.ctx.Err() == nil && !errors.Is(err, io.EOF) {
				t.log.Debug("a connection of another node has ended", "from", host, "error", err)
			}
		})
	}
}

func (t *Transport) serve(conn *tls.Conn, r *bufio.Reader, theirs Hello) error {
	switch theirs.Purpose {
	case "messages":
		return t.receive(r, theirs)
	case "call":
		return t.answer(conn, r, theirs)
	}
	return fmt.Errorf("a connection for %q", theirs.Purpose)
}

// admit says whether this node speaks with one, and what it says of itself.
func (t *Transport) admit(theirs Hello) (Hello, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := t.hello
	switch {
	case theirs.To != mine.Name && (theirs.To != "" || theirs.Purpose != "call"):
		return mine, fmt.Errorf("this is %q and not %q", mine.Name, theirs.To)
	case theirs.Formats[0] > Format || theirs.Formats[1] < Format:
		return mine, fmt.Errorf("the log has format %d, which %q does not read", Format, theirs.Name)
	case theirs.Purpose == "messages" && mine.Store != "" && theirs.Store != mine.Store:
		return mine, fmt.Errorf("%q belongs to another store", theirs.Name)
	case t.another(theirs):
		return mine, fmt.Errorf("%q with the number %016x is no member", theirs.Name, theirs.Node)
	case theirs.Purpose != "messages" || t.links[theirs.Name] != nil:
	case t.receiver == nil:
		return mine, fmt.Errorf("%q takes no part yet", mine.Name)
	case t.left[theirs.Name] || theirs.Peer == "":
		return mine, fmt.Errorf("%q is no member", theirs.Name)
	default:
		// It became a member while this node was away, and may be the leader that brings the entry which says so: refused, it could never tell. It has
		// a certificate of the cluster's and the same store; a node that was removed cannot win an election, since others hear of a leader.
		t.reach(replica.Member{ID: theirs.Node, Name: theirs.Name, Peer: theirs.Peer})
	}
	return mine, nil
}

// another tells of a node that says it is a member which it is not: that has another name, which certificates are for, or was removed. A name may have
// another node by now, of which this one has not heard. mu is held.
func (t *Transport) another(theirs Hello) bool {
	name, named := t.named[theirs.Node]
	return theirs.Purpose == "messages" && (named && name != theirs.Name || t.gone[theirs.Node])
}

// receive hands messages over until the connection ends.
func (t *Transport) receive(r *bufio.Reader, theirs Hello) error {
	t.mu.Lock()
	mine := t.hello.Node
	t.mu.Unlock()
	for {
		var head [5]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return err
		}
		n := binary.BigEndian.Uint32(head[1:])
		if n > maxMessage {
			return fmt.Errorf("a message of %d bytes", n)
		}
		body := make([]byte, n)
		if _, err := io.ReadFull(r, body); err != nil {
			return err
		}
		t.mu.Lock()
		to := t.receiver
		t.mu.Unlock()
		switch {
		case to == nil: // it takes no part yet
		case head[0] == kindReport:
			if err := t.reported(theirs, body); err != nil {
				return err
			}
		case head[0] == kindMessage:
			m := new(pb.Message)
			if err := proto.Unmarshal(body, m); err != nil {
				return err
			}
			if m.GetFrom() != theirs.Node || m.GetTo() != mine {
				return fmt.Errorf("node %x sends as node %x, to node %x", theirs.Node, m.GetFrom(), m.GetTo())
			}
			if err := to.Receive(t.ctx, m); err != nil {
				return err
			}
		}
	}
}

func (t *Transport) reported(theirs Hello, body []byte) error {
	var said report
	if err := json.Unmarshal(body, &said); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.peers[theirs.Node]
	p.Name, p.SQL, p.Heard = theirs.Name, said.SQL, time.Now()
	p.Applied, p.Next, p.SyncP99 = said.Applied, said.Next, time.Duration(said.Sync)
	if l := t.links[theirs.Name]; l != nil {
		p.Peer = l.address
	}
	t.peers[theirs.Node] = p
	return nil
}

// reply is what comes before an answer.
type reply struct {
	Error string          `json:"error,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
	Size  int64           `json:"size,omitempty"` // bytes that follow
}

// answer answers questions until the connection ends.
func (t *Transport) answer(conn *tls.Conn, r *bufio.Reader, theirs Hello) error {
	for {
		var q Question
		if err := readText(r, &q); err != nil {
			return err
		}
		if err := t.answerOne(conn, q, theirs); err != nil {
			return err
		}
	}
}

func (t *Transport) answerOne(conn *tls.Conn, q Question, theirs Hello) error {
	value, file, size, err := t.config.Handler.Answer(t.ctx, theirs, q)
	if file != nil {
		defer file.Close()
	}
	var said reply
	if err == nil && value != nil {
		said.Value, err = json.Marshal(value)
	}
	if said.Size = size; err != nil {
		said = reply{Error: err.Error()}
	}
	if e := writeText(conn, said); e != nil || err != nil || file == nil {
		return e
	}
	_, err = io.CopyN(&slowly{conn}, file, size)
	return err
}

// slowly gives a connection its time for each write.
type slowly struct{ conn *tls.Conn }

func (w *slowly) Write(b []byte) (int, error) {
	_ = w.conn.SetWriteDeadline(time.Now().Add(writing))
	return w.conn.Write(b)
}

// answering is how long a node may take to answer, and then to send more of a file.
const answering = 10 * time.Second

// steadily gives a connection its time for each read.
type steadily struct {
	conn *tls.Conn
	r    io.Reader
}

func (s *steadily) Read(b []byte) (int, error) {
	_ = s.conn.SetReadDeadline(time.Now().Add(answering))
	return s.r.Read(b)
}

// Ask asks a node and returns its answer. If it is a file, it is written to w.
func (t *Transport) Ask(ctx context.Context, name, address string, q Question, value any, w io.Writer) (Hello, error) {
	conn, r, theirs, err := t.dial(ctx, name, address, "call")
	if err != nil {
		return theirs, err
	}
	defer t.track(conn)()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	_ = conn.SetDeadline(time.Now().Add(answering))
	if err := writeText(conn, q); err != nil {
		return theirs, err
	}
	var said reply
	if err := readText(r, &said); err != nil {
		return theirs, err
	}
	switch {
	case said.Error != "":
		return theirs, errors.New(said.Error)
	case said.Size > 0 && w == nil:
		return theirs, errors.New("a file where a word was expected")
	case said.Size > 0:
		if _, err := io.CopyN(w, &steadily{conn, r}, said.Size); err != nil {
			return theirs, err
		}
	}
	if value != nil && len(said.Value) > 0 {
		return theirs, json.Unmarshal(said.Value, value)
	}
	return theirs, nil
}

var _ replica.Transport = (*Transport)(nil)
