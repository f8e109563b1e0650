package wire

import (
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tests in this file are for the runner: a runner that finds no difference
// proves nothing.

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		want, got string
		ok        bool
	}{
		{`ReadyForQuery I`, `ReadyForQuery I`, true},
		{`ReadyForQuery I`, `ReadyForQuery T`, false},
		{`ReadyForQuery`, `ReadyForQuery I`, false},
		{`ParseComplete`, `BindComplete`, false},
		{`DataRow ["1",null]`, `DataRow ["1",null]`, true},
		{`DataRow ["1",null]`, `DataRow ["1",""]`, false},
		{`DataRow ["1",""]`, `DataRow ["1",null]`, false},
		{`DataRow ["1"]`, `DataRow ["1","2"]`, false},
		{`DataRow ["*"]`, `DataRow ["x"]`, true},
		{`DataRow ["*"]`, `DataRow [null]`, false},
		{`DataRow ["~^a+$"]`, `DataRow ["aaa"]`, true},
		{`DataRow ["~^a+$"]`, `DataRow ["aab"]`, false},
		{`DataRow ["hex:00 01"]`, `DataRow ["hex:0001"]`, true},
		{`DataRow ["${a}","${a}"]`, `DataRow ["x","x"]`, true},
		{`DataRow ["${a}","${a}"]`, `DataRow ["x","y"]`, false},
		{`DataRow ["${known}-1"]`, `DataRow ["value-1"]`, true},
		{`DataRow ["${known}"]`, `DataRow ["other"]`, false},
		{`DataRow ["${repeat:ab:2}"]`, `DataRow ["abab"]`, true},
		{`RowDescription [["a",20]]`, `RowDescription [["a",20]]`, true},
		{`RowDescription [["a",20]]`, `RowDescription [["a",25]]`, false},
		{`RowDescription [["a",20]]`, `RowDescription [["a",20,"binary"]]`, false},
		{`ErrorResponse {"Code":"1"}`, `ErrorResponse {"Code":"1","Hint":"x"}`, true},
		{`ErrorResponse {"Code":"1","Hint":null}`, `ErrorResponse {"Code":"1","Hint":"x"}`, false},
		{`ErrorResponse {"Code":"1","Hint":"x"}`, `ErrorResponse {"Code":"1"}`, false},
	} {
		err := matchMessage(messageOf(t, test.want), messageOf(t, test.got), variables{"known": "value"})
		if (err == nil) != test.ok {
			t.Errorf("%s with %s: %v", test.want, test.got, err)
		}
	}
}

func messageOf(t *testing.T, text string) message {
	t.Helper()
	kind, payload, _ := strings.Cut(text, " ")
	value, err := parsePayload(payload)
	if err != nil {
		t.Fatal(err)
	}
	return message{kind, value}
}

// TestCompare looks at what is compared over several messages.
func TestCompare(t *testing.T) {
	const status = `ParameterStatus ["TimeZone","UTC"]`
	for _, test := range []struct {
		name      string
		want, got []string
		ok        bool
	}{
		{"equal", []string{"ParseComplete", "ReadyForQuery I"}, []string{"ParseComplete", "ReadyForQuery I"}, true},
		{"too few", []string{"ParseComplete", "ReadyForQuery I"}, []string{"ParseComplete"}, false},
		{"too many", []string{"ParseComplete"}, []string{"ParseComplete", "ReadyForQuery I"}, false},
		{"status elsewhere", []string{"ParseComplete", status}, []string{status, "ParseComplete"}, true},
		{"status missing", []string{"ParseComplete", status}, []string{"ParseComplete"}, false},
		{"status not expected", []string{"ParseComplete"}, []string{"ParseComplete", status}, false},
		{"copy cut", []string{`CopyData "a\n"`, "CopyData b", "CopyDone"}, []string{"CopyData a", `CopyData "\nb"`, "CopyDone"}, true},
		{"copy cut in bytes", []string{"CopyData hex:ff00", "CopyDone"}, []string{"CopyData hex:ff", "CopyData hex:00", "CopyDone"}, true},
		{"copy differs", []string{"CopyData a", "CopyDone"}, []string{"CopyData a", "CopyData b", "CopyDone"}, false},
		{"copy differs at the end", []string{"CopyData a"}, []string{"CopyData b"}, false},
		{"status twice", []string{status}, []string{status, status}, false},
	} {
		var lines []bodyLine
		for _, text := range test.want {
			kind, payload, _ := strings.Cut(text, " ")
			lines = append(lines, bodyLine{kind: kind, payload: payload})
		}
		c, err := newComparison(lines, variables{})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range test.got {
			c.add(messageOf(t, text))
		}
		c.finish()
		if (c.err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, c.err)
		}
	}
}

// TestDecodeIsStrict holds messages that a lenient reader would take.
func TestDecodeIsStrict(t *testing.T) {
	for _, test := range []struct {
		name string
		kind byte
		body string // hex
		ok   bool
	}{
		{"ready", 'Z', "49", true},
		{"complete", '1', "", true},
		{"row", 'D', "0001 00000001 61", true},
		{"row with more behind", 'D', "0001 00000001 61 00", false},
		{"row cut", 'D', "0001 00000002 61", false},
		{"complete with a body", '1', "00", false},
		{"unknown type", '?', "", false},
		{"password wanted", 'R', "00000003", false},
		{"error", 'E', "534552524f5200 564552524f5200 43323230323300 4d7800 00", true},
		{"error of class XX", 'E', "534552524f5200 564552524f5200 43585830303000 4d7800 00", false},
		{"error without V", 'E', "534552524f5200 43323230323300 4d7800 00", false},
		{"error without a message", 'E', "534552524f5200 564552524f5200 43323230323300 00", false},
		{"error without an end", 'E', "534552524f5200 564552524f5200 43323230323300 4d7800", false},
		{"error with more behind", 'E', "534552524f5200 564552524f5200 43323230323300 4d7800 0000", false},
	} {
		body, err := hex.DecodeString(strings.ReplaceAll(test.body, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if m, err := decode(test.kind, body); (err == nil) != test.ok {
			t.Errorf("%s: %v, %v", test.name, m, err)
		}
	}
}

// TestScriptErrors holds scripts that would silently prove nothing.
func TestScriptErrors(t *testing.T) {
	for name, text := range map[string]string{
		"step before a title":  "send\nSync\n",
		"unknown verb":         "=== a\n\nsned\nSync\n",
		"same title":           "=== a\n=== a\n",
		"only without reason":  "=== a\nonly eventgres\n",
		"difference unnamed":   "=== a\n\nreceive\npostgres: ReadyForQuery I\n",
		"error without a code": "=== a\n\nreceive\nErrorResponse {\"Severity\":\"ERROR\"}\n",
		"body of use":          "=== a\n\nuse b\nSync\n",
		"quote without an end": "=== a\n\nconnect \"a\n",
	} {
		path := filepath.Join(t.TempDir(), "script.txt")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readScript(path); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestEncode(t *testing.T) {
	for line, want := range map[string]string{
		`Sync`:                   "5300000004",
		`Query a`:                "5100000006 6100",
		`Query`:                  "5100000005 00",
		`Query "a\n"`:            "5100000007 610a00",
		`Raw hex:00 ff`:          "00ff",
		`Message {"Type":"?"}`:   "3f00000004",
		`SSLRequest`:             "0000000804d2162f",
		`GSSENCRequest`:          "0000000804d21630",
		`Close {"Portal":"p"}`:   "4300000007 50 7000",
		`Execute {"MaxRows":2}`:  "4500000009 00 00000002",
		`Bind {"Params":[null]}`: "4200000010 00 00 0000 0001 ffffffff 0000",
		`Bind {"Params":[""]}`:   "4200000010 00 00 0000 0001 00000000 0000",
		`Startup {"Version":"3.2","Parameters":[["a","b"]]}`: "0000000d 00030002 6100 6200 00",
		`CancelRequest {"Pid":"1","Key":"hex:0203"}`:         "0000000e 04d2162e 00000001 0203",
	} {
		kind, payload, _ := strings.Cut(line, " ")
		got, err := encode(kind, payload)
		if err != nil || hex.EncodeToString(got) != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s: %x, %v", line, got, err)
		}
	}
	if _, err := encode("Bind", `{"Parameters":[]}`); err == nil {
		t.Error("a field that does not exist is taken")
	}
}

// TestWhatIsLeft has a server say more than the script expects.
func TestWhatIsLeft(t *testing.T) {
	ready := "5a00000005 49"
	path := filepath.Join(t.TempDir(), "script.txt")
	text := "=== a\n\nsend\nSync\n\nuntil ReadyForQuery\nReadyForQuery I\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := readScript(path)
	if err != nil {
		t.Fatal(err)
	}
	for answer, ok := range map[string]bool{ready: true, ready + ready: false} {
		to := &target{name: "eventgres", address: fake(t, "520000000800000000"+ready, answer)}
		if err := converse(s, s.conversations[0], to, nil); (err == nil) != ok {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

// fake answers a start-up packet and one more write, whatever they say, and
// closes after a third.
func fake(t *testing.T, answers ...string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for _, answer := range append(answers, "") {
			data, _ := hex.DecodeString(strings.ReplaceAll(answer, " ", ""))
			if _, err := c.Read(make([]byte, 1<<10)); err != nil {
				return
			}
			if _, err := c.Write(data); err != nil {
				return
			}
		}
	}()
	return l.Addr().String()
}
