package query

import (
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/engine/vfs"
)

// TestHealth reads eventgres_health while the disk is well, full, not to be written, and failing.
func TestHealth(t *testing.T) {
	var fault error
	m := vfs.NewMem()
	store, err := engine.Open("/db", engine.Options{FS: m})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	m.Inject = func(op vfs.Op) error {
		grows := op.Kind == vfs.OpWrite || op.Kind == vfs.OpAllocate
		if fault == syscall.EIO && op.Kind != vfs.OpSyncData || fault == syscall.ENOSPC && !grows {
			return nil
		}
		return fault
	}
	conn, err := connect(t.Context(), serve(t, NewServer(store, nil)), pgx.QueryExecModeCacheDescribe)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	insert := func() error {
		_, err := conn.Exec(t.Context(), "INSERT INTO events (stream, type) VALUES ('s', 'T')")
		return err
	}
	events := int64(0)
	for _, c := range []struct {
		fault       error
		state, code string
	}{
		{nil, "ok", ""},
		{syscall.ENOSPC, "disk full", "53100"},
		{nil, "ok", ""},
		{syscall.EROFS, "read only", "58030"},
		{nil, "ok", ""},
		{syscall.EIO, "failed", "58030"},
		{nil, "failed", "58030"}, // until a restart
	} {
		fault = c.fault
		err := insert()
		if c.code == "" && err != nil || c.code != "" && !hasState(err, c.code) {
			t.Fatalf("%s: %v", c.state, err)
		}
		if err == nil {
			events++
		}
		var state, analytics string
		var reason *string
		var n, streams int64
		const sql = "SELECT state, reason, events, streams, analytics FROM eventgres_health WHERE since <= now() AND store_id IS NOT NULL"
		if err := conn.QueryRow(t.Context(), sql).Scan(&state, &reason, &n, &streams, &analytics); err != nil {
			t.Fatal(err)
		}
		if state != c.state || (reason == nil) != (state == "ok") || n != events || streams != 1 || analytics != "off" {
			t.Errorf("%s: state %s, reason %v, %d events, %d streams, analytics %s", c.state, state, reason, n, streams, analytics)
		}
	}
	var n int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM eventgres_health WHERE state = 'ok'").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
	for _, sql := range []string{"INSERT INTO eventgres_health VALUES ('ok')", "COPY eventgres_health FROM STDIN", "CREATE VIEW eventgres_health AS SELECT 1"} {
		if _, err := conn.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "eventgres_health") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}
