package differ

import (
	"slices"
	"strings"
)

// A Node is a piece of a statement's text that was made as one. The shrinker works on
// the tree: it leaves out what is optional, puts one node of a sort in another's place,
// and drops items of lists.
type Node struct {
	Sort     string // what it is: a type's name for an expression, "query", "from", …; "" for what nothing else can stand for
	Parts    []any  // strings and *Nodes, written one after the other
	Optional bool   // may be left out
	Items    bool   // Parts are the items of a list
	Between  string // between a list's items
	Keep     int    // how many items a list must have
	Rows     bool   // the list's items mean the same in any order
}

// node makes a node of strings and nodes.
func node(sort string, parts ...any) *Node { return &Node{Sort: sort, Parts: parts} }

// optional is a node that may be left out.
func optional(parts ...any) *Node { return &Node{Parts: parts, Optional: true} }

// list is a list of which all items but keep may be dropped.
func list(between string, keep int, items []*Node) *Node {
	n := &Node{Items: true, Between: between, Keep: keep}
	for _, item := range items {
		n.Parts = append(n.Parts, item)
	}
	return n
}

// String is the text.
func (n *Node) String() string { return n.text(false) }

// Turned is the text with the rows of its VALUES in the opposite order.
func (n *Node) Turned() string { return n.text(true) }

func (n *Node) text(turned bool) string {
	var b strings.Builder
	n.write(&b, turned)
	return b.String()
}

func (n *Node) write(b *strings.Builder, turned bool) {
	parts := n.Parts
	if turned && n.Rows {
		parts = slices.Clone(parts)
		slices.Reverse(parts)
	}
	for i, part := range parts {
		if i > 0 && n.Items {
			b.WriteString(n.Between)
		}
		switch part := part.(type) {
		case string:
			b.WriteString(part)
		case *Node:
			part.write(b, turned)
		}
	}
}

// walk calls visit for the node and all below, parents first.
func (n *Node) walk(visit func(*Node)) {
	visit(n)
	for _, part := range n.Parts {
		if child, ok := part.(*Node); ok {
			child.walk(visit)
		}
	}
}

// replace is the tree with another node in target's place; nil leaves it out, and out
// of a list together with its separator. The tree itself does not change.
func (n *Node) replace(target, with *Node) *Node {
	if n == target {
		return with
	}
	changed := false
	parts := make([]any, 0, len(n.Parts))
	for _, part := range n.Parts {
		child, ok := part.(*Node)
		if !ok {
			parts = append(parts, part)
			continue
		}
		other := child.replace(target, with)
		changed = changed || other != child
		if other != nil {
			parts = append(parts, other)
		}
	}
	if !changed {
		return n
	}
	c := *n
	c.Parts = parts
	return &c
}
