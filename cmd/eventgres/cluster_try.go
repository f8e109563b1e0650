package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

type clusterTryCommand struct {
	Data string `default:"cluster" help:"Directory of the three nodes; made if missing." type:"path"`
	Port int    `default:"5433" help:"Port of the first node; the others have the next two. Nodes reach each other ten above."`
}

// tried is a node that was started to try a cluster.
type tried struct {
	name, listen string
	command      *exec.Cmd
	ended        chan error
}

// Run starts three nodes on this machine, and waits until it is told to end or all of them have.
func (c *clusterTryCommand) Run() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	names := []string{"n1", "n2", "n3"}
	certificates := filepath.Join(c.Data, "certificates")
	if err := (&clusterCertificatesCommand{Out: certificates, Nodes: names, quiet: true}).Run(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	var members, hosts, ports []string
	for i, name := range names {
		members = append(members, name+"="+c.address(10+i))
		hosts, ports = append(hosts, "127.0.0.1"), append(ports, strconv.Itoa(c.Port+i))
	}
	var nodes []*tried
	for i, name := range names {
		n := &tried{name: name, listen: c.address(i), ended: make(chan error, 1)}
		arguments := []string{
			"serve", "--node", name, "--cluster", strings.Join(members, ","), "--data", filepath.Join(c.Data, name), "--listen", n.listen, "--sample",
			"--peer-cert", filepath.Join(certificates, name+".crt"), "--peer-key", filepath.Join(certificates, name+".key"),
			"--peer-ca", filepath.Join(certificates, "ca.crt"), "--log-format", "json",
		}
		if err := n.start(program, arguments, filepath.Join(c.Data, name+".log")); err != nil {
			endTried(nodes)
			return err
		}
		nodes = append(nodes, n)
	}
	defer endTried(nodes)
	dsn := fmt.Sprintf("host=%s port=%s user=postgres dbname=events target_session_attrs=read-write", strings.Join(hosts, ","), strings.Join(ports, ","))
	if err := awaitLeader(ctx, dsn, nodes); err != nil {
		return err
	}
	fmt.Println()
	for _, n := range nodes {
		fmt.Printf("    %s  %s  process %d, log %s\n", n.name, n.listen, n.command.Process.Pid, filepath.Join(c.Data, n.name+".log"))
	}
	fmt.Printf("\n    psql \"%s\"\n\nCtrl-C ends all of them.\n", dsn)
	return watchTried(ctx, nodes)
}

func (c *clusterTryCommand) address(n int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port+n))
}

// start starts a node whose log goes into a file.
func (n *tried) start(program string, arguments []string, log string) error {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	n.command = exec.Command(program, arguments...)
	n.command.Stdout, n.command.Stderr = out, out
	if err := n.command.Start(); err != nil {
		return err
	}
	go func() { n.ended <- n.command.Wait() }()
	return nil
}

// firstLeader is how long three nodes on one machine may take to found a cluster, elect a leader and load the sample.
const firstLeader = time.Minute

// awaitLeader waits until somebody takes appends.
func awaitLeader(ctx context.Context, dsn string, nodes []*tried) error {
	limit, cancel := context.WithTimeout(ctx, firstLeader)
	defer cancel()
	for {
		conn, err := pgconn.Connect(limit, dsn)
		if err == nil {
			return conn.Close(limit)
		}
		for _, n := range nodes {
			select {
			case err := <-n.ended:
				return fmt.Errorf("node %s has ended: %w; its log says why", n.name, errors.Join(err))
			default:
			}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-limit.Done():
			return fmt.Errorf("no node leads yet: %w", err)
		}
	}
}

// watchTried tells of nodes that end, until all have or it is told to end.
func watchTried(ctx context.Context, nodes []*tried) error {
	gone := make(chan *tried)
	for _, n := range nodes {
		go func() {
			err := <-n.ended
			n.ended <- err
			select {
			case gone <- n:
			case <-ctx.Done():
			}
		}()
	}
	for left := len(nodes); left > 0; left-- {
		select {
		case n := <-gone:
			fmt.Printf("%s has ended. Start it again in another terminal:\n\n    %s\n\n", n.name, strings.Join(n.command.Args, " "))
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// endTried ends the nodes that still run, and waits for them.
func endTried(nodes []*tried) {
	var all sync.WaitGroup
	for _, n := range nodes {
		all.Go(func() {
			_ = n.command.Process.Signal(syscall.SIGTERM)
			<-n.ended
		})
	}
	all.Wait()
}
