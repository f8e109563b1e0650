package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/eventgres/eventgres"
	"github.com/eventgres/eventgres/cmd/eventgres/internal/config"
)

type commands struct {
	Serve      serveCommand      `cmd:"" help:"Run the server."`
	Import     importCommand     `cmd:"" help:"Append events from newline-delimited JSON, through a server."`
	Export     exportCommand     `cmd:"" help:"Write all events as newline-delimited JSON, from a server."`
	Tail       tailCommand       `cmd:"" help:"Show events as they are appended, from a server."`
	Verify     verifyCommand     `cmd:"" help:"Check every byte of a data directory."`
	Backup     backupCommand     `cmd:"" help:"Copy a data directory, while a server serves it or not."`
	Restore    restoreCommand    `cmd:"" help:"Make a data directory of a backup."`
	Repair     repairCommand     `cmd:"" help:"Take damaged parts out of a data directory, as told; keep them aside."`
	Doctor     doctorCommand     `cmd:"" help:"Check a data directory, a configuration and the machine, and say what to do."`
	Cluster    clusterCommand    `cmd:"" help:"Make nodes of a cluster."`
	Passwd     passwdCommand     `cmd:"" help:"Set the superuser's password in a data directory."`
	Sample     sampleCommand     `cmd:"" help:"Write the sample, events of a small shop, as newline-delimited JSON."`
	Completion completionCommand `cmd:"" help:"Print what completes the commands in a shell."`
	Config     configCommand     `cmd:"" help:"Write an example of the server's file of settings, or check one."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
	Man        manCommand        `cmd:"" hidden:"" help:"Print the man page."`
	Worker     workerCommand     `cmd:"" hidden:"" help:"The analytics worker, which the server starts."`
}

// newParser returns what reads a command line into c.
func newParser(c *commands) *kong.Kong {
	return kong.Must(c,
		kong.Name("eventgres"),
		kong.Description("An event store that every PostgreSQL client already speaks to."),
		kong.UsageOnError(),
		config.Variables("serve"),
	)
}

func main() {
	keepToOwner()
	parser := newParser(new(commands))
	ctx, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	if err := ctx.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "eventgres:", err)
		os.Exit(1)
	}
}

type versionCommand struct{}

func (versionCommand) Run() error {
	fmt.Println("eventgres", eventgres.Version)
	return nil
}
