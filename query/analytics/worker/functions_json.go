//go:build cgo

package worker

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
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

// pathOf is a path of keys and indexes; false if a step is null.
func pathOf(v *vector, i int) ([]string, bool) {
	list := texts(v, i)
	p := make([]string, len(list))
	for k, s := range list {
		if s == nil {
			return nil, false
		}
		p[k] = *s
	}
	return p, true
}

// wholePath is a path that changes a value; a null among its steps is an error where it is reached.
func wholePath(v *vector, i int) []string {
	list := texts(v, i)
	p := make([]string, len(list))
	for k, s := range list {
		if p[k] = pgfn.NullStep; s != nil {
			p[k] = *s
		}
	}
	return p
}

func putBytes(out *writer, i int, b []byte, err error) error {
	if err == nil {
		out.SetBytes(i, b)
	}
	return err
}

func getters() []*duck.Function {
	return []*duck.Function{
		getter("pg_json_get", tText, normalized, func(in []vector, i int) ([]byte, bool) {
			return pgfn.Get(in[0].Bytes(i), in[1].Text(i))
		}),
		getter("pg_json_index", tInt, normalized, func(in []vector, i int) ([]byte, bool) {
			return pgfn.GetIndex(in[0].Bytes(i), int(in[1].Int32(i)))
		}),
		getter("pg_json_path", tTexts, normalized, func(in []vector, i int) ([]byte, bool) {
			p, ok := pathOf(&in[1], i)
			if !ok {
				return nil, false
			}
			return pgfn.GetPath(in[0].Bytes(i), p)
		}),
		getter("pg_json_get_text", tText, raw, func(in []vector, i int) ([]byte, bool) {
			return pgfn.GetText(in[0].Bytes(i), in[1].Text(i))
		}),
		getter("pg_json_index_text", tInt, raw, func(in []vector, i int) ([]byte, bool) {
			return pgfn.GetIndexText(in[0].Bytes(i), int(in[1].Int32(i)))
		}),
		getter("pg_json_path_text", tTexts, raw, func(in []vector, i int) ([]byte, bool) {
			p, ok := pathOf(&in[1], i)
			if !ok {
				return nil, false
			}
			return pgfn.GetPathText(in[0].Bytes(i), p)
		}),
	}
}

// rawGetters are those of json, not jsonb: each as the part is written, and as text.
func rawGetters() []*duck.Function {
	both := func(name string, key *duck.Type, get func(in []vector, i int) ([]byte, bool)) []*duck.Function {
		asText := function(name+"_text_raw", tText, types(tText, key), func(in []vector, i int, out *writer) error {
			b, ok := get(in, i)
			if ok {
				var err error
				if b, ok, err = pgfn.RawText(b); err != nil {
					return err
				}
			}
			if !ok {
				out.SetNull(i)
				return nil
			}
			out.SetBytes(i, b)
			return nil
		})
		return []*duck.Function{getter(name+"_raw", key, raw, get), asText}
	}
	list := both("pg_json_get", tText, func(in []vector, i int) ([]byte, bool) { return pgfn.Get(in[0].Bytes(i), in[1].Text(i)) })
	list = append(list, both("pg_json_index", tInt, func(in []vector, i int) ([]byte, bool) {
		return pgfn.RawIndex(in[0].Bytes(i), int(in[1].Int32(i)))
	})...)
	return append(list, both("pg_json_path", tTexts, func(in []vector, i int) ([]byte, bool) {
		p, ok := pathOf(&in[1], i)
		if !ok {
			return nil, false
		}
		return pgfn.RawPath(in[0].Bytes(i), p)
	})...)
}

// rawMembers is the set of a json object's keys or values.
func rawMembers(name, of string, item func(kv *pgfn.KeyValue) (*string, error)) *duck.Function {
	return function(name, tTexts, types(tText), func(in []vector, i int, out *writer) error {
		list, err := pgfn.RawMembers(in[0].Bytes(i), of)
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

func rawElements(name, of string, item func(b []byte) (*string, error)) *duck.Function {
	return function(name, tTexts, types(tText), func(in []vector, i int, out *writer) error {
		list, err := pgfn.RawElements(in[0].Bytes(i), of)
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

func rawKeyOf(kv *pgfn.KeyValue) (*string, error) { return &kv.Key, nil }

func rawTextOf(kv *pgfn.KeyValue) (*string, error) { return rawText(kv.Value) }

func rawItem(b []byte) (*string, error) {
	s := string(b)
	return &s, nil
}

func rawText(b []byte) (*string, error) {
	t, ok, err := pgfn.RawText(b)
	if err != nil || !ok {
		return nil, err
	}
	s := string(t)
	return &s, nil
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

func jsonBool(name string, second *duck.Type, f func(in []vector, i int, out *writer) (bool, error)) *duck.Function {
	return function(name, tBool, types(tText, second), func(in []vector, i int, out *writer) error {
		ok, err := f(in, i, out)
		out.SetBool(i, ok)
		return err
	})
}

// members is the set of an object's keys or values.
func members(name, of string, item func(kv *pgfn.KeyValue) (*string, error)) *duck.Function {
	return function(name, tTexts, types(tText), func(in []vector, i int, out *writer) error {
		list, err := pgfn.EachAs(in[0].Bytes(i), of)
		if err != nil {
			return err
		}
		out.Work.Take(64 * len(list))
		items := make([]*string, len(list))
		for k := range list {
			if items[k], err = item(&list[k]); err != nil {
				return err
			}
			if items[k] != nil {
				out.Work.Take(24 + len(*items[k]))
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
		out.Work.Take(32 * len(list))
		items := make([]*string, len(list))
		for k := range list {
			if items[k], err = item(list[k]); err != nil {
				return err
			}
			if items[k] != nil {
				out.Work.Take(24 + len(*items[k]))
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
	asText := func(b []byte) (*string, error) { return jsonText(b), nil }
	list := append(getters(), rawGetters()...)
	list = append(list,
		members("pg_json_keys", "jsonb_each", keyOf), members("pg_json_keys_text", "jsonb_each_text", keyOf), members("pg_json_values", "jsonb_each", valueOf),
		members("pg_json_values_text", "jsonb_each_text", valueTextOf), members("pg_json_keys_only", "jsonb_object_keys", keyOf),
		rawMembers("pg_json_keys_raw", "json_each", rawKeyOf), rawMembers("pg_json_keys_only_raw", "json_object_keys", rawKeyOf),
		rawMembers("pg_json_values_raw", "json_each", rawValueOf), rawMembers("pg_json_values_text_raw", "json_each_text", rawTextOf),
		elementsOf("pg_json_elements", normal), elementsOf("pg_json_elements_text", asText),
		rawElements("pg_json_elements_raw", "json_array_elements", rawItem), rawElements("pg_json_elements_text_raw", "json_array_elements_text", rawText),
		json1("pg_json_strip_nulls_raw", func(b []byte) ([]byte, error) { return pgfn.RawStripNulls(b), nil }),
		function("pg_json_object", tText, types(tTexts), func(in []vector, i int, out *writer) error {
			b, err := pgfn.ObjectOfPairs(texts(&in[0], i))
			return putBytes(out, i, b, err)
		}),
		function("pg_json_object_of", tText, types(tTexts, tTexts), func(in []vector, i int, out *writer) error {
			b, err := pgfn.ObjectOfLists(texts(&in[0], i), texts(&in[1], i))
			return putBytes(out, i, b, err)
		}),
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
		json1("pg_json_array_literal", pgfn.ArrayLiteral),
		json1("pg_in_jsonpath", func(b []byte) ([]byte, error) {
			s, err := pgfn.FormatJSONPath(string(b))
			return []byte(s), err
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
				return pgerror.Errorf(pgerror.InvalidParameterValue, "argument 1: key must not be null")
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
		jsonBool("pg_jsonb_contains", tText, func(in []vector, i int, out *writer) (bool, error) {
			return pgfn.ContainsWith(out.Work, in[0].Bytes(i), in[1].Bytes(i))
		}),
		jsonBool("pg_jsonb_exists", tText, func(in []vector, i int, out *writer) (bool, error) { return pgfn.Exists(in[0].Bytes(i), in[1].Text(i)) }),
		jsonBool("pg_jsonb_exists_any", tTexts, func(in []vector, i int, out *writer) (bool, error) {
			return pgfn.ExistsAny(in[0].Bytes(i), plainTexts(&in[1], i))
		}),
		jsonBool("pg_jsonb_exists_all", tTexts, func(in []vector, i int, out *writer) (bool, error) {
			return pgfn.ExistsAll(in[0].Bytes(i), plainTexts(&in[1], i))
		}),
		json2("pg_jsonb_concat", tText, func(b []byte, in []vector, i int) ([]byte, error) { return pgfn.Concat(b, in[1].Bytes(i)) }),
		json2("pg_jsonb_delete", tText, func(b []byte, in []vector, i int) ([]byte, error) { return pgfn.Delete(b, in[1].Text(i)) }),
		json2("pg_jsonb_delete_index", tInt, func(b []byte, in []vector, i int) ([]byte, error) {
			return pgfn.DeleteIndex(b, int(in[1].Int32(i)))
		}),
		json2("pg_jsonb_delete_keys", tTexts, func(b []byte, in []vector, i int) ([]byte, error) {
			return pgfn.DeleteKeys(b, plainTexts(&in[1], i))
		}),
		json2("pg_jsonb_delete_path", tTexts, func(b []byte, in []vector, i int) ([]byte, error) {
			return pgfn.DeletePath(b, wholePath(&in[1], i))
		}),
		function("pg_jsonb_set", tText, types(tText, tTexts, tText, tBool), func(in []vector, i int, out *writer) error {
			b, err := pgfn.Set(in[0].Bytes(i), wholePath(&in[1], i), in[2].Bytes(i), in[3].Bool(i))
			return putBytes(out, i, b, err)
		}),
		function("pg_jsonb_insert", tText, types(tText, tTexts, tText, tBool), func(in []vector, i int, out *writer) error {
			b, err := pgfn.Insert(in[0].Bytes(i), wholePath(&in[1], i), in[2].Bytes(i), in[3].Bool(i))
			return putBytes(out, i, b, err)
		}),
		function("pg_json_timestamp", tText, types(tTime), func(in []vector, i int, out *writer) error {
			return jsonTime(out, i, in[0].Int64(i), pgvalue.OIDTimestamp, pgvalue.UTC)
		}),
		function("pg_json_timestamptz", tText, types(tTime, tText), func(in []vector, i int, out *writer) error {
			loc, err := zoneOf(&in[1], i)
			if err != nil {
				return err
			}
			return jsonTime(out, i, in[0].Int64(i), pgvalue.OIDTimestamptz, &pgvalue.Zone{Location: loc})
		}),
	)
	return list
}

// jsonTime is a timestamp as JSON has it: ISO 8601, in quotes.
func jsonTime(out *writer, i int, at int64, oid uint32, zone *pgvalue.Zone) error {
	v := pgvalue.TimeValue(micros(at))
	s := string(pgvalue.AppendText(nil, oid, &v, zone))
	s = strings.Replace(s, " ", "T", 1)
	s, bc := strings.CutSuffix(s, " BC")
	if oid == pgvalue.OIDTimestamptz && len(s) > 3 && (s[len(s)-3] == '+' || s[len(s)-3] == '-') {
		s += ":00"
	}
	if bc {
		s += " BC"
	}
	out.SetText(i, `"`+s+`"`)
	return nil
}
