package pgwire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

var allTypes = []uint32{
	pgvalue.OIDBool, pgvalue.OIDBytea, pgvalue.OIDName, pgvalue.OIDInt8, pgvalue.OIDInt2, pgvalue.OIDInt4, pgvalue.OIDText, pgvalue.OIDOid, pgvalue.OIDJSON, pgvalue.OIDFloat4, pgvalue.OIDFloat8, pgvalue.OIDDate,
	pgvalue.OIDTimestamp, pgvalue.OIDTimestamptz, pgvalue.OIDNumeric, pgvalue.OIDUUID, pgvalue.OIDJSONB, pgvalue.OIDTextArray, pgvalue.OIDInt8Array, pgvalue.OIDInt4Array, pgvalue.OIDUUIDArray,
}

// FuzzValues: any text and any bytes convert to a value of any type, or fail with a
// SQLSTATE; what converts is written in both formats and reads back the same.
func FuzzValues(f *testing.F) {
	for _, s := range []string{
		"1", "-9223372036854775808", "t", "{a,\"b c\",NULL}", "{1,2}", "2026-11-23 18:00:01.5+02", "infinity", "2026-02-29",
		"6ba7b810-9dad-11d1-80b4-00c04fd430c8", `\x00ff`, "1.50", "1e10", "NaN", `{"a":1}`, "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x19",
	} {
		for i := range allTypes {
			f.Add([]byte(s), uint8(i), i%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, which uint8, binaryForm bool) {
		oid := allTypes[int(which)%len(allTypes)]
		var v pgvalue.Value
		var err error
		if binaryForm {
			v, err = pgvalue.ParseBinary(oid, b, 1)
		} else if pgvalue.CheckText(b) == nil {
			v, err = pgvalue.ParseText(oid, string(b), pgvalue.UTC)
		}
		if err != nil {
			var e *pgerror.Error
			if !errors.As(err, &e) || len(e.Code) != 5 {
				t.Fatalf("error without a SQLSTATE: %v", err)
			}
			return
		}
		if v.Kind == pgvalue.Null || oid == pgvalue.OIDNumeric || oid == pgvalue.OIDTimestamp || oid == pgvalue.OIDTimestamptz || oid == pgvalue.OIDDate ||
			oid == pgvalue.OIDFloat4 || oid == pgvalue.OIDFloat8 {
			pgvalue.AppendText(nil, oid, &v, pgvalue.UTC)
			pgvalue.AppendBinary(nil, oid, &v)
			return // not every text or bit pattern is the only one of its value
		}
		text := pgvalue.AppendText(nil, oid, &v, pgvalue.UTC)
		if pgvalue.CheckText(text) == nil {
			again, err := pgvalue.ParseText(oid, string(text), pgvalue.UTC)
			if err != nil || !bytes.Equal(pgvalue.AppendText(nil, oid, &again, pgvalue.UTC), text) {
				t.Fatalf("type %d: text %q reads back as %v, %v", oid, text, again, err)
			}
		}
		bin := pgvalue.AppendBinary(nil, oid, &v)
		again, err := pgvalue.ParseBinary(oid, bin, 1)
		if err != nil && pgvalue.CheckText(text) == nil {
			t.Fatalf("type %d: binary %x: %v", oid, bin, err)
		}
		if err == nil && !bytes.Equal(pgvalue.AppendText(nil, oid, &again, pgvalue.UTC), text) {
			t.Fatalf("type %d: binary %x reads back as %v", oid, bin, again)
		}
	})
}

// echoHandler's sessions parse anything, and return their text as a row.
type echoHandler struct{}

func (echoHandler) Connect(_ context.Context, c *Conn) (Session, error) {
	c.SetParameter("client_encoding", "UTF8")
	return &echoSession{}, nil
}

type echoSession struct{}

type echoQuery string

func (q echoQuery) Size() int64 { return int64(len(q)) }

func (s *echoSession) Parse(_ context.Context, sql string) ([]Query, error) {
	if sql == "" {
		return nil, nil
	}
	if sql[0] == '!' {
		return nil, pgerror.Errorf("42601", "syntax error")
	}
	return []Query{echoQuery(sql)}, nil
}

func (s *echoSession) Prepare(_ context.Context, q Query, oids []uint32) (Statement, error) {
	for _, oid := range oids {
		if !pgvalue.KnownType(oid) {
			return nil, pgerror.Errorf("0A000", "unknown type")
		}
	}
	return echoStatement{text: string(q.(echoQuery)), oids: oids}, nil
}

func (s *echoSession) Bind(_ context.Context, st Statement, v []pgvalue.Value) (Portal, error) {
	return &echoPortal{text: st.(echoStatement).text, rows: 3 + len(v)}, nil
}
func (s *echoSession) Sync(context.Context) error { return nil }
func (s *echoSession) Fail()                      {}
func (s *echoSession) Status() byte               { return 'I' }
func (s *echoSession) Close()                     {}

type echoStatement struct {
	text string
	oids []uint32
}

func (s echoStatement) ParameterOIDs() []uint32 { return s.oids }
func (s echoStatement) Columns() []pgvalue.Column {
	return []pgvalue.Column{{Name: "text", OID: pgvalue.OIDText}}
}

type echoPortal struct {
	text string
	rows int
}

func (p *echoPortal) Columns() []pgvalue.Column {
	return []pgvalue.Column{{Name: "text", OID: pgvalue.OIDText}}
}
func (p *echoPortal) Close() {}

func (p *echoPortal) Execute(ctx context.Context, out *Output, limit int64, last Lookahead) (Tag, bool, error) {
	if p.text[0] == 'c' {
		in, err := out.BeginCopyIn(1, false, nil)
		for err == nil {
			_, err = in.Next(ctx)
		}
		if !errors.Is(err, io.EOF) {
			return Tag{}, false, err
		}
		return Tag{"COPY", 0}, true, nil
	}
	if _, err := last(); err != nil {
		return Tag{}, false, err
	}
	n := int64(0)
	for ; p.rows > 0; p.rows-- {
		if limit > 0 && n == limit {
			return Tag{}, false, nil
		}
		if err := out.Row(ctx, []pgvalue.Value{pgvalue.TextValue(p.text)}); err != nil {
			return Tag{}, false, err
		}
		n++
	}
	return Tag{"SELECT", n}, true, nil
}

// FuzzConversation sends any bytes after a start-up: the server answers with whole
// messages and ends, without a panic, once the client has closed its side.
func FuzzConversation(f *testing.F) {
	msg := func(typ byte, body string) string {
		return string(typ) + string(pgvalue.Be.AppendUint32(nil, uint32(len(body)+4))) + body
	}
	f.Add([]byte(msg('Q', "select 1\x00") + msg('X', "")))
	f.Add([]byte(msg('P', "s\x00text\x00\x00\x01\x00\x00\x00\x17") + msg('B', "p\x00s\x00\x00\x01\x00\x01\x00\x01\x00\x00\x00\x04\x00\x00\x00\x07\x00\x01\x00\x01") +
		msg('D', "Pp\x00") + msg('D', "Ss\x00") + msg('E', "p\x00\x00\x00\x00\x02") + msg('H', "") + msg('C', "Pp\x00") + msg('S', "")))
	f.Add([]byte(msg('Q', "copy\x00") + msg('d', "data") + msg('c', "")))
	f.Add([]byte(msg('Q', "copy\x00") + msg('f', "no\x00") + msg('Q', "!\x00")))
	f.Add([]byte("Q\x7f\xff\xff\xff"))
	f.Add([]byte(msg('B', "\x00\x00\xff\xff\xff\xff\xff\xff") + msg('S', "")))
	f.Fuzz(func(t *testing.T, sent []byte) {
		server := &Server{Handler: echoHandler{}, MaxMessageBytes: 1 << 16} // its one connection
		server.defaults()
		startup := "\x00\x03\x00\x00user\x00u\x00\x00"
		m := &memConn{}
		m.in.Write(pgvalue.Be.AppendUint32(nil, uint32(len(startup)+4)))
		m.in.WriteString(startup)
		m.in.Write(sent)
		newConn(server, m).serve()
		if err := readMessages(&m.out); err != nil {
			t.Fatal(err)
		}
	})
}

// memConn is a connection whose peer has sent all it will, and reads everything.
type memConn struct {
	net.Conn // nil: what is not below is not called
	in, out  bytes.Buffer
}

func (m *memConn) Read(b []byte) (int, error)       { return m.in.Read(b) }
func (m *memConn) Write(b []byte) (int, error)      { return m.out.Write(b) }
func (m *memConn) Close() error                     { return nil }
func (m *memConn) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (m *memConn) SetReadDeadline(time.Time) error  { return nil }
func (m *memConn) SetWriteDeadline(time.Time) error { return nil }

// readMessages checks that what the server sends is whole messages of known types.
func readMessages(r io.Reader) error {
	header := make([]byte, 5)
	for {
		if _, err := io.ReadFull(r, header); err != nil {
			return nil
		}
		if bytes.IndexByte([]byte("RSKZTtnDC123sIEGHdcNv"), header[0]) < 0 {
			return fmt.Errorf("message of unknown type %q", header[0])
		}
		if _, err := io.CopyN(io.Discard, r, int64(pgvalue.Be.Uint32(header[1:]))-4); err != nil {
			return nil
		}
	}
}
