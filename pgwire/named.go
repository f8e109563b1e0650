package pgwire

import (
	"cmp"
	"slices"
	"time"
)

// NamedStatement is a statement that was prepared under a name.
type NamedStatement struct {
	Name       string
	Text       string
	Made       time.Time
	SQL        bool // by PREPARE, and not in the protocol
	Parameters []uint32
}

// NamedPortal is a portal, cursors included.
type NamedPortal struct {
	Name   string
	Text   string // empty for a cursor, which knows its own
	Made   time.Time
	Hold   bool
	Portal Portal
}

// NamedStatements are those that have a name, in order.
func (c *Conn) NamedStatements() []NamedStatement {
	var out []NamedStatement
	for name, st := range c.statements {
		if name != "" {
			out = append(out, NamedStatement{Name: name, Text: st.text, Made: st.made, SQL: st.sql, Parameters: st.ParameterOIDs()})
		}
	}
	slices.SortFunc(out, func(a, b NamedStatement) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// NamedPortals are the portals that there are, in order.
func (c *Conn) NamedPortals() []NamedPortal {
	var out []NamedPortal
	add := func(name string, p *portal) {
		n := NamedPortal{Name: name, Made: p.made, Hold: p.hold, Portal: p.Portal}
		if p.of != nil {
			n.Text = p.of.text
		}
		out = append(out, n)
	}
	if c.unnamed != nil {
		add("", c.unnamed)
	}
	for name, p := range c.portals {
		add(name, p)
	}
	slices.SortFunc(out, func(a, b NamedPortal) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
