package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/engine/replica"
	"github.com/eventgres/eventgres/engine/replica/begin"
	"github.com/eventgres/eventgres/engine/replica/peer"
	"github.com/eventgres/eventgres/query"
)

type clusterFlags struct {
	Node            string        `help:"Name of this node of a cluster; its certificate is for it."`
	Cluster         string        `placeholder:"NAME=ADDRESS,…" help:"Nodes of a cluster that empty directories found: name and address for other nodes of each, this one among them."`
	Join            string        `placeholder:"ADDRESS" help:"Address of a node whose cluster an empty directory joins, once it was added there."`
	PeerListen      string        `help:"TCP address for other nodes; default: that of this node in --cluster."`
	PeerAddress     string        `help:"Address at which other nodes reach this one; default: that of this node in --cluster, or of --peer-listen."`
	PeerCert        string        `help:"Certificate for other nodes, PEM, for the name of this node; with --peer-key and --peer-ca." type:"path"`
	PeerKey         string        `help:"Its key, PEM." type:"path"`
	PeerCA          string        `name:"peer-ca" help:"Certificates, PEM, of those who sign certificates of nodes." type:"path"`
	SQLAddress      string        `name:"advertise" help:"Address at which clients reach this node, which others tell them; default: that of --listen."`
	ElectionTimeout time.Duration `default:"1s" help:"Longest silence of a leader after which another is elected; half of it at least."`
	ClusterWait     time.Duration `default:"5s" help:"How long appends and reads wait for a leader, and for an outcome once theirs is gone."`
}

// member says whether the server is one of a cluster's.
func (f *clusterFlags) member() bool { return f.Node != "" }

func (f *clusterFlags) check() error {
	switch {
	case f.Node == "" && (f.Cluster != "" || f.Join != "" || f.PeerListen != ""):
		return errors.New("--cluster, --join and --peer-listen are for a node of a cluster: give it a name with --node")
	case f.Cluster != "" && f.Join != "":
		return errors.New("--cluster founds a cluster, --join joins one: give one of them")
	case f.Node == "" && (f.PeerAddress != "" || f.PeerCert != "" || f.PeerKey != "" || f.PeerCA != "" || f.SQLAddress != ""):
		return errors.New("--peer-address, --peer-cert, --peer-key, --peer-ca and --advertise are for a node of a cluster: give it a name with --node")
	case f.ElectionTimeout < 100*time.Millisecond:
		return errors.New("--election-timeout is at least 100ms")
	case f.ClusterWait < 0:
		return errors.New("--cluster-wait is not negative")
	}
	return nil
}

// nodes are those of --cluster.
func (f *clusterFlags) nodes() (members []replica.Member, err error) {
	if f.Cluster == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(f.Cluster, ",") {
		name, address, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || name == "" || address == "" {
			return nil, fmt.Errorf("--cluster: %q is not NAME=ADDRESS", part)
		}
		if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
			return nil, fmt.Errorf("--cluster: %q is not HOST:PORT", address)
		}
		if slices.ContainsFunc(members, func(m replica.Member) bool { return m.Name == name }) {
			return nil, fmt.Errorf("--cluster names %q twice", name)
		}
		members = append(members, replica.Member{Name: name, Peer: address})
	}
	return members, nil
}

// run starts the node; it waits for others where a cluster is founded or joined.
func (f *clusterFlags) run(ctx context.Context, dir, listen string, o engine.Options, logger *slog.Logger) (*replica.Driver, error) {
	members, err := f.nodes()
	if err != nil {
		return nil, err
	}
	address := f.PeerListen
	for _, m := range members {
		if m.Name == f.Node && address == "" {
			address = m.Peer
		}
	}
	if address == "" {
		return nil, errors.New("a node of a cluster needs --peer-listen, or its address in --cluster")
	}
	reached := f.PeerAddress
	for _, m := range members {
		if m.Name == f.Node && reached == "" {
			reached = m.Peer
		}
	}
	if reached == "" {
		reached = address
	}
	if err := reachable(reached); err != nil {
		return nil, fmt.Errorf("other nodes cannot reach this one: %w: give --peer-address", err)
	}
	sql := f.SQLAddress
	if sql == "" {
		if sql = listen; !strings.HasPrefix(listen, "/") && reachable(listen) != nil {
			logger.Warn("clients that are sent to this node cannot know where it is: give --advertise", "listen", listen)
		}
	}
	return begin.Run(ctx, begin.Config{
		Dir: dir, Options: o, Name: f.Node, Cluster: members, Join: f.Join, Logger: logger,
		Peer: peer.Config{
			Hello: peer.Hello{Peer: reached, SQL: sql}, Listen: address, Logger: logger,
			Files: peer.Files{Cert: f.PeerCert, Key: f.PeerKey, CA: f.PeerCA},
		},
	}, f.ElectionTimeout, f.ClusterWait)
}

// reachable checks that an address is one at which others can reach this machine, which that of all interfaces is not.
func reachable(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || port == "" || ip != nil && ip.IsUnspecified() {
		return fmt.Errorf("%s is no address of a machine", address)
	}
	return nil
}

// cluster is a driver as sessions see it.
type cluster struct{ *replica.Driver }

func (c cluster) Add(ctx context.Context, name, address string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return err
	}
	return begin.Add(ctx, c.Driver, name, address)
}

// unheard is after how long a silent node counts as unreachable.
const unheard = 5 * time.Second

// Nodes are those that the log names, as far as this one has heard of them.
func (c cluster) Nodes() []query.Node {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	status, peers := c.Status(), c.Peers()
	_, learners, err := c.Voters(ctx)
	if err != nil {
		return nil
	}
	index := c.Store().Index()
	mine := index.GlobalPosition() + 1
	nodes := make([]query.Node, 0, 3)
	newest := mine
	for _, p := range peers {
		newest = max(newest, p.Next)
	}
	for _, m := range c.Members() {
		n := query.Node{Name: m.Name, ID: m.ID, PeerAddress: m.Peer, Role: "follower", Term: status.Term}
		if m.ID == c.ID() {
			n.Self, n.Applied, n.Position, n.SyncP99 = true, c.Applied(), mine-1, c.Store().SyncP99()
			n.Address = c.SQL()
			if status.Failed != nil {
				n.Damage = status.Failed.Error()
			}
		} else {
			p, heard := peers[m.ID]
			n.Address, n.Applied, n.Position, n.SyncP99, n.LastContact = p.SQL, p.Applied, p.Next-1, p.SyncP99, p.Heard
			if !heard || time.Since(p.Heard) > unheard {
				n.Role = "unreachable"
			}
		}
		switch {
		case n.Role == "unreachable":
		case m.ID == status.Leader:
			n.Role = "leader"
		case slices.Contains(learners, m.ID):
			n.Role = "learner"
		}
		if n.LagEvents = newest - 1 - n.Position; n.LagEvents > 0 && n.Position+1 < mine {
			// As far as this node knows itself what the other lacks.
			if bytes, since, err := index.Behind(n.Position + 1); err == nil && since != 0 {
				n.LagBytes, n.LagSeconds = bytes, max(time.Since(time.UnixMicro(since)).Seconds(), 0)
			}
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// leads waits until the cluster has a leader, and tells whether this node is it.
func leads(ctx context.Context, node *replica.Driver) bool {
	for {
		changed := node.Changed()
		if s := node.Status(); s.Leading || s.Leader != 0 && s.Leader != node.ID() {
			return s.Leading
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

type clusterCommand struct {
	Init         clusterInitCommand         `cmd:"" help:"Make a directory that a single node had the first of a cluster."`
	Try          clusterTryCommand          `cmd:"" help:"Start three nodes on this machine, to try a cluster."`
	Status       clusterStatusCommand       `cmd:"" help:"Show the nodes of a cluster."`
	Add          clusterAddCommand          `cmd:"" help:"Have a node learn, which waits to join."`
	Promote      clusterPromoteCommand      `cmd:"" help:"Have a node that learns vote."`
	Remove       clusterRemoveCommand       `cmd:"" help:"Take a node out of the cluster."`
	Transfer     clusterTransferCommand     `cmd:"" help:"Hand the leadership to another node."`
	Certificates clusterCertificatesCommand `cmd:"" help:"Make certificates for the nodes of a cluster, and one that signs them."`
	Recover      clusterRecoverCommand      `cmd:"" help:"Go on alone with a node's directory, where most of the others are lost for ever."`
}

type clusterInitCommand struct {
	Data string `default:"data" help:"Data directory; its server is not running." type:"path"`
	Node string `required:"" help:"Name of the node."`
}

func (c *clusterInitCommand) Run() error {
	if err := begin.Initialize(c.Data, c.Node, engine.Options{}); err != nil {
		return err
	}
	fmt.Printf("%s is node %s of a cluster of one. Start it with --node %s and --peer-listen, and add others to it.\n", c.Data, c.Node, c.Node)
	return nil
}

type clusterRecoverCommand struct {
	Data string `default:"data" help:"Data directory of the node that goes on; its server is not running." type:"path"`
	Node string `required:"" help:"Name of the node."`
	Yes  bool   `help:"Do it: what only the lost nodes had is lost, and those that are left must join with empty directories."`
}

func (c *clusterRecoverCommand) Run() error {
	if !c.Yes {
		return errors.New("events that only the lost nodes had are lost by this, and the nodes that are left must join anew with empty directories: give --yes to do it")
	}
	if err := begin.Recover(c.Data, c.Node, engine.Options{}); err != nil {
		return err
	}
	fmt.Printf("%s is node %s of a cluster of one.\n", c.Data, c.Node)
	return nil
}
