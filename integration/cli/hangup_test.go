//go:build unix

package cli

import (
	"context"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// A SIGHUP ends nobody's session.
func TestHangup(t *testing.T) {
	server := harness.Eventgres(t)
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := syscall.Kill(server.PID, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	server.AwaitLog("signal=SIGHUP")
	var n int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM events").Scan(&n); err != nil {
		t.Error(err)
	}
}
