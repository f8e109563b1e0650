package query

import (
	"context"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

// health is the row of eventgres_health.
type health struct {
	engine.Health
	store           uuid.UUID
	events, streams int64
	analytics       string
}

func (s *Server) health() *health {
	h := &health{
		Health: s.store.Health(), store: s.store.ID(), events: s.index.GlobalPosition() + 1, streams: s.index.StreamCount(),
		analytics: "off",
	}
	if s.worker != nil {
		h.analytics = "starting"
		if s.worker.PID() != 0 {
			h.analytics = "ok"
		}
	}
	return h
}

// column puts the value of a column into v.
func (h *health) column(i int, v *pgwire.Value) {
	*v = pgwire.Value{}
	switch healthRelation.columns[i].name {
	case "state":
		*v = pgwire.TextValue(string(h.State))
	case "reason":
		if h.Reason != "" {
			*v = pgwire.TextValue(h.Reason)
		}
	case "since":
		*v = pgwire.TimeValue(h.Since.UnixMicro())
	case "store_id":
		*v = pgwire.UUIDValue(h.store)
	case "events":
		*v = pgwire.IntValue(h.events)
	case "streams":
		*v = pgwire.IntValue(h.streams)
	case "analytics":
		*v = pgwire.TextValue(h.analytics)
	}
}

// healthRows yields the one row if the filter keeps it.
type healthRows struct {
	health *health
	filter *scalar
	e      *env
}

func (r *healthRows) next(_ context.Context, out *row) (bool, error) {
	if r.health == nil {
		return false, nil
	}
	out.health, r.health = r.health, nil
	if r.filter == nil {
		return true, nil
	}
	var v pgwire.Value
	err := r.filter.eval(r.e, &v)
	return err == nil && v.Kind == pgwire.KindBool && v.Bool(), err
}
