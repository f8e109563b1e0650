package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
	_ "time/tzdata" // time zones on machines that have none

	"github.com/alecthomas/kong"

	"github.com/eventgres/eventgres/cmd/eventgres/internal/config"
	"github.com/eventgres/eventgres/cmd/eventgres/internal/notify"
	"github.com/eventgres/eventgres/cmd/eventgres/internal/web"
	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/engine/replica"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query"
	"github.com/eventgres/eventgres/query/analytics"
)

// serveCommand has the flags of serve. To add one, add a field: its key in the file and its variable follow from it (package
// config says how, and which tags there are), and docs/configuration.md by `go test ./cmd/eventgres -run TestPage -rewrite`. A
// group of flags with code of its own is a struct in a file of its own, embedded, as tlsFlags is. A flag that has reload:"" is
// taken anew in reload.go.
type serveCommand struct {
	Config string `type:"path" default:"" placeholder:"FILE" file:"-" setting:"config_file" help:"File of settings, TOML; flags and variables beat it."`

	Data           string        `default:"data" setting:"data_directory" help:"Data directory; made if missing." type:"path"`
	Listen         string        `default:"127.0.0.1:5433" help:"TCP address; port 0 takes a free one."`
	Socket         string        `setting:"unix_socket_directories" help:"Directory for a Unix socket, as psql -h takes it." type:"path"`
	MaxConnections int           `default:"200" min:"1" setting:"max_connections" help:"Sessions at the same time."`
	SegmentBytes   int64         `default:"268435456" min:"1" help:"Size at which a segment of the log is sealed."`
	MaxEvent       int           `default:"1048576" min:"1" help:"Stored size of one event, bytes."`
	MaxAppend      int           `default:"16777216" min:"1" help:"Stored size of one atomic append, bytes."`
	MaxType        int           `default:"256" min:"1" help:"Length of an event type, bytes."`
	MaxName        int           `default:"512" min:"1" help:"Length of a stream name, bytes."`
	MaxMessage     int           `default:"67108864" min:"1" help:"Size of one protocol message, bytes."`
	ConnMemory     int64         `name:"max-connection-memory" default:"268435456" min:"1" help:"Memory that one connection may take for messages, statements, portals and appends not committed, bytes."`
	TotalMemory    int64         `name:"max-memory" default:"1073741824" min:"1" help:"Memory that all connections together may take for these, bytes."`
	ShutdownGrace  time.Duration `default:"10s" reload:"" help:"How long connections may take to end at shutdown."`
	LogFormat      string        `default:"text" enum:"text,json" help:"Format of the log: text or json."`
	Sample         bool          `help:"Load the sample if the store is empty."`
	NoAnalytics    bool          `help:"Run without the analytics worker."`
	WriterThread   bool          `hidden:"" help:"Write the log with one thread alone, for tests that inject faults into its system calls."`
	Unpacked       bool          `hidden:"" file:"-" env:"-" help:"Store events as they are, for tests that look for them in what is written."`
	WorkerMemory   int64         `default:"1073741824" min:"1" help:"Memory that the analytics worker's engine may use, bytes."`
	WorkerSpill    int64         `default:"17179869184" min:"1" help:"Disk that its queries may use when memory is not enough, bytes."`

	Log   logFlags        `embed:""`
	Stat  statisticsFlags `embed:""`
	Audit auditFlags      `embed:""`
	Door  doorFlags       `embed:""`
	TLS   tlsFlags        `embed:""`
	HTTP  httpFlags       `embed:""`

	Member clusterFlags `embed:""`
}

func (c *serveCommand) Run(ctx *kong.Context) error {
	settings, err := config.Take(ctx, c.Config)
	if err != nil {
		return err
	}
	logger := newLogger(c.LogFormat)
	manager := notify.FromEnvironment(logger)
	c.Door.takePassword()
	for _, message := range settings.Stray(os.Environ()) {
		logger.Warn(message)
	}
	watched, err := c.HTTP.listen(logger)
	if err != nil {
		return err
	}
	if watched != nil {
		defer watched.Close()
	}
	if err := c.Member.check(); err != nil {
		return err
	}
	begin := time.Now()
	store, node, err := c.open(watched != nil, logger)
	if err != nil {
		return err
	}
	index := store.Index()
	logger.Info("opened", "data", c.Data, "events", index.GlobalPosition()+1, "streams", index.StreamCount(),
		"took", time.Since(begin).Round(time.Millisecond))
	err = c.serve(store, node, watched, manager, settings, logger)
	closing := closeStore(store, node)
	logger.Info("closed", "data", c.Data)
	return errors.Join(err, closing)
}

// open opens the store, of a single node or as a member of a cluster; node is nil of the former.
func (c *serveCommand) open(measure bool, logger *slog.Logger) (*engine.Store, *replica.Driver, error) {
	options := engine.Options{
		Measure:      measure,
		SegmentBytes: c.SegmentBytes, WriterThread: c.WriterThread, Unpacked: c.Unpacked, Logger: logger,
		Limits: engine.Limits{EventBytes: c.MaxEvent, AppendBytes: c.MaxAppend, TypeBytes: c.MaxType, NameBytes: c.MaxName},
	}
	if !c.Member.member() {
		store, err := engine.Open(c.Data, options)
		return store, nil, err
	}
	// Until the cluster is there, a signal ends the waiting for it.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	node, err := c.Member.run(ctx, c.Data, c.Listen, options, logger)
	if err != nil {
		return nil, nil, err
	}
	return node.Store(), node, nil
}

func closeStore(store *engine.Store, node *replica.Driver) error {
	if node != nil {
		return node.Close()
	}
	return store.Close()
}

func newLogger(format string) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil))
}

func (c *serveCommand) serve(store *engine.Store, node *replica.Driver, watched *web.Server, manager *notify.Manager, settings *config.Settings, logger *slog.Logger) error {
	encryption, err := c.TLS.load(c.Data, c.Listen, logger)
	if err != nil {
		return err
	}
	door, err := c.Door.newDoor(store, node, encryption, c.Listen, logger)
	if err != nil {
		return err
	}
	listeners, err := c.listeners()
	if err != nil {
		return err
	}
	serving, served := context.WithCancel(context.Background())
	defer served()
	go keepHeapClose(serving)
	declare(settings)
	handler := newHandler(serving, store, node, logger)
	anew := c.reloader(handler, encryption, door, listeners, settings, logger)
	audited, err := c.Audit.use(handler, anew, logger)
	if err != nil {
		return err
	}
	defer audited.Close()
	handler.UseRoles(door.roles)
	handler.ShowDoor(door.show)
	worker, err := c.startWorker(store, logger)
	if err != nil {
		return err
	}
	if worker != nil {
		handler.UseWorker(worker)
		defer worker.Close()
	}
	server := c.server(handler, encryption, watchedDoor{door, audited}, logger)
	if watched != nil {
		handler.Measure()
		defer watched.Close() // before what it asks is gone
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- server.Serve(l) }()
	}
	if c.Sample && (node == nil || leads(serving, node)) {
		if err := loadSample(store, logger); err != nil {
			return err
		}
	}
	logListening(listeners, logger)
	if watched != nil {
		watched.Ready(web.Sources{Store: store, Server: server, Sessions: handler, Worker: worker, Data: c.Data})
	}
	c.greet(listeners)
	status := "listening on " + listeners[0].Addr().String()
	manager.Ready(status)
	err = untilEnd(signals, failed, logger, func() {
		manager.Reloading()
		anew.reload("signal", "SIGHUP")
		manager.Ready(status)
	})
	manager.Stopping()
	if watched != nil {
		watched.Stopping()
	}
	end(server, anew.shutdownGrace(), logger)
	return err
}

func newHandler(serving context.Context, store *engine.Store, node *replica.Driver, logger *slog.Logger) *query.Server {
	if node == nil {
		return query.NewServer(store, logger)
	}
	handler := query.NewMember(store, cluster{node}, logger)
	go handler.Attend(serving)
	return handler
}

// server is what clients speak to.
func (c *serveCommand) server(handler *query.Server, encryption *pgwire.TLS, door pgwire.Authenticator, logger *slog.Logger) *pgwire.Server {
	return &pgwire.Server{
		Handler: handler, MaxConnections: c.MaxConnections, TLS: encryption, Authenticator: door,
		MaxMessageBytes: c.MaxMessage, ConnectionMemory: c.ConnMemory, TotalMemory: c.TotalMemory, Logger: logger,
	}
}

func logListening(listeners []net.Listener, logger *slog.Logger) {
	for _, l := range listeners {
		logger.Info("listening", "address", l.Addr().String())
	}
}

// end ends the connections.
func end(server *pgwire.Server, grace time.Duration, logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if late := server.Shutdown(ctx); late != nil {
		logger.Warn("connections were cut", "reason", late)
	}
}

// untilEnd waits for a signal to end, or for a listener that has failed, and meanwhile reloads at SIGHUP.
func untilEnd(signals <-chan os.Signal, failed <-chan error, logger *slog.Logger, reload func()) error {
	for {
		select {
		case sig := <-signals:
			if sig == syscall.SIGHUP {
				reload()
				continue
			}
			logger.Info("shutting down", "signal", sig.String())
			return nil
		case err := <-failed:
			return err
		}
	}
}

// startWorker starts the analytics worker: this program, as a child.
func (c *serveCommand) startWorker(store *engine.Store, logger *slog.Logger) (*analytics.Supervisor, error) {
	if !hasWorker || c.NoAnalytics {
		return nil, nil
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return analytics.Start(analytics.Options{
		Command: []string{program, "worker"}, Dir: c.Data, Connections: c.MaxConnections, MemoryBytes: c.WorkerMemory,
		SpillBytes: c.WorkerSpill, Logger: logger, LogFormat: c.LogFormat,
		Watch: store.Hub().Wait, Committed: func() int64 { return store.Index().GlobalPosition() + 1 },
	}), nil
}

// greet tells a person at a terminal what to type.
func (c *serveCommand) greet(listeners []net.Listener) {
	if tcp, ok := listeners[0].Addr().(*net.TCPAddr); ok && c.LogFormat == "text" {
		host := tcp.IP.String()
		if tcp.IP.IsUnspecified() {
			host = "localhost"
		}
		fmt.Fprintf(os.Stderr, "\n    psql -h %s -p %d events\n\n", host, tcp.Port)
	}
}

func (c *serveCommand) listeners() ([]net.Listener, error) {
	tcp, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, err
	}
	if c.Socket == "" {
		return []net.Listener{tcp}, nil
	}
	// psql and libpq look for .s.PGSQL.<port> in the directory they are given.
	name := filepath.Join(c.Socket, fmt.Sprintf(".s.PGSQL.%d", tcp.Addr().(*net.TCPAddr).Port))
	if conn, err := net.Dial("unix", name); err == nil {
		conn.Close()
		tcp.Close()
		return nil, fmt.Errorf("%s is in use", name)
	}
	_ = os.Remove(name) // left by a server that was killed
	unix, err := net.Listen("unix", name)
	if err != nil {
		tcp.Close()
		return nil, err
	}
	if err := os.Chmod(name, 0o700); err != nil {
		return nil, err
	}
	return []net.Listener{tcp, unix}, nil
}

// loadSample fills an empty store, so that a newcomer has something to look at.
func loadSample(store *engine.Store, logger *slog.Logger) error {
	if store.Index().GlobalPosition() >= 0 {
		return nil
	}
	events := shopEvents()
	for len(events) > 0 {
		n := min(len(events), 1000)
		batch := make([]engine.ProposedEvent, 0, n)
		for _, e := range events[:n] {
			p := engine.NewEvent(e.Stream, e.Type, bytes.TrimSpace(e.Payload))
			p.Metadata, p.Tags = e.Metadata, e.Tags
			batch = append(batch, p)
		}
		if err := store.Writer().Append(context.Background(), &engine.AppendRequest{Events: batch}); err != nil {
			return fmt.Errorf("load the sample: %w", err)
		}
		events = events[n:]
	}
	logger.Info("loaded the sample", "events", store.Index().GlobalPosition()+1, "streams", store.Index().StreamCount())
	return nil
}
