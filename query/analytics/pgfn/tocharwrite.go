package pgfn

import (
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// numberWriter writes a number by a picture, digit by digit.
type numberWriter struct {
	p            *numberPicture
	out          strings.Builder
	number       string
	at           int // in number
	spaces       int
	sign         byte
	lastRelevant int // the last digit that FM keeps, -1 if all are
	count        int
	current      int // of the digits in the template
	signWritten  bool
	inNumber     bool
	bracket      bool
	signAfter    bool
	signBefore   bool
	zeroStart    int
	end          int // where the output ends, as the number did too early, as NaN does; -1 if it did not
}

func (w *numberWriter) start() {
	p := w.p
	w.bracket, w.signAfter, w.signBefore = p.bracket, p.signAfter, p.signBefore
	w.zeroStart = max(p.zeroStart-1, 0)
	if p.roman {
		return
	}
	if p.plus || p.minus {
		w.signWritten = p.minus
	} else {
		if w.sign != '-' && p.fill {
			w.bracket = false
		}
		w.signWritten = w.sign == '+' && p.fill && !p.sign
		if w.signBefore && p.pre == p.signDigits {
			w.signBefore, w.signAfter = false, true
		}
	}
	w.count = p.post + p.pre - 1
	if p.fill && p.decimal {
		if point := strings.IndexByte(w.number, '.'); point >= 0 {
			w.lastRelevant = point
			for i := point + 1; i < len(w.number); i++ {
				if w.number[i] != '0' {
					w.lastRelevant = i
				}
			}
			if p.zeroEnd > w.spaces {
				w.lastRelevant = max(w.lastRelevant, min(len(w.number)-1, p.zeroEnd-w.spaces))
			}
		}
	}
	if !w.signWritten && w.spaces == 0 {
		w.count++
	}
}

func (w *numberWriter) char(i int) byte {
	if i >= 0 && i < len(w.number) {
		return w.number[i]
	}
	return 0
}

// leadingZero tells that the digit is the 0 before the point, which 9 does not show.
func (w *numberWriter) leadingZero() bool {
	return !w.p.zero && w.at == 0 && w.char(0) == '0' && w.p.post != 0
}

// atPoint tells that FM keeps no digit after the point.
func (w *numberWriter) atPoint() bool {
	return w.lastRelevant >= 0 && w.char(w.lastRelevant) == '.'
}

func (w *numberWriter) writeSign() {
	p := w.p
	switch {
	case p.sign:
		if w.signBefore {
			w.out.WriteByte(w.sign)
			w.signWritten = true
		}
	case w.bracket:
		if w.sign == '+' {
			w.out.WriteByte(' ')
		} else {
			w.out.WriteByte('<')
		}
		w.signWritten = true
	case w.sign == '+':
		if !p.fill {
			w.out.WriteByte(' ')
		}
		w.signWritten = true
	case w.sign == '-':
		w.out.WriteByte('-')
		w.signWritten = true
	}
}

func (w *numberWriter) digit(name string) {
	p := w.p
	if p.roman {
		return
	}
	w.inNumber = false
	if !w.signWritten && (w.current >= w.spaces || p.zero && w.zeroStart == w.current) &&
		(!w.leadingZero() || w.atPoint()) {
		w.writeSign()
	}
	switch {
	case w.current < w.spaces && (w.zeroStart > w.current || !p.zero):
		if !p.fill {
			w.out.WriteByte(' ')
		}
	case p.zero && w.current < w.spaces:
		w.out.WriteByte('0')
		w.inNumber = true
	default:
		w.numberChar(name)
		if w.at < len(w.number) {
			w.at++
		}
	}
	end := w.count
	if w.spaces > 0 {
		end++
	}
	if p.decimal {
		end++
	}
	if w.lastRelevant >= 0 && w.lastRelevant == w.at {
		end = w.current
	}
	if w.current+1 == end {
		switch {
		case w.signWritten && w.bracket:
			if w.sign == '+' {
				w.out.WriteByte(' ')
			} else {
				w.out.WriteByte('>')
			}
		case p.sign && w.signAfter:
			w.out.WriteByte(w.sign)
		}
	}
	w.current++
}

func (w *numberWriter) numberChar(name string) {
	p := w.p
	c := w.char(w.at)
	switch {
	case c == '.':
		if !w.atPoint() || p.fill {
			w.out.WriteByte('.')
		}
	case w.lastRelevant >= 0 && w.at > w.lastRelevant && name != "0":
	case w.leadingZero():
		if !p.fill {
			w.out.WriteByte(' ')
		} else if w.atPoint() {
			w.out.WriteByte('0')
		}
	case c != 0:
		w.out.WriteByte(c)
		w.inNumber = true
	default:
		w.cut()
		w.inNumber = true
	}
}

// cut ends the output here, whatever follows: PostgreSQL writes a NUL.
func (w *numberWriter) cut() {
	if w.end < 0 {
		w.end = w.out.Len()
	}
}

// other writes the patterns that are no digits.
func (w *numberWriter) other(n *templateNode) error {
	p := w.p
	unlessFill := func(c byte) {
		if !p.fill {
			w.out.WriteByte(c)
		}
	}
	switch n.name {
	case ",", "G":
		if w.inNumber {
			w.out.WriteByte(',')
		} else {
			unlessFill(' ')
		}
	case "L":
		w.out.WriteByte(' ')
	case "RN":
		s := w.number
		if n.key == "rn" {
			s = strings.ToLower(s)
		}
		if !p.fill {
			s = strings.Repeat(" ", max(15-utf8.RuneCountInString(s), 0)) + s
		}
		w.out.WriteString(s)
	case "TH":
		if !p.roman && w.char(0) != '#' && w.sign != '-' && !p.decimal {
			if !isDigit(w.char(len(w.number) - 1)) {
				return pgerror.Errorf(pgerror.InvalidTextRepresentation, "\"%s\" is not a number", w.number)
			}
			w.out.WriteString(ordinalSuffix(w.number, n.key))
		}
	case "MI":
		if w.sign == '-' {
			w.out.WriteByte('-')
		} else {
			unlessFill(' ')
		}
	case "PL":
		if w.sign == '+' {
			w.out.WriteByte('+')
		} else {
			unlessFill(' ')
		}
	case "SG":
		if w.sign == 0 {
			w.cut()
			break
		}
		w.out.WriteByte(w.sign)
	}
	return nil
}
