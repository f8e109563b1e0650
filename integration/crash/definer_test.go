package crash

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/crash/history"
	"github.com/jackc/pgx/v5"
)

// A definer changes the control state while the writers append: a comment, again and again. The server says
// how often the state was changed; that is at least as often as was acknowledged, and at most as often as
// was sent.
type definer struct {
	changes            int64 // when the server was last asked
	acknowledged, sent int64 // since
}

// run returns an error for what no crash explains, as a writer does.
func (d *definer) run(ctx context.Context, l *load) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, l.url)
	if err != nil {
		_, err := classify(err)
		return err
	}
	defer conn.Close(ctx)
	for l.budget.Load() > 0 && !conn.IsClosed() {
		d.sent++
		// Long enough for a write of several sectors, now and then.
		_, err := conn.Exec(ctx, fmt.Sprintf("COMMENT ON TABLE events IS '%d %s'", d.sent, strings.Repeat("c", int(d.sent%5*300))))
		outcome, unexpected := classify(err)
		if unexpected != nil {
			return fmt.Errorf("comment: %w", unexpected)
		}
		if outcome == history.Acknowledged {
			d.acknowledged++
		}
	}
	return ctx.Err()
}

// judge asks the server after a restart.
func (d *definer) judge(ctx context.Context, t *testing.T, conn *pgx.Conn) {
	t.Helper()
	var changes int64
	if err := conn.QueryRow(ctx, "SELECT changes FROM eventgres_health").Scan(&changes); err != nil {
		t.Fatal(err)
	}
	if least, most := d.changes+d.acknowledged, d.changes+d.sent; changes < least || changes > most {
		t.Errorf("the control state was changed %d times; at least %d times, as was acknowledged, and at most %d, as was sent", changes, least, most)
	}
	d.changes, d.acknowledged, d.sent = changes, 0, 0
}
