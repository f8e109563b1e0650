package differ

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A Generator makes a statement of random choices; nil if these lead nowhere.
type Generator struct {
	Name string
	Make func(*rand.Rand) *Statement
}

// A Run asks a range of a seed's statements.
type Run struct {
	Seed       uint64
	Statements uint64
	Generators []Generator
	Pairs      []*Pair
	Declared   bool           // known differences are shrunk and kept too
	Found      func(*Finding) // is told of each as it is found; may be nil
	Log        func() string  // what the server has logged; may be nil

	mu       sync.Mutex
	counts   map[string]map[Class]int // by generator
	findings []*Finding               // the first of each kind, shrunk
	kinds    map[string]*tally
	slowest  []slow
}

// A tally counts the findings of a class that say the same.
type tally struct {
	class    Class
	what     string
	count    int
	shrunk   int
	shortest *Finding
}

// shrunkEach bounds how many findings of a kind are shrunk: kinds of silence say little
// before that, kinds of errors nearly all.
var shrunkEach = map[Class]int{Silent: 100, Lost: 3, Refused: 1, Answered: 3}

// statement makes the seed's statement of this number.
func (r *Run) statement(number uint64) *Statement {
	random := rand.New(rand.NewPCG(r.Seed, number))
	g := r.Generators[number%uint64(len(r.Generators))]
	for range 20 {
		if s := g.Make(random); s != nil && len(s.SQL()) <= maxText {
			s.Number = number
			return s
		}
	}
	return nil
}

// Ask asks all the statements, a goroutine a pair.
func (r *Run) Ask(ctx context.Context) {
	r.counts, r.kinds = map[string]map[Class]int{}, map[string]*tally{}
	var next atomic.Uint64
	var all sync.WaitGroup
	for _, p := range r.Pairs {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				number := next.Add(1) - 1
				if number >= r.Statements || ctx.Err() != nil {
					return
				}
				if s := r.statement(number); s != nil {
					if f := p.Compare(ctx, s); ctx.Err() == nil {
						r.took(s, f.took)
						r.note(ctx, p, f)
					}
				}
			}
		}()
	}
	all.Wait()
}

// note counts a comparison, and shrinks and keeps what is new.
func (r *Run) note(ctx context.Context, p *Pair, f *Finding) {
	beside := ""
	if f.Class == Lost {
		beside = r.beside()
	}
	r.mu.Lock()
	if r.counts[f.Generator] == nil {
		r.counts[f.Generator] = map[Class]int{}
	}
	r.counts[f.Generator][f.Class]++
	if f.Class == None || f.Class == Unclear {
		r.mu.Unlock()
		return
	}
	key := string(f.Class) + " " + f.What
	t := r.kinds[key]
	if t == nil {
		t = &tally{class: f.Class, what: f.What}
		r.kinds[key] = t
	}
	t.count++
	if t.shortest == nil || len(f.SQL()) < len(t.shortest.SQL()) {
		t.shortest = f
	}
	shrinks := t.shrunk < shrunkEach[f.Class] && !(f.Class != Silent && knownAs(f) != nil && !r.Declared)
	if shrinks {
		t.shrunk++
	}
	r.mu.Unlock()
	if !shrinks {
		return
	}
	f = p.shrink(ctx, f)
	if ctx.Err() != nil {
		return // what it was shrunk by may be the end of time
	}
	f.Beside = beside
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, other := range r.findings {
		if shape(other) == shape(f) {
			if len(f.SQL()) < len(other.SQL()) {
				r.findings[i] = f
			}
			return
		}
	}
	r.findings = append(r.findings, f)
	if r.Found != nil {
		r.Found(f)
	}
}

var (
	anyLiteral = regexp.MustCompile(`E?'(?:[^']|'')*'`)
	anyAlias   = regexp.MustCompile(`\bq\d+`)
	withValues = regexp.MustCompile(`(?s)\b[tud]\([a-z, ]+\) as \(values .*?\)\)`)
)

// shape is what findings of one cause have in common, as far as text tells.
func shape(f *Finding) string {
	text := withValues.ReplaceAllString(f.SQL(), "")
	text = anyAlias.ReplaceAllString(anyNumber.ReplaceAllString(anyLiteral.ReplaceAllString(text, "''"), "N"), "q")
	return fmt.Sprint(f.Class, f.What, text)
}

// Findings are those that nothing declares, the shortest first.
func (r *Run) Findings() []*Finding {
	all := slices.DeleteFunc(slices.Clone(r.findings), func(f *Finding) bool { return knownAs(f) != nil && !r.Declared })
	slices.SortStableFunc(all, func(a, b *Finding) int { return len(a.SQL()) - len(b.SQL()) })
	return all
}

// Show renders the finding with both answers.
func (f *Finding) Show() string {
	text := fmt.Sprintf("%s: %s (%s, statement %d)\n%s\n  PostgreSQL:\n%s  Eventgres:\n%s", f.Class, f.What, f.Generator, f.Number,
		f.Statement.Show(), indent(f.Want.Show(0)), indent(f.Got.Show(0)))
	if f.Beside != "" {
		text += "  Beside it:\n" + indent(f.Beside)
	}
	return text
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}

// Summary is the counts: by generator and class, and by kind.
func (r *Run) Summary() string {
	var b strings.Builder
	generators := make([]string, 0, len(r.counts))
	for name := range r.counts {
		generators = append(generators, name)
	}
	slices.Sort(generators)
	for _, name := range generators {
		total := 0
		for _, n := range r.counts[name] {
			total += n
		}
		fmt.Fprintf(&b, "%s: %d statements, %d the same", name, total, r.counts[name][None])
		for _, c := range []Class{Silent, Lost, Answered, Refused, Code, Message, Digits, Unclear} {
			if n := r.counts[name][c]; n > 0 {
				fmt.Fprintf(&b, ", %d %s", n, c)
			}
		}
		b.WriteString("\n")
	}
	kinds := make([]*tally, 0, len(r.kinds))
	for _, t := range r.kinds {
		kinds = append(kinds, t)
	}
	slices.SortFunc(kinds, func(x, y *tally) int {
		if c := strings.Compare(string(x.class), string(y.class)); c != 0 {
			return c
		}
		return y.count - x.count
	})
	for _, t := range kinds {
		fmt.Fprintf(&b, "%6d %-8s %s\n", t.count, t.class, t.what)
	}
	shapes := map[string]int{} // by declaration
	for _, f := range r.findings {
		if k := knownAs(f); k != nil {
			shapes[k.Name]++
		}
	}
	for _, k := range declared {
		if n := shapes[k.Name]; n > 0 {
			fmt.Fprintf(&b, "%6d shapes of %q\n", n, k.Name)
		}
	}
	return b.String()
}
