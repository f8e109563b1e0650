package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/engine"
)

// look returns what the doctor finds, by what it looks at.
func look(t *testing.T, c doctorCommand) map[string]finding {
	t.Helper()
	serve, list := c.settings()
	list = append(list, checkDirectory(serve.Data)...)
	list = append(list, checkDisk(serve.Data)...)
	list = append(list, checkMachine(serve)...)
	list = append(list, checkFiles(serve)...)
	found := map[string]finding{}
	for _, f := range list {
		if _, twice := found[f.what]; twice {
			t.Errorf("%s was looked at twice", f.what)
		}
		if f.verdict == warning && f.remedy == "" {
			t.Errorf("%s: %s, and nothing to do", f.what, f.found)
		}
		found[f.what] = f
	}
	return found
}

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return name
}

// TestDoctor: what it says of a machine on which all is well, and that it leaves nothing behind.
func TestDoctor(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	for range 2 {
		found := look(t, doctorCommand{Data: data})
		for _, what := range []string{"configuration", "directory", "space", "file system", "sync", "open files", "memory", "clock"} {
			if f := found[what]; f.verdict == "" || f.verdict == problem && what != "file system" {
				t.Errorf("%s: %+v", what, f)
			}
		}
		if list, _ := filepath.Glob(filepath.Join(dir, ".doctor-*")); list != nil {
			t.Errorf("it has left %v", list)
		}
		store, err := engine.Open(data, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if f := look(t, doctorCommand{Data: data})["directory"]; f.verdict != fine || !strings.Contains(f.found, "a server has open") {
			t.Errorf("of a directory in use it says %+v", f)
		}
		store.Close()
		if f := look(t, doctorCommand{Data: data})["directory"]; f.verdict != fine || !strings.Contains(f.found, "no server has open") {
			t.Errorf("of a directory not in use it says %+v", f)
		}
	}
}

// TestDoctorProblems: what it finds wrong.
func TestDoctorProblems(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(data, 0o755); err != nil {
		t.Fatal(err)
	}
	hba := write(t, filepath.Join(dir, "hba.conf"), "host all all nowhere trust\n", 0o600)
	password := write(t, filepath.Join(dir, "password"), "p\n", 0o644)
	settings := write(t, filepath.Join(dir, "eventgres.toml"), "hba_file = '"+hba+"'\nsuperuser_password_file = '"+password+"'\nmax_connections = 1000000\nmax_memory = 1099511627776\n", 0o600)
	found := look(t, doctorCommand{Data: data, Config: settings})
	for what, want := range map[string]struct {
		verdict verdict
		text    string
	}{
		"directory": {problem, "others may look into"},
		"rules":     {problem, "line 1"},
		"password":  {warning, password},
		"memory":    {warning, "may take"},
	} {
		if f := found[what]; f.verdict != unknown && (f.verdict != want.verdict || !strings.Contains(f.found, want.text)) {
			t.Errorf("%s: %+v, want %s, %q", what, f, want.verdict, want.text)
		}
	}
	if f := look(t, doctorCommand{Config: write(t, settings, "max_conections = 3\n", 0o600)})["configuration"]; f.verdict != problem || !strings.Contains(f.found, "max_connections") {
		t.Errorf("of a misspelt setting it says %+v", f)
	}
	if f := look(t, doctorCommand{Data: settings})["directory"]; f.verdict != problem {
		t.Errorf("of a file in the directory's place it says %+v", f)
	}
}

// TestDoctorCertificate: one that ends soon, one that has ended, and none.
func TestDoctorCertificate(t *testing.T) {
	dir := t.TempDir()
	files := tlsFlags{TLSCert: filepath.Join(dir, "server.crt"), TLSKey: filepath.Join(dir, "server.key")}
	if f := checkCertificate(&files); f.verdict != problem {
		t.Errorf("of no certificate it says %+v", f)
	}
	for left, want := range map[time.Duration]verdict{-time.Hour: problem, renewal / 2: warning, 2 * renewal: fine} {
		certificateUntil(t, files, time.Now().Add(left))
		if f := checkCertificate(&files); f.verdict != want {
			t.Errorf("%v before its end it says %+v", left, f)
		}
	}
}

// certificateUntil writes a certificate that ends then.
func certificateUntil(t *testing.T, files tlsFlags, end time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: end.Add(-time.Hour), NotAfter: end}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, files.TLSCert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})), 0o600)
	write(t, files.TLSKey, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})), 0o600)
}
