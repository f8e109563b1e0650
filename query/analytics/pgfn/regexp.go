package pgfn

import (
	"io"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/limit"
)

// Regexp is a compiled regular expression of PostgreSQL. Go's engine runs it, in time
// linear in the text; back-references and lookaround do not exist.
type Regexp struct {
	re      *regexp.Regexp
	inner   *regexp.Regexp // for the groups, if some quantifier prefers less
	groups  int
	context bool // whether a match depends on what is before it
	Global  bool // the flag g was given
	size    int  // about the bytes that it takes
	work    *limit.Work
}

// maxPattern bounds a pattern's length: to compile one takes hundreds of times as much memory, and nothing
// ends it.
const maxPattern = 64 << 10

// Size is about how many bytes the expression takes.
func (r *Regexp) Size() int { return r.size }

// With returns the expression for a call that may be told to end.
func (r *Regexp) With(w *limit.Work) *Regexp {
	c := *r
	c.work = w
	return &c
}

// CompileRegexp compiles pattern, an advanced regular expression, with flags as
// regexp_match and its like take them.
func CompileRegexp(pattern, flags string) (*Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, errRegexp("regular expression is too complex")
	}
	t := reTranslator{src: pattern}
	global := false
	for i := 0; i < len(flags); i++ {
		if flags[i] == 'g' {
			global = true
			continue
		}
		if !t.option(flags[i]) {
			_, n := utf8.DecodeRuneInString(flags[i:])
			return nil, invalidParameter("invalid regular expression option: \"%s\"", flags[i:i+n])
		}
	}
	out, prefers, err := t.translate()
	if err != nil {
		return nil, err
	}
	if t.edges > 0 {
		if err := t.checkEdges(); err != nil {
			return nil, err
		}
	}
	r := &Regexp{context: t.context, Global: global}
	whole := out
	if prefers == shortest {
		if whole, err = t.shortened(); err != nil {
			return nil, err
		}
	}
	if r.size, err = programSize(whole); err != nil {
		return nil, err
	}
	if r.re, err = regexp.Compile(whole); err != nil {
		return nil, errRegexp("regular expression is too complex")
	}
	if prefers != shortest {
		r.re.Longest()
	}
	r.groups = r.re.NumSubexp()
	if t.mixed && r.groups > 0 {
		if r.inner, err = regexp.Compile(`\A(?:` + out + `)\z`); err != nil {
			return nil, errRegexp("regular expression is too complex")
		}
	}
	return r, nil
}

// instructionBytes is about what one of a compiled program's takes, with what runs it.
const instructionBytes = 150

// programSize is about how many bytes an expression takes once it is compiled.
func programSize(expression string) (int, error) {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return 0, errRegexp("regular expression is too complex")
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return 0, errRegexp("regular expression is too complex")
	}
	return len(program.Inst)*instructionBytes + len(expression), nil
}

// long is how many steps, of a byte and an instruction, a search may take that does not look at whether
// it is to end: some milliseconds.
const long = 1 << 20

// watched tells whether a search of a text has to look.
func (r *Regexp) watched(s string) bool {
	return r.work != nil && len(s) > 1024 && len(s)*(r.size/instructionBytes) > long
}

// runes are a text's characters for a search that looks at whether it is to end.
type runes struct {
	rest string
	work *limit.Work
	cost int // of a character
}

func (r *runes) ReadRune() (rune, int, error) {
	if r.rest == "" {
		return 0, 0, io.EOF
	}
	r.work.Steps(r.cost)
	c, n := utf8.DecodeRuneInString(r.rest)
	r.rest = r.rest[n:]
	return c, n, nil
}

func (r *Regexp) runes(s string) *runes {
	return &runes{rest: s, work: r.work, cost: 1 + r.size/instructionBytes}
}

// find returns where a match and its groups are. The expression as a whole decides how
// much it matches, and then its parts how they share that.
func (r *Regexp) find(s string) []int {
	r.work.Check()
	var loc []int
	if r.watched(s) {
		loc = r.re.FindReaderSubmatchIndex(r.runes(s))
	} else {
		loc = r.re.FindStringSubmatchIndex(s)
	}
	r.share(s, loc)
	return loc
}

func (r *Regexp) share(s string, loc []int) {
	if loc == nil || r.inner == nil {
		return
	}
	start := loc[0]
	var groups []int
	if part := s[start:loc[1]]; r.watched(part) {
		groups = r.inner.FindReaderSubmatchIndex(r.runes(part))
	} else {
		groups = r.inner.FindStringSubmatchIndex(part)
	}
	if groups == nil { // a constraint looks beyond the match
		return
	}
	for i, at := range groups {
		if at >= 0 {
			at += start
		}
		loc[i] = at
	}
}

func errRegexp(message string) error {
	return pgerror.Errorf(pgerror.InvalidRegularExpression, "invalid regular expression: %s", message)
}

// Matches is s ~ pattern.
func (r *Regexp) Matches(s string) bool {
	if r.watched(s) {
		return r.re.MatchReader(r.runes(s))
	}
	return r.re.MatchString(s)
}

// each calls f with the places of matches from a byte on, until it returns false. What
// follows an empty match is looked for a character later.
func (r *Regexp) each(s string, from int, f func(loc []int) bool) {
	if r.context {
		// Go's own loop knows what is before; only an empty match right after another
		// match is not in it.
		for _, loc := range r.all(s) {
			r.work.Step()
			if loc[0] < from {
				continue
			}
			if r.share(s, loc); !f(loc) {
				return
			}
		}
		return
	}
	for from <= len(s) {
		loc := r.find(s[from:])
		if loc == nil {
			return
		}
		for i := range loc {
			if loc[i] >= 0 {
				loc[i] += from
			}
		}
		if !f(loc) {
			return
		}
		if from = loc[1]; loc[0] == loc[1] {
			_, n := utf8.DecodeRuneInString(s[from:])
			from += max(n, 1)
		}
	}
}

// all are the places of all matches. Go's own loop cannot be told to end: where it may take long, it has a
// copy of the text, and is left behind when the call ends.
func (r *Regexp) all(s string) [][]int {
	if r.work == nil || len(s) <= 1024 {
		return r.re.FindAllStringSubmatchIndex(s, -1)
	}
	select {
	case apart <- struct{}{}:
	default:
		// As many are left behind as may be.
		panic(limit.Stop{Err: pgerror.Errorf(pgerror.OutOfMemory, "out of memory").WithDetail("Too many searches for regular expressions run.")})
	}
	own := strings.Clone(s)
	found := make(chan [][]int, 1)
	go func() {
		defer func() { <-apart }()
		found <- r.re.FindAllStringSubmatchIndex(own, -1)
	}()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case all := <-found:
			r.work.Take(len(all) * (2*r.groups + 5) * 8)
			return all
		case <-tick.C:
			r.work.Check()
		}
	}
}

// apart bounds the searches that run apart from their calls.
var apart = make(chan struct{}, 64)

const lookEvery = 10 * time.Millisecond

// items are a match's groups, or the whole if there are none.
func (r *Regexp) items(s string, loc []int) []*string {
	r.work.Take((r.groups + 1) * 24)
	if r.groups == 0 {
		whole := s[loc[0]:loc[1]]
		return []*string{&whole}
	}
	out := make([]*string, r.groups)
	for i := range out {
		if from, to := loc[2*i+2], loc[2*i+3]; from >= 0 {
			group := s[from:to]
			out[i] = &group
		}
	}
	return out
}

// Match is regexp_match, nil if there is no match.
func (r *Regexp) Match(s string) []*string {
	loc := r.find(s)
	if loc == nil {
		return nil
	}
	return r.items(s, loc)
}

// MatchesAll is regexp_matches: all matches with the flag g, else the first.
func (r *Regexp) MatchesAll(s string) [][]*string {
	var out [][]*string
	r.each(s, 0, func(loc []int) bool {
		out = append(out, r.items(s, loc))
		return r.Global
	})
	return out
}

// Substring is substring(s from pattern): the first group, or all if there is none.
func (r *Regexp) Substring(s string) (string, bool) {
	loc := r.find(s)
	if loc == nil {
		return "", false
	}
	group := 0
	if r.groups > 0 {
		group = 2
	}
	if loc[group] < 0 {
		return "", false
	}
	return s[loc[group]:loc[group+1]], true
}

// startByte is where the character with a number from 1 begins; -1 if the text ends
// before.
func startByte(s string, start int) int {
	n := prefixRunes(s, start-1)
	if n == len(s) && utf8.RuneCountInString(s) < start-1 {
		return -1
	}
	return n
}

func errParameter(name string, value int) error {
	return invalidParameter("invalid value for parameter \"%s\": %d", name, value)
}

// nth returns the place of the nth match from a character on, from 1.
func (r *Regexp) nth(s string, start, n int) (found []int, err error) {
	if start <= 0 {
		return nil, errParameter("start", start)
	}
	if n <= 0 {
		return nil, errParameter("n", n)
	}
	from := startByte(s, start)
	if from < 0 {
		return nil, nil
	}
	r.each(s, from, func(loc []int) bool {
		if n--; n == 0 {
			found = loc
		}
		return n > 0
	})
	return found, nil
}

// Count is regexp_count(s, pattern, start).
func (r *Regexp) Count(s string, start int) (int, error) {
	if start <= 0 {
		return 0, errParameter("start", start)
	}
	count := 0
	if from := startByte(s, start); from >= 0 {
		r.each(s, from, func([]int) bool {
			count++
			return true
		})
	}
	return count, nil
}

// Instr is regexp_instr: where the nth match from a character on begins, or with endOption
// 1 what is behind it, or the same of a group; 0 if there is none.
func (r *Regexp) Instr(s string, start, n, endOption, group int) (int, error) {
	loc, err := r.nth(s, start, n)
	switch {
	case err != nil:
		return 0, err
	case endOption != 0 && endOption != 1:
		return 0, errParameter("endoption", endOption)
	case group < 0:
		return 0, errParameter("subexpr", group)
	case loc == nil || group > r.groups || loc[2*group] < 0:
		return 0, nil
	}
	return utf8.RuneCountInString(s[:loc[2*group+endOption]]) + 1, nil
}

// Substr is regexp_substr: the nth match from a character on, or a group of it.
func (r *Regexp) Substr(s string, start, n, group int) (string, bool, error) {
	loc, err := r.nth(s, start, n)
	switch {
	case err != nil:
		return "", false, err
	case group < 0:
		return "", false, errParameter("subexpr", group)
	case loc == nil || group > r.groups || loc[2*group] < 0:
		return "", false, nil
	}
	return s[loc[2*group]:loc[2*group+1]], true, nil
}

// Replace is regexp_replace from a character on: the nth match, or all if n is 0. If
// global is true n is taken as 0. In the replacement \1 to \9 are groups, \& the match.
func (r *Regexp) Replace(s, replacement string, global bool, start, n int) (string, error) {
	if start <= 0 {
		return "", errParameter("start", start)
	}
	if n < 0 {
		return "", errParameter("n", n)
	}
	if global {
		n = 0
	}
	from := startByte(s, start)
	if from < 0 {
		return s, nil
	}
	var b strings.Builder
	done, count, tooLarge := 0, 0, false
	r.each(s, from, func(loc []int) bool {
		if count++; n > 0 && count != n {
			return true
		}
		b.WriteString(s[done:loc[0]])
		expand(&b, s, replacement, loc)
		done = loc[1]
		tooLarge = b.Len() > maxText
		return n == 0 && !tooLarge
	})
	if tooLarge {
		return "", errTooLarge()
	}
	b.WriteString(s[done:])
	return b.String(), nil
}

func expand(b *strings.Builder, s, replacement string, loc []int) {
	for {
		i := strings.IndexByte(replacement, '\\')
		if i < 0 || i+1 >= len(replacement) {
			b.WriteString(replacement)
			return
		}
		b.WriteString(replacement[:i])
		c := replacement[i+1]
		replacement = replacement[i+2:]
		group := -1
		switch {
		case c == '&':
			group = 0
		case c >= '1' && c <= '9':
			group = int(c - '0')
		case c == '\\':
			b.WriteByte('\\')
			continue
		default: // no escape: the backslash stays
			b.WriteByte('\\')
			b.WriteByte(c)
			continue
		}
		if 2*group < len(loc) && loc[2*group] >= 0 {
			b.WriteString(s[loc[2*group]:loc[2*group+1]])
		}
	}
}

// SplitToArray is regexp_split_to_array. Empty matches at the ends of the text and right
// after another match do not split.
func (r *Regexp) SplitToArray(s string) []string {
	out := []string{}
	done := 0
	r.each(s, 0, func(loc []int) bool {
		if loc[0] < len(s) && loc[1] > done {
			r.work.Take(48) // it is made a list of pointers yet
			out = append(out, s[done:loc[0]])
			done = loc[1]
		}
		return true
	})
	return append(out, s[done:])
}

// SimilarToRegexp is similar_to_escape: the regular expression of a pattern of SIMILAR TO.
// An empty escape means none; a statement that gives none means a backslash.
func SimilarToRegexp(pattern, escape string) (string, error) {
	escapeRune := rune(-1)
	if escape != "" {
		r, n := utf8.DecodeRuneInString(escape)
		if n != len(escape) {
			return "", pgerror.Errorf(pgerror.InvalidEscapeSequence, "invalid escape string").
				WithHint("Escape string must be empty or one character.")
		}
		escapeRune = r
	}
	var b strings.Builder
	b.WriteString("^(?:")
	escaped, bracket, quotes := false, false, 0
	for _, c := range pattern {
		switch {
		case escaped && c == '"' && !bracket:
			escaped = false
			switch quotes++; quotes {
			case 1:
				b.WriteString("){1,1}?(")
			case 2:
				b.WriteString("){1,1}(?:")
			default:
				return "", pgerror.Errorf(pgerror.InvalidUseOfEscapeCharacter,
					"SQL regular expression may not contain more than two escape-double-quote separators")
			}
		case escaped:
			b.WriteByte('\\')
			b.WriteRune(c)
			escaped = false
		case c == escapeRune:
			escaped = true
		case bracket:
			if c == '\\' {
				b.WriteByte('\\')
			}
			b.WriteRune(c)
			bracket = c != ']'
		case c == '[':
			b.WriteRune(c)
			bracket = true
		case c == '%':
			b.WriteString(".*")
		case c == '_':
			b.WriteByte('.')
		case c == '(':
			b.WriteString("(?:")
		case c == '\\' || c == '.' || c == '^' || c == '$':
			b.WriteByte('\\')
			b.WriteRune(c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteString(")$")
	return b.String(), nil
}
