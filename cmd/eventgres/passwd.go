package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/role"
)

type passwdCommand struct {
	Data      string `default:"data" env:"EVENTGRES_DATA" help:"Data directory, which no server may have open." type:"path"`
	Superuser string `placeholder:"NAME" env:"EVENTGRES_SUPERUSER" help:"Name of the superuser (postgres), of a store where it has no password yet."`
}

func (c *passwdCommand) Run() (err error) {
	logger := newLogger("text")
	if _, err := os.Stat(c.Data); err != nil {
		return err // a new store is the server's to make
	}
	store, err := engine.Open(c.Data, engine.Options{Logger: logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	roles, err := role.NewStore(store.Control(), c.Superuser, logger)
	if err != nil {
		return err
	}
	password, err := askPassword(roles.Superuser())
	if err != nil {
		return err
	}
	if err := setPassword(context.Background(), store, roles, password); err != nil {
		return err
	}
	fmt.Printf("the superuser %q has a new password\n", roles.Superuser())
	return nil
}

// askPassword asks a terminal twice; otherwise the first line is the password.
func askPassword(name string) (string, error) {
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var typed [2]string
	for i, prompt := range [...]string{"New password for " + name + ": ", "Again: "} {
		fmt.Fprint(os.Stderr, prompt)
		b, err := term.ReadPassword(fd)
		fmt.Fprintln(os.Stderr)
		if err != nil {
			return "", err
		}
		typed[i] = string(b)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ")
	}
	return typed[0], nil
}
