package main

import (
	_ "embed"
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/eventgres/eventgres"
	"github.com/eventgres/eventgres/cmd/eventgres/internal/reference"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
}

func (c *completionCommand) Run(ctx *kong.Context) error {
	of := map[string]func(*kong.Application) string{"bash": reference.Bash, "zsh": reference.Zsh, "fish": reference.Fish}
	fmt.Print(of[c.Shell](ctx.Model))
	return nil
}

// manCommand is for who makes packages.
type manCommand struct{}

//go:embed man.roff
var manSections string

func (manCommand) Run(ctx *kong.Context) error {
	fmt.Print(reference.Man(ctx.Model, eventgres.Version, manSections))
	return nil
}
