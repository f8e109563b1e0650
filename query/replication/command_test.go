package replication

import (
	"fmt"
	"strings"
	"testing"
)

// TestParse reads commands as clients write them.
func TestParse(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"IDENTIFY_SYSTEM", "IDENTIFY_SYSTEM"},
		{"  IDENTIFY_SYSTEM ;", "IDENTIFY_SYSTEM"},
		{`READ_REPLICATION_SLOT "s"`, "READ_REPLICATION_SLOT s"},
		{`CREATE_REPLICATION_SLOT "s" TEMPORARY LOGICAL "pgoutput" NOEXPORT_SNAPSHOT`, "CREATE_REPLICATION_SLOT s temporary pgoutput snapshot=nothing"},
		{`CREATE_REPLICATION_SLOT s LOGICAL Wal2JSON (SNAPSHOT 'use', two_phase)`, "CREATE_REPLICATION_SLOT s wal2json snapshot=use two_phase"},
		{`START_REPLICATION SLOT "a""b" LOGICAL A/1000003 (proto_version '3', publication_names '"p","it''s"', "streaming" 'on')`, `START_REPLICATION a"b A/1000003 proto_version=3 publication_names="p","it's" streaming=on`},
		{"START_REPLICATION SLOT S LOGICAL 0/0", "START_REPLICATION s"},
		{"DROP_REPLICATION_SLOT s WAIT;", "DROP_REPLICATION_SLOT s wait"},
		{"DROP_REPLICATION_SLOT s NOW", "syntax error (SQLSTATE 42601)"},
		{"IDENTIFY_SYSTEM now", "syntax error (SQLSTATE 42601)"},
		{"START_REPLICATION SLOT s LOGICAL 0", "syntax error (SQLSTATE 42601)"},
		{"START_REPLICATION SLOT s LOGICAL 0/0 (a 'b'", "syntax error (SQLSTATE 42601)"},
		{"START_REPLICATION SLOT s LOGICAL 0/0 (a 'b", "syntax error (SQLSTATE 42601)"},
		{"START_REPLICATION 0/0", "physical replication is not supported (SQLSTATE 0A000)"},
		{"CREATE_REPLICATION_SLOT s PHYSICAL", "a physical replication slot is not supported (SQLSTATE 0A000)"},
		{"TIMELINE_HISTORY 1", "TIMELINE_HISTORY is not supported (SQLSTATE 0A000)"},
		{"BASE_BACKUP (LABEL 'x')", "BASE_BACKUP is not supported (SQLSTATE 0A000)"},
	} {
		if got := shown(c.text); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.text, got, c.want)
		}
	}
	for _, sql := range []string{"SELECT 1", "identify_system", `"IDENTIFY_SYSTEM"`, "SHOW wal_level", "", "IDENTIFY_SYSTEMS"} {
		if IsCommand(sql) {
			t.Errorf("%s is taken for a command", sql)
		}
	}
}

// shown is a command as it was understood.
func shown(text string) string {
	c, err := Parse(text)
	if err != nil {
		return err.Error()
	}
	words := []string{c.Verb}
	add := func(on bool, word string) {
		if on {
			words = append(words, word)
		}
	}
	add(c.Slot != "", c.Slot)
	add(c.Temporary, "temporary")
	add(c.Plugin != "", c.Plugin)
	add(c.Wait, "wait")
	add(c.At != 0, c.At.String())
	for _, o := range c.Options {
		word := o.Name
		if o.Given {
			word += "=" + o.Value
		}
		words = append(words, strings.ToLower(o.Name)+strings.TrimPrefix(word, o.Name))
	}
	return strings.Join(words, " ")
}

func FuzzParse(f *testing.F) {
	f.Add(`START_REPLICATION SLOT "s" LOGICAL 0/0 (a 'b', "c" d)`)
	f.Add(`CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL p (SNAPSHOT 'use')`)
	f.Fuzz(func(t *testing.T, text string) {
		if !IsCommand(text) {
			return
		}
		if c, err := Parse(text); err == nil && c.Slot == "" && c.Verb != identifySystem && !strings.Contains(text, `""`) {
			t.Errorf("%q has no slot", text)
		}
	})
}

func TestLSN(t *testing.T) {
	for _, p := range []int64{0, 1, 1 << 20, 1 << 33, 1 << 40} {
		l := LSNOf(p)
		if back, ok := ParseLSN(l.String()); !ok || back != l || back.Position() != p {
			t.Errorf("position %d is at %s, which is %d", p, l, back.Position())
		}
	}
	if LSNOf(3).String() != "0/1000003" || LSN(0).Position() != 0 || LSN(1<<64-1).Position() != 1<<62 {
		t.Error("LSNs are not as they are told")
	}
	if Xid(0) != 3 || Xid(1<<32-4) != 1<<32-1 || Xid(1<<32-3) != 3 {
		t.Error("numbers of transactions are not as they are told")
	}
	for _, text := range []string{"", "/", "0", "0/G", "1/2/3", "123456789/0"} {
		if _, ok := ParseLSN(text); ok {
			t.Errorf("%q is an LSN", text)
		}
	}
}

func TestReadNames(t *testing.T) {
	for text, want := range map[string]string{
		`p`: "[p]", `P`: "[p]", `"P"`: "[P]", `"a b", c`: "[a b c]", `"a""b",c`: `[a"b c]`, ``: "[]",
		`a b`: "invalid", `a,,b`: "invalid", `'a'`: "invalid", `"a`: "invalid",
	} {
		list, err := readNames(text)
		got := fmt.Sprint(list)
		if err != nil {
			got = "invalid"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
