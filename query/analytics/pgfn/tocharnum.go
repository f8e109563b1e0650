package pgfn

import (
	"math"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// numberPicture is what the patterns of a number's template say together.
type numberPicture struct {
	nodes                      []templateNode
	pre, post, multi           int // digits before and after the point, and after V
	zeroStart, zeroEnd         int // where 0 is first and last, from 1; 0 if it is not
	signDigits                 int // digits before S
	signBefore, signAfter      bool
	decimal, fill, blank, sign bool // sign is S
	bracket, minus, plus       bool // PR, MI, PL; SG is both
	roman, shifted, scientific bool // RN, V, EEEE
	zero                       bool
}

func errTemplate(message string) *pgerror.Error {
	return pgerror.Errorf(pgerror.SyntaxError, "%s", message)
}

func parsePicture(format string) (*numberPicture, error) {
	p := &numberPicture{nodes: numberTemplate(format)}
	for i := range p.nodes {
		if n := &p.nodes[i]; n.kind == nodePattern {
			if err := p.add(n.name); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

func (p *numberPicture) add(name string) error {
	if p.scientific && name != "EEEE" {
		return errTemplate(`"EEEE" must be the last pattern used`)
	}
	switch name {
	case "9", "0":
		return p.addDigit(name)
	case "B":
		p.blank = p.blank || p.pre == 0 && p.post == 0 && !p.zero
	case "D", ".":
		switch {
		case p.decimal:
			return errTemplate("multiple decimal points")
		case p.shifted:
			return errTemplate(`cannot use "V" and decimal point together`)
		}
		p.decimal = true
	case "FM":
		p.fill = true
	case "RN":
		p.roman = true
	case "V":
		if p.decimal {
			return errTemplate(`cannot use "V" and decimal point together`)
		}
		p.shifted = true
	case "EEEE":
		if p.scientific {
			return errTemplate(`cannot use "EEEE" twice`)
		}
		if p.blank || p.fill || p.sign || p.bracket || p.minus || p.plus || p.roman || p.shifted {
			return errTemplate(`"EEEE" is incompatible with other formats`).
				WithDetail(`"EEEE" may only be used together with digit and decimal point patterns.`)
		}
		p.scientific = true
	default:
		return p.addSign(name)
	}
	return nil
}

func (p *numberPicture) addDigit(name string) error {
	if p.bracket {
		return errTemplate(`"` + name + `" must be ahead of "PR"`)
	}
	if name == "9" && p.shifted {
		p.multi++
		return nil
	}
	if name == "0" && !p.zero && !p.decimal {
		p.zero = true
		p.zeroStart = p.pre + 1
	}
	if p.decimal {
		p.post++
	} else {
		p.pre++
	}
	if name == "0" {
		p.zeroEnd = p.pre + p.post
	}
	return nil
}

func (p *numberPicture) addSign(name string) error {
	if p.sign && (name == "MI" || name == "PL" || name == "SG") {
		return errTemplate(`cannot use "S" and "` + name + `" together`)
	}
	switch name {
	case "S":
		switch {
		case p.sign:
			return errTemplate(`cannot use "S" twice`)
		case p.plus || p.minus || p.bracket:
			return errTemplate(`cannot use "S" and "PL"/"MI"/"SG"/"PR" together`)
		}
		p.sign = true
		if p.signBefore = !p.decimal; p.signBefore {
			p.signDigits = p.pre
		} else {
			p.signAfter = true
		}
	case "MI":
		p.minus = true
	case "PL":
		p.plus = true
	case "SG":
		p.minus, p.plus = true, true
	case "PR":
		if p.sign || p.plus || p.minus {
			return errTemplate(`cannot use "PR" and "S"/"PL"/"MI"/"SG" together`)
		}
		p.bracket = true
	}
	return nil
}

// ToCharNumeric is to_char(numeric, format).
func ToCharNumeric(format string, n Numeric) (string, error) {
	p, err := parsePicture(format)
	if err != nil {
		return "", err
	}
	switch {
	case p.roman:
		v, err := n.Int32()
		if err != nil {
			return "", err
		}
		return p.write(romanNumber(v), 0, 0)
	case p.scientific:
		if n.kind != finite {
			return p.notScientific(), nil
		}
		return n.scientific(p.post), nil
	}
	if p.shifted {
		if n, err = n.Mul(fromBig(pow10(p.multi), 0)); err != nil {
			return "", err
		}
		p.pre += p.multi
	}
	return p.show(n.Round(p.post).String())
}

// ToCharInt is to_char(integer, format), or with big to_char(bigint, format).
func ToCharInt(format string, v int64, big bool) (string, error) {
	p, err := parsePicture(format)
	if err != nil {
		return "", err
	}
	if p.shifted && !p.scientific && !p.roman {
		// V multiplies, within the type: an integer runs over, as PostgreSQL's does.
		by := int64(math.Pow(10, float64(min(p.multi, 18))))
		product := v * by
		switch {
		case !big && p.multi <= 9:
			product = int64(int32(product))
		case v != 0 && (p.multi > 18 || product/by != v):
			return "", pgerror.Errorf(pgerror.NumericValueOutOfRange, "bigint out of range")
		}
		p.pre += p.multi
		return p.show(NumericFromInt(product).Round(p.post).String())
	}
	return ToCharNumeric(format, NumericFromInt(v))
}

// ToCharFloat is to_char of a float, of which it shows so many digits: 15, of a real 6.
func ToCharFloat(format string, f float64, digits int) (string, error) {
	p, err := parsePicture(format)
	if err != nil {
		return "", err
	}
	special := math.IsNaN(f) || math.IsInf(f, 0)
	switch {
	case p.roman:
		v := int32(0) // no number that there is, like what is out of range
		if r := math.RoundToEven(f); r >= math.MinInt32 && r <= math.MaxInt32 {
			v = int32(r)
		}
		return p.write(romanNumber(v), 0, 0)
	case p.scientific && special:
		return p.notScientific(), nil
	case p.scientific:
		s := strconv.FormatFloat(f, 'e', p.post, 64)
		if s[0] != '-' {
			s = " " + s
		}
		return s, nil
	}
	if p.shifted {
		f *= math.Pow(10, float64(p.multi))
		p.pre += p.multi
	}
	post := p.post
	if whole := len(floatText(math.Abs(f), 0)); whole >= digits {
		post = 0
	} else if whole+post > digits {
		post = digits - whole
	}
	p.post = post
	return p.show(floatText(f, post))
}

// floatText is C's %.*f.
func floatText(f float64, digits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'f', digits, 64)
}

// notScientific is EEEE of what is no number.
func (p *numberPicture) notScientific() string {
	b := []byte(strings.Repeat("#", p.pre+p.post+6))
	b[0] = ' '
	b[min(p.pre+1, len(b)-1)] = '.'
	return string(b)
}

// scientific is numeric's EEEE with so many digits after the point.
func (n Numeric) scientific(digits int) string {
	exponent := 0
	if n.Signum() != 0 {
		exponent = n.integerDigits() - 1
	}
	out := ""
	if n.Signum() >= 0 {
		out = " "
	}
	scale := int(n.scale) + exponent
	u := n.unscaled()
	if scale < 0 {
		u = NumericFromUnscaled(u, scale).unscaled()
		scale = 0
	}
	significand := fromBig(u, scale).cutAt(digits, true)
	e := strconv.Itoa(exponent)
	if exponent >= 0 {
		e = "+" + e
	}
	if len(e) < 3 {
		e = e[:1] + "0" + e[1:]
	}
	return out + significand.String() + "e" + e
}

func romanNumber(v int32) string {
	if v < 1 || v > 3999 {
		return "###############"
	}
	values := [...]int32{1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1}
	names := [...]string{"M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"}
	var b strings.Builder
	for i, value := range values {
		for ; v >= value; v -= value {
			b.WriteString(names[i])
		}
	}
	return b.String()
}

// show fits a decimal's text into the picture.
func (p *numberPicture) show(number string) (string, error) {
	sign := byte('+')
	if number[0] == '-' {
		sign, number = '-', number[1:]
	}
	whole := strings.IndexByte(number, '.')
	if whole < 0 {
		whole = len(number)
	}
	spaces := max(p.pre-whole, 0)
	if whole > p.pre {
		b := []byte(strings.Repeat("#", p.pre+p.post+1))
		b[p.pre] = '.'
		number = string(b)
	}
	return p.write(number, spaces, sign)
}

// write runs the template.
func (p *numberPicture) write(number string, spaces int, sign byte) (string, error) {
	w := numberWriter{p: p, number: number, spaces: spaces, sign: sign, lastRelevant: -1, end: -1}
	w.start()
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.kind != nodePattern {
			w.out.WriteString(n.text)
			continue
		}
		switch n.name {
		case "9", "0", "D", ".":
			w.digit(n.name)
		default:
			if err := w.other(n); err != nil {
				return "", err
			}
		}
	}
	out := w.out.String()
	if w.end >= 0 {
		out = out[:w.end]
	}
	return out, nil
}
