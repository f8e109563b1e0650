package query

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/eventgres/eventgres"
	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/advisory"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/audit"
	"github.com/eventgres/eventgres/query/consumer"
	"github.com/eventgres/eventgres/query/explain"
	"github.com/eventgres/eventgres/query/live"
	"github.com/eventgres/eventgres/query/messagedb"
	"github.com/eventgres/eventgres/query/notify"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/replication"
	"github.com/eventgres/eventgres/query/role"
	"github.com/eventgres/eventgres/query/schema"
	"github.com/eventgres/eventgres/query/setting"
	"github.com/eventgres/eventgres/query/standby"
	"github.com/eventgres/eventgres/query/statements"
)

// ServerVersion is the PostgreSQL version whose behaviour clients are told to expect.
const ServerVersion = setting.ServerVersion

var versionText = "PostgreSQL " + ServerVersion + " (Eventgres " + eventgres.Version + ")"

// Server makes sessions on a store. It is a pgwire.Handler.
type Server struct {
	store     *engine.Store
	index     *engine.ReadIndex
	writer    *engine.WriterHandle
	logger    *slog.Logger
	started   time.Time
	worker    *analytics.Supervisor // nil: no analytical SELECT
	schema    *schema.Store
	roles     *role.Store // nil: there are none, and nobody is asked who he is
	sessions  activity.Sessions
	counted   *statements.Table // what statements did
	audit     *audit.Log        // nil: nobody wants to know
	own       setting.OwnValues
	loaded    atomic.Int64 // when the configuration was read, µs since the Unix epoch
	reload    func()       // nil: there is nothing to read anew
	advisory  *advisory.Table
	gates     messagedb.Gates
	consumers *consumer.Registry
	listeners notify.Registry
	slots     *replication.Slots
	estimator explain.Estimator
	door      func() (*analytics.Door, error) // nil: nobody is asked who he is
	telling   atomic.Pointer[telling]
	live      *live.Dispatcher
	member    *standby.Member // of a cluster; nil: of none
	stood     standby.State   // what the sessions know of it
	began     int64           // how many events there were at the start
}

// NewServer returns a Server. logger may be nil.
func NewServer(store *engine.Store, logger *slog.Logger) *Server {
	s := newServer(store, logger)
	s.markLost(context.Background())
	return s
}

// NewMember returns a Server on a node of a cluster. While it serves, Attend runs.
func NewMember(store *engine.Store, cluster standby.Cluster, logger *slog.Logger) *Server {
	s := newServer(store, logger)
	s.member = standby.NewMember(cluster)
	s.own.Force(standby.Settings(s.member.Leading())...)
	return s
}

// Attend has the sessions know who leads the cluster, until ctx ends. It is for members alone.
func (s *Server) Attend(ctx context.Context) {
	s.member.Watch(ctx, func(now standby.State) { s.stand(ctx, now) })
}

// stand takes in that the node leads or does not, in a term. One that leads in another term than before has ceased to in between: somebody else may
// have led meanwhile.
func (s *Server) stand(ctx context.Context, now standby.State) {
	before := s.stood
	if now.Term == 0 { // the node cannot say
		now.Term = before.Term
	}
	if s.stood = now; now == before {
		return
	}
	s.own.Force(standby.Settings(now.Leading)...)
	if before.Leading && (!now.Leading || before.Term != 0) {
		s.endHolders()
		s.consumers.EndMembers()
	}
	if now.Leading {
		s.slots.Reload()
		s.markLost(ctx)
	}
	s.sessions.Each(func(e *activity.Entry) { e.Conn.Wake() })
}

// endHolders ends the sessions that hold what lives on the leader: advisory locks, and replication slots.
func (s *Server) endHolders() {
	holds := map[int32]string{}
	for _, slot := range s.slots.List() {
		if slot.PID != 0 {
			holds[slot.PID] = "had a replication slot"
		}
	}
	for _, l := range s.advisory.Snapshot() {
		holds[l.PID] = "held an advisory lock, or waited for one"
	}
	s.sessions.Each(func(e *activity.Entry) {
		if what := holds[e.Conn.PID()]; what != "" {
			e.Conn.End(s.member.Ended(what))
		}
	})
}

// Node is what a node of a cluster says of itself, and NodeRoles are the roles that it may have.
type Node = standby.Node

var NodeRoles = standby.Roles

// Member is what is counted of a node of a cluster; ok: the server is one.
func (s *Server) Member() (node Node, ok bool) {
	if s.member == nil {
		return node, false
	}
	if self := s.member.Self(); self != nil {
		return *self, true
	}
	return node, false
}

// followers are the nodes that follow this one; all: with what is for who monitors.
func (s *Server) followers(all bool) (list []analytics.Standby) {
	if s.member == nil || s.member.Follows() {
		return nil
	}
	for _, n := range s.member.Nodes() {
		if n.Self || n.Role == standby.Unreachable {
			continue
		}
		one := analytics.Standby{
			Name: n.Name, Votes: n.Role != standby.Learner, Behind: n.LagEvents > 0 || n.LagBytes > 0, LSN: uint64(replication.LSNOf(n.Position + 1)), Hidden: !all,
		}
		if host, _, err := net.SplitHostPort(n.PeerAddress); err == nil {
			if one.Host = host; net.ParseIP(host) != nil {
				one.Host, one.Address = "", host
			}
		}
		if !n.LastContact.IsZero() {
			one.Heard = n.LastContact.UnixMicro()
		}
		list = append(list, one)
	}
	return list
}

// served opens the rows of relations that the server makes.
var served = messagedb.Serve(standby.Serve(standby.Server(replication.Serve(consumer.Serve))))

// markLost stops the consumers that are further than the log.
func (s *Server) markLost(ctx context.Context) {
	if err := s.consumers.MarkLost(ctx, s.writer); err != nil {
		s.logger.Error("consumers that are further than the log cannot be marked", "error", err)
	}
}

func newServer(store *engine.Store, logger *slog.Logger) *Server {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{advisory: advisory.NewTable(), counted: statements.NewTable(), store: store, index: store.Index(), writer: store.Writer(), logger: logger, started: time.Now()}
	s.loaded.Store(s.started.UnixMicro())
	s.began = s.index.GlobalPosition() + 1
	s.schema = schema.NewStore(store.Control(), logger, s.started)
	for _, rel := range []*relation.Relation{relation.Consumers, relation.ParkedEvents, relation.Cluster} {
		if s.schema.Current().View(rel.Name) != nil {
			logger.Warn("a view of this store has a name of the server's, and hides what the server has by it", "view", rel.Name)
		}
	}
	s.live = live.NewDispatcher(store, logger, schema.Root, role.Root)
	s.listeners.Events, s.listeners.Next = s.live, func() int64 { return s.index.GlobalPosition() + 1 }
	s.consumers = consumer.NewRegistry(store, s.live, logger)
	s.slots = replication.NewSlots(store.Control(), s.writer, logger)
	s.consumers.Slots = s.followed
	s.estimator = explain.Estimator{Index: s.index, Types: &explain.TypeStatistics{Index: s.index, Logger: logger, Version: versionText}}
	return s
}

// followed are the replication slots, as they are shown beside consumers.
func (s *Server) followed() (list []consumer.Slot) {
	for _, slot := range s.slots.List() {
		list = append(list, consumer.Slot{Name: slot.Name, Confirmed: replication.LSN(slot.Confirmed).Position(), Active: slot.PID != 0})
	}
	return list
}

// UseWorker sends what the native path does not answer to an analytics worker. It is called
// before the server serves.
func (s *Server) UseWorker(w *analytics.Supervisor) { s.worker, s.estimator.Types.Worker = w, w }

// UseRoles has the server's statements see and change roles. It is called before the server serves.
func (s *Server) UseRoles(r *role.Store) { s.roles = r }

// ShowDoor has the server ask who may come in, each time that a client asks. It is called before the server serves.
func (s *Server) ShowDoor(door func() (*analytics.Door, error)) { s.door = door }

// UseAudit has sessions tell an audit log what they do. It is called before the server serves.
func (s *Server) UseAudit(l *audit.Log) { s.audit = l }

// told is what the worker is told of the schema and of roles.
func (s *Server) told() *analytics.Schema {
	d := s.schema.Current()
	var c *role.Catalog
	if s.roles != nil {
		c = s.roles.Current()
	}
	if t := s.telling.Load(); t != nil && t.of == d && t.roles == c {
		return &t.Schema
	}
	t := &telling{of: d, roles: c, Schema: d.Schema}
	if c != nil {
		t.Version += c.Version() // either moves it, and neither back
		if !c.Open() {
			t.Roles, t.Everyone = c.Roles().List, c.Everyone()
		}
	}
	s.telling.Store(t)
	return &t.Schema
}

// telling is a schema with the roles that there are beside it.
type telling struct {
	analytics.Schema
	of    *schema.Schema
	roles *role.Catalog
}

// Measure has the server note how long statements take. It is called before the server serves.
func (s *Server) Measure() { s.sessions.Measure = true }

// Stats is what sessions have done since the server's start, and what they do now.
type Stats = activity.Stats

// Stats returns the sessions'.
func (s *Server) Stats() Stats { return s.sessions.Stats() }

// FollowerStats is what those who follow the log have been told, and where they are.
type FollowerStats struct {
	live.Stats
	Consumers consumer.Stats
	Slots     []ConsumerStatus
	Listening notify.Stats
}

// ConsumerStatus is where a consumer, or a replication slot, is.
type ConsumerStatus = consumer.Status

// Followers returns it.
func (s *Server) Followers() FollowerStats {
	return FollowerStats{s.live.Stats(), s.consumers.Stats(), s.consumers.Followed(), s.listeners.Stats()}
}

// Own is the value of a setting that the server itself has, and where it comes from.
type Own = setting.Own

// DeclareSetting declares a setting of the server's own that PostgreSQL has not. It is called before NewServer.
func DeclareSetting(name, initial, about, varType string, reloads bool) {
	setting.DeclareOwn(name, initial, about, varType, reloads)
}

// Describe says what the server's own settings are: data_directory, port and their like. Sessions see it at once. One goroutine at
// a time may call it.
func (s *Server) Describe(list ...Own) { s.own.Put(list...) }

// OnReload has pg_reload_conf() call a function, which may be called by several sessions at a time. It is called before the server
// serves.
func (s *Server) OnReload(f func()) { s.reload = f }

// Loaded says that the configuration was read now, for pg_conf_load_time().
func (s *Server) Loaded() { s.loaded.Store(time.Now().UnixMicro()) }

func (s *Server) health() *relation.HealthRow {
	extent := s.store.Control().Extent()
	h := &relation.HealthRow{
		Health: s.store.Health(), Store: s.store.ID(), Events: extent.Events, Changes: extent.Changes, Streams: s.index.StreamCount(),
		Analytics: "off",
	}
	if s.worker != nil {
		h.Analytics = "starting"
		if s.worker.PID() != 0 {
			h.Analytics = "ok"
		}
	}
	return h
}
