package begin

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/engine/replica"
	"github.com/eventgres/eventgres/engine/replica/peer"
)

// Config says how a node begins.
type Config struct {
	Dir     string
	Options engine.Options
	Name    string           // of this node
	Cluster []replica.Member // of a cluster that is to be founded, this node among them; empty where it is to join one
	Join    string           // address of a node of the cluster to join; empty where it is not to
	Peer    peer.Config
	Logger  *slog.Logger
}

// Member is a directory that has become a member's.
type Member struct {
	config    Config
	transport *peer.Transport

	mu     sync.Mutex
	ballot engine.Ballot
	driver *replica.Driver // once it runs
}

// asking is how long a node waits before it asks again those that were not ready.
const asking = 200 * time.Millisecond

// state is what a node says of its directory.
type state struct {
	Node    uint64   `json:"node"`
	Name    string   `json:"name"`
	Member  bool     `json:"member"`
	Cluster []string `json:"cluster"` // names that it was started with
	Founded *founded `json:"founded"` // for those that belong to it
}

// founded is what the members of a cluster have in common.
type founded struct {
	Store  string             `json:"store"` // text of the file STORE
	Base   engine.ReplicaBase `json:"base"`
	Voters []uint64           `json:"voters"`
}

// joining is what a node that joins is told.
type joining struct {
	founded
	Sealed  uint32           `json:"sealed"`
	Members []replica.Member `json:"members"`
}

// Run makes a directory a member's, if it is none yet, and starts to take part. It waits for the other nodes as long as that takes.
func Run(ctx context.Context, c Config, election, wait time.Duration) (*replica.Driver, error) {
	m := &Member{config: c}
	if err := m.readBallot(); err != nil {
		return nil, err
	}
	c.Peer.Hello.Node, c.Peer.Hello.Name, c.Peer.Handler = m.ballot.Node, c.Name, m
	m.config.Peer = c.Peer
	var err error
	if m.transport, err = peer.Listen(c.Peer); err != nil {
		return nil, err
	}
	if m.ballot.Base.Segment == 0 {
		if c.Join != "" {
			err = m.join(ctx)
		} else {
			err = m.found(ctx)
		}
		if err != nil {
			return nil, errors.Join(err, m.transport.Close())
		}
	}
	if err := m.catchUp(ctx); err != nil {
		return nil, errors.Join(err, m.transport.Close())
	}
	return m.start(election, wait)
}

// start has the node take part.
func (m *Member) start(election, wait time.Duration) (*replica.Driver, error) {
	c := m.config
	o := c.Options
	o.Measure = true
	d, err := replica.Start(replica.Config{Dir: c.Dir, Options: o, Ballot: m.ballot, Logger: c.Logger}, election, wait, func(d *replica.Driver) (replica.Transport, error) {
		m.mu.Lock()
		m.driver = d
		m.mu.Unlock()
		m.transport.Attach(d, d.Store().ID().String())
		m.transport.Reach(c.Cluster)
		return m.transport, nil
	})
	if err != nil {
		return nil, errors.Join(err, m.transport.Close())
	}
	go m.enter(d)
	return d, nil
}

// enter writes the founders' names into the log, where this node leads first. It asks now and then, until all of them have been heard of.
func (m *Member) enter(d *replica.Driver) {
	ctx := d.Context()
	for {
		if d.Founded(m.ballot.Voters) {
			return
		}
		if d.Leading() {
			peers := d.Peers()
			peers[d.ID()] = replica.Peer{Name: d.Name(), Peer: m.config.Peer.Hello.Peer}
			var all []replica.Member
			for _, id := range m.ballot.Voters {
				if p, ok := peers[id]; ok {
					all = append(all, replica.Member{ID: id, Name: p.Name, Peer: p.Peer})
				}
			}
			if len(all) == len(m.ballot.Voters) {
				_ = d.Found(ctx, m.ballot.Voters, all) // again the next time, if it fails
			}
		}
		select {
		case <-time.After(asking):
		case <-ctx.Done():
			return
		}
	}
}

// Add has the node at an address, which has an empty directory and waits to join, become a learner. d leads.
func Add(ctx context.Context, d *replica.Driver, name, address string) error {
	t, ok := d.Transport().(*peer.Transport)
	if !ok {
		return errors.New("nodes are not reached")
	}
	member, err := who(ctx, t, name, address)
	if err != nil {
		return err
	}
	return d.Add(ctx, member)
}

// readBallot reads who this node is, or decides it.
func (m *Member) readBallot() error {
	c := &m.config
	var err error
	m.ballot, err = engine.ReadBallot(c.Options.FS, c.Dir)
	switch {
	case err == nil && m.ballot.Name != c.Name:
		return fmt.Errorf("%s is the directory of node %q and not of %q", c.Dir, m.ballot.Name, c.Name)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := notRecovering(c.Dir); err != nil {
		return err
	}
	holds, err := engine.HasStore(c.Options.FS, c.Dir)
	switch {
	case err != nil:
		return err
	case holds:
		return fmt.Errorf("%s holds the store of a single node: make it a cluster's first with: eventgres cluster init --data %s --node %s", c.Dir, c.Dir, c.Name)
	}
	if err := engine.MakePrivate(c.Options.FS, c.Dir); err != nil {
		return err
	}
	m.ballot = engine.Ballot{Node: newNode(), Name: c.Name}
	return m.ballot.Write(c.Options.FS, c.Dir)
}

// notRecovering refuses a directory that was to go on alone, and does not yet.
func notRecovering(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, engine.RaftFile+engine.OldRaft)); err != nil {
		return nil
	}
	return fmt.Errorf("%s was not recovered to the end: run eventgres cluster recover again", dir)
}

// newNode makes an id that no node ever had.
func newNode() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])>>1 | 1 // not 0, which is nobody
}

// found makes a cluster of empty nodes: when all of them are there and say that they are, the one with the lowest name makes the store, and the others copy what it
// began with.
func (m *Member) found(ctx context.Context) error {
	c := &m.config
	if len(c.Cluster) == 0 {
		return errors.New("an empty directory needs --cluster, to found one, or --join")
	}
	names := make([]string, 0, len(c.Cluster))
	for _, member := range c.Cluster {
		names = append(names, member.Name)
	}
	slices.Sort(names)
	if !slices.Contains(names, c.Name) {
		return fmt.Errorf("--cluster does not name this node, %q", c.Name)
	}
	told := ""
	for {
		voters, missing, err := m.askAll(ctx, names)
		if err != nil {
			return err
		}
		if m.member() {
			return nil
		}
		if missing == "" && c.Name == names[0] {
			return m.adopt(founded{Store: engine.NewIdentity(), Base: engine.ReplicaBase{Index: 1, Term: 1}, Voters: voters})
		}
		if missing != told && missing != "" {
			c.Logger.Info("waiting for the other nodes to found the cluster", "reason", missing)
			told = missing
		}
		select {
		case <-time.After(asking):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (m *Member) member() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ballot.Base.Segment != 0
}

// askAll asks the others what they are. missing says why there can be no cluster yet; an error that there can be none with this directory.
func (m *Member) askAll(ctx context.Context, names []string) (voters []uint64, missing string, err error) {
	c := &m.config
	voters = []uint64{m.ballot.Node}
	for _, other := range c.Cluster {
		if other.Name == c.Name {
			continue
		}
		var s state
		limit, cancel := context.WithTimeout(ctx, 2*time.Second)
		_, err := m.transport.Ask(limit, other.Name, other.Peer, peer.Question{What: "state"}, &s, nil)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil, "", ctx.Err()
		case err != nil:
			missing = fmt.Sprintf("%s is not reached: %v", other.Name, err)
		case s.Founded != nil && slices.Contains(s.Founded.Voters, m.ballot.Node):
			return nil, "", m.adopt(*s.Founded)
		case s.Member:
			return nil, "", fmt.Errorf("%s has a store already, of which this empty directory is no part: remove node %s from the cluster there and start this one with --join %s",
				other.Name, c.Name, other.Peer)
		case !slices.Equal(s.Cluster, names):
			missing = fmt.Sprintf("%s was started with --cluster of %s", other.Name, strings.Join(s.Cluster, ", "))
		default:
			voters = append(voters, s.Node)
		}
	}
	return voters, missing, nil
}

// adopt makes the directory a member's of what was founded, durably.
func (m *Member) adopt(f founded) error {
	c := &m.config
	if err := engine.SetIdentity(c.Options.FS, c.Dir, f.Store); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.ballot
	b.Base, b.Voters = f.Base, f.Voters
	var err error
	if b.Base.Segment, err = engine.BeginReplica(c.Dir, c.Options); err != nil {
		return err
	}
	if f.Base.Segment != 0 && f.Base.Segment != b.Base.Segment {
		return fmt.Errorf("the cluster began with segment %d, and this directory goes on with %d: it must join", f.Base.Segment, b.Base.Segment)
	}
	if err := b.Write(c.Options.FS, c.Dir); err != nil {
		return err
	}
	m.ballot = b
	return nil
}

// join copies what a running cluster has sealed.
func (m *Member) join(ctx context.Context) error {
	c := &m.config
	told := ""
	for {
		var j joining
		theirs, err := m.transport.Ask(ctx, "", c.Join, peer.Question{What: "join"}, &j, nil)
		if err == nil {
			if err = m.copy(ctx, theirs.Name, &j); err == nil {
				return nil
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err.Error() != told {
			told = err.Error()
			c.Logger.Info("waiting to join the cluster", "reason", told, "node", fmt.Sprintf("%016x", m.ballot.Node))
		}
		select {
		case <-time.After(asking):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// copy copies the sealed segments of a node.
func (m *Member) copy(ctx context.Context, from string, j *joining) error {
	c := &m.config
	if err := engine.SetIdentity(c.Options.FS, c.Dir, j.Store); err != nil {
		return err
	}
	last, header := j.Sealed, uint32(0)
	if j.Sealed < j.Base.Segment {
		last, header = j.Base.Segment, j.Base.Segment // the cluster has sealed none yet
	}
	for n := uint32(1); n <= last; n++ {
		if engine.HasSegment(c.Options.FS, c.Dir, n) {
			continue
		}
		if err := m.copySegment(ctx, from, c.Join, n, n == header); err != nil {
			return err
		}
		c.Logger.Info("copied a segment", "segment", n, "of", last)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.ballot
	b.Base, b.Voters = j.Base, j.Voters
	b.Base.Joined = j.Sealed
	if err := b.Write(c.Options.FS, c.Dir); err != nil {
		return err
	}
	m.ballot = b
	m.config.Cluster = j.Members
	return nil
}

func (m *Member) copySegment(ctx context.Context, from, address string, number uint32, header bool) error {
	err := engine.CopySegment(m.config.Options.FS, m.config.Dir, number, header, func(w io.Writer) error {
		q := peer.Question{What: "segment", Segment: number}
		if header {
			q.What = "header"
		}
		_, err := m.transport.Ask(ctx, from, address, q, nil, w)
		return err
	})
	if err != nil {
		return fmt.Errorf("copy segment %d: %w", number, err)
	}
	return nil
}

// reaching is how long a node that starts again looks for one that has sealed more than it has: without it entries come one by one.
const reaching = 3 * time.Second

// catchUp copies what others have sealed since this node last took part, if it is a segment behind at least. What it has of a segment that is not sealed here is
// a beginning of that, or was never committed.
func (m *Member) catchUp(ctx context.Context) error {
	c := &m.config
	mine, err := engine.Replaceable(c.Options.FS, c.Dir)
	if err != nil || mine < m.ballot.Base.Segment {
		return nil // what is wrong the opening will tell
	}
	store, err := engine.Identity(c.Options.FS, c.Dir)
	if err != nil {
		return nil
	}
	addresses := []string{c.Join}
	for _, other := range c.Cluster {
		if other.Name != c.Name {
			addresses = append(addresses, other.Peer)
		}
	}
	for _, address := range addresses {
		if address == "" {
			continue
		}
		var j joining
		limit, cancel := context.WithTimeout(ctx, reaching)
		theirs, err := m.transport.Ask(limit, "", address, peer.Question{What: "join"}, &j, nil)
		cancel()
		if err != nil || j.Store != store || j.Sealed < mine {
			continue
		}
		for n := mine; n <= j.Sealed; n++ {
			// Once it is there nothing comes behind it here, until an entry does.
			m.mu.Lock()
			m.ballot.Base.Joined = n
			err := m.ballot.Write(c.Options.FS, c.Dir)
			m.mu.Unlock()
			if err != nil {
				return err
			}
			if err := m.copySegment(ctx, theirs.Name, address, n, false); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				c.Logger.Warn("catching up by segments has ended; entries do the rest", "error", err)
				return nil
			}
			c.Logger.Info("copied a segment", "segment", n, "of", j.Sealed)
		}
		return nil
	}
	return nil
}

// Answer answers other nodes.
func (m *Member) Answer(_ context.Context, from peer.Hello, q peer.Question) (value any, file io.ReadCloser, size int64, err error) {
	m.mu.Lock()
	ballot, driver := m.ballot, m.driver
	m.mu.Unlock()
	switch q.What {
	case "state":
		value, err = m.state(from, ballot)
		return value, nil, 0, err
	case "join":
		value, err = m.joining(from, ballot, driver)
		return value, nil, 0, err
	case "segment", "header":
		if driver == nil || !known(driver, from) {
			return nil, nil, 0, fmt.Errorf("%q is no member", from.Name)
		}
		file, size, err = driver.Store().ReadSegment(q.Segment, q.What == "header")
		return nil, file, size, err
	}
	return nil, nil, 0, fmt.Errorf("%q is not understood", q.What)
}

// known tells whether a node is a member. Its id it only says; its name is that of its certificate.
func known(d *replica.Driver, from peer.Hello) bool {
	return slices.ContainsFunc(d.Members(), func(m replica.Member) bool { return m.ID == from.Node && m.Name == from.Name })
}

func (m *Member) state(from peer.Hello, b engine.Ballot) (any, error) {
	c := &m.config
	s := state{Node: b.Node, Name: b.Name, Member: b.Base.Segment != 0}
	for _, member := range c.Cluster {
		s.Cluster = append(s.Cluster, member.Name)
	}
	slices.Sort(s.Cluster)
	if !s.Member {
		return s, nil
	}
	// The id is only said; by its certificate it is one of those that this node was started with.
	if slices.Contains(b.Voters, from.Node) && slices.Contains(s.Cluster, from.Name) {
		text, err := engine.Identity(c.Options.FS, c.Dir)
		if err != nil {
			return nil, err
		}
		s.Founded = &founded{text, b.Base, b.Voters}
		s.Founded.Base.Joined = 0
	}
	return s, nil
}

func (m *Member) joining(from peer.Hello, b engine.Ballot, d *replica.Driver) (any, error) {
	if d == nil {
		return nil, errors.New("this node is no member itself yet")
	}
	if !known(d, from) {
		return nil, fmt.Errorf("%q is no member yet: at the leader, SELECT eventgres_cluster_add('%s', '%s')", from.Name, from.Name, from.Peer)
	}
	text, err := engine.Identity(m.config.Options.FS, m.config.Dir)
	if err != nil {
		return nil, err
	}
	j := joining{founded{text, b.Base, b.Voters}, d.Store().Sealed(), d.Members()}
	j.Base.Joined = 0
	return j, nil
}

// who asks a node at an address who it is.
func who(ctx context.Context, t *peer.Transport, name, address string) (replica.Member, error) {
	var s state
	if _, err := t.Ask(ctx, name, address, peer.Question{What: "state"}, &s, nil); err != nil {
		return replica.Member{}, err
	}
	if s.Member {
		return replica.Member{}, fmt.Errorf("%q is a member of a cluster already", name)
	}
	return replica.Member{ID: s.Node, Name: name, Peer: address}, nil
}

// Initialize makes a directory that a single node had the first member of a cluster. Its server is not running.
func Initialize(dir, name string, o engine.Options) error {
	if b, err := engine.ReadBallot(o.FS, dir); err == nil {
		return fmt.Errorf("%s is the directory of member %q already", dir, b.Name)
	}
	if err := notRecovering(dir); err != nil {
		return err
	}
	return initialize(dir, name, o)
}

func initialize(dir, name string, o engine.Options) error {
	holds, err := engine.HasStore(o.FS, dir)
	if err != nil {
		return err
	}
	if !holds {
		return fmt.Errorf("%s holds no store: empty nodes found a cluster by themselves, with --cluster", dir)
	}
	base := engine.ReplicaBase{Index: 1, Term: 1}
	if base.Segment, err = engine.BeginReplica(dir, o); err != nil {
		return err
	}
	node := newNode()
	b := engine.Ballot{Node: node, Name: name, Base: base, Voters: []uint64{node}}
	return b.Write(o.FS, dir)
}

// Recover makes a member that has lost most of the others the first of a cluster of its own. What the others had and this one has not is lost. Where it is
// interrupted it is to be run again.
func Recover(dir, name string, o engine.Options) error {
	raft := filepath.Join(dir, engine.RaftFile)
	if _, err := os.Stat(raft); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(raft+engine.OldRaft, raft); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	b, err := engine.ReadBallot(o.FS, dir)
	if err != nil {
		return err
	}
	if b.Name != name {
		return fmt.Errorf("%s is the directory of node %q and not of %q", dir, b.Name, name)
	}
	lock, err := engine.Lock(o.FS, dir) // nobody takes part with it now
	if err != nil {
		return err
	}
	err = os.Rename(raft, raft+engine.OldRaft)
	if err = errors.Join(err, lock.Close()); err != nil {
		return err
	}
	if err := initialize(dir, name, o); err != nil {
		return errors.Join(err, os.Rename(raft+engine.OldRaft, raft))
	}
	return nil
}
