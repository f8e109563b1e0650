package web

import (
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/engine/measure"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query"
)

// metric is one metric: each is declared once, below.
type metric struct {
	name   string // behind the prefix
	kind   kind
	help   string
	labels []string
	read   func(s *scrape, tell teller)
}

type kind string

const (
	counter   kind = "counter"
	gauge     kind = "gauge"
	histogram kind = "histogram"
)

// teller is told a metric's values.
type teller struct {
	value func(v float64, labels ...string)
	times func(s *measure.Snapshot, labels ...string) // of durations
	sizes func(s *measure.Snapshot, labels ...string) // of numbers
}

const prefix = "eventgres_"

// one declares a metric without labels.
func one(name string, kind kind, help string, of func(s *scrape) float64) metric {
	return metric{name: name, kind: kind, help: help, read: func(s *scrape, tell teller) { tell.value(of(s)) }}
}

// consumers declares a gauge of each consumer.
func consumers(name, help string, of func(c *query.ConsumerStatus) float64) metric {
	return each(name, help, "consumer", func(s *scrape) []query.ConsumerStatus { return s.following.Consumers.Consumers }, of)
}

// slots declares a gauge of each replication slot.
func slots(name, help string, of func(c *query.ConsumerStatus) float64) metric {
	return each(name, help, "slot", func(s *scrape) []query.ConsumerStatus { return s.following.Slots }, of)
}

func each(name, help, label string, list func(s *scrape) []query.ConsumerStatus, of func(c *query.ConsumerStatus) float64) metric {
	return metric{name: name, kind: gauge, help: help, labels: []string{label}, read: func(s *scrape, tell teller) {
		for _, c := range list(s) {
			tell.value(of(&c), c.Name)
		}
	}}
}

// member declares a gauge of a node of a cluster, which servers that are none do not have.
func member(name, help string, of func(n *query.Node) float64) metric {
	return metric{name: name, kind: gauge, help: help, read: func(s *scrape, tell teller) {
		if s.member != nil {
			tell.value(of(s.member))
		}
	}}
}

// states are those of a store, and of a session, as labels.
var (
	storeStates   = []engine.State{engine.StateOK, engine.StateDiskFull, engine.StateReadOnly, engine.StateFailing, engine.StateFailed}
	sessionStates = []string{"active", "idle", "idle in transaction", "idle in transaction (aborted)"}
)

func label(text string) string {
	return strings.NewReplacer(" ", "_", "(", "", ")", "").Replace(text)
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// metrics are all that there are, in the order in which docs/monitoring.md has them.
var metrics = append(append(storeMetrics, sessionMetrics...), processMetrics...)

var storeMetrics = []metric{
	one("appends_total", counter, "Atomic appends that were made durable.", func(s *scrape) float64 { return float64(s.store.Appends) }),
	one("appended_events_total", counter, "Events of these appends.", func(s *scrape) float64 { return float64(s.store.Events) }),
	one("appended_bytes_total", counter, "Bytes written to the log for them.", func(s *scrape) float64 { return float64(s.store.Bytes) }),
	{
		"append_refusals_total", counter, "Appends that were refused for what the log holds, or for what they are: an expected version (version), a version or event_id that is there (taken, duplicate), a position that others took (position), a changed definition (control).",
		[]string{"reason"},
		func(s *scrape, tell teller) {
			for _, reason := range []engine.Refusal{engine.RefusedVersion, engine.RefusedTaken, engine.RefusedDuplicate, engine.RefusedPosition, engine.RefusedControl, engine.RefusedPremise, engine.RefusedOther} {
				tell.value(float64(s.store.Refused[reason]), string(reason))
			}
		},
	},
	one("append_failures_total", counter, "Appends that failed since the disk was full, or writing failed.", func(s *scrape) float64 { return float64(s.store.Failures) }),
	{"append_duration_seconds", histogram, "From an append's call to its answer: waiting, writing, syncing.", nil, func(s *scrape, tell teller) { tell.times(&s.store.AppendTimes) }},
	{"sync_duration_seconds", histogram, "Syncs of the log, one for each group.", nil, func(s *scrape, tell teller) { tell.times(&s.store.SyncTimes) }},
	{"group_appends", histogram, "Appends that shared one write and one sync.", nil, func(s *scrape, tell teller) { tell.sizes(&s.store.GroupAppends) }},
	{"group_bytes", histogram, "Bytes of a group.", nil, func(s *scrape, tell teller) { tell.sizes(&s.store.GroupBytes) }},
	one("append_queue_length", gauge, "Appends that wait for the writer.", func(s *scrape) float64 { return float64(s.store.Queue) }),
	one("log_events", gauge, "Events in the log.", func(s *scrape) float64 { return float64(s.events) }),
	one("log_streams", gauge, "Streams in the log.", func(s *scrape) float64 { return float64(s.streams) }),
	one("log_segments", gauge, "Segments of the log.", func(s *scrape) float64 { return float64(s.store.Segments) }),
	one("log_bytes", gauge, "Size of their files, with the space that is reserved ahead.", func(s *scrape) float64 { return float64(s.store.LogBytes) }),
	{"store_state", gauge, "1 for the state that the store is in: ok, disk_full, read_only, failing, or failed, until a restart.", []string{"state"}, func(s *scrape, tell teller) {
		for _, state := range storeStates {
			tell.value(oneIf(s.health.State == state), label(string(state)))
		}
	}},
	{"disk_free_bytes", gauge, "Free space of the data directory's file system, for who is not root.", nil, func(s *scrape, tell teller) {
		if s.disk.Known {
			tell.value(float64(s.disk.Free))
		}
	}},
	{"disk_size_bytes", gauge, "Size of that file system.", nil, func(s *scrape, tell teller) {
		if s.disk.Known {
			tell.value(float64(s.disk.Size))
		}
	}},
}

var sessionMetrics = []metric{
	{"connections", gauge, "Connections, by what they do: starting have not begun a session.", []string{"state"}, func(s *scrape, tell teller) {
		tell.value(float64(s.wire.Starting), "starting")
		for _, state := range sessionStates {
			tell.value(float64(s.sessions.States[state]), label(state))
		}
	}},
	one("connections_encrypted", gauge, "Of them, with TLS.", func(s *scrape) float64 { return float64(s.wire.Encrypted) }),
	one("connections_limit", gauge, "Sessions that there may be at a time.", func(s *scrape) float64 { return float64(s.wire.Limit) }),
	one("connections_accepted_total", counter, "Connections that were accepted.", func(s *scrape) float64 { return float64(s.wire.Accepted) }),
	one("connections_refused_total", counter, "Connections that were turned away, for want of room or since the server shuts down.", func(s *scrape) float64 { return float64(s.wire.Refused) }),
	one("connection_memory_bytes", gauge, "Memory that connections hold for messages, statements, portals and appends, beyond an allowance of each.", func(s *scrape) float64 { return float64(s.wire.Memory) }),
	one("connection_memory_limit_bytes", gauge, "What of it all together may hold.", func(s *scrape) float64 { return float64(s.wire.MemoryLimit) }),
	{"statements_total", counter, "Statements that were run, also those that failed while they ran; path is analytics where the worker had a part in it, else native.", []string{"kind", "path"}, func(s *scrape, tell teller) {
		for _, st := range s.sessions.Statements {
			tell.value(float64(st.Count), st.Kind.String(), st.Path.String())
		}
	}},
	{"statement_duration_seconds", histogram, "How long they ran, sending rows to the client included.", []string{"kind", "path"}, func(s *scrape, tell teller) {
		for i := range s.sessions.Statements {
			st := &s.sessions.Statements[i]
			tell.times(&st.Times, st.Kind.String(), st.Path.String())
		}
	}},
	{"transactions_total", counter, "Transactions that ended, those of single statements included.", []string{"outcome"}, func(s *scrape, tell teller) {
		tell.value(float64(s.sessions.Committed), "committed")
		tell.value(float64(s.sessions.RolledBack), "rolled_back")
	}},
	{"followers", gauge, "Who follows the log: waiting have seen all that there is, behind have not, or wait for their clients.", []string{"state"}, func(s *scrape, tell teller) {
		tell.value(float64(s.following.Waiting), "waiting")
		tell.value(float64(s.following.Followers-s.following.Waiting), "behind")
	}},
	one("followed_events_total", counter, "Events that were read for them, once for all.", func(s *scrape) float64 { return float64(s.following.Events) }),
	one("follower_wakes_total", counter, "How often one of them was woken, since there might be something for it.", func(s *scrape) float64 { return float64(s.following.Wakes) }),
	one("follower_memory_bytes", gauge, "The newest events, which are kept for all of them.", func(s *scrape) float64 { return float64(s.following.RingBytes) }),
	consumers("consumer_lag_events", "Events behind a consumer's lowest checkpoint.", func(c *query.ConsumerStatus) float64 { return float64(c.Lag) }),
	consumers("consumer_members", "Its members.", func(c *query.ConsumerStatus) float64 { return float64(c.Members) }),
	consumers("consumer_parked_events", "Events that it has parked.", func(c *query.ConsumerStatus) float64 { return float64(c.Parked) }),
	consumers("consumer_stopped", "1 if a partition of it stands still, or all of it: as much is parked as may be, or the log ends below a checkpoint.", func(c *query.ConsumerStatus) float64 { return oneIf(c.Stopped) }),
	one("consumed_events_total", counter, "Events that consume() has returned.", func(s *scrape) float64 { return float64(s.following.Consumers.Given) }),
	one("consumer_failures_total", counter, "Events of which nack() was told that they have failed.", func(s *scrape) float64 { return float64(s.following.Consumers.Failed) }),
	slots("replication_slot_lag_events", "Events that a replication slot's client has not confirmed.", func(c *query.ConsumerStatus) float64 { return float64(c.Lag) }),
	slots("replication_slot_active", "1 if somebody follows it.", func(c *query.ConsumerStatus) float64 { return float64(c.Members) }),
	one("listeners", gauge, "Sessions that LISTEN to something.", func(s *scrape) float64 { return float64(s.following.Listening.Listeners) }),
	one("notifications_total", counter, "Notifications that they were sent.", func(s *scrape) float64 { return float64(s.following.Listening.Sent) }),
	one("notification_queue_usage", gauge, "How full the fullest listener's queue is, from 0 to 1.", func(s *scrape) float64 { return s.following.Listening.Usage }),
	{"cluster_role", gauge, "1 for the role that the node has in its cluster: leader, follower, learner, or unreachable, which does not reach most of the others. There where it is in one, as the following.", []string{"role"}, func(s *scrape, tell teller) {
		if s.member == nil {
			return
		}
		for _, role := range query.NodeRoles {
			tell.value(oneIf(s.member.Role == role), role)
		}
	}},
	member("cluster_term", "The term that the node is in; it rises with each election.", func(n *query.Node) float64 { return float64(n.Term) }),
	member("cluster_applied_entry", "The newest entry of the replicated log that the node has applied.", func(n *query.Node) float64 { return float64(n.Applied) }),
	member("cluster_lag_events", "Events that the leader has and the node does not, as far as it knows.", func(n *query.Node) float64 { return float64(n.LagEvents) }),
	member("cluster_lag_bytes", "The log's bytes that it does not have.", func(n *query.Node) float64 { return float64(n.LagBytes) }),
	member("cluster_lag_seconds", "How long ago it had all that the leader had.", func(n *query.Node) float64 { return n.LagSeconds }),
	{"errors_total", counter, "Errors that clients were sent, by SQLSTATE.", []string{"sqlstate"}, func(s *scrape, tell teller) {
		counts := map[string]int64{} // several may be told together
		for code, n := range s.wire.Errors {
			counts[sqlstate(code)] += n
		}
		for code, n := range counts {
			tell.value(float64(n), code)
		}
	}},
}

// sqlstate is a code as a label: what is no SQLSTATE comes from no table of codes, and is told together.
func sqlstate(code string) string {
	if len(code) != 5 {
		return pgwire.OtherErrors
	}
	for i := range len(code) {
		if c := code[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return pgwire.OtherErrors
		}
	}
	return code
}

var processMetrics = []metric{
	worker("worker_up", gauge, "1 while the analytics worker answers. Its metrics are there where it is to run.", func(s *scrape) (float64, bool) { return oneIf(s.worker.PID != 0), true }),
	worker("worker_restarts_total", counter, "Workers that were started after the first.", func(s *scrape) (float64, bool) { return float64(max(s.worker.Starts-1, 0)), true }),
	worker("worker_memory_bytes", gauge, "Resident memory of the worker's process; on Linux.", func(s *scrape) (float64, bool) { return residentMemory(s.worker.PID) }),
	worker("projection_events", gauge, "Events that the worker's projection holds.", func(s *scrape) (float64, bool) { return float64(s.worker.Position), s.worker.Position >= 0 }),
	worker("projection_lag_events", gauge, "Events in the log that it does not hold yet; an analytical statement waits for those that it sees.", func(s *scrape) (float64, bool) {
		return float64(max(s.events-s.worker.Position, 0)), s.worker.Position >= 0
	}),
	{"build_info", gauge, "1, with the version.", []string{"version"}, func(s *scrape, tell teller) { tell.value(1, s.version) }},
}

// worker declares a metric of the worker's, which is there where there is one and it is known.
func worker(name string, kind kind, help string, of func(s *scrape) (float64, bool)) metric {
	return metric{name: name, kind: kind, help: help, read: func(s *scrape, tell teller) {
		if s.worker == nil {
			return
		}
		if v, known := of(s); known {
			tell.value(v)
		}
	}}
}
