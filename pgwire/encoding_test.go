package pgwire

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/eventgres/eventgres/pgwire/charset"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// TestConversionIsCounted: what a long text becomes in UTF-8 comes out of the connection's budget, and goes back.
func TestConversionIsCounted(t *testing.T) {
	p := &pool{limit: 1 << 30}
	c := &Conn{budget: budget{pool: p, limit: 100 << 20}}
	c.working = c.NewShare()
	c.SetEncoding(charset.Lookup("LATIN1"))
	_, err := c.fromClient(context.Background(), bytes.Repeat([]byte{0xe4}, 60<<20))
	if e := new(pgerror.Error); !errors.As(err, &e) || e.Code != "53200" {
		t.Errorf("a text of 120 MiB within 100: %v", err)
	}
	_ = c.working.Set(0)
	out, err := c.fromClient(context.Background(), bytes.Repeat([]byte{0xe4}, 8<<20))
	if err != nil || len(out) != 16<<20 {
		t.Fatalf("%d bytes, %v", len(out), err)
	}
	if held := c.working.Held(); held < 16<<20 {
		t.Errorf("16 MiB are held, %d are counted", held)
	}
	_ = c.working.Set(0)
	if p.used.Load() != 0 || c.budget.used != 0 {
		t.Errorf("%d bytes are still counted", c.budget.used)
	}
}

// FuzzRecodeBinary: a value in binary format that is not of its type's form is left to those who read it.
func FuzzRecodeBinary(f *testing.F) {
	f.Add(uint32(pgvalue.OIDTextArray), []byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xe4})
	f.Add(uint32(pgvalue.OIDRecord), []byte{0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 1, 0xe4})
	f.Add(uint32(pgvalue.OIDJSONB), []byte("\x01\"\xe4\""))
	latin1 := charset.Lookup("LATIN1")
	f.Fuzz(func(t *testing.T, oid uint32, raw []byte) {
		out, err := recodeBinary(nil, oid, raw, latin1.Decode)
		if err != nil || bytes.Equal(out, raw) {
			return
		}
		back, err := recodeBinary(nil, oid, out, latin1.Encode)
		if err != nil || !bytes.Equal(back, raw) {
			t.Errorf("%d, %x: %x, back %x, %v", oid, raw, out, back, err)
		}
	})
}
