package query

import (
	"github.com/eventgres/eventgres/query/analytics"
)

// definitions are what can be defined beside the fixed relations, as of one version. They
// are immutable.
type definitions struct {
	analytics.Schema
}

// newDefinitions makes a version of the definitions.
func (s *Server) newDefinitions(views []analytics.View, version int64) *definitions {
	d := &definitions{Schema: analytics.Schema{Version: version, Views: views, Started: s.started.UnixMicro()}}
	for name, k := range knownSettings {
		_ = name
		d.Settings = append(d.Settings, analytics.Setting{Name: k.name, Value: k.initial})
	}
	return d
}

func (d *definitions) views() []analytics.View {
	if d.Views == nil {
		return []analytics.View{}
	}
	return d.Views
}
