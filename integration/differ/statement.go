package differ

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/eventgres/eventgres/integration/analytics"
)

// A Statement is one question, and the way it is asked.
type Statement struct {
	Generator string
	Number    uint64 // of the seed's statements
	Tree      *Node
	Params    []analytics.Param
	Mode      analytics.Mode
	Settings  []string // SET commands, besides those every session begins with
	Way       Way
	Order     []int // the columns whose sequence ORDER BY fixes, from 0
}

// A Way is a path through the server on which a statement must mean the same.
type Way string

// The ways.
const (
	Plain  Way = ""       // as it comes
	Native Way = "native" // eventgres.route = native; what that path cannot answer is left out
	Worker Way = "worker" // eventgres.route = analytics
	Staged Way = "staged" // in a transaction, behind an INSERT of its own
	Cursor Way = "cursor" // DECLARE, FETCH ALL
	View   Way = "view"   // through a view that was made in another time zone
	Again  Way = "again"  // prepared in another time zone, and executed a second time
)

// SQL is the statement's text.
func (s *Statement) SQL() string { return s.Tree.String() }

// elsewhere is a time zone that no statement is asked in: what a view or a prepared
// statement holds must not depend on where it was made, unless PostgreSQL's does.
const elsewhere = "SET TimeZone = 'Asia/Tokyo'"

// before is what runs in front of the statement, on either server.
func (s *Statement) before(eventgres, turned bool) []string {
	commands := append([]string(nil), s.Settings...)
	text := s.SQL()
	if turned {
		text = s.Tree.Turned()
	}
	switch s.Way {
	case Native, Worker:
		if eventgres {
			route := map[Way]string{Native: "native", Worker: "analytics"}[s.Way]
			commands = append(commands, "SET eventgres.route = '"+route+"'")
		}
	case Staged:
		commands = append(commands, "BEGIN",
			`INSERT INTO events (stream_id, event_id, type, payload, metadata, tags) VALUES ('00000000-0000-4000-8000-000000000001', '00000000-0000-7000-8000-0000000000aa', 'Staged', '{"a": 7, "k": "own"}', NULL, '{own}')`)
	case Cursor:
		commands = append(commands, "BEGIN", "DECLARE differ CURSOR FOR "+text)
	case View:
		commands = append([]string{elsewhere, "CREATE OR REPLACE VIEW " + s.view() + " AS " + text, "RESET TimeZone"}, commands...)
	case Again:
		commands = append([]string{elsewhere, "PREPARE differ AS " + text, "EXECUTE differ", "RESET TimeZone"}, commands...)
	}
	return commands
}

// after clears up: the settings are put back whatever the statement did.
func (s *Statement) after(eventgres bool) []string {
	commands := []string{"RESET TimeZone", "RESET DateStyle", "RESET IntervalStyle", "RESET extra_float_digits"}
	switch s.Way {
	case Staged, Cursor:
		commands = append([]string{"ROLLBACK"}, commands...)
	case Native, Worker:
		if eventgres {
			commands = append(commands, "RESET eventgres.route")
		}
	case View:
		commands = append(commands, "DROP VIEW IF EXISTS "+s.view())
	case Again:
		commands = append(commands, "DEALLOCATE ALL")
	}
	return commands
}

// view is a name of its own, since several statements are asked at a time.
func (s *Statement) view() string { return fmt.Sprintf("differ_%d", s.Number) }

// asked is the statement that is answered.
func (s *Statement) asked(turned bool) string {
	switch {
	case s.Way == Cursor:
		return "FETCH ALL FROM differ"
	case s.Way == View:
		return "SELECT * FROM " + s.view()
	case s.Way == Again:
		return "EXECUTE differ"
	case turned:
		return s.Tree.Turned()
	}
	return s.SQL()
}

// Show renders the whole question as psql could run it, but for parameters.
func (s *Statement) Show() string {
	var b strings.Builder
	for _, command := range s.before(true, false) {
		fmt.Fprintf(&b, "%s;\n", command)
	}
	fmt.Fprintf(&b, "%s;", s.asked(false))
	if s.Mode != analytics.Simple || len(s.Params) > 0 {
		fmt.Fprintf(&b, "  -- %s", s.Mode)
		for i, p := range s.Params {
			text := fmt.Sprintf("%q", p.Text)
			if p.Null {
				text = "NULL"
			}
			fmt.Fprintf(&b, " $%d=%s (oid %d)", i+1, text, p.OID)
		}
	}
	return b.String()
}

var zones = []string{"UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Africa/Monrovia"}

// settings is what a statement is asked under, mostly nothing unusual.
func settings(r *rand.Rand) []string {
	var set []string
	if r.IntN(3) == 0 {
		set = append(set, "SET TimeZone = '"+pick(r, zones)+"'")
	}
	if r.IntN(10) == 0 {
		set = append(set, "SET DateStyle = '"+pick(r, []string{"ISO, DMY", "ISO, YMD", "SQL, DMY", "SQL, MDY", "German", "Postgres, MDY", "Postgres, DMY"})+"'")
	}
	if r.IntN(10) == 0 {
		set = append(set, "SET IntervalStyle = '"+pick(r, []string{"iso_8601", "postgres_verbose", "sql_standard"})+"'")
	}
	if r.IntN(10) == 0 {
		set = append(set, "SET extra_float_digits = "+pick(r, []string{"0", "-3", "-15", "3"}))
	}
	return set
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

var modes = []analytics.Mode{analytics.Simple, analytics.ExtendedText, analytics.ExtendedBinary}
