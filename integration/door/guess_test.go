//go:build linux

package door

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/pgwire/auth"
)

// guesses counts the attempts that a Guard tells of.
type guesses struct {
	slog.Handler
	n atomic.Int64
}

func (g *guesses) Enabled(context.Context, slog.Level) bool  { return true }
func (g *guesses) Handle(context.Context, slog.Record) error { g.n.Add(1); return nil }

// TestGuessing: clients that guess a password at full speed, each attempt on a connection of its own that does not wait for the answer,
// get so many attempts and no more. Who comes from another address, with the right password of the same role, gets in all the while.
func TestGuessing(t *testing.T) {
	a := newAuthority(t)
	a.sign("server")
	counted := &guesses{Handler: slog.DiscardHandler}
	ours := newHouse(t, a, "host all all all scram-sha-256\n", roles{"app": matrixRoles()["plus"]}, counted)
	seconds := 3
	if harness.Long() {
		seconds = 60
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(seconds)*time.Second)
	defer cancel()
	var attackers sync.WaitGroup
	var sent atomic.Int64
	for range 64 {
		attackers.Go(func() {
			for ctx.Err() == nil {
				if guess(ctx, ours.port) {
					sent.Add(1)
				}
			}
		})
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword("app", "secret"), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(ours.port)), Path: database, RawQuery: "sslmode=disable"}
	config, err := pgx.ParseConfig(u.String())
	if err != nil {
		t.Fatal(err)
	}
	config.DialFunc = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext
	in, longest := 0, time.Duration(0)
	for ctx.Err() == nil {
		begin := time.Now()
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatalf("an honest client: %v", err)
		}
		longest = max(longest, time.Since(begin))
		_ = conn.Close(t.Context())
		in++
	}
	attackers.Wait()
	// Of an address 250 connections may be starting, and each proof beyond the first few waits a second for its turn.
	if most := int64(10 + 250*(seconds+2)); counted.n.Load() > most {
		t.Errorf("%d proofs of %d were checked in %d s, want %d at most", counted.n.Load(), sent.Load(), seconds, most)
	}
	t.Logf("%d proofs sent, %d checked; an honest client got in %d times, at most after %v", sent.Load(), counted.n.Load(), in, longest)
}

// guess sends a wrong proof, and goes.
func guess(ctx context.Context, port int) bool {
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(nc, startupPacket("user", "app", "database", database)+initial(auth.Scram, "n,,n=,r=abc"))
	b := make([]byte, 1024)
	answer := ""
	for !strings.Contains(answer, ",i=") {
		n, err := nc.Read(b)
		if err != nil {
			return false
		}
		answer += string(b[:n])
	}
	_, nonce, _ := strings.Cut(answer, "r=")
	nonce, _, _ = strings.Cut(nonce, ",")
	_, err = io.WriteString(nc, frame('p', "c=biws,r="+nonce+",p="+base64.StdEncoding.EncodeToString(make([]byte, 32))))
	return err == nil
}
