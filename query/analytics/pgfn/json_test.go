package pgfn

import (
	"bytes"
	stdjson "encoding/json"
	"strconv"
	"strings"
	"testing"
)

// checked tells an error of the document first, as PostgreSQL's cast does before the
// function sees it.
func checked(f caseFunc) caseFunc {
	return func(a caseArgs) (*string, error) {
		if err := Validate(a.b(0)); err != nil {
			return nil, err
		}
		return f(a)
	}
}

func jsonCase(f func(a caseArgs) ([]byte, error)) caseFunc {
	return checked(func(a caseArgs) (*string, error) {
		out, err := f(a)
		if err != nil {
			return nil, err
		}
		return text(string(out)), nil
	})
}

// getCase normalises what a getter found.
func getCase(f func(a caseArgs) ([]byte, bool)) caseFunc {
	return checked(func(a caseArgs) (*string, error) {
		v, ok := f(a)
		if !ok {
			return nil, nil
		}
		v, err := Normalize(nil, v)
		return text(string(v)), err
	})
}

func getTextCase(f func(a caseArgs) ([]byte, bool)) caseFunc {
	return checked(func(a caseArgs) (*string, error) {
		v, ok := f(a)
		if !ok {
			return nil, nil
		}
		return text(string(v)), nil
	})
}

func boolCase(f func(a caseArgs) (bool, error)) caseFunc {
	return checked(func(a caseArgs) (*string, error) {
		ok, err := f(a)
		return text(strconv.FormatBool(ok)), err
	})
}

// lines is string_agg, null of nothing.
func lines(items []string) *string {
	if len(items) == 0 {
		return nil
	}
	return text(strings.Join(items, "\n"))
}

var _ = register(map[string]caseFunc{
	"j_get":      getCase(func(a caseArgs) ([]byte, bool) { return Get(a.b(0), a.s(1)) }),
	"j_gettext":  getTextCase(func(a caseArgs) ([]byte, bool) { return GetText(a.b(0), a.s(1)) }),
	"j_idx":      getCase(func(a caseArgs) ([]byte, bool) { return GetIndex(a.b(0), a.int(1)) }),
	"j_idxtext":  getTextCase(func(a caseArgs) ([]byte, bool) { return GetIndexText(a.b(0), a.int(1)) }),
	"j_path":     getCase(func(a caseArgs) ([]byte, bool) { return GetPath(a.b(0), a.list(1)) }),
	"j_pathtext": getTextCase(func(a caseArgs) ([]byte, bool) { return GetPathText(a.b(0), a.list(1)) }),
	"j_text":     getTextCase(func(a caseArgs) ([]byte, bool) { return Text(a.b(0)) }),
	"j_norm": func(a caseArgs) (*string, error) {
		out, err := Normalize(nil, a.b(0))
		if err != nil {
			return nil, err
		}
		n, err := parseJSON(a.b(0))
		if err != nil || string(n.bytes()) != string(out) {
			return text("tree differs"), err
		}
		return text(string(out)), nil
	},
	"j_cmp": func(a caseArgs) (*string, error) {
		for i := range 2 {
			if err := Validate(a.b(i)); err != nil {
				return nil, err
			}
		}
		c := Compare(a.b(0), a.b(1))
		x, _ := Canonical(nil, a.b(0))
		y, _ := Canonical(nil, a.b(1))
		if bytes.Equal(x, y) != (c == 0) {
			return text("canonical differs"), nil
		}
		return text(strconv.Itoa(c)), nil
	},
	"j_contains": func(a caseArgs) (*string, error) {
		for i := range 2 {
			if err := Validate(a.b(i)); err != nil {
				return nil, err
			}
		}
		ok, err := Contains(a.b(0), a.b(1))
		return text(strconv.FormatBool(ok)), err
	},
	"j_exists":     boolCase(func(a caseArgs) (bool, error) { return Exists(a.b(0), a.s(1)) }),
	"j_existsany":  boolCase(func(a caseArgs) (bool, error) { return ExistsAny(a.b(0), a.list(1)) }),
	"j_existsall":  boolCase(func(a caseArgs) (bool, error) { return ExistsAll(a.b(0), a.list(1)) }),
	"j_concat":     jsonCase(func(a caseArgs) ([]byte, error) { return Concat(a.b(0), a.b(1)) }),
	"j_delete":     jsonCase(func(a caseArgs) ([]byte, error) { return Delete(a.b(0), a.s(1)) }),
	"j_deletekeys": jsonCase(func(a caseArgs) ([]byte, error) { return DeleteKeys(a.b(0), a.list(1)) }),
	"j_deleteidx":  jsonCase(func(a caseArgs) ([]byte, error) { return DeleteIndex(a.b(0), a.int(1)) }),
	"j_deletepath": jsonCase(func(a caseArgs) ([]byte, error) { return DeletePath(a.b(0), a.list(1)) }),
	"j_set":        jsonCase(func(a caseArgs) ([]byte, error) { return Set(a.b(0), a.list(3), a.b(1), a.bool(2)) }),
	"j_insert":     jsonCase(func(a caseArgs) ([]byte, error) { return Insert(a.b(0), a.list(3), a.b(1), a.bool(2)) }),
	"j_pretty":     jsonCase(func(a caseArgs) ([]byte, error) { return Pretty(a.b(0)) }),
	"j_strip":      jsonCase(func(a caseArgs) ([]byte, error) { return StripNulls(a.b(0)) }),
	"j_typeof":     jsonCase(func(a caseArgs) ([]byte, error) { return []byte(TypeOf(a.b(0))), nil }),
	"j_len": jsonCase(func(a caseArgs) ([]byte, error) {
		n, err := ArrayLength(a.b(0))
		return strconv.AppendInt(nil, int64(n), 10), err
	}),
	"j_each": checked(func(a caseArgs) (*string, error) {
		members, err := Each(a.b(0))
		out := []string{}
		for _, m := range members {
			out = append(out, m.Key+" "+string(m.Value))
		}
		return lines(out), err
	}),
	"j_keys": checked(func(a caseArgs) (*string, error) {
		keys, err := ObjectKeys(a.b(0))
		return lines(keys), err
	}),
	"j_elems": checked(func(a caseArgs) (*string, error) {
		elements, err := ArrayElements(a.b(0))
		out := []string{}
		for _, e := range elements {
			out = append(out, string(e))
		}
		return lines(out), err
	}),
	"j_elemstext": checked(func(a caseArgs) (*string, error) {
		elements, err := ArrayElements(a.b(0))
		out := []string{}
		for _, e := range elements {
			v, ok := Text(e)
			if !ok {
				v = []byte("<null>")
			}
			out = append(out, string(v))
		}
		return lines(out), err
	}),
	"j_bool": checked(func(a caseArgs) (*string, error) {
		v, err := ToBool(a.b(0))
		return text(strconv.FormatBool(v)), err
	}),
	"j_num": checked(func(a caseArgs) (*string, error) {
		v, err := ToNumeric(a.b(0))
		return text(v.String()), err
	}),
	"j_quote": func(a caseArgs) (*string, error) { return text(string(AppendString(nil, a.s(0)))), nil },
})

func TestDepth(t *testing.T) {
	deep := []byte(strings.Repeat(`[`, maxDepth+2) + strings.Repeat(`]`, maxDepth+2))
	for name, f := range map[string]func() error{
		"Validate":  func() error { return Validate(deep) },
		"Normalize": func() error { _, err := Normalize(nil, deep); return err },
		"Concat":    func() error { _, err := Concat(deep, deep); return err },
	} {
		if err := f(); err == nil || errorText(err) != "54001 stack depth limit exceeded" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, ok := GetPath(deep, []string{"0", "0"}); !ok || len(v) != len(deep)-4 {
		t.Errorf("GetPath: %d, %v", len(v), ok)
	}
}

func TestBuild(t *testing.T) {
	out := BuildObject(nil, []KeyValue{{`a"`, []byte("1")}, {"b", BuildArray(nil, [][]byte{[]byte("1"), []byte("null")})}})
	if string(out) != `{"a\"": 1, "b": [1, null]}` {
		t.Errorf("%s", out)
	}
}

// slowText is GetText by way of encoding/json.
func slowText(doc []byte, key string) (string, bool) {
	d := stdjson.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil || v[key] == nil {
		return "", false
	}
	switch v := v[key].(type) {
	case string:
		return v, true
	case stdjson.Number:
		n, err := ParseNumeric(v.String())
		return n.String(), err == nil
	case bool:
		return strconv.FormatBool(v), true
	default:
		raw, _ := stdjson.Marshal(v)
		n, err := parseJSON(raw)
		if err != nil {
			return "", false
		}
		return string(n.bytes()), true
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":1}`, ` { "a" : [1,2.50,{"b":null}] , "a":"\u00e9\n" }`, `[]`, `"x"`, `{"bb":1,"a":{"c":1e2}}`,
		`{"a":"\ud83d\ude00"}`, `{"a`, `{"a":`, `[1,`, `{"\u0061":-0.0}`, `nul`, `{"a":"\`,
	} {
		f.Add([]byte(s), "a")
	}
	f.Fuzz(func(t *testing.T, doc []byte, key string) {
		Text(doc)
		GetIndexText(doc, -1)
		GetPathText(doc, []string{key, "0", key})
		Each(doc)
		ArrayElements(doc)
		ArrayLength(doc)
		ToNumeric(doc)
		Compare(doc, []byte(key))
		Contains(doc, []byte(key))
		got, ok := GetText(doc, key)
		invalid := Validate(doc)
		norm, err := Normalize(nil, doc)
		if (err == nil) != (invalid == nil) {
			t.Fatalf("%q: Validate %v, Normalize %v", doc, invalid, err)
		}
		if _, err := parseJSON(doc); (err == nil) != (invalid == nil) {
			t.Fatalf("%q: Validate %v, parse %v", doc, invalid, err)
		}
		if err != nil {
			return
		}
		again, err := Normalize(nil, norm)
		if err != nil || !bytes.Equal(norm, again) {
			t.Fatalf("%q: %s, then %s, %v", doc, norm, again, err)
		}
		if Compare(doc, norm) != 0 {
			t.Fatalf("%q and %s are not equal", doc, norm)
		}
		if len(doc) > 1<<12 {
			return
		}
		if want, found := slowText(doc, key); found != ok || want != string(got) {
			t.Fatalf("%q ->> %q = %q, %v; want %q, %v", doc, key, got, ok, want, found)
		}
	})
}

var benchmarkDoc = []byte(`{"order_id":"o-123","customer":{"id":42,"name":"Ann"},"amount":129.95,"currency":"EUR",` +
	`"items":[{"sku":"a","qty":1},{"sku":"b","qty":2}],"note":"none of \"that\"","ok":true}`)

func BenchmarkGetText(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		GetText(benchmarkDoc, "currency")
	}
}

func BenchmarkNormalize(b *testing.B) {
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		dst, _ = Normalize(dst[:0], benchmarkDoc)
	}
}

func BenchmarkValidate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Validate(benchmarkDoc)
	}
}

// TestBeyondNumeric: what an old log holds and numeric does not is passed on as it is written.
func TestBeyondNumeric(t *testing.T) {
	const poison = `{"a": 1e-20000, "b": [1e131072, 2]}`
	for name, f := range map[string]func(dst, json []byte) ([]byte, error){"Normalize": Normalize, "Canonical": Canonical} {
		if got, err := f(nil, []byte(poison)); err != nil || string(got) != poison {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if err := Validate([]byte(poison)); err == nil || errorText(err) != "22003 value overflows numeric format" {
		t.Errorf("Validate: %v", err)
	}
	if _, err := ToNumeric([]byte("1e-20000")); err == nil {
		t.Error("ToNumeric took it")
	}
	deep := []byte(strings.Repeat(`[`, 4500) + strings.Repeat(`]`, 4500))
	if got, err := Normalize(nil, deep); err != nil || len(got) != len(deep) {
		t.Errorf("4,500 levels: %v", err)
	}
}
