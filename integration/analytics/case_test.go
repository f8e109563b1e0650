package analytics

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
)

func TestParse(t *testing.T) {
	f := &File{}
	err := f.parse(`-- for the reader
-- case: one
-- zone: Asia/Tokyo
-- params: text:a | 5 | NULL | "int4:x"
SELECT $1, -- error: not a directive inside a statement
	$2;

-- case: two
-- error: 22012
SELECT 1 / 0;
`)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Cases) != 2 {
		t.Fatalf("%d cases", len(f.Cases))
	}
	one, two := f.Cases[0], f.Cases[1]
	want := []Param{{OID: pgtype.TextOID, Text: "a"}, {Text: "5"}, {Null: true, Text: "NULL"}, {Text: "int4:x"}}
	if len(one.Params) != len(want) {
		t.Fatalf("parameters %v", one.Params)
	}
	for i := range want {
		if one.Params[i] != want[i] {
			t.Errorf("parameter %d is %v, not %v", i+1, one.Params[i], want[i])
		}
	}
	if one.Line != 2 || one.Zone != "Asia/Tokyo" || !strings.HasSuffix(one.SQL, "$2;") || len(one.Modes()) != 2 {
		t.Errorf("first case: %+v", one)
	}
	if two.Error != "22012" || two.SQL != "SELECT 1 / 0;" || len(two.Modes()) != 3 {
		t.Errorf("second case: %+v", two)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no statement":                "-- case: a\n-- case: b\nSELECT 1",
		"no name":                     "-- case:\nSELECT 1",
		"a name twice":                "-- case: a\nSELECT 1\n-- case: a\nSELECT 2",
		"an unknown directive":        "-- case: a\n-- zoned: UTC\nSELECT 1",
		"a directive without a value": "-- case: a\n-- unordered:\nSELECT 1",
		"a difference without error":  "-- case: a\n-- difference: x\nSELECT 1",
		"a type nobody knows":         "-- case: a\n-- params: nonesuch:1\nSELECT 1",
	} {
		if err := (&File{}).parse(text); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
