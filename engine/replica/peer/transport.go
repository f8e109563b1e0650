package peer

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/eventgres/eventgres/engine/replica"
)

// Config says who a node is to the others.
type Config struct {
	Hello  Hello // Purpose and To are left out
	Listen string
	Files  Files
	Logger *slog.Logger
	// Names says whether a node of this name may speak with this one; nil: those that are known.
	Handler Handler
}

// Handler is what others ask of a node.
type Handler interface {
	// Answer answers a question with a value that is said in JSON, or with a file, of which size bytes are sent.
	Answer(ctx context.Context, from Hello, question Question) (value any, file io.ReadCloser, size int64, err error)
}

// Question is what a node asks of another.
type Question struct {
	What    string          `json:"what"`
	Segment uint32          `json:"segment,omitempty"`
	Body    json.RawMessage `json:"body,omitempty"`
}

// receiver gets what comes for a node that takes part.
type receiver interface {
	Receive(ctx context.Context, m *pb.Message) error
	Unreachable(id uint64)
	Applied() uint64
	Report() (next int64, syncP99 time.Duration)
}

const (
	// queued bounds the messages that wait to be sent to one node, queuedBytes their entries: what does not fit is dropped, and sent again when the
	// protocol notices.
	queued      = 512
	queuedBytes = 64 << 20
	// writing is how long a node may take to accept what is sent to it.
	writing = 10 * time.Second
	// connecting is how long a node may take to take a connection: a system asks again at growing intervals, which begin anew with each.
	connecting = 2 * time.Second
	// silence is how long what was sent may be unacknowledged.
	silence = 2 * time.Second
	// retry is how long a node that was not reached is left alone, at first and at last.
	retry, lastRetry = 50 * time.Millisecond, time.Second
	// reporting is how often a node tells others how far it is.
	reporting = time.Second
	// maxMessage bounds a message: an entry of the largest append.
	maxMessage = 1 << 30
)

// Transport reaches other nodes.
type Transport struct {
	config   Config
	identity *identity
	listener net.Listener
	ctx      context.Context
	stop     context.CancelFunc
	wg       sync.WaitGroup
	log      *slog.Logger

	mu       sync.Mutex
	receiver receiver
	hello    Hello
	links    map[string]*link // by name
	byID     map[uint64]*link
	peers    map[uint64]replica.Peer
	named    map[uint64]string // members, as the log names them
	gone     map[uint64]bool   // that were members
	left     map[string]bool   // names of members that were removed
	conns    map[net.Conn]struct{}
}

// link is the way to one node.
type link struct {
	name, address string
	id            uint64 // 0 before it was reached
	out           chan outgoing
	stop          context.CancelFunc

	mu    sync.Mutex
	bytes int
}

type outgoing struct {
	kind byte
	body []byte
}

const (
	kindMessage = 1
	kindReport  = 2
)

// report is what a node says of itself now and then.
type report struct {
	Applied uint64 `json:"applied"`
	Next    int64  `json:"next"`
	Sync    int64  `json:"sync"` // ns, the 99th percentile
	SQL     string `json:"sql"`
}

// Listen begins to be there for other nodes. Messages are dropped before Attach.
func Listen(c Config) (*Transport, error) {
	i, err := c.Files.load()
	if err != nil {
		return nil, err
	}
	if err := i.check(c.Hello.Name); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, err
	}
	t := &Transport{
		config: c, identity: i, listener: listener, log: c.Logger, hello: c.Hello,
		links: map[string]*link{}, byID: map[uint64]*link{}, peers: map[uint64]replica.Peer{}, gone: map[uint64]bool{}, left: map[string]bool{},
		conns: map[net.Conn]struct{}{},
	}
	t.hello.Formats = [2]int{Format, Format}
	t.ctx, t.stop = context.WithCancel(context.Background())
	t.wg.Go(t.accept)
	return t, nil
}

// Address is where other nodes reach this one.
func (t *Transport) Address() string { return t.listener.Addr().String() }

// SQL is where this node speaks to clients, as others are told.
func (t *Transport) SQL() string { return t.config.Hello.SQL }

// Attach has messages go to a node that takes part from now on.
func (t *Transport) Attach(r receiver, store string) {
	t.mu.Lock()
	t.receiver, t.hello.Store = r, store
	t.mu.Unlock()
	t.wg.Go(t.reports)
}

// Close closes all connections.
func (t *Transport) Close() error {
	t.stop()
	err := t.listener.Close()
	t.mu.Lock()
	for c := range t.conns {
		c.Close()
	}
	t.mu.Unlock()
	t.wg.Wait()
	return err
}

// track closes a connection with the transport; done forgets it.
func (t *Transport) track(c net.Conn) (done func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns[c] = struct{}{}
	if t.ctx.Err() != nil {
		c.Close()
	}
	return func() {
		t.mu.Lock()
		delete(t.conns, c)
		t.mu.Unlock()
		c.Close()
	}
}

// Reach has the transport reach these nodes, of which the log does not tell yet. What it tells may be older.
func (t *Transport) Reach(members []replica.Member) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range members {
		if m.Name != t.hello.Name && t.links[m.Name] == nil {
			t.reach(m)
		}
	}
}

// Know has the transport reach these nodes, and those no more that were among the members and are not. Others that it reaches it goes on with: the log may not
// have come to them yet.
func (t *Transport) Know(members []replica.Member) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(members) == 0 {
		return // nobody has written them down yet
	}
	named, names := map[uint64]string{}, map[string]bool{}
	for _, m := range members {
		names[m.Name] = true
		delete(t.left, m.Name)
		if m.ID != 0 {
			named[m.ID] = m.Name
			delete(t.gone, m.ID)
		}
		if m.Name == t.hello.Name {
			continue
		}
		if l := t.links[m.Name]; l != nil {
			if l.address == m.Peer && (m.ID == 0 || l.id == 0 || l.id == m.ID) {
				continue
			}
			t.drop(l)
		}
		t.reach(m)
	}
	for id, name := range t.named {
		if _, still := named[id]; still {
			continue
		}
		t.gone[id] = true
		if !names[name] {
			t.left[name] = true
		}
		if l := t.links[name]; l != nil && !names[name] {
			t.drop(l)
		}
	}
	t.named = named
}

// reach begins to reach a node. mu is held.
func (t *Transport) reach(m replica.Member) {
	l := &link{name: m.Name, address: m.Peer, out: make(chan outgoing, queued)}
	ctx, stop := context.WithCancel(t.ctx)
	l.stop = stop
	t.links[m.Name] = l
	t.wg.Go(func() { t.keep(ctx, l) })
}

// drop gives a link up. mu is held.
func (t *Transport) drop(l *link) {
	l.stop()
	delete(t.links, l.name)
	if t.byID[l.id] == l {
		delete(t.byID, l.id)
		delete(t.peers, l.id)
	}
}

// Peers says what is known of other nodes.
func (t *Transport) Peers() map[uint64]replica.Peer {
	t.mu.Lock()
	defer t.mu.Unlock()
	peers := make(map[uint64]replica.Peer, len(t.peers))
	for id, p := range t.peers {
		peers[id] = p
	}
	return peers
}

// Send sends messages, or drops them.
func (t *Transport) Send(messages []*pb.Message) {
	for _, m := range messages {
		t.mu.Lock()
		l, r := t.byID[m.GetTo()], t.receiver
		t.mu.Unlock()
		if l == nil {
			continue
		}
		body, err := proto.Marshal(m)
		if err != nil {
			t.log.Error("a message cannot be written", "error", err)
			continue
		}
		if !l.put(outgoing{kindMessage, body}) && r != nil {
			go r.Unreachable(m.GetTo())
		}
	}
}

// put queues what is to be sent.
func (l *link) put(o outgoing) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bytes > 0 && l.bytes+len(o.body) > queuedBytes {
		return false
	}
	select {
	case l.out <- o:
		l.bytes += len(o.body)
		return true
	default:
		return false
	}
}

func (l *link) took(o outgoing) {
	l.mu.Lock()
	l.bytes -= len(o.body)
	l.mu.Unlock()
}

// dial reaches a node and meets it.
func (t *Transport) dial(ctx context.Context, name, address, purpose string) (*tls.Conn, *bufio.Reader, Hello, error) {
	dialer := net.Dialer{Timeout: connecting}
	raw, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, nil, Hello{}, err
	}
	unanswered(raw, silence)
	config := t.identity.client(name)
	if name == "" {
		config = t.identity.anybody()
	}
	conn := tls.Client(raw, config)
	t.mu.Lock()
	mine := t.hello
	t.mu.Unlock()
	mine.Purpose, mine.To = purpose, name
	r, theirs, err := meet(conn, mine)
	switch {
	case err != nil:
	case name == "":
		err = conn.ConnectionState().PeerCertificates[0].VerifyHostname(theirs.Name)
	case theirs.Name != name:
		err = fmt.Errorf("%s is %q and not %q", address, theirs.Name, name)
	}
	if err != nil {
		conn.Close()
		return nil, nil, theirs, err
	}
	return conn, r, theirs, nil
}

// keep keeps a connection to a node, and sends what is queued.
func (t *Transport) keep(ctx context.Context, l *link) {
	pause, told := retry, false
	for ctx.Err() == nil {
		conn, _, theirs, err := t.dial(ctx, l.name, l.address, "messages")
		if err != nil {
			if !told && ctx.Err() == nil {
				t.log.Warn("a node is not reached", "node", l.name, "address", l.address, "error", err)
				told = true
			}
			l.empty()
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
			pause = min(2*pause, lastRetry)
			continue
		}
		if told {
			t.log.Info("a node is reached again", "node", l.name)
		}
		pause, told = retry, false
		done := t.track(conn)
		t.met(l, theirs)
		t.sendAll(ctx, l, conn)
		done()
	}
}

// empty drops what is queued for a node that is not reached.
func (l *link) empty() {
	for {
		select {
		case o := <-l.out:
			l.took(o)
		default:
			return
		}
	}
}

// met notes who was reached.
func (t *Transport) met(l *link, theirs Hello) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.links[l.name] != l {
		return
	}
	if l.id != 0 && l.id != theirs.Node {
		delete(t.byID, l.id)
		delete(t.peers, l.id)
	}
	l.id = theirs.Node
	t.byID[theirs.Node] = l
	p := t.peers[theirs.Node]
	p.Name, p.Peer, p.SQL, p.Heard = theirs.Name, l.address, theirs.SQL, time.Now()
	t.peers[theirs.Node] = p
}

// sendAll sends what is queued until the connection fails.
func (t *Transport) sendAll(ctx context.Context, l *link, conn net.Conn) {
	w := bufio.NewWriterSize(conn, 256<<10)
	gone := make(chan struct{})
	go func() { // nothing comes on it but its end
		var b [1]byte
		_, _ = conn.Read(b[:])
		close(gone)
	}()
	for {
		select {
		case o := <-l.out:
			l.took(o)
			var head [5]byte
			head[0] = o.kind
			binary.BigEndian.PutUint32(head[1:], uint32(len(o.body)))
			_ = conn.SetWriteDeadline(time.Now().Add(writing))
			_, err := w.Write(head[:])
			if err == nil {
				_, err = w.Write(o.body)
			}
			if err == nil && len(l.out) == 0 {
				err = w.Flush()
			}
			if err != nil {
				return
			}
		case <-gone:
			return
		case <-ctx.Done():
			return
		}
	}
}

// reports tells others now and then how far this node is.
func (t *Transport) reports() {
	tick := time.NewTicker(reporting)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-t.ctx.Done():
			return
		}
		t.mu.Lock()
		r, sql := t.receiver, t.hello.SQL
		links := make([]*link, 0, len(t.byID))
		for _, l := range t.byID {
			links = append(links, l)
		}
		t.mu.Unlock()
		next, sync := r.Report()
		body, err := json.Marshal(report{r.Applied(), next, int64(sync), sql})
		if err != nil {
			continue
		}
		for _, l := range links {
			l.put(outgoing{kindReport, body})
		}
	}
}
