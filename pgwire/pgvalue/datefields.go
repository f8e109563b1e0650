package pgvalue

import "strings"

// dateKind is what a piece of a date's or time's text looks like.
type dateKind uint8

const (
	dateNumber  dateKind = iota // digits, maybe with a point
	dateDate                    // digits or words joined by - / .
	dateTime                    // 12:34:56.7
	dateZone                    // +02:00
	dateWord                    // letters
	dateSpecial                 // a sign and letters: -infinity
)

type datePiece struct {
	kind dateKind
	text string // in lower case
}

// maxDatePieces is PostgreSQL's MAXDATEFIELDS, maxDateBytes what all pieces may take there.
const (
	maxDatePieces = 25
	maxDateBytes  = 128 + maxDatePieces
)

// datePieces takes a text apart; false if it can be no date or time.
func datePieces(s string) (out []datePiece, ok bool) {
	if len(s) > maxDateBytes {
		s = strings.TrimSpace(s)
		if len(s) > maxDateBytes {
			return nil, false
		}
	}
	s = strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
	for i := 0; i < len(s); {
		start, kind := i, dateNumber
		switch c := s[i]; {
		case isSpace(c):
			i++
			continue
		case isDigit(c):
			kind, i = digitPiece(s, i)
		case c == '.':
			i = spanDigits(s, i+1)
		case isLetter(c):
			kind, i = wordPiece(s, i)
		case c == '+' || c == '-':
			i++
			for i < len(s) && isSpace(s[i]) {
				i++
			}
			from := i
			switch {
			case i < len(s) && isDigit(s[i]):
				kind = dateZone
				for i < len(s) && (isDigit(s[i]) || strings.IndexByte(":.-", s[i]) >= 0) {
					i++
				}
			case i < len(s) && isLetter(s[i]):
				kind = dateSpecial
				for i < len(s) && isLetter(s[i]) {
					i++
				}
			default:
				return nil, false
			}
			if out = append(out, datePiece{kind, s[start:start+1] + s[from:i]}); len(out) > maxDatePieces {
				return nil, false
			}
			continue
		case c > ' ' && c < 0x7f:
			i++ // any other punctuation separates
			continue
		default:
			return nil, false
		}
		if out = append(out, datePiece{kind, s[start:i]}); len(out) > maxDatePieces {
			return nil, false
		}
	}
	return out, true
}

func isSpace(c byte) bool { return strings.IndexByte(" \t\n\r\v\f", c) >= 0 }

func spanDigits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

// digitPiece takes a piece that begins with a digit.
func digitPiece(s string, i int) (dateKind, int) {
	i = spanDigits(s, i)
	if i == len(s) {
		return dateNumber, i
	}
	sep := s[i]
	switch sep {
	case ':':
		for i < len(s) && (isDigit(s[i]) || s[i] == ':' || s[i] == '.') {
			i++
		}
		return dateTime, i
	case '-', '/', '.':
	default:
		return dateNumber, i
	}
	i++
	if i < len(s) && isDigit(s[i]) {
		kind := dateDate
		if sep == '.' {
			kind = dateNumber
		}
		i = spanDigits(s, i)
		if i < len(s) && s[i] == sep {
			kind = dateDate
			for i < len(s) && (isDigit(s[i]) || s[i] == sep) {
				i++
			}
		}
		return kind, i
	}
	for i < len(s) && (isDigit(s[i]) || isLetter(s[i]) || s[i] == sep) {
		i++
	}
	return dateDate, i
}

// wordPiece takes a piece that begins with a letter: a word, or a date or the name of a zone
// with punctuation in it.
func wordPiece(s string, i int) (dateKind, int) {
	start := i
	for i < len(s) && isLetter(s[i]) {
		i++
	}
	if i == len(s) {
		return dateWord, i
	}
	joined := s[i] == '-' || s[i] == '/' || s[i] == '.'
	if !joined && (s[i] == '+' || isDigit(s[i])) {
		_, known := dateWords[shortWord(s[start:i])]
		joined = !known
	}
	if !joined {
		return dateWord, i
	}
	for i < len(s) && (isDigit(s[i]) || isLetter(s[i]) || strings.IndexByte("+-/_.:", s[i]) >= 0) {
		i++
	}
	return dateDate, i
}

// wordKind is what a word of a date means.
type wordKind uint8

const (
	wordMonth wordKind = iota + 1
	wordWeekday
	wordUnit    // y2001m02d04, J2451187
	wordIgnored // "at", "on"
	wordDST
	wordAMPM
	wordEra
	wordT // between date and time
	wordNow
	wordToday // value: days from today
	wordZulu  // allballs
	wordEpoch
	wordInfinity // value: sign
)

type wordMeaning struct {
	kind  wordKind
	value int
}

// shortWord is as much of a word as is compared.
func shortWord(s string) string { return s[:min(len(s), 10)] }

// dateWords are the words of dates, in lower case.
var dateWords = func() map[string]wordMeaning {
	m := map[string]wordMeaning{
		"at": {wordIgnored, 0}, "on": {wordIgnored, 0}, "dst": {wordDST, 0}, "am": {wordAMPM, 0}, "pm": {wordAMPM, 1}, "ad": {wordEra, 0}, "bc": {wordEra, 1},
		"t": {wordT, 0}, "now": {wordNow, 0}, "today": {wordToday, 0}, "tomorrow": {wordToday, 1}, "yesterday": {wordToday, -1},
		"allballs": {wordZulu, 0}, "epoch": {wordEpoch, 0}, "infinity": {wordInfinity, 1}, "-infinity": {wordInfinity, -1},
		"d": {wordUnit, 'd'}, "h": {wordUnit, 'h'}, "j": {wordUnit, 'j'}, "jd": {wordUnit, 'j'}, "julian": {wordUnit, 'j'},
		"m": {wordUnit, 'm'}, "mm": {wordUnit, 'n'}, "s": {wordUnit, 's'}, "y": {wordUnit, 'y'},
		"dow": {wordUnit, 0}, "doy": {wordUnit, 0}, "isodow": {wordUnit, 0}, "isoyear": {wordUnit, 0},
	}
	for i, name := range [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"} {
		m[name], m[name[:3]] = wordMeaning{wordMonth, i + 1}, wordMeaning{wordMonth, i + 1}
	}
	m["sept"] = wordMeaning{wordMonth, 9}
	for i, name := range [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"} {
		m[name], m[name[:3]] = wordMeaning{wordWeekday, i}, wordMeaning{wordWeekday, i}
	}
	for name, day := range map[string]int{"tues": 2, "weds": 3, "thur": 4, "thurs": 4} {
		m[name] = wordMeaning{wordWeekday, day}
	}
	return m
}()
