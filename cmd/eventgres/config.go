package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/eventgres/eventgres/cmd/eventgres/internal/config"
)

type configCommand struct {
	Example bool   `xor:"what" required:"" help:"Write a file with every setting, commented, at its default."`
	Check   string `xor:"what" required:"" placeholder:"FILE" help:"Say what is wrong with a file, as a start of the server would, or nothing." type:"path"`
}

func (c *configCommand) Run() error {
	if c.Example {
		return config.Example(os.Stdout, settingsOfServe())
	}
	var fresh commands
	ctx, err := newParser(&fresh).Parse([]string{"serve", "--config", c.Check})
	if err != nil {
		return fmt.Errorf("in the environment: %w", err)
	}
	_, err = config.Take(ctx, c.Check)
	return err
}

// settingsOfServe are the settings of the server, as they are declared.
func settingsOfServe() []*config.Setting {
	return config.Of(child(newParser(new(commands)).Model.Node, "serve"))
}

func child(of *kong.Node, name string) *kong.Node {
	for _, node := range of.Children {
		if node.Name == name {
			return node
		}
	}
	panic("there is no command " + name)
}
