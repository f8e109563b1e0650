package pgvalue

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Zone is a session's time zone, and how the session writes values as text.
type Zone struct {
	Name string // as SHOW gives it
	*time.Location
	Style Style
	key   string
}

// UTC is the zone sessions begin with.
var UTC = &Zone{Name: "UTC", Location: time.UTC}

// maxZoneName bounds a zone's name, as PostgreSQL's TZ_STRLEN_MAX.
const maxZoneName = 255

var (
	errNoZone      = errors.New("no such time zone")
	errLeapSeconds = errors.New("the time zone has leap seconds")
)

// IsLeapZone tells of LoadZone's error for zones that count leap seconds.
func IsLeapZone(err error) bool { return errors.Is(err, errLeapSeconds) }

// namedZones are the results of LoadZone for names; there are only so many.
var namedZones sync.Map

// LoadZone is the zone that SET TIME ZONE names: a name in any case, or a POSIX
// specification such as EST5EDT,M3.2.0,M11.1.0. Its String is what SHOW gives.
func LoadZone(text string) (*time.Location, error) {
	if z, ok := namedZones.Load(text); ok {
		return z.(*time.Location), nil
	}
	if text == "" || len(text) > maxZoneName {
		return nil, errNoZone
	}
	if loc, ok := findZone(strings.TrimPrefix(text, ":")); ok {
		if strings.HasPrefix(strings.ToLower(text), "right/") {
			return nil, errLeapSeconds
		}
		namedZones.Store(strings.Clone(text), loc)
		return loc, nil
	}
	if loc, ok := posixZone(strings.ToUpper(text)); ok && text[0] != ':' {
		return loc, nil // not kept: there is no end of them
	}
	return nil, errNoZone
}

// zoneDirectory is where the names are looked up whose case is not known.
const zoneDirectory = "/usr/share/zoneinfo"

// findZone finds a name whatever its case.
func findZone(name string) (*time.Location, bool) {
	lower := strings.ToLower(name)
	if name == "" || lower == "local" || strings.ContainsAny(name, ".\\") || len(name) > 60 {
		return nil, false
	}
	switch lower {
	case "utc":
		return time.UTC, true
	case "gmt":
		return gmt, true
	}
	if loc, err := time.LoadLocation(name); err == nil && name != "Local" {
		return loc, true
	}
	// The names that capitals in the usual places give, then what the directory has.
	for _, guess := range [...]string{strings.ToUpper(name), capitalize(lower)} {
		if loc, err := time.LoadLocation(guess); err == nil && guess != "Local" {
			return loc, true
		}
	}
	path := ""
	for step := range strings.SplitSeq(name, "/") {
		entries, err := os.ReadDir(zoneDirectory + "/" + path)
		if err != nil {
			return nil, false
		}
		found := ""
		for _, e := range entries {
			if strings.EqualFold(e.Name(), step) {
				found = e.Name()
			}
		}
		if found == "" {
			return nil, false
		}
		path += "/" + found
	}
	loc, err := time.LoadLocation(strings.TrimPrefix(path, "/"))
	return loc, err == nil
}

var gmt = time.FixedZone("GMT", 0)

// capitalize writes europe/isle_of_man with capitals after punctuation.
func capitalize(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' && (i == 0 || !isLetter(b[i-1])) {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// posixSpec reads a POSIX specification, and writes it as the time package takes it.
type posixSpec struct {
	s  string // what is left
	ok bool
}

// posixZone takes UTC+3, <+02>-2, EST5EDT and EST5EDT,M3.2.0/2,M11.1.0: names, offsets
// that count west of Greenwich, and the rules of summer time.
func posixZone(text string) (*time.Location, bool) {
	p := posixSpec{s: text, ok: true}
	std := p.name()
	if !p.ok || p.s == "" {
		return nil, false
	}
	west := p.offset()
	if !p.ok {
		return nil, false
	}
	if p.s == "" {
		return ruledZone(text, std, -west, "")
	}
	dst := p.name()
	if dst == "" {
		return nil, false
	}
	summer := west - 3600
	if p.s != "" && p.s[0] != ',' && p.s[0] != ';' {
		summer = p.offset()
	}
	rules := ",M3.2.0,M11.1.0" // PostgreSQL's, and POSIX's where it gives one
	if p.s != "" {
		rules = p.rule() + p.rule()
	}
	if !p.ok || p.s != "" {
		return nil, false
	}
	return ruledZone(text, std, -west, quoteAbbreviation(dst)+posixOffset(summer)+rules)
}

func (p *posixSpec) fail() { p.ok = false }

// name takes a zone's abbreviation, in angle brackets or without digits and signs.
func (p *posixSpec) name() string {
	if strings.HasPrefix(p.s, "<") {
		name, rest, ok := strings.Cut(p.s[1:], ">")
		p.ok, p.s = p.ok && ok, rest
		return name
	}
	end := 0
	for end < len(p.s) && !isDigit(p.s[end]) && p.s[end] != ',' && p.s[end] != '-' && p.s[end] != '+' {
		end++
	}
	name := p.s[:end]
	p.s = p.s[end:]
	return name
}

func (p *posixSpec) number(low, high int) int {
	n, i := 0, 0
	for i < len(p.s) && isDigit(p.s[i]) {
		if n = n*10 + int(p.s[i]-'0'); n > high {
			p.fail()
			return 0
		}
		i++
	}
	if i == 0 || n < low {
		p.fail()
	}
	p.s = p.s[i:]
	return n
}

func (p *posixSpec) skip(c byte) bool {
	if p.s != "" && p.s[0] == c {
		p.s = p.s[1:]
		return true
	}
	return false
}

// offset takes [+-]hh[:mm[:ss]] in seconds.
func (p *posixSpec) offset() int {
	negative := p.skip('-')
	if !negative {
		p.skip('+')
	}
	total := p.number(0, 24*7-1) * 3600
	if p.skip(':') {
		total += p.number(0, 59) * 60
		if p.skip(':') {
			total += p.number(0, 60)
		}
	}
	if negative {
		return -total
	}
	return total
}

// rule takes when summer time begins or ends, with the comma in front.
func (p *posixSpec) rule() string {
	if !p.skip(',') && !p.skip(';') {
		p.fail()
		return ""
	}
	out := ","
	switch {
	case p.skip('J'):
		out += "J" + strconv.Itoa(p.number(1, 365))
	case p.skip('M'):
		month := p.number(1, 12)
		dot := p.skip('.')
		week := p.number(1, 5)
		dot = p.skip('.') && dot
		day := p.number(0, 6)
		p.ok = p.ok && dot
		out += "M" + strconv.Itoa(month) + "." + strconv.Itoa(week) + "." + strconv.Itoa(day)
	default:
		out += strconv.Itoa(p.number(0, 365))
	}
	if p.skip('/') {
		out += "/" + posixOffset(p.offset())
	}
	return out
}

// posixOffset writes seconds as hh:mm:ss.
func posixOffset(seconds int) string {
	sign := ""
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	return sign + strconv.Itoa(seconds/3600) + ":" + strconv.Itoa(seconds/60%60) + ":" + strconv.Itoa(seconds%60)
}

// ruledZone makes a zone of a standard time, east of Greenwich, and rules of summer time:
// a time zone file without transitions, whose footer says all.
func ruledZone(name, std string, east int, summer string) (*time.Location, bool) {
	header := func(types, chars uint32) []byte {
		b := append([]byte("TZif2"), make([]byte, 15)...)
		for _, n := range [...]uint32{0, 0, 0, 0, types, chars} {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		return b
	}
	abbreviation := append([]byte(std), 0)
	body := binary.BigEndian.AppendUint32(nil, uint32(int32(east)))
	body = append(body, 0, 0) // no summer time; the abbreviation begins at 0
	body = append(body, abbreviation...)
	data := append(header(1, uint32(len(abbreviation))), body...)
	data = append(data, header(1, uint32(len(abbreviation)))...)
	data = append(data, body...)
	footer := ""
	if summer != "" {
		footer = quoteAbbreviation(std) + posixOffset(-east) + summer
	}
	data = append(data, '\n')
	data = append(data, footer...)
	data = append(data, '\n')
	loc, err := time.LoadLocationFromTZData(name, data)
	return loc, err == nil
}

func quoteAbbreviation(s string) string { return "<" + strings.ReplaceAll(s, ">", "_") + ">" }

// maxOffset is the largest offset from UTC that a session's zone may have, exclusive.
const maxOffset = 168 * 3600

// OffsetZone is the zone that is seconds east of UTC, with the name that PostgreSQL gives it:
// <-08>+08. False if that is too far.
func OffsetZone(seconds float64) (*time.Location, bool) {
	if math.IsNaN(seconds) || math.Abs(seconds) >= maxOffset {
		return nil, false
	}
	east := int(seconds)
	text := func(east int) string {
		sign := "+"
		if east < 0 {
			sign, east = "-", -east
		}
		out := sign + twoDigits(east/3600)
		if east%3600 != 0 {
			out += ":" + twoDigits(east/60%60)
		}
		if east%60 != 0 {
			out += ":" + twoDigits(east%60)
		}
		return out
	}
	back := text(-east)
	if east == 0 {
		back = "-00"
	}
	return ruledZone("<"+text(east)+">"+back, text(east), east, "")
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// NewZone is a session's zone with its style.
func NewZone(name string, loc *time.Location, style Style) *Zone {
	return &Zone{Name: name, Location: loc, Style: style, key: zoneKey(name, style)}
}

func zoneKey(name string, style Style) string {
	if style == (Style{}) {
		return "=" + name
	}
	return "*" + style.String() + name
}

// Key says what the zone is, so that ZoneOfKey makes it again.
func (z *Zone) Key() string {
	if z.key == "" {
		return zoneKey(z.Name, z.Style)
	}
	return z.key
}

// ZoneOfKey makes the zone of a key.
func ZoneOfKey(key string) (*Zone, error) {
	if key == "" || key == "=UTC" {
		return UTC, nil
	}
	var style Style
	name := key[1:]
	switch {
	case key[0] == '=':
	case key[0] == '*' && len(key) > 6:
		var ok bool
		if style, ok = ParseStyle(key[1:6]); !ok {
			return nil, errNoZone
		}
		name = key[6:]
	default:
		return nil, errNoZone
	}
	loc, err := LoadZone(name)
	if err != nil {
		return nil, err
	}
	return NewZone(name, loc, style), nil
}

// Plain is the zone without its style: for values that programs of ours read.
func (z *Zone) Plain() *Zone {
	if z.Style == (Style{}) {
		return z
	}
	return NewZone(z.Name, z.Location, Style{})
}
