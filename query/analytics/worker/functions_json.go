//go:build cgo

package worker

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// normalized sets a part of a JSON value in jsonb's form.
func normalized(out *writer, i int, b []byte) error {
	var buf [128]byte
	n, err := pgfn.Normalize(buf[:0], b)
	if err == nil {
		out.SetBytes(i, n)
	}
	return err
}

// raw sets it as it was written.
func raw(out *writer, i int, b []byte) error {
	out.SetBytes(i, b)
	return nil
}

type setter = func(out *writer, i int, b []byte) error

func getter(name string, key *duck.Type, set setter, get func(in []vector, i int) ([]byte, bool)) *duck.Function {
	return function(name, tText, types(tText, key), func(in []vector, i int, out *writer) error {
		b, ok := get(in, i)
		if !ok {
			out.SetNull(i)
			return nil
		}
		return set(out, i, b)
	})
}

func getters(suffix string, set setter) []*duck.Function {
	path := func(in []vector, i int) ([]string, bool) {
		list := texts(&in[1], i)
		p := make([]string, len(list))
		for k, s := range list {
			if s == nil {
				return nil, false
			}
			p[k] = *s
		}
		return p, true
	}
	return []*duck.Function{
		getter("pg_json_get"+suffix, tText, set, func(in []vector, i int) ([]byte, bool) {
			return pgfn.Get(in[0].Bytes(i), in[1].Text(i))
		}),
		getter("pg_json_index"+suffix, tInt, set, func(in []vector, i int) ([]byte, bool) {
			return pgfn.GetIndex(in[0].Bytes(i), int(in[1].Int32(i)))
		}),
		getter("pg_json_path"+suffix, tTexts, set, func(in []vector, i int) ([]byte, bool) {
			p, ok := path(in, i)
			if !ok {
				return nil, false
			}
			return pgfn.GetPath(in[0].Bytes(i), p)
		}),
		getter("pg_json_get_text"+suffix, tText, raw, func(in []vector, i int) ([]byte, bool) {
			return pgfn.GetText(in[0].Bytes(i), in[1].Text(i))
		}),
		getter("pg_json_index_text"+suffix, tInt, raw, func(in []vector, i int) ([]byte, bool) {
			return pgfn.GetIndexText(in[0].Bytes(i), int(in[1].Int32(i)))
		}),
		getter("pg_json_path_text"+suffix, tTexts, raw, func(in []vector, i int) ([]byte, bool) {
			p, ok := path(in, i)
			if !ok {
				return nil, false
			}
			return pgfn.GetPathText(in[0].Bytes(i), p)
		}),
	}
}

func json1(name string, f func(b []byte) ([]byte, error)) *duck.Function {
	return function(name, tText, types(tText), func(in []vector, i int, out *writer) error {
		b, err := f(in[0].Bytes(i))
		if err == nil {
			out.SetBytes(i, b)
		}
		return err
	})
}

func json2(name string, second *duck.Type, f func(b []byte, in []vector, i int) ([]byte, error)) *duck.Function {
	return function(name, tText, types(tText, second), func(in []vector, i int, out *writer) error {
		b, err := f(in[0].Bytes(i), in, i)
		if err == nil {
			out.SetBytes(i, b)
		}
		return err
	})
}

func jsonBool(name string, second *duck.Type, f func(in []vector, i int) bool) *duck.Function {
	return function(name, tBool, types(tText, second), func(in []vector, i int, out *writer) error {
		out.SetBool(i, f(in, i))
		return nil
	})
}

// members is the set of an object's keys or values.
func members(name, of string, item func(kv *pgfn.KeyValue) (*string, error)) *duck.Function {
	return function(name, tTexts, types(tText), func(in []vector, i int, out *writer) error {
		if kind := pgfn.TypeOf(in[0].Bytes(i)); of == "jsonb_object_keys" && kind != "object" && kind != "array" {
			return pgwire.Errorf("22023", "cannot call jsonb_object_keys on a scalar")
		}
		list, err := pgfn.EachAs(in[0].Bytes(i), of)
		if err != nil {
			return err
		}
		items := make([]*string, len(list))
		for k := range list {
			if items[k], err = item(&list[k]); err != nil {
				return err
			}
		}
		setTexts(out, i, items)
		return nil
	})
}

func keyOf(kv *pgfn.KeyValue) (*string, error) { return &kv.Key, nil }

func valueOf(kv *pgfn.KeyValue) (*string, error) {
	b, err := pgfn.Normalize(nil, kv.Value)
	s := string(b)
	return &s, err
}

func rawValueOf(kv *pgfn.KeyValue) (*string, error) {
	s := string(kv.Value)
	return &s, nil
}

func valueTextOf(kv *pgfn.KeyValue) (*string, error) { return jsonText(kv.Value), nil }

func jsonText(b []byte) *string {
	t, ok := pgfn.Text(b)
	if !ok {
		return nil
	}
	s := string(t)
	return &s
}

func elementsOf(name string, item func(b []byte) (*string, error)) *duck.Function {
	return function(name, tTexts, types(tText), func(in []vector, i int, out *writer) error {
		list, err := pgfn.ArrayElements(in[0].Bytes(i))
		if err != nil {
			return err
		}
		items := make([]*string, len(list))
		for k := range list {
			if items[k], err = item(list[k]); err != nil {
				return err
			}
		}
		setTexts(out, i, items)
		return nil
	})
}

func jsonFunctions() []*duck.Function {
	normal := func(b []byte) (*string, error) {
		n, err := pgfn.Normalize(nil, b)
		s := string(n)
		return &s, err
	}
	asRaw := func(b []byte) (*string, error) {
		s := string(b)
		return &s, nil
	}
	asText := func(b []byte) (*string, error) { return jsonText(b), nil }
	list := append(getters("", normalized), getters("_raw", raw)...)
	list = append(list,
		members("pg_json_keys", "jsonb_each", keyOf), members("pg_json_values", "jsonb_each", valueOf),
		members("pg_json_values_text", "jsonb_each_text", valueTextOf), members("pg_json_keys_only", "jsonb_object_keys", keyOf),
		members("pg_json_keys_raw", "json_each", keyOf), members("pg_json_values_raw", "json_each", rawValueOf),
		members("pg_json_values_text_raw", "json_each_text", valueTextOf),
		elementsOf("pg_json_elements", normal), elementsOf("pg_json_elements_raw", asRaw),
		elementsOf("pg_json_elements_text", asText), elementsOf("pg_json_elements_text_raw", asText),
		function("pg_jsonb", tText, types(tText), func(in []vector, i int, out *writer) error {
			b := in[0].Bytes(i)
			if err := pgfn.Validate(b); err != nil {
				return err
			}
			return normalized(out, i, b)
		}),
		function("pg_jsonb_key", tBlob, types(tText), func(in []vector, i int, out *writer) error {
			b, err := pgfn.JSONSortKey(nil, in[0].Bytes(i))
			if err == nil {
				out.SetBytes(i, b)
			}
			return err
		}),
		json1("pg_jsonb_pretty", pgfn.Pretty), json1("pg_jsonb_strip_nulls", pgfn.StripNulls),
		json1("pg_json_typeof", func(b []byte) ([]byte, error) { return []byte(pgfn.TypeOf(b)), nil }),
		json1("pg_json_string", func(b []byte) ([]byte, error) { return pgfn.AppendString(nil, b), nil }),
		json1("pg_json_num", func(b []byte) ([]byte, error) {
			if c := b[len(b)-1]; c >= '0' && c <= '9' {
				return b, nil
			}
			return pgfn.AppendString(nil, b), nil // NaN and the infinities
		}),
		nullable(function("pg_json_key", tText, types(tText), func(in []vector, i int, out *writer) error {
			if in[0].Null(i) {
				return pgwire.Errorf("22023", "argument 1: key must not be null")
			}
			out.SetBytes(i, pgfn.AppendString(nil, in[0].Bytes(i)))
			return nil
		})),
		function("pg_json_array_length", tInt, types(tText), func(in []vector, i int, out *writer) error {
			n, err := pgfn.ArrayLength(in[0].Bytes(i))
			out.SetInt32(i, int32(n))
			return err
		}),
		function("pg_jsonb_to_bool", tBool, types(tText), func(in []vector, i int, out *writer) error {
			b, err := pgfn.ToBool(in[0].Bytes(i))
			out.SetBool(i, b)
			return err
		}),
		function("pg_jsonb_to_num", tText, types(tText, tText), func(in []vector, i int, out *writer) error {
			n, err := pgfn.ToNumericAs(in[0].Bytes(i), in[1].Text(i))
			if err == nil {
				setNumeric(out, i, n)
			}
			return err
		}),
		jsonBool("pg_jsonb_contains", tText, func(in []vector, i int) bool { return pgfn.Contains(in[0].Bytes(i), in[1].Bytes(i)) }),
		jsonBool("pg_jsonb_exists", tText, func(in []vector, i int) bool { return pgfn.Exists(in[0].Bytes(i), in[1].Text(i)) }),
		jsonBool("pg_jsonb_exists_any", tTexts, func(in []vector, i int) bool { return pgfn.ExistsAny(in[0].Bytes(i), plainTexts(&in[1], i)) }),
		jsonBool("pg_jsonb_exists_all", tTexts, func(in []vector, i int) bool { return pgfn.ExistsAll(in[0].Bytes(i), plainTexts(&in[1], i)) }),
		json2("pg_jsonb_concat", tText, func(b []byte, in []vector, i int) ([]byte, error) { return pgfn.Concat(b, in[1].Bytes(i)) }),
		json2("pg_jsonb_delete", tText, func(b []byte, in []vector, i int) ([]byte, error) { return pgfn.Delete(b, in[1].Text(i)) }),
		json2("pg_jsonb_delete_index", tInt, func(b []byte, in []vector, i int) ([]byte, error) {
			return pgfn.DeleteIndex(b, int(in[1].Int32(i)))
		}),
		json2("pg_jsonb_delete_keys", tTexts, func(b []byte, in []vector, i int) ([]byte, error) {
			return pgfn.DeleteKeys(b, plainTexts(&in[1], i))
		}),
		json2("pg_jsonb_delete_path", tTexts, func(b []byte, in []vector, i int) ([]byte, error) {
			return pgfn.DeletePath(b, plainTexts(&in[1], i))
		}),
		function("pg_jsonb_set", tText, types(tText, tTexts, tText, tBool), func(in []vector, i int, out *writer) error {
			b, err := pgfn.Set(in[0].Bytes(i), plainTexts(&in[1], i), in[2].Bytes(i), in[3].Bool(i))
			if err == nil {
				out.SetBytes(i, b)
			}
			return err
		}),
		function("pg_jsonb_insert", tText, types(tText, tTexts, tText, tBool), func(in []vector, i int, out *writer) error {
			b, err := pgfn.Insert(in[0].Bytes(i), plainTexts(&in[1], i), in[2].Bytes(i), in[3].Bool(i))
			if err == nil {
				out.SetBytes(i, b)
			}
			return err
		}),
		function("pg_json_timestamp", tText, types(tTime), func(in []vector, i int, out *writer) error {
			return jsonTime(out, i, in[0].Int64(i), pgwire.OIDTimestamp, pgwire.UTC)
		}),
		function("pg_json_timestamptz", tText, types(tTime, tText), func(in []vector, i int, out *writer) error {
			loc, err := zoneOf(&in[1], i)
			if err != nil {
				return err
			}
			return jsonTime(out, i, in[0].Int64(i), pgwire.OIDTimestamptz, &pgwire.Zone{Location: loc})
		}),
	)
	return list
}

// jsonTime is a timestamp as JSON has it: ISO 8601, in quotes.
func jsonTime(out *writer, i int, at int64, oid uint32, zone *pgwire.Zone) error {
	v := pgwire.TimeValue(micros(at))
	s := string(pgwire.AppendText(nil, oid, &v, zone))
	s = strings.Replace(s, " ", "T", 1)
	if oid == pgwire.OIDTimestamptz && len(s) > 3 && (s[len(s)-3] == '+' || s[len(s)-3] == '-') {
		s += ":00"
	}
	out.SetText(i, `"`+s+`"`)
	return nil
}
