package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/eventgres/eventgres/cmd/eventgres/internal/machine"
	"github.com/eventgres/eventgres/engine"
)

// Options are how it is served.
type Options struct {
	Address   string
	TokenFile string // holds what a request must bring for metrics and profiles; required beyond loopback
	Profiles  bool   // serve Go's profiles too
	Logger    *slog.Logger
}

// Bounds: who watches needs a connection or two, and few bytes.
const (
	maxConnections = 64
	maxScrapes     = 4 // at a time
	maxHeader      = 16 << 10
	maxToken       = 4 << 10
	headerTimeout  = 5 * time.Second
	idleTimeout    = 2 * time.Minute
	writeTimeout   = 90 * time.Second // a profile of a minute
	scrapeTimeout  = 10 * time.Second
	// roomAgain is how much free space tells that a disk is no longer full, before an append has tried it: what one reserves at once, twice.
	roomAgain = 16 << 20
)

// Server serves.
type Server struct {
	o        Options
	listener net.Listener
	http     *http.Server
	sources  atomic.Pointer[Sources]
	stopping atomic.Bool
}

// Listen begins to serve: the process lives, and is not ready until [Server.Ready].
func Listen(o Options) (*Server, error) {
	if o.TokenFile == "" && !loopback(o.Address) {
		return nil, fmt.Errorf("--http %s is not a loopback address: give --http-token-file, a file with a token that metrics are asked for with", o.Address)
	}
	s := &Server{o: o}
	if o.TokenFile != "" {
		if _, err := s.token(); err != nil {
			return nil, fmt.Errorf("--http-token-file: %w", err)
		}
	}
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, err
	}
	places := newBounded(l, maxConnections)
	s.listener = places
	s.http = &http.Server{
		Handler: bodiless(s.handler()), ConnState: places.changed, ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			o.Logger.Error("metrics are served no longer", "error", err)
		}
	}()
	o.Logger.Info("serving metrics", "http", l.Addr().String())
	return s, nil
}

// loopback tells whether an address reaches this machine alone.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return false
	}
	ips, err := net.LookupIP(host)
	for _, ip := range ips {
		if !ip.IsLoopback() {
			return false
		}
	}
	return err == nil && len(ips) > 0
}

// Addr is where it listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Ready has it tell of a server that takes connections.
func (s *Server) Ready(sources Sources) { s.sources.Store(&sources) }

// Stopping has it say that no more work is taken.
func (s *Server) Stopping() { s.stopping.Store(true) }

// Close ends it, and waits for requests that are served, not for long.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
}

func (s *Server) handler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(func() *scrape { return s.sources.Load().scrape() }), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", s.authorized(promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: maxScrapes, Timeout: scrapeTimeout, Registry: registry,
		ErrorLog: slog.NewLogLogger(s.o.Logger.Handler(), slog.LevelError),
	})))
	if s.o.Profiles {
		for path, handler := range map[string]http.HandlerFunc{
			"/": pprof.Index, "/cmdline": pprof.Cmdline, "/profile": pprof.Profile, "/symbol": pprof.Symbol, "/trace": pprof.Trace,
		} {
			mux.Handle("GET /debug/pprof"+path, s.authorized(handler))
		}
	}
	return mux
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

// ready says whether the server takes appends, and if not why, in a few words that tell nothing of what it holds.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if why := s.unready(); why != "" {
		answer(w, http.StatusServiceUnavailable, "not ready: "+why)
		return
	}
	answer(w, http.StatusOK, "ok")
}

func (s *Server) unready() string {
	src := s.sources.Load()
	switch {
	case s.stopping.Load():
		return "shutting down"
	case src == nil:
		return "starting"
	}
	state := src.Store.Health().State
	if state == engine.StateOK {
		return ""
	}
	// Nobody appends to what is not ready, so no append would find out that there is room again.
	if d := machine.DiskOf(src.Data); state == engine.StateDiskFull && d.Known && d.Free >= roomAgain {
		return ""
	}
	return string(state)
}

// authorized lets requests through that bring the token, if there is one.
func (s *Server) authorized(h http.Handler) http.Handler {
	if s.o.TokenFile == "" {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := s.token()
		if err != nil {
			s.o.Logger.Error("the token for metrics cannot be read; nobody is told them", "error", err)
		}
		scheme, brought, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got, want := sha256.Sum256([]byte(strings.TrimSpace(brought))), sha256.Sum256([]byte(token))
		if err != nil || !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="eventgres"`)
			answer(w, http.StatusUnauthorized, "a bearer token is needed")
			return
		}
		h.ServeHTTP(w, r)
	})
}

// token is the file's, as it is now: a new one is taken without a restart.
func (s *Server) token() (string, error) {
	f, err := os.Open(s.o.TokenFile)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxToken+1))
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if len(token) < 16 || len(text) > maxToken {
		return "", fmt.Errorf("%s: a token has 16 characters at least, and %d bytes at most", s.o.TokenFile, maxToken)
	}
	return token, nil
}
