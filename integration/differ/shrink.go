package differ

import (
	"context"
	"slices"
	"time"

	"github.com/eventgres/eventgres/integration/analytics"
)

const (
	// What a shrinking may cost: the smaller statement is for a reader, the larger one
	// differs as well.
	shrinkTries = 300
	shrinkTime  = 10 * time.Second
)

// simplest are texts that anything of a sort may be replaced by.
var simplest = map[string][]string{
	"int4": {"1", "null::int4"}, "int8": {"1::int8"}, "numeric": {"1.5"}, "float8": {"0.5::float8"}, "text": {"'x'", "null::text"}, "bool": {"true", "false"},
	"date": {"date '2024-02-29'"}, "timestamp": {"timestamp '2024-02-29'"}, "timestamptz": {"timestamptz '2024-02-29 00:00Z'"}, "interval": {"interval '1 day'"},
	"jsonb": {"'{}'::jsonb"}, "_text": {"'{a}'::text[]"}, "_int4": {"'{1}'::int4[]"}, "uuid": {"null::uuid"}, "bytea": {"'\\x01'::bytea"}, "from": {"t", "(values (1)) v(a)"},
}

// shrink makes the finding's statement smaller while it stays a finding of its kind.
func (p *Pair) shrink(ctx context.Context, f *Finding) *Finding {
	deadline, tries := time.Now().Add(shrinkTime), 0
	try := func(s *Statement) *Finding {
		tries++
		smaller := p.Compare(ctx, s)
		if smaller.Verdict != f.Verdict {
			return nil
		}
		return smaller
	}
	for _, change := range plainer {
		s := *f.Statement
		if change(&s); s.SQL() != f.SQL() || s.Way != f.Way || s.Mode != f.Mode || len(s.Settings) != len(f.Settings) {
			if smaller := try(&s); smaller != nil {
				f = smaller
			}
		}
	}
	for again := true; again; {
		again = false
		for _, tree := range smaller(f.Tree) {
			if tries > shrinkTries || time.Now().After(deadline) {
				return f
			}
			s := *f.Statement
			s.Tree = tree
			if found := try(&s); found != nil {
				f, again = found, true
				break
			}
		}
	}
	return f
}

// plainer take a circumstance from a statement.
var plainer = []func(*Statement){
	func(s *Statement) { s.Way = Plain },
	func(s *Statement) { s.Settings = nil },
	func(s *Statement) { s.Settings = s.Settings[:min(1, len(s.Settings))] },
	func(s *Statement) { s.Settings = s.Settings[max(0, len(s.Settings)-1):] },
	func(s *Statement) {
		if len(s.Params) == 0 {
			s.Mode = analytics.Simple
		}
	},
}

// smaller are the trees that differ from this one in one place and are shorter.
func smaller(tree *Node) []*Node {
	var all []*Node
	length := len(tree.String())
	seen := map[string]bool{}
	add := func(t *Node) {
		if t == nil {
			return
		}
		text := t.String()
		if len(text) < length && !seen[text] {
			seen[text] = true
			all = append(all, t)
		}
	}
	tree.walk(func(n *Node) {
		if n.Optional {
			add(tree.replace(n, &Node{}))
		}
		if n.Items && len(n.Parts) > n.Keep {
			for _, item := range n.Parts {
				add(tree.replace(n, n.replace(item.(*Node), nil)))
			}
		}
		if n.Sort == "" {
			return
		}
		for _, text := range simplest[n.Sort] {
			if len(text) < len(n.String()) {
				add(tree.replace(n, node(n.Sort, text)))
			}
		}
		n.walk(func(below *Node) {
			if below != n && below.Sort == n.Sort {
				add(tree.replace(n, below))
			}
		})
	})
	// The shortest first: a statement that stays a finding without most of itself is
	// done soon.
	slices.SortStableFunc(all, func(a, b *Node) int { return len(a.String()) - len(b.String()) })
	return all
}
