package charset

import (
	"bytes"
	"compress/flate"
	"embed"
	"encoding/binary"
	"io"
)

//go:embed tables/*.bin
var files embed.FS

// tables map numbers of characters, as scheme.index gives them, to code points, and code points to numbers, by
// pages of 256; 0 is none. Those of the largest encoding take 1 MiB.
type tables struct {
	decode, encode pages
	// pairs are characters that are two code points.
	pairs map[[2]rune]uint32
	split map[uint32][2]rune
	first map[rune]bool // of a pair
}

type pages []*[256]uint32

func (p pages) at(i uint32) uint32 {
	if n := int(i >> 8); n < len(p) && p[n] != nil {
		return p[n][i&0xff]
	}
	return 0
}

func (p *pages) put(i, v uint32) {
	n := int(i >> 8)
	for len(*p) <= n {
		*p = append(*p, nil)
	}
	if (*p)[n] == nil {
		(*p)[n] = new([256]uint32)
	}
	(*p)[n][i&0xff] = v
}

// table returns the encoding's tables.
func (e *Encoding) table() *tables {
	e.load.Do(func() {
		packed, err := files.ReadFile("tables/" + e.Name + ".bin")
		if err != nil {
			panic(err) // a test reads them all
		}
		raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
		if err != nil {
			panic(err)
		}
		t := &tables{}
		number := func() uint64 {
			v, n := binary.Uvarint(raw)
			raw = raw[n:]
			return v
		}
		runs := func(p *pages) {
			i, v := uint32(0), uint32(0)
			for n := number(); n > 0; n-- {
				i += uint32(number())
				delta, size := binary.Varint(raw)
				raw = raw[size:]
				v += uint32(delta)
				for count := number(); count > 0; count-- {
					p.put(i, v)
					i++
					v++
				}
			}
		}
		runs(&t.decode)
		runs(&t.encode)
		for n := number(); n > 0; n-- {
			index := uint32(number())
			pair := [2]rune{rune(number()), rune(number())}
			if t.pairs == nil {
				t.pairs, t.split, t.first = map[[2]rune]uint32{}, map[uint32][2]rune{}, map[rune]bool{}
			}
			t.pairs[pair], t.split[index], t.first[pair[0]] = index, pair, true
		}
		e.tables = t
	})
	return e.tables
}
