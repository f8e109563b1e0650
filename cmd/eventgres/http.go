package main

import (
	"errors"
	"log/slog"

	"github.com/eventgres/eventgres/cmd/eventgres/internal/web"
)

type httpFlags struct {
	HTTP          string `name:"http" help:"Address for /metrics, /livez and /readyz, such as 127.0.0.1:9433; off unless given. Beyond loopback it needs --http-token-file."`
	HTTPTokenFile string `name:"http-token-file" help:"File with the bearer token that /metrics and profiles are asked for with." type:"path"`
	HTTPPprof     bool   `name:"http-pprof" help:"Serve Go's profiles at /debug/pprof/, too."`
}

// listen begins to serve what is told over HTTP; nil where nothing is.
func (f *httpFlags) listen(logger *slog.Logger) (*web.Server, error) {
	if f.HTTP == "" {
		if f.HTTPTokenFile != "" || f.HTTPPprof {
			return nil, errors.New("--http-token-file and --http-pprof belong to --http")
		}
		return nil, nil
	}
	return web.Listen(web.Options{Address: f.HTTP, TokenFile: f.HTTPTokenFile, Profiles: f.HTTPPprof, Logger: logger})
}
