package door

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/pgwire/auth"
)

func frame(typ byte, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{typ}, uint32(len(body)+4))) + body
}

func initial(mechanism, first string) string {
	return frame('p', mechanism+"\x00"+string(binary.BigEndian.AppendUint32(nil, uint32(len(first))))+first)
}

func startupPacket(fields ...string) string {
	body := binary.BigEndian.AppendUint32(nil, 3<<16)
	for _, f := range fields {
		body = append(append(body, f...), 0)
	}
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+5))) + string(body) + "\x00"
}

// A conversation is what a client sends: the first of it after its start-up packet, the others after each answer; {nonce}
// is what the server said last.
type conversation struct {
	name string
	tls  bool
	sent []string
}

const aProof = "v6PLIqPIT0bk0V0tbxg9E2J5c6h1mlbcBYNqZxSNhgo="

func conversations() (list []conversation) {
	add := func(name string, sent ...string) { list = append(list, conversation{name, false, sent}) }
	secure := func(name string, sent ...string) { list = append(list, conversation{name, true, sent}) }
	add("another message", frame('Q', "select 1\x00"))
	add("terminate", frame('X', ""))
	add("an empty response", frame('p', ""))
	add("no end of the mechanism", frame('p', "SCRAM"))
	add("another mechanism", initial("SCRAM-SHA-1", "n,,n=,r=abc"))
	add("another mechanism, no more", frame('p', "x\x00"))
	add("PLUS without TLS", initial(auth.ScramPlus, "p=tls-server-end-point,,n=,r=abc"))
	add("no length", frame('p', auth.Scram+"\x00"))
	add("half a length", frame('p', auth.Scram+"\x00\x00\x00"))
	add("a length that is too long", frame('p', auth.Scram+"\x00\x00\x00\x00\x09n,,n=,r="))
	add("a length that is too short", frame('p', auth.Scram+"\x00\x00\x00\x00\x07n,,n=,r="))
	add("a negative length", frame('p', auth.Scram+"\x00\xff\xff\xff\xfen"))
	add("no data", frame('p', auth.Scram+"\x00\xff\xff\xff\xff"), frame('p', "n,,n=,r=abc"), frame('p', "c=biws,r={nonce},p="+aProof))
	add("no data and some", frame('p', auth.Scram+"\x00\xff\xff\xff\xffn"))
	add("too long", initial(auth.Scram, "n,,n=,r="+strings.Repeat("a", 1100)))
	add("as long as may be", frame('p', auth.Scram+"\x00"+"\x00\x00\x03\xea"+"n,,n=,r="+strings.Repeat("a", 994)))
	add("a byte more", frame('p', auth.Scram+"\x00"+"\x00\x00\x03\xeb"+"n,,n=,r="+strings.Repeat("a", 995)))
	for _, first := range []string{
		"", "n", "n,", "n,,", "n,,n", "n,,n=", "n,,n=,", "n,,n=,r", "n,,n=,r=", "n,,n=,r=a", "n,,n=x,r=a", "n,,r=a,n=", "n,,n=,r=a,", "n,,n=,r=a,x=1", "n,,n=,r=a,x", "n,,n=,r=a,1=2",
		"n,,n=,r=a,x=1,y=2,,", "y,,n=,r=a", "p=tls-server-end-point,,n=,r=a", "p=x,,n=,r=a", "p", "z,,n=,r=a", "N,,n=,r=a", "n;,n=,r=a", "n,a=bob,n=,r=a", "n,b=bob,n=,r=a",
		"n,,m=1,n=,r=a", "n,,n=,r=a b", "n,,n=,r=é", "\x01,,n=,r=a", "n,\x7f", "é", "n,,n=\x00,r=a", "n,,n=,r=a\x00", "n,,n=,r=~!",
	} {
		add("first "+strconv.Quote(first), initial(auth.Scram, first))
	}
	for _, final := range []string{
		"", "c", "c=", "c=biws", "c=biws,", "c=biws,r", "c=biws,r=", "c=biws,r=x,p=" + aProof, "c=eSws,r={nonce},p=" + aProof, "c=biws,r={nonce}", "c=biws,r={nonce},", "c=biws,r={nonce},p",
		"c=biws,r={nonce},p=", "c=biws,r={nonce},p=AA==", "c=biws,r={nonce},p=" + aProof, "c=biws,r={nonce},p=" + aProof + ",", "c=biws,r={nonce},p=" + aProof + ",x=1", "c=biws,r={nonce},x=1,p=" + aProof,
		"c=biws,r={nonce},x=1", "c=biws,r={nonce},1=1,p=" + aProof, "c=biws,r={nonce},p=" + aProof + "\x00", "r={nonce},c=biws,p=" + aProof, "c=biws,r={nonce},p=" + strings.Repeat("A", 60), "c=biws,r={nonce},p=====",
		"c=biws,r={nonce},p=" + strings.Repeat("A", 900), "c=biws,r={nonce},p=" + strings.Repeat("A", 1200),
	} {
		add("final "+strconv.Quote(final), initial(auth.Scram, "n,,n=,r=abc"), frame('p', final))
	}
	add("another message in between", initial(auth.Scram, "n,,n=,r=abc"), frame('S', ""))
	secure("binding without PLUS", initial(auth.Scram, "p=tls-server-end-point,,n=,r=abc"))
	secure("a client that was told of no PLUS", initial(auth.Scram, "y,,n=,r=abc"))
	secure("TLS, no binding", initial(auth.Scram, "n,,n=,r=abc"), frame('p', "c=biws,r={nonce},p="+aProof))
	for _, first := range []string{"n,,n=,r=a", "y,,n=,r=a", "p=tls-unique,,n=,r=a", "p=,,n=,r=a", "p=" + strings.Repeat("x", 40) + ",,n=,r=a", "p=a b,,n=,r=a", "p", "p=tls-server-end-point", "p=tls-server-end-point,a=b,n=,r=a"} {
		secure("PLUS "+strconv.Quote(first), initial(auth.ScramPlus, first))
	}
	for _, final := range []string{"c=biws,r={nonce},p=" + aProof, "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCws,r={nonce},p=" + aProof, "c=,r={nonce},p=" + aProof} {
		secure("PLUS, final "+strconv.Quote(final), initial(auth.ScramPlus, "p=tls-server-end-point,,n=,r=abc"), frame('p', final))
	}
	return list
}

// TestScramAsPostgreSQL: to what no honest client says in an exchange the answer is PostgreSQL 15's, message for message.
func TestScramAsPostgreSQL(t *testing.T) {
	a := newAuthority(t)
	a.sign("server")
	rs := roles{"app": matrixRoles()["plus"]}
	const rules = "host all all all scram-sha-256\n"
	ours := newHouse(t, a, rules, rs)
	r := postgresFor(t)
	r.furnish(t, a, rules, rs)
	list := conversations()
	got, want := make([]chan string, len(list)), make([]chan string, len(list))
	for i, c := range list { // side by side: wrong proofs are held back
		got[i], want[i] = make(chan string, 1), make(chan string, 1)
		go func() { got[i] <- talk(ours.port, c) }()
		want[i] <- talk(r.Port, c)
	}
	for i, c := range list {
		if g, w := <-got[i], <-want[i]; g != w {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, g, w)
		}
	}
	t.Logf("%d conversations", len(list))
}

var serverNonce = regexp.MustCompile(`(r=[^,]*)[A-Za-z0-9+/]{24},s=`)

// talk is what a server answers to a conversation, until it ends it.
func talk(port int, c conversation) string {
	nc, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err.Error()
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(patience))
	if c.tls {
		_, _ = io.WriteString(nc, "\x00\x00\x00\x08\x04\xd2\x16\x2f")
		if _, err := io.ReadFull(nc, make([]byte, 1)); err != nil {
			return err.Error()
		}
		secure := tls.Client(nc, &tls.Config{InsecureSkipVerify: true}) // whom it talks to is not the question
		if err := secure.Handshake(); err != nil {
			return err.Error()
		}
		nc = secure
	}
	_, _ = io.WriteString(nc, startupPacket("user", "app", "database", database))
	var out strings.Builder
	nonce, sent := "", 0
	for {
		header := make([]byte, 5)
		if _, err := io.ReadFull(nc, header); err != nil {
			return out.String() + "end"
		}
		body := make([]byte, binary.BigEndian.Uint32(header[1:])-4)
		if _, err := io.ReadFull(nc, body); err != nil {
			return out.String() + err.Error()
		}
		switch header[0] {
		case 'E':
			var e pgproto3.ErrorResponse
			if err := e.Decode(body); err != nil {
				return err.Error()
			}
			fmt.Fprintf(&out, "E(%s %s %s | %s) ", e.Severity, e.Code, e.Message, e.Detail)
			continue
		case 'R':
			if data := body[4:]; bytes.HasPrefix(data, []byte("r=")) {
				nonce, _, _ = strings.Cut(string(data[2:]), ",")
			}
			fmt.Fprintf(&out, "R%d(%q) ", body[3], serverNonce.ReplaceAll(body[4:], []byte("$1…,s=")))
		default:
			fmt.Fprintf(&out, "%c ", header[0])
		}
		if sent < len(c.sent) {
			next := c.sent[sent]
			if strings.Contains(next, "{nonce}") {
				next = frame(next[0], strings.ReplaceAll(next[5:], "{nonce}", nonce))
			}
			_, _ = io.WriteString(nc, next)
			sent++
		} else if header[0] == 'R' {
			return out.String() + "asks for more"
		}
	}
}
