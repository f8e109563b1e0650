//go:build ignore

// gen asks a PostgreSQL, whose database is in UTF8, what each byte sequence of each encoding converts to and
// what each character does, and writes the tables: go run gen.go 'host=127.0.0.1 user=postgres'.
package main

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"log"
	"os"
	"slices"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

const functions = `
create or replace function pg_temp.encoded(e name, lo int, hi int) returns table (r int, b bytea) language plpgsql as $$
begin
	for i in lo .. hi loop
		begin
			r := i;
			b := convert_to(chr(i), e);
			return next;
		exception when others then
		end;
	end loop;
end $$;
create or replace function pg_temp.decoded(e name, lead bytea, depth int, range int4range) returns table (b bytea, s text) language plpgsql as $$
begin
	for i in lower(range) .. upper(range)-1 loop
		b := lead || set_byte('\x00'::bytea, 0, i);
		begin
			s := convert_from(b, e);
			return next;
		exception when others then
			if depth > 1 then
				return query select * from pg_temp.decoded(e, b, depth-1, range);
			end if;
		end;
	end loop;
end $$`

// The encodings whose characters may have more than one byte, and how many.
var lengths = map[string]int{
	"EUC_JP": 3, "EUC_CN": 3, "EUC_KR": 2, "EUC_TW": 4, "EUC_JIS_2004": 3, "SJIS": 2, "BIG5": 2, "GBK": 2, "UHC": 2,
	"GB18030": 4, "JOHAB": 3, "SHIFT_JIS_2004": 2,
}

var names = []string{
	"LATIN1", "LATIN2", "LATIN3", "LATIN4", "LATIN5", "LATIN6", "LATIN7", "LATIN8", "LATIN9", "LATIN10", "WIN1256",
	"WIN1258", "WIN866", "WIN874", "KOI8R", "WIN1251", "WIN1252", "ISO_8859_5", "ISO_8859_6", "ISO_8859_7", "ISO_8859_8", "WIN1250",
	"WIN1253", "WIN1254", "WIN1255", "WIN1257", "KOI8U", "EUC_JP", "EUC_CN", "EUC_KR", "EUC_TW", "EUC_JIS_2004", "SJIS", "BIG5", "GBK",
	"UHC", "GB18030", "JOHAB", "SHIFT_JIS_2004",
}

type entry struct{ index, value uint32 }

func main() {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Args[1])
	must(err)
	_, err = conn.Exec(ctx, functions)
	must(err)
	for _, name := range names {
		if len(os.Args) > 2 && !slices.Contains(os.Args[2:], name) {
			continue
		}
		decode, pairs := decoded(ctx, conn, name)
		encode := encoded(ctx, conn, name)
		var raw []byte
		raw = runs(raw, decode)
		raw = runs(raw, encode)
		raw = binary.AppendUvarint(raw, uint64(len(pairs)))
		for _, p := range pairs {
			for _, v := range p {
				raw = binary.AppendUvarint(raw, uint64(v))
			}
		}
		var out bytes.Buffer
		w, _ := flate.NewWriter(&out, flate.BestCompression)
		_, _ = w.Write(raw)
		_ = w.Close()
		must(os.WriteFile("tables/"+name+".bin", out.Bytes(), 0o644))
		log.Printf("%s: %d and %d characters, %d pairs, %d bytes, %d packed", name, len(decode), len(encode), len(pairs), len(raw), out.Len())
	}
}

func encoded(ctx context.Context, conn *pgx.Conn, name string) (out []entry) {
	rows, err := conn.Query(ctx, "select r, b from pg_temp.encoded($1, 128, 1114111)", name)
	must(err)
	for rows.Next() {
		var r uint32
		var b []byte
		must(rows.Scan(&r, &b))
		out = append(out, entry{r, index(name, b)})
	}
	must(rows.Err())
	return out
}

func decoded(ctx context.Context, conn *pgx.Conn, name string) (out []entry, pairs [][3]uint32) {
	add := func(lead string, depth, from, to int) {
		rows, err := conn.Query(ctx, "select b, s from pg_temp.decoded($1, $2, $3, int4range($4, $5))", name, []byte(lead), depth, from, to)
		must(err)
		for rows.Next() {
			var b []byte
			var s string
			must(rows.Scan(&b, &s))
			r, n := utf8.DecodeRuneInString(s)
			if n < len(s) {
				if b[len(b)-1] < 0x80 && string(b[len(b)-1:]) == s[n:] {
					continue // a character of fewer bytes, and an ASCII one
				}
				second, m := utf8.DecodeRuneInString(s[n:])
				if n+m != len(s) {
					log.Fatalf("%s: %x gives %q", name, b, s)
				}
				pairs = append(pairs, [3]uint32{index(name, b), uint32(r), uint32(second)})
				continue
			}
			out = append(out, entry{index(name, b), uint32(r)})
		}
		must(rows.Err())
	}
	switch n := lengths[name]; {
	case n == 0:
		add("", 1, 0x80, 0x100)
	case name == "GB18030":
		for lead := 0x80; lead < 0x100; lead++ {
			add(string([]byte{byte(lead)}), 1, 0, 0x100)
			for second := byte('0'); second <= '9'; second++ {
				for third := 0x81; third <= 0xfe; third++ {
					add(string([]byte{byte(lead), second, byte(third)}), 1, '0', '9'+1)
				}
			}
		}
	default:
		for lead := 0x80; lead < 0x100; lead++ {
			single, depth := len(out), 2
			add("", 1, lead, lead+1)
			if len(out) > single {
				continue
			}
			add(string([]byte{byte(lead)}), 1, 0, 0x100)
			if lead == 0x8f && n == 3 || lead == 0x8e && n > 2 {
				if lead == 0x8e {
					depth = n - 1
				}
				before := len(out)
				add(string([]byte{byte(lead)}), depth, 0xa0, 0x100)
				long := slices.Clone(out[before:])
				out = out[:before]
				for _, e := range long {
					if e.index >= 0x10000 {
						out = append(out, e)
					}
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b entry) int { return int(a.index) - int(b.index) })
	return out, pairs
}

// index gives each sequence of bytes a number; see codeIndex.
func index(name string, b []byte) uint32 {
	switch {
	case len(b) == 1:
		return uint32(b[0])
	case len(b) == 2:
		return uint32(b[0])<<8 | uint32(b[1])
	case len(b) == 3:
		return 0x10000 | uint32(b[1])<<8 | uint32(b[2])
	case name == "GB18030":
		return 0x10000 + ((uint32(b[0]-0x81)*10+uint32(b[1]-0x30))*126+uint32(b[2]-0x81))*10 + uint32(b[3]-0x30)
	}
	return (uint32(b[1]-0xa1)+1)<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// runs writes entries, those in a row together: how far from the end of the run before, how far from its
// value, and how many.
func runs(dst []byte, list []entry) []byte {
	var n int
	var body []byte
	at, value := uint32(0), uint32(0)
	for i := 0; i < len(list); n++ {
		j := i + 1
		for j < len(list) && list[j].index == list[i].index+uint32(j-i) && list[j].value == list[i].value+uint32(j-i) {
			j++
		}
		body = binary.AppendUvarint(body, uint64(list[i].index-at))
		body = binary.AppendVarint(body, int64(list[i].value)-int64(value))
		body = binary.AppendUvarint(body, uint64(j-i))
		at, value = list[i].index+uint32(j-i), list[i].value+uint32(j-i)
		i = j
	}
	return append(binary.AppendUvarint(dst, uint64(n)), body...)
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
