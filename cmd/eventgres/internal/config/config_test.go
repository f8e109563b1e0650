package config

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// command has a flag of each kind.
type command struct {
	Config string        `type:"path" default:"" file:"-"`
	Data   string        `default:"data" type:"path" help:"A directory."`
	Listen string        `default:"127.0.0.1:5433"`
	Number int           `name:"max-number" default:"3" min:"1"`
	Bytes  int64         `default:"10"`
	Grace  time.Duration `default:"10s" reload:""`
	Format string        `default:"text" enum:"text,json"`
	On     bool          `name:"be-on"`
	Cert   string        `name:"tls-cert" type:"path" setting:"ssl_cert_file"`
	Secret bool          `hidden:"" file:"-" env:"-"`
}

// take parses a command line with a file of that text; variables are those of the process.
func take(t *testing.T, text string, args ...string) (*command, *Settings, error) {
	t.Helper()
	var c struct {
		Serve command `cmd:""`
	}
	file := filepath.Join(t.TempDir(), "eventgres.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, err := kong.Must(&c, Variables("serve")).Parse(append([]string{"serve", "--config", file}, args...))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Take(ctx, c.Serve.Config)
	return &c.Serve, s, err
}

// TestPrecedence: a flag beats a variable, which beats the file, which beats the default.
func TestPrecedence(t *testing.T) {
	const text = "# a comment\nmax_number = 7\nbytes = 70\n\nlisten = 'h:1'\nbe_on = true\n"
	t.Setenv("EVENTGRES_BYTES", "80")
	t.Setenv("EVENTGRES_LISTEN", "h:2")
	c, s, err := take(t, text, "--listen", "h:3", "--be-on=false")
	if err != nil {
		t.Fatal(err)
	}
	want := command{Config: c.Config, Data: c.Data, Listen: "h:3", Number: 7, Bytes: 80, Grace: 10 * time.Second, Format: "text"}
	if *c != want {
		t.Errorf("got %+v, want %+v", *c, want)
	}
	whence := map[string]string{}
	for _, set := range s.List {
		whence[set.Flag] = set.Value + " " + string(set.Source) + " " + strings.TrimPrefix(s.Whence(set), s.File)
	}
	for flag, want := range map[string]string{
		"max-number": "7 configuration file :2: max_number", "bytes": "80 environment variable EVENTGRES_BYTES",
		"listen": "h:3 command line --listen", "be-on": "off command line --be-on", "grace": "10s default --grace",
	} {
		if whence[flag] != want {
			t.Errorf("%s is %q, not %q", flag, whence[flag], want)
		}
	}
}

// TestKinds: values of each kind, and paths from where the file is.
func TestKinds(t *testing.T) {
	c, s, err := take(t, "data = \"here/data\"\nmax_number = 1_000\nbytes = 0x10\ngrace = \"1m30s\"\nformat = \"json\"\nbe_on = true\ntls_cert = \"\"\nlisten = '''\nh:1'''\n")
	if err != nil {
		t.Fatal(err)
	}
	want := command{
		Config: c.Config, Data: filepath.Join(filepath.Dir(s.File), "here", "data"), Listen: "h:1", Number: 1000, Bytes: 16,
		Grace: 90 * time.Second, Format: "json", On: true,
	}
	if *c != want {
		t.Errorf("got %+v, want %+v", *c, want)
	}
}

// TestWrong: what is wrong with a file is told with its line and key, all of it at once, and nothing of it is taken.
func TestWrong(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"max_numbr = 1", ":1: there is no setting max_numbr; is max_number meant?"},
		{"\nmax-number = 1", ":2: there is no setting max-number; is max_number meant?"},
		{"tls.cert = 'x'", ":1: there is no setting tls.cert; is tls_cert meant?"},
		{"tls_certificate = 'x'", ":1: there is no setting tls_certificate; is tls_cert meant?"},
		{"colour = 'x'", ":1: there is no setting colour"},
		{"config = 'x'", ":1: there is no setting config, which cannot stand in the file"},
		{"secret = true", ":1: there is no setting secret, which cannot stand in the file"},
		{"# one\nmax_number = '3'", ":2: max_number: wants a whole number"},
		{"max_number = 3.5", ":1: max_number: wants a whole number"},
		{"max_number = 0", ":1: max_number: wants 1 at least, not 0"},
		{"be_on = 1", ":1: be_on: wants true or false"},
		{"grace = 10", ":1: grace: wants a time in quotes, such as \"10s\""},
		{"grace = 'ten'", ":1: grace: wants a time in quotes, such as \"10s\", not \"ten\""},
		{"listen = 5433", ":1: listen: wants a text in quotes"},
		{"listen = ['a']", ":1: listen: wants a text in quotes"},
		{"format = 'xml'", ":1: format: wants one of text,json, not \"xml\""},
		{"bytes = 1\n[tls]\ncert = 'x'", ":2: [tls]: there are no tables here, every key stands by itself"},
		{"bytes = 1\nbytes = 2", ":2:"},
		{"bytes = 1\nlisten = oops", ":2:10: "},
		{"bytes = 99999999999999999999", ":1:"},
		{"nothing = 1\nbytes = 'x'", ":1: there is no setting nothing\nFILE:2: bytes: wants a whole number"},
	} {
		got, s, err := take(t, c.text)
		if err == nil {
			t.Errorf("%q is taken: %v", c.text, s)
			continue
		}
		text := strings.ReplaceAll(err.Error(), got.Config, "FILE")
		if text != "FILE"+c.want && !(strings.HasSuffix(c.want, ":") || strings.HasSuffix(c.want, " ")) || !strings.HasPrefix(text, "FILE"+c.want) {
			t.Errorf("%q: %s\nwant FILE%s", c.text, text, c.want)
		}
		if got.Bytes != 10 || got.Listen != "127.0.0.1:5433" {
			t.Errorf("%q: taken in part", c.text)
		}
	}
	for name, want := range map[string]string{
		"--max-number": "--max-number: wants 1 at least, not 0",
		"variable":     "EVENTGRES_MAX_NUMBER: wants 1 at least, not 0",
	} {
		args := []string{"--max-number=0"}
		if name == "variable" {
			t.Setenv("EVENTGRES_MAX_NUMBER", "0")
			args = nil
		}
		if _, _, err := take(t, "", args...); err == nil || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMerge: of a file that was read anew, what reloads is taken, the rest is pending; what a flag or a variable gives stays.
func TestMerge(t *testing.T) {
	t.Setenv("EVENTGRES_LISTEN", "h:2")
	_, before, err := take(t, "grace = '1s'\nmax_number = 1\nbytes = 1\nlisten = 'h:1'\n")
	if err != nil {
		t.Fatal(err)
	}
	_, next, err := take(t, "listen = 'h:4'\n\ngrace = '2s'\nmax_number = 2\nbytes = 1\n")
	if err != nil {
		t.Fatal(err)
	}
	reloads := func(set *Setting) bool { return set.Reloads }
	merged, changed := before.Merge(next, reloads)
	for _, want := range []Setting{
		{Key: "grace", Value: "2s", Source: File, Line: 3},
		{Key: "max_number", Value: "1", Source: File, Line: 2, Pending: true},
		{Key: "bytes", Value: "1", Source: File, Line: 5},
		{Key: "listen", Value: "h:2", Source: Environment},
		{Key: "format", Value: "text", Source: Default},
	} {
		got := merged.find(want.Key)
		if got.Value != want.Value || got.Source != want.Source || got.Line != want.Line || got.Pending != want.Pending {
			t.Errorf("%s: %+v", want.Key, got)
		}
	}
	if len(changed) != 2 || changed[0].Key != "max_number" || changed[0].Next != "2" || changed[1].Key != "grace" {
		t.Errorf("changed: %v", changed)
	}
	// Back again, and without a key: what was pending is not any more.
	_, next, err = take(t, "max_number = 1\n")
	if err != nil {
		t.Fatal(err)
	}
	merged, changed = merged.Merge(next, reloads)
	if set := merged.find("max_number"); set.Pending || set.Line != 1 {
		t.Errorf("%+v", set)
	}
	if set := merged.find("grace"); set.Value != "10s" || set.Source != Default || len(changed) != 2 {
		t.Errorf("%+v, changed: %v", set, changed)
	}
}

// TestMissing: a file that is not there, or that is too long, is an error.
func TestMissing(t *testing.T) {
	if _, err := read(filepath.Join(t.TempDir(), "none.toml")); !os.IsNotExist(err) {
		t.Error(err)
	}
	long := filepath.Join(t.TempDir(), "long.toml")
	if err := os.WriteFile(long, bytes.Repeat([]byte("#\n"), maxFile/2+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(long); err == nil {
		t.Error("a file without bound is read")
	}
}

// TestStray: variables that look like a setting's are told of, those of tests and of other programs are not.
func TestStray(t *testing.T) {
	_, s, err := take(t, "")
	if err != nil {
		t.Fatal(err)
	}
	got := s.Stray([]string{
		"EVENTGRES_MAXNUMBER=1", "EVENTGRES_DATA_DIR=x", "EVENTGRES_LISTEN=right", "PATH=x", "MAX_NUMBR=1",
		"EVENTGRES_SEED=1", "EVENTGRES_BIN=x", "EVENTGRES_LONG=1", "EVENTGRES_REQUIRE_CLIENTS=1", "EVENTGRES_CRASH_STATES=1",
		"EVENTGRES_PORT=tcp://10.0.0.1:5433", "EVENTGRES_PORT_5433_TCP_ADDR=10.0.0.1", "EVENTGRES_SERVICE_HOST=10.0.0.1",
	})
	want := []string{
		"there is no variable EVENTGRES_MAXNUMBER; is EVENTGRES_MAX_NUMBER meant?",
		"there is no variable EVENTGRES_DATA_DIR; is EVENTGRES_DATA meant?",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
}

// TestExample: what the example says, once it is no comment any more, changes nothing.
func TestExample(t *testing.T) {
	_, s, err := take(t, "")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Example(&b, s.List); err != nil {
		t.Fatal(err)
	}
	if _, s, err := take(t, b.String()); err != nil || s.find("grace").Source != Default {
		t.Errorf("the example is not all comment: %v", err)
	}
	var lines []string
	for line := range strings.Lines(b.String()) {
		if key, ok := strings.CutPrefix(line, "#"); ok && !strings.HasPrefix(key, " ") {
			line = key
		}
		lines = append(lines, line)
	}
	text := strings.Join(lines, "")
	c, s, err := take(t, text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	want, _, _ := take(t, "")
	want.Config, want.Data = c.Config, filepath.Join(filepath.Dir(s.File), "data")
	if *c != *want {
		t.Errorf("got %+v, want %+v", *c, *want)
	}
	for _, set := range s.List {
		if (set.Source == File) != (set.Key != "") {
			t.Errorf("%s is of %s", set.Flag, set.Source)
		}
	}
}

// FuzzParse: no file makes the parser fail otherwise than with an error, and each key has a line.
func FuzzParse(f *testing.F) {
	f.Add("a = 1\n\"b c\" = 'x'\n[t]\nd = {e = [1, 2.5, 1979-05-27]}\n[[u]]\n")
	f.Add("a.b = '''\n'''\n# x")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := parse("f", []byte(text))
		for _, e := range entries {
			if err == nil && (e.line < 1 || e.line > 1+strings.Count(text, "\n")) {
				t.Errorf("%q is at line %d", e.key, e.line)
			}
		}
	})
}
