package door

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/pgwire/auth"
)

// TestRulesAsPostgreSQL: a file of rules, of whatever lines, is read as PostgreSQL 15's pg_hba_file_rules shows it, errors
// with their words; or refused for one of the reasons in refused.
func TestRulesAsPostgreSQL(t *testing.T) {
	r := postgresFor(t)
	r.keep(t, "pg_hba.conf")
	random := rand.New(rand.NewPCG(harness.Seed(t), 0))
	files, lines := 20, 0
	if harness.Long() {
		files = 1000
	}
	for range files {
		text := rulesFile(random)
		r.write(t, "pg_hba.conf", []byte(text))
		rows, err := r.admin.Query(t.Context(), `SELECT line_number, coalesce(type, ''), database, user_name, coalesce(address, ''), coalesce(netmask, ''),
			coalesce(auth_method, ''), options, coalesce(error, '') FROM pg_hba_file_rules ORDER BY line_number`)
		if err != nil {
			t.Fatal(err)
		}
		want, err := pgx.CollectRows(rows, pgx.RowToStructByPos[auth.RuleView])
		if err != nil {
			t.Fatal(err)
		}
		got := auth.ParseRules([]byte(text), auth.RulesOptions{ClientCA: true, Maps: auth.ParseMaps([]byte("m a b"))}).Views()
		if len(got) != len(want) {
			t.Fatalf("%d lines, want %d, of\n%s", len(got), len(want), text)
		}
		lines += len(got)
		for i := range want {
			if difference := compareRules(got[i], want[i]); difference != "" {
				t.Errorf("line %d: %s; in\n%s", want[i].Line, difference, shorten(strings.Split(text, "\n")[want[i].Line-1]))
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d lines", lines)
}

func shorten(line string) string {
	return regexp.MustCompile(`n{200,}`).ReplaceAllStringFunc(line, func(n string) string { return fmt.Sprintf("(%d times n)", len(n)) })
}

// refused is what only Eventgres refuses.
var refused = regexp.MustCompile(`^(` +
	`including the file ".*" is not supported` +
	`|hostgssenc record cannot match because GSSAPI is not supported by this build` +
	`|".*" is no IP address, and host names are not supported` +
	`|invalid authentication method "(password|md5|ident|gss|sspi|pam|bsd|ldap|radius)": not supported by this build` +
	`|the value "DN" for clientname is not supported.*` +
	`|invalid value for client(cert|name): ".*"` + // PostgreSQL refuses it too, and says so in its log alone
	`|clientname=SAN is for "cert" authentication with a map` +
	`|the map "owner" is of operating system users.*` +
	`|there is no map ".*"` +
	`)$`)

// addressErrors are those in which PostgreSQL quotes the system's words.
var addressErrors = regexp.MustCompile(`^invalid IP (address|mask) "`)

func compareRules(got, want auth.RuleView) string {
	if got.Error != "" && got.Line == want.Line && refused.MatchString(got.Error) {
		return ""
	}
	if m := addressErrors.FindString(want.Error); m != "" && strings.HasPrefix(got.Error, m) {
		return ""
	}
	same := got.Line == want.Line && got.Type == want.Type && got.Address == want.Address && got.Netmask == want.Netmask && got.Method == want.Method &&
		got.Error == want.Error && slices.Equal(got.Databases, want.Databases) && slices.Equal(got.Users, want.Users) && slices.Equal(got.Options, want.Options)
	if same {
		return ""
	}
	return fmt.Sprintf("got\n%+v\nwant\n%+v", got, want)
}

// rulesFile makes lines, most of which are rules.
func rulesFile(random *rand.Rand) string {
	var b strings.Builder
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	blank := func() string { return pick(" ", " ", " ", "\t", "  ", " \\\n", "\t \r ") }
	name := func() string {
		return pick("all", "events", "sameuser", "samerole", "samegroup", "replication", `"all"`, `"a b"`, `"a""b"`, `a"b"c`, "+staff", `"+staff"`, `+"staff"`,
			"a,b", "a, b", "a ,b", "x,,y", `""`, "é", "@", `"@f"`, "@f", "a#b", `"a#b"`, `"a,b"`, `"\`, strings.Repeat("n", 10236+random.IntN(6))+pick("", "", `"`, `"x"`, ","), "a\\b", `"unended`)
	}
	for range 40 {
		kind := pick("local", "local", "host", "host", "hostssl", "hostnossl", "hostnogssenc", "hostgssenc", `"host"`, "Host", "host,local", "", "#", "localhost")
		fields := []string{kind, name(), name()}
		if random.IntN(2) == 0 {
			fields[1], fields[2] = "all", "all"
		}
		if !strings.HasPrefix(kind, "local") || random.IntN(20) == 0 {
			fields = append(fields, pick("127.0.0.1/32", "10.0.0.0/8", "0.0.0.0/0", "::1/128", "2001:DB8::1/32", "::ffff:1.2.3.4/128", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/x",
				"1.2.3.4/-1", "::/129", "all", "samehost", "samenet", `"all"`, "db.example", ".example", "db.example/8", "1.2.3.4,5.6.7.8", "1.2.3.4 255.255.0.0",
				"1.2.3.4 255.0.255.0", "::1 ffff::", "1.2.3.4 ffff::", "1.2.3.4", "1.2.3.4 x", "1.2.3.4/08", "1.2.3", "1::2::3/1", "fe80::1/64", "::1.2.3.4/96", "1:2:3:4:5:6:7:8/64"))
		}
		fields = append(fields, pick("trust", "reject", "scram-sha-256", "scram-sha-256", "cert", "peer", "md5", "password", "ident", "bsd", "sspi", "Trust", "nonsense", `"trust"`, "trust,reject"))
		for range random.IntN(3) {
			fields = append(fields, pick("map=m", "map=other", "map=owner", "clientcert=verify-full", "clientcert=verify-ca", "clientcert=1", "clientcert=", "clientname=CN", "clientname=DN",
				"clientname=x", "option", "x=y", `"map=m"`, `map="m"`, "map=m,clientcert=verify-full", "=", "# comment"))
		}
		if random.IntN(8) == 0 {
			fields = fields[:random.IntN(len(fields))]
		}
		for i, f := range fields {
			b.WriteString(f)
			if i < len(fields)-1 {
				b.WriteString(blank())
			}
		}
		b.WriteString(cmp.Or(pick("", "", "", " ", " # said", "\\", "\\\\", "\r"), "") + "\n")
	}
	return b.String()
}
