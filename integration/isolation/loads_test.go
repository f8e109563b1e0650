package isolation

import (
	"fmt"
	"strings"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5/pgproto3"
)

// A load is what some clients do at the same time, each again and again.
type load struct {
	name    string
	clients int
	// once is one go of client i. The connection must survive it.
	once   func(c *rawClient, i int) error
	single bool // that is one statement
}

func repeated(head, item, separator, tail string, n int) string {
	return head + strings.Repeat(item+separator, n-1) + item + tail
}

func statement(sql string) func(*rawClient, int) error {
	return func(c *rawClient, _ int) error {
		_, err := c.query(sql)
		return err
	}
}

// many does f so many times, fewer in the short form, whose limits are as much lower, and then sends DISCARD ALL, so that everything is held before it is let go.
func many(n int, f func(c *rawClient, n int)) func(*rawClient, int) error {
	return func(c *rawClient, _ int) error {
		times := n
		if !harness.Long() {
			times = (n + 3) / 4
		}
		for i := range times {
			f(c, i)
			if _, err := c.answer(); err != nil {
				return err
			}
		}
		if _, err := c.query("rollback"); err != nil {
			return err
		}
		_, err := c.query("discard all")
		return err
	}
}

const mib = 1 << 20

// inShort are those of the short form, one of each kind.
var inShort = map[string]bool{
	"ARRAY of 10 MB": true, "coalesce of 90,000": true, "10,000 statements in a query": true, "10,000 reads in a query": true,
	"LIKE scans": true, "sorted scans": true, "concatenation": true, "150 prepared statements of 4 MiB": true,
	"80 portals with a parameter of 8 MiB": true, "60 portals with an array of 250,000": true, "40 settings of 16 MiB": true,
	"1,000 savepoints with 900 settings": true, "messages of 60 MiB that are not SQL": true, "appends of a transaction": true,
	"200 cursors that sort": true, "COPY of one line without end": true,
}

// loads are all kinds; those that keep memory keep far more than a connection may.
func loads() []load {
	big := func(n int) string { return strings.Repeat("x", n) }
	megabytes := big(4 * mib)
	list := func(n int) string { return repeated("", "1", ",", "", n) }
	return []load{
		{"ARRAY of 10 MB", 4, statement("select array[" + list(5*mib) + "]"), true},
		{"ARRAY of 90,000", 4, statement("select array[" + list(90_000) + "]"), true},
		{"coalesce of 10 MB", 4, statement("select coalesce(" + list(5*mib) + ")"), true},
		{"coalesce of 90,000", 4, statement("select coalesce(" + list(90_000) + ")"), true},
		{"IN of 90,000", 4, statement("select 0 in (" + list(90_000) + ")"), true},
		{"scans with IN of 1,000", 4, statement("set eventgres.route = 'native'; select count(*) from events where version in (" + list(1000) + ")"), true},
		{"OR of 15,000", 4, statement(repeated("select position from events where ", "version = -1", " or ", " limit 1", 15_000)), true},
		{"10,000 statements in a query", 8, statement(strings.Repeat("select 1;", 10_000)), false},
		{"10,000 SETs in a query", 4, statement(strings.Repeat("set app.a = 1;", 10_000)), false},
		{"10,000 reads in a query", 4, statement(strings.Repeat("select payload from events where stream = 'honest-1' and version = 1;", 10_000)), false},
		{"1,000 staged appends in a query", 2, statement("begin;" + strings.Repeat("insert into events (stream, type) values ('isolated', 'A');", 1000) + "rollback"), false},
		{"LIKE scans", 4, statement("set eventgres.route = 'native'; select position from events where stream like '%no%such%stream%'"), true},
		{"ILIKE scans", 4, statement("set eventgres.route = 'native'; select position from events where stream ilike '%no%such%stream%'"), true},
		{"LIKE over 20 MB", 2, statement("select '" + big(20*mib) + "' like '%x%y'"), true},
		{"sorted scans", 4, statement("set eventgres.route = 'native'; select position from events order by type, event_id limit 500"), true},
		{"scans that send all", 4, statement("set eventgres.route = 'native'; select * from events"), false},
		{"COPY that sends all", 4, func(c *rawClient, _ int) error {
			_, err := c.query("copy events to stdout")
			return err
		}, false},
		{"concatenation", 4, func(c *rawClient, _ int) error {
			c.f.Send(&pgproto3.Parse{Query: repeated("select ", "$1::text", "||", "", 64)})
			c.f.Send(&pgproto3.Bind{Parameters: [][]byte{[]byte(megabytes)}})
			c.f.Send(&pgproto3.Execute{})
			c.f.Send(&pgproto3.Sync{})
			_, err := c.answer()
			return err
		}, true},
		{"lower of a long text, 1,000 times", 2, func(c *rawClient, _ int) error {
			c.f.Send(&pgproto3.Parse{Query: repeated("select ", "lower($1)", ",", "", 1000)})
			c.f.Send(&pgproto3.Bind{Parameters: [][]byte{[]byte(megabytes)}})
			c.f.Send(&pgproto3.Execute{})
			c.f.Send(&pgproto3.Sync{})
			_, err := c.answer()
			return err
		}, true},
		{"150 prepared statements of 4 MiB", 2, many(150, func(c *rawClient, n int) {
			c.f.Send(&pgproto3.Parse{Name: fmt.Sprint(n), Query: "select '" + megabytes + "'"})
			c.f.Send(&pgproto3.Sync{})
		}), false},
		{"200 times PREPARE of a list", 2, many(200, func(c *rawClient, n int) {
			c.f.Send(&pgproto3.Query{String: fmt.Sprintf("prepare p%d as select array[%s]", n, list(50_000))})
		}), false},
		{"80 portals with a parameter of 8 MiB", 2, many(81, func(c *rawClient, n int) {
			if n == 0 {
				c.f.Send(&pgproto3.Query{String: "begin; prepare s as select $1::text"})
				return
			}
			c.f.Send(&pgproto3.Bind{PreparedStatement: "s", DestinationPortal: fmt.Sprint(n), Parameters: [][]byte{[]byte(megabytes + megabytes)}})
			c.f.Send(&pgproto3.Sync{})
		}), false},
		{"60 portals with an array of 250,000", 2, many(61, func(c *rawClient, n int) {
			if n == 0 {
				c.f.Send(&pgproto3.Query{String: "begin; prepare s as select $1::int[]"})
				return
			}
			c.f.Send(&pgproto3.Bind{PreparedStatement: "s", DestinationPortal: fmt.Sprint(n), Parameters: [][]byte{[]byte("{" + list(250_000) + "}")}})
			c.f.Send(&pgproto3.Sync{})
		}), false},
		{"40 settings of 16 MiB", 2, many(40, func(c *rawClient, n int) {
			c.f.Send(&pgproto3.Query{String: fmt.Sprintf("set app.a%d = '%s'", n, strings.Repeat(megabytes, 4))})
		}), false},
		{"1,000 savepoints with 900 settings", 2, many(1000, func(c *rawClient, n int) {
			if n == 0 {
				var b strings.Builder
				b.WriteString("begin;")
				for i := range 900 {
					fmt.Fprintf(&b, "set app.a%d = '%s';", i, megabytes[:4096])
				}
				c.f.Send(&pgproto3.Query{String: b.String()})
				return
			}
			c.f.Send(&pgproto3.Query{String: "savepoint a"})
		}), false},
		{"messages of 60 MiB", 20, statement("select '" + strings.Repeat(megabytes, 15) + "'"), false},
		{"messages of 60 MiB that are not SQL", 20, statement("'" + strings.Repeat(megabytes, 15)), false},
		{"binds of 60 MiB that end in an error", 8, func(c *rawClient, _ int) error {
			c.f.Send(&pgproto3.Parse{Query: "select $1::int[]"})
			c.f.Send(&pgproto3.Bind{Parameters: [][]byte{[]byte("{" + strings.Repeat(megabytes, 15))}})
			c.f.Send(&pgproto3.Sync{})
			_, err := c.answer()
			return err
		}, false},
		{"appends of a transaction", 4, many(40, func(c *rawClient, n int) {
			if n == 0 {
				c.f.Send(&pgproto3.Query{String: "begin"})
				return
			}
			c.f.Send(&pgproto3.Query{String: "insert into events (stream, type, payload) values ('isolated', 'A', '\"" + megabytes[:900_000] + "\"')"})
		}), false},
		{"INSERT of 100,000 rows, rolled back", 2, statement(repeated("begin; insert into events (stream, type) values ", "('isolated', 'A')", ",", "; rollback", 100_000)), false},
		{"200 cursors that sort", 2, many(200, func(c *rawClient, n int) {
			if n == 0 {
				c.f.Send(&pgproto3.Query{String: "set eventgres.route = 'native'; begin"})
				return
			}
			c.f.Send(&pgproto3.Query{String: fmt.Sprintf("declare c%d cursor for select *, stream||type from events order by type limit 900; fetch 1 from c%d", n, n)})
		}), false},
		{"COPY of one line without end", 4, func(c *rawClient, _ int) error {
			c.f.Send(&pgproto3.Query{String: "copy events (stream, type, payload) from stdin"})
			for range 30 {
				c.f.Send(&pgproto3.CopyData{Data: []byte(megabytes)})
			}
			c.f.Send(&pgproto3.CopyDone{})
			_, err := c.answer()
			return err
		}, false},
		{"pipelines of 3,000 statements", 4, func(c *rawClient, _ int) error {
			for range 3000 {
				c.f.Send(&pgproto3.Parse{Query: "select 1"})
				c.f.Send(&pgproto3.Bind{})
				c.f.Send(&pgproto3.Execute{})
			}
			c.f.Send(&pgproto3.Sync{})
			_, err := c.answer()
			return err
		}, false},
	}
}
