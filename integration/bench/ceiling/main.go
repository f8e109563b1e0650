// Command ceiling is the least a durable server can do: it speaks the protocol with
// pgproto3, makes what it is sent durable in groups, with one write and one fdatasync
// each, and answers. It checks nothing, keeps no index and reads nothing back. What it
// reaches on a machine, no event store behind the same protocol will exceed by much.
//
// Every statement that begins with INSERT is an append; every other one is answered with
// the same row, an event.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/jackc/pgx/v5/pgproto3"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address")
	path := flag.String("file", "", "file to append to")
	flag.Parse()
	fmt.Fprintln(os.Stderr, run(*listen, *path)) // it serves until something fails
	os.Exit(1)
}

func run(address, path string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	a := &appender{file: f, queue: make(chan *request, 1024)}
	if err := a.reserve(); err != nil {
		return err
	}
	go a.run()
	fmt.Println("listening", l.Addr())
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			if err := serve(c, a); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
				fmt.Fprintln(os.Stderr, err)
			}
		}()
	}
}

// fileBytes is written with zeros before the first append and again and again after it,
// so that an fdatasync never has to write anything but data.
const fileBytes = 64 << 20

// appender makes requests durable, all that wait with one fdatasync.
type appender struct {
	file   *os.File
	queue  chan *request
	offset int64
}

type request struct {
	data []byte
	done chan struct{}
}

func (a *appender) reserve() error {
	if _, err := a.file.WriteAt(make([]byte, fileBytes), 0); err != nil {
		return err
	}
	return a.file.Sync()
}

func (a *appender) run() {
	var group []*request
	var buf []byte
	for r := range a.queue {
		group, buf = append(group[:0], r), append(buf[:0], r.data...)
		for waiting := true; waiting; {
			select {
			case r := <-a.queue:
				group, buf = append(group, r), append(buf, r.data...)
			default:
				waiting = false
			}
		}
		if a.offset+int64(len(buf)) > fileBytes {
			a.offset = 0
		}
		_, err := a.file.WriteAt(buf, a.offset)
		if err == nil {
			err = syncData(a.file)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1) // nobody is told that it is durable
		}
		a.offset += int64(len(buf))
		for _, r := range group {
			r.done <- struct{}{}
		}
	}
}

func serve(c net.Conn, a *appender) error {
	b := pgproto3.NewBackend(c, c)
	if err := startup(c, b); err != nil {
		return err
	}
	r := &request{done: make(chan struct{}, 1)}
	inserts := map[string]bool{}
	insert := false // the portal that is bound
	for {
		m, err := b.Receive()
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *pgproto3.Terminate:
			return nil
		case *pgproto3.Query:
			a.answer(b, r, isInsert(m.String), []byte(m.String))
			b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
			err = b.Flush()
		case *pgproto3.Parse:
			inserts[m.Name] = isInsert(m.Query)
			b.Send(&pgproto3.ParseComplete{})
		case *pgproto3.Bind:
			insert, r.data = inserts[m.PreparedStatement], r.data[:0]
			for _, p := range m.Parameters {
				r.data = append(r.data, p...)
			}
			r.data = append(r.data, padding[:]...)
			b.Send(&pgproto3.BindComplete{})
		case *pgproto3.Describe:
			if insert {
				b.Send(&pgproto3.NoData{})
			} else {
				b.Send(&columns)
			}
		case *pgproto3.Execute:
			a.answer(b, r, insert, r.data)
		case *pgproto3.Sync:
			b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
			err = b.Flush()
		}
		if err != nil {
			return err
		}
	}
}

// padding stands for what a prepared statement holds as literals: about the bytes of an
// event in the log.
var padding = [180]byte(bytes.Repeat([]byte{'.'}, 180))

func isInsert(sql string) bool { return len(sql) >= 6 && sql[:6] == "INSERT" }

func (a *appender) answer(b *pgproto3.Backend, r *request, insert bool, data []byte) {
	if insert {
		r.data = data
		a.queue <- r
		<-r.done
		b.Send(&pgproto3.CommandComplete{CommandTag: []byte("INSERT 0 1")})
		return
	}
	b.Send(&event)
	b.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")})
}

var event = pgproto3.DataRow{Values: [][]byte{
	[]byte("123456"), []byte("00000000-0000-4000-8000-100000000000"), []byte("7"),
	[]byte("018f3a5e-1111-7000-8000-0123456789ab"), []byte("OrderPlaced"),
	[]byte(`{"order": 4711, "amount": 129.95, "currency": "EUR", "items": 3, "step": 0}`),
	[]byte(`{"user": "u17"}`), []byte("2026-11-25 04:31:09.123456+00"),
}}

var columns = pgproto3.RowDescription{Fields: func() (fields []pgproto3.FieldDescription) {
	for _, name := range []string{"position", "stream_id", "version", "event_id", "type", "payload", "metadata", "recorded_at"} {
		fields = append(fields, pgproto3.FieldDescription{Name: []byte(name), DataTypeOID: 25, DataTypeSize: -1, TypeModifier: -1})
	}
	return fields
}()}

// startup takes any client in.
func startup(c net.Conn, b *pgproto3.Backend) error {
	for {
		m, err := b.ReceiveStartupMessage()
		if err != nil {
			return err
		}
		if _, ok := m.(*pgproto3.StartupMessage); ok {
			break
		}
		if _, err := c.Write([]byte{'N'}); err != nil { // no TLS, no GSSAPI
			return err
		}
	}
	b.Send(&pgproto3.AuthenticationOk{})
	for _, p := range [][2]string{{"server_version", "15.8"}, {"client_encoding", "UTF8"}, {"standard_conforming_strings", "on"}} {
		b.Send(&pgproto3.ParameterStatus{Name: p[0], Value: p[1]})
	}
	b.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return b.Flush()
}
