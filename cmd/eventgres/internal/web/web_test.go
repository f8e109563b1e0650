package web

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/standby"
)

var rewrite = flag.Bool("rewrite", false, "write the table of docs/monitoring.md anew, from the declarations")

// secret is part of everything that a client names; no label may have it.
const secret = "zq8secret"

// used starts a server, has a client use it, who may do more, and returns what is told of it.
func used(t *testing.T, more ...string) (*Sources, string) {
	t.Helper()
	dir := t.TempDir()
	store, err := engine.Open(dir, engine.Options{Measure: true})
	if err != nil {
		t.Fatal(err)
	}
	handler := query.NewServer(store, nil)
	handler.Measure()
	server := &pgwire.Server{Handler: handler}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		<-served
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	conn, err := pgx.Connect(t.Context(), fmt.Sprintf("postgres://%s/%s?sslmode=disable&user=%s&application_name=%s", l.Addr(), secret, secret, secret))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	for _, sql := range []string{
		`INSERT INTO events (stream, type, payload) VALUES ('` + secret + `-1', '` + secret + `', '{"` + secret + `": 1}')`,
		`INSERT INTO events (stream, type, expected_version) VALUES ('` + secret + `-1', '` + secret + `', -1)`,
		`SELECT * FROM events WHERE stream = '` + secret + `-1'`, `SELECT ` + secret,
	} {
		_, _ = conn.Exec(t.Context(), sql)
	}
	for _, sql := range more {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return &Sources{Store: store, Server: server, Sessions: handler, Data: dir}, dir
}

func get(t *testing.T, s *Server, path string, header ...string) (status int, body string, contentType string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr().String()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text), answer.Header.Get("Content-Type")
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	o.Address, o.Logger = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	s, err := Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// oneNode is a node of a cluster that says this of itself.
type oneNode struct {
	standby.Cluster
	standby.Node
}

func (n *oneNode) Leading() bool { return n.Role == standby.Leader }
func (n *oneNode) Nodes() []standby.Node {
	return []standby.Node{{Name: "n2", Role: standby.Leader}, n.Node}
}

// TestMember: a member of a cluster tells what it is in it, and how far behind.
func TestMember(t *testing.T) {
	store, err := engine.Open(t.TempDir(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	node := &oneNode{Node: standby.Node{Name: "n1", Self: true, Role: standby.Follower, Term: 4, Applied: 11, LagEvents: 3, LagBytes: 700, LagSeconds: 0.5}}
	handler := query.NewMember(store, node, nil)
	s := start(t, Options{})
	s.Ready(Sources{Store: store, Server: &pgwire.Server{Handler: handler}, Sessions: handler, Data: t.TempDir()})
	_, body, _ := get(t, s, "/metrics")
	for _, line := range []string{
		`cluster_role{role="leader"} 0`, `cluster_role{role="follower"} 1`, `cluster_role{role="learner"} 0`, `cluster_role{role="unreachable"} 0`,
		"cluster_term 4", "cluster_applied_entry 11", "cluster_lag_events 3", "cluster_lag_bytes 700", "cluster_lag_seconds 0.5",
	} {
		if !strings.Contains(body, "\n"+prefix+line+"\n") {
			t.Errorf("%s is not told", line)
		}
	}
}

// TestScrape: Prometheus' own parser reads what is told, as text and in its binary form, where histograms are native too.
func TestScrape(t *testing.T) {
	sources, _ := used(t)
	s := start(t, Options{})
	s.Ready(*sources)
	status, body, _ := get(t, s, "/metrics")
	if status != http.StatusOK || strings.Contains(body, secret) {
		t.Fatalf("%d\n%s", status, body)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metrics {
		family := families[prefix+m.name]
		if strings.HasPrefix(m.name, "worker_") || strings.HasPrefix(m.name, "projection_") {
			if family != nil {
				t.Errorf("%s is told, and there is no worker", m.name)
			}
			continue
		}
		if strings.HasPrefix(m.name, "cluster_") {
			if family != nil {
				t.Errorf("%s is told, and there is no cluster", m.name)
			}
			continue
		}
		if len(m.labels) == 1 && (m.labels[0] == "consumer" || m.labels[0] == "slot") {
			if family != nil {
				t.Errorf("%s is told, and there are none", m.name)
			}
			continue
		}
		if family == nil || len(family.Metric) == 0 || family.GetHelp() == "" {
			t.Errorf("%s is not told", m.name)
			continue
		}
		if got := strings.ToLower(family.GetType().String()); got != string(m.kind) {
			t.Errorf("%s is a %s, declared as a %s", m.name, got, m.kind)
		}
	}
	value := func(name string, labels ...string) float64 {
		for _, m := range families[prefix+name].GetMetric() {
			var got []string
			for _, l := range m.Label {
				got = append(got, l.GetValue())
			}
			if slices.Equal(got, labels) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
		t.Errorf("no %s%v", name, labels)
		return math.NaN()
	}
	for _, c := range []struct {
		want, got float64
	}{
		{1, value("appends_total")},
		{1, value("append_refusals_total", "version")},
		{1, value("errors_total", "40001")},
		{1, value("errors_total", "42703")},
		{2, value("statements_total", "insert", "native")},
		{2, value("statement_duration_seconds", "insert", "native")},
		{1, value("connections", "idle")},
		{2, value("append_duration_seconds")},
		{1, value("sync_duration_seconds")},
		{1, value("group_appends")},
		{1, value("store_state", "ok")},
		{1, value("log_events")},
	} {
		if c.got != c.want {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}

	_, body, contentType := get(t, s, "/metrics", "Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	decoder := expfmt.NewDecoder(strings.NewReader(body), expfmt.ResponseFormat(http.Header{"Content-Type": {contentType}}))
	native := 0
	for {
		family := new(dto.MetricFamily)
		if err := decoder.Decode(family); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(family.GetName(), prefix) || family.GetType() != dto.MetricType_HISTOGRAM {
			continue
		}
		for _, m := range family.Metric {
			native++
			checkNative(t, family.GetName(), m.GetHistogram())
		}
	}
	if native < 5 {
		t.Errorf("%d native histograms", native)
	}
}

// TestFollowing: what is told of consumers, slots and listeners is what there is.
func TestFollowing(t *testing.T) {
	sources, _ := used(t,
		"SELECT create_consumer('c', partitions => 1, max_attempts => 1)", "SELECT create_consumer('idle', after => NULL)",
		"SELECT * FROM pg_create_logical_replication_slot('s', 'wal2json')",
		"INSERT INTO events (stream, type) VALUES ('a', 'T'), ('a', 'U')",
		"SELECT * FROM consume('c', 10, '0')", "SELECT nack('c', 1, 'why')", "SELECT * FROM consume('c', 10, '0')",
		"LISTEN x", "NOTIFY x", "INSERT INTO events (stream, type) VALUES ('b', 'T')",
	)
	s := start(t, Options{})
	s.Ready(*sources)
	_, body, _ := get(t, s, "/metrics")
	for _, want := range []string{
		`consumer_lag_events{consumer="c"} 2`, `consumer_lag_events{consumer="idle"} 3`, `consumer_members{consumer="c"} 1`, `consumer_members{consumer="idle"} 0`,
		`consumer_parked_events{consumer="c"} 1`, `consumer_stopped{consumer="c"} 0`, "consumed_events_total 4", "consumer_failures_total 1",
		`replication_slot_lag_events{slot="s"} 3`, `replication_slot_active{slot="s"} 0`, "listeners 1", "notifications_total 1", "notification_queue_usage 0",
	} {
		if !strings.Contains(body, "\n"+prefix+want+"\n") {
			name, _, _ := strings.Cut(want, " ")
			name, _, _ = strings.Cut(name, "{")
			t.Errorf("not told: %s; but %v", want, regexp.MustCompile("(?m)^"+prefix+name+".*$").FindAllString(body, -1))
		}
	}
}

// checkNative: the buckets of both forms hold all values.
func checkNative(t *testing.T, name string, h *dto.Histogram) {
	t.Helper()
	sum, at := int64(h.GetZeroCount()), int64(0)
	spans := 0
	for _, span := range h.PositiveSpan {
		spans += int(span.GetLength())
	}
	for _, delta := range h.PositiveDelta {
		at += delta
		sum += at
	}
	if h.Schema == nil || len(h.PositiveSpan) == 0 || spans != len(h.PositiveDelta) || sum != int64(h.GetSampleCount()) {
		t.Errorf("%s: %v", name, h)
	}
	before := uint64(0)
	for _, b := range h.Bucket {
		if b.GetCumulativeCount() < before || b.GetCumulativeCount() > h.GetSampleCount() {
			t.Errorf("%s: %v", name, h)
		}
		before = b.GetCumulativeCount()
	}
}

// TestNames: they follow Prometheus' conventions, and each is there once.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range metrics {
		if seen[m.name] || !regexp.MustCompile(`^[a-z][a-z_]*[a-z]$`).MatchString(m.name) || strings.HasSuffix(m.name, "_total") != (m.kind == counter) || !strings.HasSuffix(m.help, ".") {
			t.Errorf("%+v", m)
		}
		seen[m.name] = true
	}
}

// TestOddCodes: errors whose code is no SQLSTATE are counted together, and keep no other metric from being told.
func TestOddCodes(t *testing.T) {
	for _, m := range metrics {
		if m.name != "errors_total" {
			continue
		}
		got := map[string]float64{}
		m.read(&scrape{wire: pgwire.Stats{Errors: map[string]int64{"42601": 1, "XX000": 2, "": 4, "other": 8, "2200": 16, "2200\xff": 32}}}, teller{value: func(v float64, labels ...string) {
			if _, twice := got[labels[0]]; twice {
				t.Errorf("%s is told twice", labels[0])
			}
			got[labels[0]] += v
		}})
		if want := map[string]float64{"42601": 1, "XX000": 2, "other": 60}; !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

// TestAdmission: what may be asked without a token, and what not.
func TestAdmission(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		if err := os.WriteFile(token, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0"} {
		if s, err := Listen(Options{Address: address, Logger: slog.New(slog.DiscardHandler)}); err == nil {
			s.Close()
			t.Errorf("%s is listened on without a token", address)
		}
	}
	write("short\n")
	if s, err := Listen(Options{Address: "127.0.0.1:0", TokenFile: token, Logger: slog.New(slog.DiscardHandler)}); err == nil {
		s.Close()
		t.Error("a short token is taken")
	}
	write("0123456789abcdef\n")
	s := start(t, Options{TokenFile: token, Profiles: true})
	for _, c := range []struct {
		path, authorization string
		want                int
	}{
		{"/livez", "", 200},
		{"/readyz", "", 503},
		{"/metrics", "", 401},
		{"/metrics", "Bearer 0123456789abcdeg", 401},
		{"/metrics", "Basic 0123456789abcdef", 401},
		{"/metrics", "Bearer ", 401},
		{"/metrics", "Bearer 0123456789abcdef", 200},
		{"/metrics", "bearer 0123456789abcdef", 200},
		{"/debug/pprof/", "", 401},
		{"/debug/pprof/cmdline", "", 401},
		{"/debug/pprof/", "Bearer 0123456789abcdef", 200},
		{"/", "", 404},
	} {
		if status, _, _ := get(t, s, c.path, "Authorization", c.authorization); status != c.want {
			t.Errorf("%s with %q: %d, want %d", c.path, c.authorization, status, c.want)
		}
	}
	write("fedcba9876543210")
	if status, _, _ := get(t, s, "/metrics", "Authorization", "Bearer fedcba9876543210"); status != 200 {
		t.Errorf("a new token: %d", status)
	}
	if err := os.Remove(token); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := get(t, s, "/metrics", "Authorization", "Bearer "); status != 401 {
		t.Errorf("without its file: %d", status)
	}
	plain := start(t, Options{})
	if status, _, _ := get(t, plain, "/debug/pprof/"); status != 404 {
		t.Errorf("profiles that nobody asked for: %d", status)
	}
}

// TestReady: the server says when it takes appends.
func TestReady(t *testing.T) {
	sources, _ := used(t)
	s := start(t, Options{})
	expect := func(status int, text string) {
		t.Helper()
		if got, body, _ := get(t, s, "/readyz"); got != status || body != text+"\n" {
			t.Errorf("%d %s, want %d %s", got, body, status, text)
		}
		if got, _, _ := get(t, s, "/livez"); got != 200 {
			t.Errorf("it does not live: %d", got)
		}
	}
	expect(503, "not ready: starting")
	s.Ready(*sources)
	expect(200, "ok")
	s.Stopping()
	expect(503, "not ready: shutting down")
}

// TestDeployed: each metric that the dashboard and the alert rules name is told.
func TestDeployed(t *testing.T) {
	sources, _ := used(t)
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(func() *scrape {
		s := sources.scrape()
		s.worker = &analytics.Stats{PID: os.Getpid(), Starts: 1}
		return s
	}))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, f := range families {
		told[f.GetName()] = true
		if f.GetType() == dto.MetricType_HISTOGRAM {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				told[f.GetName()+suffix] = true
			}
		}
	}
	for _, file := range []string{"dashboard.json", "alerts.yml"} {
		text, err := os.ReadFile(filepath.Join("../../../../deploy", file))
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile(`\beventgres_[a-z_]+`).FindAllString(string(text), -1)
		if len(names) < 10 {
			t.Errorf("%s names %d metrics", file, len(names))
		}
		for _, name := range names {
			if !told[name] {
				t.Errorf("%s names %s, which is not told", file, name)
			}
		}
	}
}

// TestPage: docs/monitoring.md has every metric as it is declared.
func TestPage(t *testing.T) {
	const file, head = "../../../../docs/monitoring.md", "| metric | kind | labels | |\n|---|---|---|---|\n"
	var table strings.Builder
	table.WriteString(head)
	for _, m := range metrics {
		labels := ""
		if len(m.labels) > 0 {
			labels = "`" + strings.Join(m.labels, "`, `") + "`"
		}
		fmt.Fprintf(&table, "| `%s%s` | %s | %s | %s |\n", prefix, m.name, m.kind, labels, m.help)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), head)
	if !found {
		t.Fatal("the page has no table")
	}
	end := strings.Index(rest, "\n\n") + 1
	want := before + table.String() + rest[end:]
	if *rewrite {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Error("docs/monitoring.md is stale: go test ./cmd/eventgres/internal/web -run TestPage -rewrite")
	}
}

// TestHalfOpen: who holds all connections, saying nothing, or what is no request that one could answer, keeps nobody out.
func TestHalfOpen(t *testing.T) {
	for name, said := range map[string]string{
		"nothing": "", "half a request": "GET /livez HTTP/1.1\r\nHost: x\r\n", "a request, and then nothing": "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
		"a body that does not come": "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n",
		"pieces that do not come":   "GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, Options{})
			for range 2 * maxConnections {
				c, err := net.Dial("tcp", s.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if _, err := io.WriteString(c, said); err != nil {
					t.Fatal(err)
				}
			}
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Addr().String()+"/livez", nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := new(http.Transport).RoundTrip(r)
			if err != nil {
				t.Fatalf("after %v: %v", time.Since(begin), err)
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Error(answer.Status)
			}
			places := s.listener.(*bounded)
			places.mu.Lock()
			defer places.mu.Unlock()
			if places.n > maxConnections || places.silent.Len() > places.n {
				t.Errorf("%d connections, %d of them silent", places.n, places.silent.Len())
			}
		})
	}
}
