package sqlstates

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestDamage: an event that the disk has changed is XX001, and others are read.
func TestDamage(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
	random := rand.New(rand.NewPCG(1, 2))
	mark := fmt.Sprintf("%016x%016x", random.Uint64(), random.Uint64()) // so that packing leaves it as it is
	conn, _ := connect(t, server.URL())
	sql := fmt.Sprintf("INSERT INTO events (stream, type, payload) VALUES ('account-ada', 'Opened', '\"%s\"'), ('account-bob', 'Opened', '1')", mark)
	if _, err := conn.Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(server.Data, "log", "*.seg"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(text, []byte(mark))
	if at < 0 {
		t.Fatal("the payload is not in the log as it was given")
	}
	file, err := os.OpenFile(files[0], os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt([]byte{text[at] ^ 1}, int64(at)); err != nil {
		t.Fatal(err)
	}
	for stream, want := range map[string]string{"account-ada": "XX001", "account-bob": ""} {
		if got := met(t, server.URL(), "SELECT * FROM events WHERE stream = '"+stream+"'"); got != want {
			t.Errorf("%s: %s, want %q", stream, got, want)
		}
	}
}
