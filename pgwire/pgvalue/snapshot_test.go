package pgvalue

import "testing"

// A value's binary form reads as the value, and so does its text.
func TestSnapshotForms(t *testing.T) {
	for oid, texts := range map[uint32][]string{
		OIDPgLSN:        {"0/0", "0/16B3748", "FFFFFFFF/FFFFFFFF"},
		OIDXid8:         {"0", "3", "18446744073709551615"},
		OIDPgSnapshot:   {"1:1:", "10:20:10,14,15"},
		OIDTxidSnapshot: {"10:20:19"},
		5039:            {`{10:20:,"1:2:1"}`}, 3221: {"{0/1,NULL}"}, 271: {"{18446744073709551615}"},
	} {
		for _, text := range texts {
			v, err := ParseText(oid, text, UTC)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			back, err := ParseBinary(oid, AppendBinary(nil, oid, &v), 1)
			if err != nil {
				t.Errorf("%s in binary: %v", text, err)
				continue
			}
			if oid == 5039 {
				text = "{10:20:,1:2:1}"
			}
			if got := string(AppendText(nil, oid, &back, UTC)); got != text {
				t.Errorf("got %s, want %s", got, text)
			}
		}
	}
	for _, b := range []string{"", "\x00\x00\x00\x01" + "00000000" + "11111111", "\xff\xff\xff\xff" + "00000000" + "11111111"} {
		if v, err := parseBinarySnapshot([]byte(b)); err == nil {
			t.Errorf("%q is %s", b, v.Text)
		}
	}
}

func FuzzSnapshot(f *testing.F) {
	for _, s := range []string{"10:20:10,14,15", " 1:+2:", "1:2:1,", "-1:-1:", "0x1:2:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_ = ParseXid8(s)
		_, _ = ParseLSN(s)
		v, err := ParseSnapshot(s)
		if err != nil {
			return
		}
		if again, err := ParseSnapshot(v.String()); err != nil || again.String() != v.String() {
			t.Errorf("%q: %s, then %s, %v", s, v, again, err)
		}
	})
}
