package cli

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestConfigPrecedence: a server takes its settings from flags, from variables, and from a file, in this order.
func TestConfigPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "eventgres.toml")
	text := "listen = \"nowhere:1\"\nmax_connections = 11\nsocket = \"sockets\"\nno_analytics = true\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(filepath.Dir(file), "sockets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		env  []string
		args []string
		want string
	}{
		{[]string{"EVENTGRES_CONFIG=" + file}, nil, "11"},
		{[]string{"EVENTGRES_MAX_CONNECTIONS=12", "EVENTGRES_MAX_CONNECTION=14"}, []string{"--config", file}, "12"},
		{[]string{"EVENTGRES_MAX_CONNECTIONS=12"}, []string{"--config", file, "--max-connections", "13"}, "13"},
	} {
		server := harness.Eventgres(t, harness.WithEnv(c.env...), harness.WithArgs(c.args...))
		conn, err := pgx.Connect(t.Context(), server.URL())
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"max_connections": c.want, "listen_addresses": server.Host, "unix_socket_directories": filepath.Join(filepath.Dir(file), "sockets"),
		} {
			var got string
			if err := conn.QueryRow(t.Context(), "SHOW "+name).Scan(&got); err != nil || got != want {
				t.Errorf("%v %v: %s is %q (%v), not %q", c.env, c.args, name, got, err, want)
			}
		}
		conn.Close(t.Context())
		if len(c.env) > 1 && !strings.Contains(server.Log(), "there is no variable EVENTGRES_MAX_CONNECTION; is EVENTGRES_MAX_CONNECTIONS meant?") {
			t.Error("nothing is said of a variable that is misspelt")
		}
		server.Stop()
	}
}

// TestConfigRefused: a server does not start with a file that is wrong, and makes no data directory; --check says the same.
func TestConfigRefused(t *testing.T) {
	dir := t.TempDir()
	file, data := filepath.Join(dir, "eventgres.toml"), filepath.Join(dir, "data")
	if err := os.WriteFile(file, []byte("# mistakes\nmax_conections = 11\nshutdown_grace = 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := "eventgres: " + file + ":2: there is no setting max_conections; is max_connections meant?\n" +
		file + ":3: shutdown_grace: wants a time in quotes, such as \"10s\"\n"
	for _, args := range [][]string{{"serve", "--config", file, "--data", data}, {"config", "--check", file}} {
		out, err := exec.CommandContext(t.Context(), harness.Binary(t), args...).CombinedOutput()
		if err == nil || string(out) != want {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("there is a data directory")
	}
}

// TestConfigReload: pg_reload_conf() takes what can change, at once for sessions that there are, and tells what cannot; a file that
// is wrong changes nothing. pg_settings says where values are from.
func TestConfigReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "eventgres.toml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("max_connections = 11\nshutdown_grace = \"7s\"\n")
	server := harness.Eventgres(t, harness.WithEnv("EVENTGRES_MAX_EVENT=100000"), harness.WithArgs("--config", file))
	conn, err := pgx.Connect(t.Context(), server.URL()+"&application_name=asks")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	ask := func(sql string) (got string) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return got
	}
	origins := func(want string) {
		t.Helper()
		const sql = `SELECT string_agg(concat_ws(' ', name, setting, source, sourcefile, sourceline, context, CASE WHEN pending_restart THEN 'pending' END), E'\n' ORDER BY name)
			FROM pg_settings WHERE name IN ('max_connections', 'eventgres.shutdown_grace', 'eventgres.max_event', 'eventgres.max_type', 'config_file', 'application_name', 'lock_timeout')`
		if got := strings.ReplaceAll(ask(sql), file, "FILE"); got != want {
			t.Errorf("pg_settings says\n%s\nnot\n%s", got, want)
		}
	}
	loaded := func() time.Time {
		t.Helper()
		var native, worker time.Time
		if err := conn.QueryRow(t.Context(), "SELECT pg_conf_load_time()").Scan(&native); err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(t.Context(), "SELECT max(pg_conf_load_time()) FROM generate_series(1, 2)").Scan(&worker); err != nil || !worker.Equal(native) {
			t.Errorf("pg_conf_load_time: %v natively, %v by the worker (%v)", native, worker, err)
		}
		return native
	}
	origins(`application_name asks client user
config_file FILE command line postmaster
eventgres.max_event 100000 environment variable postmaster
eventgres.max_type 256 default postmaster
eventgres.shutdown_grace 7s configuration file FILE 2 sighup
lock_timeout 0 default user
max_connections 11 configuration file FILE 1 postmaster`)
	began := loaded()

	write("# more of both\nmax_connections = 12\nshutdown_grace = \"8s\"\nmax_event = 5\n")
	if got := ask("SELECT pg_reload_conf()::text"); got != "true" {
		t.Errorf("pg_reload_conf() is %s", got)
	}
	if got := ask("SHOW eventgres.shutdown_grace"); got != "8s" {
		t.Errorf("after pg_reload_conf() shutdown_grace is %s", got)
	}
	if _, err := conn.Exec(t.Context(), "SET lock_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	want := `application_name asks client user
config_file FILE command line postmaster
eventgres.max_event 100000 environment variable postmaster
eventgres.max_type 256 default postmaster
eventgres.shutdown_grace 8s configuration file FILE 3 sighup
lock_timeout 1ms session user
max_connections 11 configuration file FILE 1 postmaster pending`
	origins(want)
	if !strings.Contains(server.Log(), "cannot be changed without restarting the server\" setting=max_connections value=11 next=12") {
		t.Errorf("the log says\n%s", server.Log())
	}
	taken := loaded()
	if !taken.After(began) {
		t.Errorf("loaded at %v, then at %v", began, taken)
	}

	write("shutdown_grace = \"9s\"\nmax_conections = 3\n")
	ask("SELECT pg_reload_conf()::text")
	origins(want)
	if got := loaded(); !got.Equal(taken) {
		t.Errorf("a file that is wrong was loaded at %v", got)
	}
	if !strings.Contains(server.Log(), "there is no setting max_conections; is max_connections meant?") {
		t.Errorf("the log says\n%s", server.Log())
	}
	for sql, want := range map[string]string{
		"SET eventgres.max_event = 5": "without restarting the server", "SET eventgres.shutdown_grace = '1s'": "cannot be changed now",
	} {
		if _, err := conn.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// TestConfigPage runs every command of docs/configuration.md in its order, and checks its example.
func TestConfigPage(t *testing.T) {
	const page = "docs/configuration.md"
	sh := harness.Need(t, "sh")
	harness.Need(t, "psql")
	dir := t.TempDir()
	text := harness.Document(t, page)
	for _, example := range harness.Blocks(text, "toml") {
		file := filepath.Join(dir, "example.toml")
		if err := os.WriteFile(file, []byte(example), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), harness.Binary(t), "config", "--check", file).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, example, out)
		}
	}
	var server *harness.Server
	asked := 0
	for line := range strings.Lines(text) {
		command, ok := strings.CutPrefix(line, "    ")
		if !ok {
			continue
		}
		command = strings.TrimSpace(command)
		if args, ok := strings.CutPrefix(command, "eventgres serve "); ok {
			server = harness.Eventgres(t, harness.WithArgs(strings.Fields(strings.ReplaceAll(args, "eventgres.toml", dir+"/eventgres.toml"))...))
			continue
		}
		if rest, ok := strings.CutPrefix(command, "psql -h 127.0.0.1 -p 5433 "); ok {
			host, port, _ := net.SplitHostPort(server.Address())
			command = "psql -X -h " + host + " -p " + port + " -v ON_ERROR_STOP=1 -U test " + rest
			asked++
		}
		if rest, ok := strings.CutPrefix(command, "eventgres "); ok {
			command = "'" + harness.Binary(t) + "' " + rest
		}
		cmd := exec.CommandContext(t.Context(), sh, "-c", command)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
		if strings.Contains(command, "sourcefile") && !strings.Contains(string(out), "max_connections | 100     | configuration file |") {
			t.Errorf("%s tells\n%s", command, out)
		}
	}
	if asked < 4 {
		t.Errorf("%d questions", asked)
	}
}
