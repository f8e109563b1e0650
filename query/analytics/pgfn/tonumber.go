package pgfn

import (
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// ToNumber is to_number(text, format). Null, that is false, is an empty format.
func ToNumber(text, format string) (Numeric, bool, error) {
	if format == "" {
		return Numeric{}, false, nil
	}
	p, err := parsePicture(format)
	if err != nil {
		return Numeric{}, false, err
	}
	switch {
	case p.scientific:
		return Numeric{}, false, pgerror.Errorf(pgerror.FeatureNotSupported, `"EEEE" not supported for input`)
	case p.roman:
		return Numeric{}, false, pgerror.Errorf(pgerror.FeatureNotSupported, `"RN" not supported for input`)
	}
	r := numberReader{p: p, s: text, sign: ' '}
	for i := range p.nodes {
		if r.s == "" {
			break
		}
		r.node(&p.nodes[i])
	}
	digits := strings.TrimSuffix(string(r.digits), ".")
	n, err := ParseNumeric(string(r.sign) + digits)
	if err != nil {
		return Numeric{}, false, err
	}
	if n, err = n.Fit(p.pre+p.multi+r.post, r.post); err != nil {
		return Numeric{}, false, err
	}
	if p.shifted {
		factor, err := NumericFromInt(10).Power(NumericFromInt(int64(-p.multi)))
		if err == nil {
			n, err = n.Mul(factor)
		}
		if err != nil {
			return Numeric{}, false, err
		}
	}
	return n, true, nil
}

// numberReader takes from a text what a template says.
type numberReader struct {
	p         *numberPicture
	s         string
	sign      byte
	digits    []byte
	pre, post int // digits read
	point     bool
}

// skip passes up to n characters that are no part of a number.
func (r *numberReader) skip(n int) {
	for ; n > 0 && r.s != "" && strings.IndexByte("0123456789.,+-", r.s[0]) < 0; n-- {
		r.char()
	}
}

func (r *numberReader) char() {
	_, n := utf8.DecodeRuneInString(r.s)
	r.s = r.s[n:]
}

func (r *numberReader) node(n *templateNode) {
	if n.kind != nodePattern {
		r.char()
		return
	}
	c := r.s[0]
	switch n.name {
	case "9", "0", ".", "D":
		if r.digit(n.name) && r.s != "" {
			r.s = r.s[1:]
		}
	case ",", "G":
		if !r.p.fill && c == ',' { // with FM nothing is skipped
			r.s = r.s[1:]
		}
	case "L":
		r.skip(1)
	case "TH":
		if r.sign != '#' && !r.p.decimal {
			r.skip(2)
		}
	case "MI":
		if c == '-' {
			r.sign = c
			r.s = r.s[1:]
		} else {
			r.skip(1)
		}
	case "PL":
		if c == '+' {
			r.sign = c
			r.s = r.s[1:]
		} else {
			r.skip(1)
		}
	case "SG":
		if c == '-' || c == '+' {
			r.sign = c
			r.s = r.s[1:]
		} else {
			r.skip(1)
		}
	}
}

// digit reads a digit or the point, and signs around the number. It reports whether the
// character that it looked at last is to be passed.
func (r *numberReader) digit(name string) bool {
	p := r.p
	if r.s[0] == ' ' {
		if r.s = r.s[1:]; r.s == "" {
			return false
		}
	}
	if r.sign == ' ' && (name == "0" || name == "9") && r.pre+r.post == 0 {
		c := r.s[0]
		switch {
		case c == '-' || c == '+':
			if !p.sign || p.signBefore {
				r.sign = c
				r.s = r.s[1:]
			} else if !p.sign {
				r.s = r.s[1:]
			}
		case c == '<' && p.bracket && !p.sign:
			r.sign = '-'
			r.s = r.s[1:]
		}
		if p.sign && !p.signBefore && (c == '-' || c == '+') {
			r.sign = c
			r.s = r.s[1:]
		}
	}
	if r.s == "" {
		return false
	}
	read := false
	switch c := r.s[0]; {
	case isDigit(c):
		if r.point && r.post == p.post {
			return true
		}
		r.digits = append(r.digits, c)
		if r.point {
			r.post++
		} else {
			r.pre++
		}
		read = true
	case p.decimal && !r.point && c == '.':
		r.digits = append(r.digits, '.')
		r.point = true
		read = true
	}
	if r.sign == ' ' && r.pre+r.post > 0 {
		switch {
		case p.sign && read && len(r.s) > 1 && !isDigit(r.s[1]):
			if c := r.s[1]; c == '-' || c == '+' {
				r.sign = c
				r.s = r.s[1:]
			}
		case !read && !p.sign && (p.plus || p.minus):
			if c := r.s[0]; c == '-' || c == '+' {
				r.sign = c
			}
		}
	}
	return true
}
