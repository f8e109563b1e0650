package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// clusterURL is how the commands reach a cluster: a DSN may name several nodes, and the changes are for the one that leads.
type clusterURL struct {
	URL string `default:"postgres://127.0.0.1:5433/events" env:"EVENTGRES_URL" help:"A node, or several: host=a,b,c, or postgres://a,b,c/events."`
}

// do runs a function of the cluster's at its leader.
func (c *clusterURL) do(function string, arguments ...string) error {
	ctx, stop := interruptible()
	defer stop()
	config, err := pgconn.ParseConfig(c.URL)
	if err != nil {
		return err
	}
	config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	config.RuntimeParams["application_name"] = "eventgres cluster"
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer hangUp(conn)
	places, values := make([]string, len(arguments)), make([][]byte, len(arguments))
	for i, a := range arguments {
		places[i], values[i] = fmt.Sprintf("$%d", i+1), []byte(a)
	}
	result := conn.ExecParams(ctx, fmt.Sprintf("SELECT eventgres_cluster_%s(%s)", function, strings.Join(places, ", ")), values, nil, nil, nil).Read()
	return interrupted(ctx, result.Err)
}

type clusterStatusCommand struct {
	clusterURL `embed:""`
}

const statusColumns = "SELECT node, role, term, position, lag_events, sync_p99_ms, address, peer_address, damage FROM eventgres_cluster ORDER BY node"

func (c *clusterStatusCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	config, err := pgconn.ParseConfig(c.URL)
	if err != nil {
		return err
	}
	config.ValidateConnect = nil // any node tells, also where none leads
	config.RuntimeParams["application_name"] = "eventgres cluster"
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer hangUp(conn)
	limit, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	result := conn.ExecParams(limit, statusColumns, nil, nil, nil, nil).Read()
	if result.Err != nil {
		return interrupted(ctx, result.Err)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	names := make([]string, len(result.FieldDescriptions))
	for i, f := range result.FieldDescriptions {
		names[i] = f.Name
	}
	fmt.Fprintln(w, strings.Join(names, "\t"))
	for _, row := range result.Rows {
		fields := make([]string, len(row))
		for i, b := range row {
			fields[i] = string(b)
		}
		fmt.Fprintln(w, strings.Join(fields, "\t"))
	}
	return w.Flush()
}

type clusterAddCommand struct {
	clusterURL `embed:""`
	Node       string `arg:"" placeholder:"NAME=ADDRESS" help:"Name of the node, and its address for other nodes."`
}

func (c *clusterAddCommand) Run() error {
	name, address, ok := strings.Cut(c.Node, "=")
	if !ok {
		return fmt.Errorf("%q is not NAME=ADDRESS", c.Node)
	}
	if err := c.do("add", name, address); err != nil {
		return err
	}
	fmt.Printf("%s learns. Promote it when it has caught up.\n", name)
	return nil
}

type clusterPromoteCommand struct {
	clusterURL `embed:""`
	Node       string `arg:"" help:"Name of the node."`
}

func (c *clusterPromoteCommand) Run() error { return c.do("promote", c.Node) }

type clusterRemoveCommand struct {
	clusterURL `embed:""`
	Node       string `arg:"" help:"Name of the node."`
}

func (c *clusterRemoveCommand) Run() error { return c.do("remove", c.Node) }

type clusterTransferCommand struct {
	clusterURL `embed:""`
	Node       string `arg:"" help:"Name of the node that shall lead."`
}

func (c *clusterTransferCommand) Run() error { return c.do("transfer", c.Node) }
