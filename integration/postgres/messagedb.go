package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// MessageDB is the database that InstallMessageDB makes.
const MessageDB = "message_store"

// InstallMessageDB makes a Message DB of a server on an address, by its own scripts, with the psql of a directory.
func InstallMessageDB(ctx context.Context, scripts, programs, host string, port int) error {
	cmd := exec.CommandContext(ctx, "bash", filepath.Join(scripts, "install.sh"))
	cmd.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"), "PGHOST="+host, "PGPORT="+strconv.Itoa(port), "PGUSER=postgres", "DATABASE_NAME="+MessageDB)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("install Message DB: %w\n%s", err, out)
	}
	return nil
}
