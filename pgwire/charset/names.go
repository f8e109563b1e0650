package charset

import (
	"strings"
	"sync"
)

// Encoding is one of PostgreSQL's encodings.
type Encoding struct {
	// Name is the one that PostgreSQL shows.
	Name string
	// ID is its number.
	ID     int
	scheme scheme
	load   sync.Once
	tables *tables
}

// The encodings that need no conversion where a database is in UTF-8: bytes that a client says to be in none
// are taken as they are.
var (
	UTF8  = &Encoding{Name: "UTF8", ID: 6, scheme: schemeUTF8}
	ASCII = &Encoding{Name: "SQL_ASCII", ID: 0, scheme: schemeUTF8}
)

// mule is an encoding of text in several others, to which there is no conversion from UTF-8.
var mule = &Encoding{Name: "MULE_INTERNAL", ID: 7, scheme: schemeUTF8}

// all are the encodings by number.
var all = func() []*Encoding {
	list := []*Encoding{
		ASCII,
		{Name: "EUC_JP", scheme: schemeEUCJP},
		{Name: "EUC_CN", scheme: schemeEUCCN},
		{Name: "EUC_KR", scheme: schemeEUCKR},
		{Name: "EUC_TW", scheme: schemeEUCTW},
		{Name: "EUC_JIS_2004", scheme: schemeEUCJP},
		UTF8, mule,
	}
	for _, name := range strings.Fields(`LATIN1 LATIN2 LATIN3 LATIN4 LATIN5 LATIN6 LATIN7 LATIN8 LATIN9 LATIN10 WIN1256 WIN1258 WIN866 WIN874
		KOI8R WIN1251 WIN1252 ISO_8859_5 ISO_8859_6 ISO_8859_7 ISO_8859_8 WIN1250 WIN1253 WIN1254 WIN1255 WIN1257 KOI8U`) {
		list = append(list, &Encoding{Name: name, scheme: schemeByte})
	}
	list = append(list, &Encoding{Name: "SJIS", scheme: schemeSJIS}, &Encoding{Name: "BIG5", scheme: schemeDouble},
		&Encoding{Name: "GBK", scheme: schemeDouble}, &Encoding{Name: "UHC", scheme: schemeDouble}, &Encoding{Name: "GB18030", scheme: schemeGB18030},
		&Encoding{Name: "JOHAB", scheme: schemeJohab}, &Encoding{Name: "SHIFT_JIS_2004", scheme: schemeSJIS})
	for i, e := range list {
		e.ID = i
	}
	return list
}()

// ByID returns the encoding of a number; nil if there is none.
func ByID(id int) *Encoding {
	if id < 0 || id >= len(all) {
		return nil
	}
	return all[id]
}

// aliases are other names, as clean gives them.
var aliases = map[string]string{
	"abc": "WIN1258", "alt": "WIN866", "iso88591": "LATIN1", "iso885910": "LATIN6", "iso885913": "LATIN7", "iso885914": "LATIN8",
	"iso885915": "LATIN9", "iso885916": "LATIN10", "iso88592": "LATIN2", "iso88593": "LATIN3", "iso88594": "LATIN4", "iso88599": "LATIN5",
	"koi8": "KOI8R", "mskanji": "SJIS", "shiftjis": "SJIS", "tcvn": "WIN1258", "tcvn5712": "WIN1258", "unicode": "UTF8", "vscii": "WIN1258",
	"win": "WIN1251", "win932": "SJIS", "win936": "GBK", "win949": "UHC", "win950": "BIG5",
	"windows932": "SJIS", "windows936": "GBK", "windows949": "UHC", "windows950": "BIG5",
}

var byName = func() map[string]*Encoding {
	m := map[string]*Encoding{}
	for _, e := range all {
		m[clean(e.Name)] = e
		if number, ok := strings.CutPrefix(e.Name, "WIN"); ok {
			m["windows"+number] = e
		}
	}
	for alias, name := range aliases {
		m[alias] = m[clean(name)]
	}
	return m
}()

// Lookup finds an encoding by any of its names; nil if there is none.
func Lookup(name string) *Encoding {
	if len(name) > 63 {
		return nil
	}
	return byName[clean(name)]
}

// clean leaves of a name what PostgreSQL compares: letters, in lower case, and digits.
func clean(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, name)
}

// Convertible tells whether text can be converted between the encoding and UTF-8.
func (e *Encoding) Convertible() bool { return e != mule }

// Same tells whether text needs no conversion.
func (e *Encoding) Same() bool { return e.scheme == schemeUTF8 }
