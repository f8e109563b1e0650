package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// What import and export, which are clients of a server, have in common.

var errInterrupted = errors.New("interrupted")

// interruptible returns a context that ends with the first ^C. The second one ends the
// process, in case the first is not enough.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// interrupted is the error of work that ^C may have ended.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// connect opens a connection; name tells others what it is for.
func connect(ctx context.Context, url, name string) (*pgconn.PgConn, error) {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = name
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if ctx.Err() != nil {
		return nil, errInterrupted
	}
	return conn, err
}

// hangUp ends a connection, without waiting long for a server that does not answer.
func hangUp(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // it was used up, or failed before
}

// counted is a number of things with their name, of which there may be one.
func counted(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// A progress tells every second how far a run is. One that is over sooner says nothing.
type progress struct {
	out       io.Writer
	events    int64
	unchecked int64
	total     int64 // of events that there will be; 0: that is not known
	begin     time.Time
	told      time.Time
	toldAt    int64 // events
}

func newProgress(out io.Writer) *progress {
	now := time.Now()
	return &progress{out: out, begin: now, told: now}
}

// restart begins to count anew, to a total.
func (p *progress) restart(total int64) {
	p.total, p.events, p.unchecked, p.toldAt, p.told = total, 0, 0, 0, time.Now()
}

// add counts events. It looks at the clock now and then.
func (p *progress) add(n int64) {
	p.events += n
	if p.unchecked += n; p.unchecked < 100 {
		return
	}
	p.unchecked = 0
	passed := time.Since(p.told)
	if passed < time.Second {
		return
	}
	rate := float64(p.events-p.toldAt) / passed.Seconds()
	of := ""
	if p.total > 0 {
		of = fmt.Sprintf(" of %d", p.total)
	}
	fmt.Fprintf(p.out, "%12d%s events %9.0f events/s\n", p.events, of, rate)
	p.told, p.toldAt = p.told.Add(passed), p.events
}

// took is how long the run has been going on.
func (p *progress) took() string { return fmt.Sprintf("%.1f s", time.Since(p.begin).Seconds()) }
