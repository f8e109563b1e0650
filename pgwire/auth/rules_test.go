package auth

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

var everything = RulesOptions{TLS: true, ClientCA: true, Maps: ParseMaps([]byte("m a b\nm a c\nn x y"))}

func TestRules(t *testing.T) {
	text := `# comment
local all all peer map=owner
local "all", all   postgres,"+x"  scram-sha-256 # behind it
host	sameuser,events +staff,"odd""name" 10.0.0.0/8 \
	scram-sha-256

hostssl all all 192.168.1.0 255.255.0.255 cert map=m
hostssl all all ::1/128 scram-sha-256 clientcert=verify-ca
hostssl all all ::/0 cert map=m clientname=SAN
hostnossl all all all reject
host all all samenet trust`
	rules := ParseRules([]byte(text), everything)
	if rules.Err() != nil {
		t.Fatal(rules.Err())
	}
	var got strings.Builder
	for _, v := range rules.Views() {
		fmt.Fprintf(&got, "%d %s %q %q %s %s %s %q\n", v.Line, v.Type, v.Databases, v.Users, v.Address, v.Netmask, v.Method, v.Options)
	}
	want := `2 local ["all"] ["all"]   peer ["map=owner"]
3 local ["all" "all"] ["postgres" "+x"]   scram-sha-256 []
4 host ["sameuser" "events"] ["+staff" "odd\"name"] 10.0.0.0 255.0.0.0 scram-sha-256 []
7 hostssl ["all"] ["all"] 192.168.1.0 255.255.0.255 cert ["map=m" "clientcert=verify-full"]
8 hostssl ["all"] ["all"] ::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff scram-sha-256 ["clientcert=verify-ca"]
9 hostssl ["all"] ["all"] :: :: cert ["map=m" "clientcert=verify-full" "clientname=SAN"]
10 hostnossl ["all"] ["all"] all  reject []
11 host ["all"] ["all"] samenet  trust []
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &got, want)
	}
}

func TestRulesErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                                   "no entries",
		"# nothing":                                          "no entries",
		"local":                                              "line 1: end-of-line before database",
		"\n\nlocal all":                                      "line 3: end-of-line before role",
		"local all all":                                      "before authentication method",
		"host all all":                                       "before IP address",
		"host all all 1.2.3.4":                               "before netmask",
		"host all all 1.2.3.4 ffff:: trust":                  "do not match",
		"host all all 1.2.3.4 x trust":                       "invalid IP mask",
		"host all all 1.2.3.4/33 trust":                      "invalid CIDR mask",
		"host all all 1.2.3.4/+1 trust":                      "invalid CIDR mask",
		"host all all fe80::1%lo/64 trust":                   "has a zone",
		"host all all db.example trust":                      "host names are not supported",
		"host all all .example trust":                        "host names are not supported",
		"host all all db.example/8 trust":                    "specifying both host name and CIDR",
		"host all all 1.2.3.4,1.2.3.5 trust":                 "multiple values specified for host address",
		"local,host all all trust":                           "multiple values specified for connection type",
		"hosts all all all trust":                            "invalid connection type",
		"hostgssenc all all all trust":                       "GSSAPI is not supported",
		"local all all trust,reject":                         "multiple values specified for authentication type",
		"local all all magic":                                "invalid authentication method",
		"host all all all md5":                               "not supported",
		"host all all all password":                          "not supported",
		"host all all all ldap ldapserver=x":                 "not supported",
		"host all all all peer":                              "only supported on local sockets",
		"host all all all cert":                              "only supported on hostssl",
		"local all all cert":                                 "only supported on hostssl",
		"local all all trust map":                            "not in name=value format",
		"local all all trust map=m":                          `option "map" is only valid`,
		"local all all peer map=other":                       `no map "other"`,
		"hostssl all all all cert map=owner":                 `"peer" authentication`,
		"hostssl all all all trust colour=red":               "unrecognized authentication option",
		"host all all all trust clientcert=verify-ca":        "only be configured for",
		"hostssl all all all cert clientcert=verify-ca":      `only be set to "verify-full"`,
		"hostssl all all all trust clientcert=1":             "invalid value for clientcert",
		"hostssl all all all cert clientname=DN":             "not supported",
		"hostssl all all all cert clientname=X":              "invalid value for clientname",
		"hostssl all all all cert clientname=SAN":            "with a map",
		"local @admins all trust":                            `including the file "admins"`,
		"local all @admins trust":                            `including the file "admins"`,
		"local all " + strings.Repeat("x", 10240) + " trust": "token too long",
		"local all a\x00b trust":                             "zero byte",
		strings.Repeat("#", maxFileBytes+1):                  "the limit is",
	} {
		if err := ParseRules([]byte(text), everything).Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %s", text, err, want)
		}
	}
	if err := ParseRules([]byte("hostssl all all all cert"), RulesOptions{TLS: true}).Err(); err == nil {
		t.Error("certificates are asked for where none can be checked")
	}
	if r := ParseRules([]byte("hostssl all all all trust"), RulesOptions{}); r.Err() != nil || r.Views()[0].Error == "" {
		t.Error("a rule for TLS where there is none: want a warning alone")
	}
}

func TestMatch(t *testing.T) {
	rules := ParseRules([]byte(`local all all peer map=owner
local all all scram-sha-256
host events app 10.1.0.0/16 scram-sha-256
host all "all" 10.1.0.0/16 reject
host sameuser +staff 10.2.0.0/16 trust
hostssl all app 10.3.0.0/16 cert
hostnossl all app 10.3.0.0/16 reject
host samerole all 10.4.0.0/16 trust
host replication,"replication" app 10.5.0.0/16 trust
host all app samenet scram-sha-256
host all other samehost trust
host all app 2001:db8::/32 scram-sha-256`), everything)
	if rules.Err() != nil {
		t.Fatal(rules.Err())
	}
	for i, c := range []struct {
		unix           bool
		address        string
		tls            bool
		database, user string
		owner          bool
		want           int // the line; 0: none
	}{
		{unix: true, database: "events", user: "postgres", owner: true, want: 1},
		{unix: true, database: "events", user: "postgres", want: 2},
		{address: "10.1.2.3", database: "events", user: "app", want: 3},
		{address: "::ffff:10.1.2.3", database: "events", user: "app", want: 3},
		{address: "10.1.2.3", database: "Events", user: "app"},
		{address: "10.1.2.3", database: "x", user: "all", want: 4},
		{address: "10.2.0.1", database: "bob", user: "bob", want: 5},
		{address: "10.2.0.1", database: "eve", user: "eve"},
		{address: "10.2.0.1", database: "events", user: "bob"},
		{address: "10.3.0.1", tls: true, database: "x", user: "app", want: 6},
		{address: "10.3.0.1", database: "x", user: "app", want: 7},
		{address: "10.4.0.1", database: "staff", user: "bob", want: 8},
		{address: "10.4.0.1", database: "events", user: "bob"},
		{address: "10.5.0.1", database: "replication", user: "app", want: 9},
		{address: "10.5.0.1", database: "x", user: "app"},
		{address: "192.168.7.9", database: "x", user: "app", want: 10},
		{address: "192.168.8.9", database: "x", user: "app"},
		{address: "192.168.7.1", database: "x", user: "other", want: 11},
		{address: "192.168.7.9", database: "x", user: "other"},
		{address: "2001:db8::1%eth0", database: "x", user: "app", want: 12},
		{address: "2001:db9::1", database: "x", user: "app"},
	} {
		q := Request{
			Unix: c.unix, TLS: c.tls, Database: c.database, User: c.user, Owner: c.owner,
			Member:   func(role string) bool { return role == "staff" && c.user == "bob" },
			Networks: func() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("192.168.7.1/24")} },
		}
		if !c.unix {
			q.Address = netip.MustParseAddr(c.address)
		}
		got := 0
		if rule := rules.Match(&q); rule != nil {
			got = rule.Line
		}
		if got != c.want {
			t.Errorf("%d %+v: line %d, want %d", i, c, got, c.want)
		}
	}
}

func TestBeyondLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1/32": false, "127.0.0.0/8": false, "127.0.0.0/7": true, "::1/128": false, "::/0": true, "::1/127": true, "10.0.0.0/8": true,
		"all": true, "samehost": true, "samenet": true, "127.0.0.1 0.255.255.255": true, "127.0.0.1 255.0.0.255": false,
	} {
		rules := ParseRules([]byte("host all all "+address+" trust"), everything)
		if rules.Err() != nil {
			t.Fatal(rules.Err())
		}
		rules.Each(func(r *Rule) bool {
			if r.BeyondLoopback() != want {
				t.Errorf("%s: %v, want %v", address, !want, want)
			}
			return true
		})
	}
}

func TestMaps(t *testing.T) {
	m := everything.Maps
	for _, c := range []struct {
		name, elsewhere, role string
		want                  bool
	}{
		{"m", "a", "b", true},
		{"m", "a", "c", true},
		{"m", "a", "y", false},
		{"m", "A", "b", false},
		{"n", "x", "y", true},
		{"o", "a", "a", false},
		{"", "a", "a", true},
		{"", "a", "b", false},
	} {
		if got := m.Allows(c.name, c.elsewhere, c.role); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	for text, want := range map[string]string{
		"m a": "missing entry", "m": "missing entry", "m a,b c": "multiple values", "m /^a c": "regular expressions", "owner a b": "built in",
		"m @f c": "including the file",
	} {
		if err := ParseMaps([]byte("# x\n" + text)).Err(); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// FuzzRules: any text is rules or has an error with a line, and whoever matches is matched by a line without one.
func FuzzRules(f *testing.F) {
	for _, s := range []string{
		"local all all trust", "host all all 10.0.0.0/8 scram-sha-256", "hostssl a,\"b c\" +r ::1 ::1 cert map=m # x", "host\\\nall all\\\\\n samenet reject",
		"\"local\" \"\" \"a\"\"b\" peer", "m a b", "local @x all trust", ",,, a",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rules := ParseRules([]byte(s), everything)
		for _, v := range rules.Views() {
			if v.Line < 1 || v.Line > strings.Count(s, "\n")+1 || v.Error == "" && (v.Type == "" || v.Databases == nil || v.Users == nil || v.Method == "") {
				t.Fatalf("%+v", v)
			}
			if v.Error != "" && rules.Err() == nil {
				t.Fatalf("%+v, and no error of the file", v)
			}
		}
		for _, q := range []Request{
			{Unix: true, Database: "a", User: "a"},
			{Address: netip.MustParseAddr("::1"), TLS: true, Database: "a", User: "a"},
			{Address: netip.MustParseAddr("10.0.0.1"), Database: "a", User: "b"},
		} {
			if rule := rules.Match(&q); rule != nil && rule.Error != "" {
				t.Fatalf("%+v is matched by a line with an error", q)
			}
		}
		for _, m := range ParseMaps([]byte(s)).Lines() {
			if m.Line < 1 || m.Error == "" && m.Map == "" && m.Name == "" && m.Role == "" && !strings.Contains(s, `""`) {
				t.Fatalf("%+v", m)
			}
		}
	})
}
