package pgfn

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// A template of to_char and the like is split into nodes: patterns, separators, and text.

type nodeKind uint8

const (
	nodeText nodeKind = iota
	nodePattern
	nodeSeparator // of dates, or a space
)

type templateNode struct {
	kind    nodeKind
	text    string // a character
	key     string // the pattern as written
	name    string // in upper case
	fill    bool   // FM
	bare    bool   // TM: a name is not padded
	ordinal string // "TH" or "th"
}

// datePatterns in the order in which they are tried; each exists in upper and in lower
// case, and some as a word with a capital.
var datePatterns = strings.Fields(`A.D. A.M. AD AM B.C. BC CC DAY DDD DD DY Day Dy D FF1 FF2 FF3 FF4 FF5 FF6 FX
	HH24 HH12 HH IDDD ID IW IYYY IYY IY I J MI MM MONTH MON MS Month Mon OF P.M. PM Q RM SSSSS SSSS SS TZH TZM TZ
	US WW W Y,YYY YYYY YYY YY Y
	a.d. a.m. ad am b.c. bc cc day ddd dd dy d ff1 ff2 ff3 ff4 ff5 ff6 fx hh24 hh12 hh iddd id iw iyyy iyy iy i j
	mi mm month mon ms of p.m. pm q rm sssss ssss ss tzh tzm tz us ww w y,yyy yyyy yyy yy y`)

var numberPatterns = strings.Fields(`, . 0 9 B C D EEEE FM G L MI PL PR RN SG SP S TH V
	b c d eeee fm g l mi pl pr rn sg sp s th v`)

func findPattern(s string, patterns []string) string {
	for _, p := range patterns {
		if strings.HasPrefix(s, p) {
			return p
		}
	}
	return ""
}

// dateTemplates keeps the templates that were parsed last.
var (
	dateTemplates   templateCache
	numberTemplates templateCache
)

// templateCache holds some templates; when it is full it begins anew.
type templateCache struct {
	mu    sync.RWMutex
	nodes map[string][]templateNode
}

func (c *templateCache) get(format string, parse func(string) []templateNode) []templateNode {
	c.mu.RLock()
	nodes, ok := c.nodes[format]
	c.mu.RUnlock()
	if ok {
		return nodes
	}
	nodes = parse(format)
	if len(format) > 200 {
		return nodes
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nodes == nil || len(c.nodes) >= 64 {
		c.nodes = map[string][]templateNode{}
	}
	c.nodes[strings.Clone(format)] = nodes
	return nodes
}

func dateTemplate(format string) []templateNode {
	return dateTemplates.get(format, func(s string) []templateNode { return parseTemplate(s, true) })
}

func numberTemplate(format string) []templateNode {
	return numberTemplates.get(format, func(s string) []templateNode { return parseTemplate(s, false) })
}

func isSeparator(c byte) bool {
	return c > ' ' && c < 0x7f && !isLetter(c) && !isDigit(c)
}

func parseTemplate(s string, date bool) []templateNode {
	var nodes []templateNode
	patterns := numberPatterns
	if date {
		patterns = datePatterns
	}
	for s != "" {
		n := templateNode{}
		if date {
			switch {
			case strings.HasPrefix(s, "FM"), strings.HasPrefix(s, "fm"):
				n.fill = true
				s = s[2:]
			case strings.HasPrefix(s, "TM"), strings.HasPrefix(s, "tm"):
				n.bare = true // else names in locale C are the usual ones
				s = s[2:]
			}
			if s == "" {
				break
			}
		}
		if p := findPattern(s, patterns); p != "" {
			n.kind, n.key, n.name = nodePattern, p, strings.ToUpper(p)
			s = s[len(p):]
			if date {
				switch {
				case strings.HasPrefix(s, "TH"), strings.HasPrefix(s, "th"):
					n.ordinal = s[:2]
					s = s[2:]
				case strings.HasPrefix(s, "SP"):
					s = s[2:]
				}
			}
			nodes = append(nodes, n)
			continue
		}
		if s[0] == '"' {
			s = s[1:]
			for s != "" {
				if s[0] == '"' {
					s = s[1:]
					break
				}
				if s[0] == '\\' && len(s) > 1 {
					s = s[1:]
				}
				_, size := utf8.DecodeRuneInString(s)
				nodes = append(nodes, templateNode{text: s[:size]})
				s = s[size:]
			}
			continue
		}
		if s[0] == '\\' && len(s) > 1 && s[1] == '"' {
			s = s[1:]
		}
		_, size := utf8.DecodeRuneInString(s)
		kind := nodeText
		if date && isSeparator(s[0]) || isSpace(s[0]) {
			kind = nodeSeparator
		}
		nodes = append(nodes, templateNode{kind: kind, text: s[:size]})
		s = s[size:]
	}
	return nodes
}

// ordinalSuffix is the ST, ND, RD or TH of a number's text.
func ordinalSuffix(number, style string) string {
	last := byte(0)
	if n := len(number); n > 0 && (n < 2 || number[n-2] != '1') {
		last = number[n-1]
	}
	suffix := "TH"
	switch last {
	case '1':
		suffix = "ST"
	case '2':
		suffix = "ND"
	case '3':
		suffix = "RD"
	}
	if style == "th" {
		return strings.ToLower(suffix)
	}
	return suffix
}
