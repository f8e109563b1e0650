package messagedb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestAccepted: what is accepted as a difference is one, and Eventgres answers what is declared.
func TestAccepted(t *testing.T) {
	for _, d := range Accepted {
		t.Run(d.Name, func(t *testing.T) {
			want := answer(t, realOne(t), d)
			got := answer(t, ours(t), d)
			if got == want {
				t.Errorf("both answer %s", got)
			}
			if d.Code != "" && got != d.Code || d.Code == "" && !strings.HasPrefix(got, "rows ") {
				t.Errorf("%s, not %q", got, d.Code)
			}
			if rows := strings.HasPrefix(want, "rows "); rows == d.Answered {
				t.Errorf("Message DB answers %s", want)
			}
			t.Logf("Message DB: %s, Eventgres: %s", want, got)
		})
	}
}

// answer is what the last of a difference's statements gives: its SQLSTATE, or its rows.
func answer(t *testing.T, url string, d Difference) (told string) {
	t.Helper()
	sessions := [][]string{{
		"SELECT write_message('00000000-0000-4000-8000-000000000001', 'loan-1', 'Opened', '{}')",
		"SELECT write_message('00000000-0000-4000-8000-000000000002', 'loan-1', 'Closed', '{}')",
		"SELECT write_message('00000000-0000-4000-8000-000000000003', 'loan-2', 'Opened', '{}')",
		"SELECT write_message('00000000-0000-4000-8000-000000000004', 'member-1', 'Joined', '{}')",
	}, d.SQL}
	for i, statements := range sessions {
		if i == 1 && d.Role != "" {
			url = strings.Replace(url, "message_store@", d.Role+"@", 1)
			url = strings.Replace(url, "user=message_store", "user="+d.Role, 1)
		}
		conn, err := pgconn.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		for _, sql := range statements {
			var rows [][][]byte
			var err error
			if d.Input != "" && i == 1 {
				_, err = conn.CopyFrom(t.Context(), strings.NewReader(d.Input), sql)
			} else if results, failed := conn.Exec(t.Context(), sql).ReadAll(); failed != nil {
				err = failed
			} else {
				rows = results[0].Rows
			}
			var e *pgconn.PgError
			switch {
			case errors.As(err, &e):
				told = e.Code
			case err != nil:
				t.Fatal(err)
			default:
				told = fmt.Sprintf("rows %q", rows)
			}
		}
	}
	return told
}
