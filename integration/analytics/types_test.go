package analytics

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// scalars answers with the first column of a query's rows, and the code of its error.
func scalars(t *testing.T, c *pgconn.PgConn, sql string) (list []string, code string) {
	t.Helper()
	results, err := c.Exec(context.Background(), sql).ReadAll()
	if e, ok := err.(*pgconn.PgError); ok {
		return nil, e.Code
	} else if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	for _, r := range results {
		for _, row := range r.Rows {
			list = append(list, string(row[0]))
		}
	}
	return list, ""
}

// TestParameterTypes declares a parameter of every type that PostgreSQL has, by each name of it, and of its arrays: it is taken, and
// a value reads as in PostgreSQL, or the type is refused as not supported.
func TestParameterTypes(t *testing.T) {
	requirePostgres(t)
	server := NewEventgres(t)
	oracle, subject := connect(t, NewPostgres(t, nil)), connect(t, server.URL())
	names, _ := scalars(t, oracle, `SELECT DISTINCT n FROM pg_type t, LATERAL (VALUES (format_type(t.oid, NULL)), (typname), (format_type(t.oid, NULL) || '[]')) v(n)
		WHERE typtype IN ('b', 'r', 'm') AND typname !~ '^pg_(toast|temp)' AND typnamespace = 'pg_catalog'::regnamespace AND n !~ '\[\]\[\]' AND n <> '"char"[]'
		ORDER BY 1`)
	values := []string{"NULL", "'1'", "'{1,NULL}'", "'2024-02-29'", "'1:2:'", "'x'"}
	refused, asked := 0, 0
	for _, name := range names {
		for _, sql := range []string{"PREPARE p(" + name + ") AS SELECT $1", "PREPARE p(" + name + ") AS SELECT pg_typeof($1)"} {
			want, wantCode := scalars(t, oracle, sql)
			_, code := scalars(t, subject, sql)
			asked++
			if code == "0A000" {
				refused++
				if wantCode == "" {
					scalars(t, oracle, "DEALLOCATE p")
				}
				continue
			}
			if code != wantCode {
				t.Errorf("%s: got %q, want %q %s", sql, code, wantCode, want)
			}
			if code != "" || wantCode != "" {
				scalars(t, oracle, "DEALLOCATE p")
				scalars(t, subject, "DEALLOCATE p")
				continue
			}
			for _, v := range values {
				run := "EXECUTE p(" + v + ")"
				asked++
				want, wantCode := scalars(t, oracle, run)
				got, code := scalars(t, subject, run)
				if code == "0A000" {
					refused++
				} else if code != "" && wantCode != "" { // another error, maybe
					continue
				} else if name == "oidvector" && code == "22P02" { // PostgreSQL reads numbers that touch
					continue
				} else if code != wantCode || strings.Join(got, "|") != strings.Join(want, "|") {
					t.Errorf("%s; %s: got %q %s, want %q %s", sql, run, got, code, want, wantCode)
				}
			}
			scalars(t, oracle, "DEALLOCATE p")
			scalars(t, subject, "DEALLOCATE p")
		}
	}
	t.Logf("%d types, %d statements, %d refused as not supported", len(names), asked, refused)
	if len(names) < 100 || refused > asked/2 {
		t.Errorf("%d types, %d of %d refused", len(names), refused, asked)
	}
}
