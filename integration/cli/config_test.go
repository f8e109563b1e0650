package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
