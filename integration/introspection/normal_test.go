package introspection

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// The types whose values are the server's own.
const (
	oidType        = 26
	xidType        = 28
	cidType        = 29
	tidType        = 27
	nodeTreeType   = 194
	aclArrayType   = 1034
	timestamptzOID = 1184
	lsnType        = 3220
	snapshotType   = 5038
)

// ownColumns are numbers that no two servers share, by the column's name.
var ownColumns = regexp.MustCompile(`(?i)^(relfilenode|reltablespace_size|relpages|reltuples|relallvisible|pages|tuples|` +
	`cardinality|reltoastrelid|attcacheoff|n_live_tup|estimated_row_count|state_number|.*\bsize|.*_size|size_.*|pid|.*_pid|` +
	`.*age|dat.*xid|.*minmxid|.*frozenxid|dathasloginevt)$`)

// What is written over in text of any type.
var (
	longVersion  = regexp.MustCompile(`PostgreSQL 15\.[^"|]*`)
	shortVersion = regexp.MustCompile(`^15\.[0-9]+( \(.*\))?$`)
	numVersion   = regexp.MustCompile(`^150[0-9]{3}$`)
	prettySize   = regexp.MustCompile(`^-?[0-9]+ (bytes|kB|MB|GB|TB)$`)
	number       = regexp.MustCompile(`[0-9]+`)
)

// normalise gives a result in the form that is compared.
func (s *server) normalise(result *pgconn.Result) answer {
	var a answer
	for _, field := range result.FieldDescriptions {
		typ := strconv.FormatUint(uint64(field.DataTypeOID), 10)
		if name, known := s.names[typ]; known {
			typ = name
		}
		a.columns = append(a.columns, field.Name+" "+typ)
	}
	for _, row := range result.Rows {
		values := make([]string, len(row))
		for i, value := range row {
			field := result.FieldDescriptions[i]
			values[i] = s.value(field.Name, field.DataTypeOID, value)
		}
		if line := strings.Join(values, "|"); !extension(line) {
			a.rows = append(a.rows, line)
		}
	}
	return a
}

// extension tells of a line about pg_stat_statements, which is always there in Eventgres, and in PostgreSQL where somebody has made it; or about
// eventgres_auth, which is never there.
func extension(line string) bool {
	return strings.Contains(line, "eventgres_auth") || strings.Contains(line, "pg_stat_statements") || strings.HasPrefix(line, "3079|13990|")
}

func (s *server) value(column string, typ uint32, value []byte) string {
	if value == nil {
		return "∅"
	}
	text := string(value)
	if ownColumns.MatchString(column) && strings.Trim(text, "-.0123456789e+") == "" {
		return "<" + strings.ToLower(column) + ">"
	}
	switch typ {
	case xidType, cidType, tidType, nodeTreeType, aclArrayType, timestamptzOID, lsnType, snapshotType:
		return fmt.Sprintf("<%d>", typ)
	case oidType:
		return s.number(text)
	}
	return s.text(text)
}

// text is a value with the server's own words written over.
func (s *server) text(text string) string {
	text = definitions.Replace(text)
	text = longVersion.ReplaceAllString(text, "<version>")
	text = shortVersion.ReplaceAllString(text, "<version>")
	text = numVersion.ReplaceAllString(text, "<version>")
	text = prettySize.ReplaceAllString(text, "<size>")
	text = toastName.ReplaceAllStringFunc(text, s.toast)
	return number.ReplaceAllStringFunc(text, func(digits string) string {
		// The first of them is a power of two, and a likely number.
		if len(digits) >= 5 && digits != strconv.Itoa(firstOID) {
			return s.number(digits)
		}
		return digits
	})
}

// number is an OID, by name where it belongs to the user's objects.
func (s *server) number(digits string) string {
	if name, known := s.names[digits]; known {
		return "<" + name + ">"
	}
	return digits
}

func atLeast(digits string, n uint64) bool {
	value, err := strconv.ParseUint(digits, 10, 64)
	return err == nil && value >= n
}

func TestNormalise(t *testing.T) {
	s := &server{names: map[string]string{"16400": "relation events", "16384": "role test"}}
	for _, c := range []struct {
		column string
		typ    uint32
		value  string
		want   string
	}{
		{"oid", oidType, "16400", "<relation events>"},
		{"owner", oidType, "16384", "<role test>"},
		{"oid", oidType, "2200", "2200"},
		{"setting", 25, "16384", "16384"},
		{"class", 25, `{"id":"16400"}`, `{"id":"<relation events>"}`},
		{"xmin", xidType, "731", "<28>"},
		{"reltuples", 700, "-1", "<reltuples>"},
		{"Size", 25, "8192 bytes", "<size>"},
		{"version", 25, "PostgreSQL 15.18 on x86_64", "<version>"},
		{"server_version", 25, "15.18 (Debian 15.18-0+deb12u1)", "<version>"},
		{"name", 19, "pg_toast_16400", "pg_toast_of_events"},
	} {
		if got := s.value(c.column, c.typ, []byte(c.value)); got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.column, c.value, got, c.want)
		}
	}
	if got := s.value("x", 25, nil); got != "∅" {
		t.Errorf("null: got %s", got)
	}
}
