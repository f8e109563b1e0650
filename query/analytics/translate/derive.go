//go:build cgo

package translate

import "strings"

// columnsOf are the columns of an item of FROM, each once, with the fields of rows and the
// marks of what may be missing.
func columnsOf(items ...*fromItem) (cols []*rtcol, marks []*mark) {
	seen, marked := map[*rtcol]bool{}, map[*mark]bool{}
	var add func(list []*rtcol)
	add = func(list []*rtcol) {
		for _, k := range list {
			if !seen[k] {
				seen[k] = true
				cols = append(cols, k)
				add(k.fields)
			}
		}
	}
	for _, item := range items {
		add(item.cols)
		for _, r := range item.rels {
			add(r.cols)
			if r.mark != nil && !marked[r.mark] {
				marked[r.mark] = true
				marks = append(marks, r.mark)
			}
		}
	}
	return cols, marks
}

// renaming is a query's columns in the making of a derived table.
type renaming struct {
	cols  []*rtcol
	marks []*mark
	names []string
	list  []string
}

// rename gives columns names of their own, for a derived table to carry them.
func (c *compiler) rename(cols []*rtcol, marks []*mark) *renaming {
	n := &renaming{cols: cols, marks: marks}
	for _, k := range cols {
		name := c.fresh("c")
		n.names = append(n.names, name)
		n.list = append(n.list, k.sql+" AS "+name)
	}
	return n
}

// selectList is what the derived table selects, with what comes in addition.
func (n *renaming) selectList(c *compiler, more ...string) string {
	text := strings.Join(append(append([]string(nil), n.list...), more...), ", ")
	for _, m := range n.marks {
		text += c.optional(m, ", "+m.sql+" AS "+m.name)
	}
	return text
}

// seen makes the columns be those of the derived table t, from where it stands on.
func (n *renaming) seen(t string) {
	for i, k := range n.cols {
		k.sql = t + "." + n.names[i]
	}
	for _, m := range n.marks {
		m.sql = t + "." + m.name
	}
}

// mark is a column that is true in every row of a side of an outer join, and null where that
// side is missing. It is only there if something asks for it.
type mark struct {
	sql, name string
	wanted    bool
}

// marked adds a mark to a side of an outer join.
func (c *compiler) marked(side *fromItem) string {
	t := c.fresh("t")
	m := &mark{name: c.fresh("m")}
	m.sql = t + "." + m.name
	any := false
	for _, r := range side.rels {
		if r.mark == nil {
			r.mark, any = m, true
		}
	}
	if !any {
		return side.sql
	}
	return c.optional(m, "(") + side.sql + c.optional(m, " CROSS JOIN (SELECT TRUE AS "+m.name+") AS "+t+")")
}

// joinByHand writes an outer join whose condition DuckDB does not take as one: it refers to
// queries around, or has subqueries.
func (c *compiler) joinByHand(word string, l, r *fromItem, on string) string {
	if word == "RIGHT JOIN" {
		word, l, r = "LEFT JOIN", r, l
	}
	n := c.rename(columnsOf(r))
	t := c.fresh("t")
	right := "(SELECT " + n.selectList(c) + " FROM " + r.sql + " WHERE " + on + ") AS " + t
	if word == "LEFT JOIN" {
		n.seen(t)
		return "(" + l.sql + " LEFT JOIN LATERAL " + right + " ON TRUE)"
	}
	// The rows of both, and those of the right side that match none.
	alone := "SELECT 1 FROM " + l.sql + " WHERE " + on
	rest := n.selectList(c)
	n.seen(t)
	both := c.rename(columnsOf(l, r))
	matched := "SELECT " + both.selectList(c) + " FROM " + l.sql + " LEFT JOIN LATERAL " + right + " ON TRUE"
	// Both sides' columns in the order of the first query: the left side's, then the right's.
	inOrder := c.fresh("t")
	unmatched := "SELECT " + both.unmatched(c, inOrder, n) + " FROM (SELECT " + rest + " FROM " + r.sql + " WHERE NOT EXISTS (" + alone + ")) AS " + inOrder
	u := c.fresh("t")
	both.seen(u)
	return "LATERAL (" + matched + " UNION ALL " + unmatched + ") AS " + u
}

// unmatched is the select list of the rows that have a right side alone.
func (n *renaming) unmatched(c *compiler, t string, right *renaming) string {
	at := map[*rtcol]string{}
	for i, k := range right.cols {
		at[k] = t + "." + right.names[i]
	}
	list := make([]string, len(n.cols))
	for i, k := range n.cols {
		list[i] = "NULL"
		if sql, ok := at[k]; ok {
			list[i] = sql
		}
	}
	text := strings.Join(list, ", ")
	of := map[*mark]bool{}
	for _, m := range right.marks {
		of[m] = true
	}
	for _, m := range n.marks {
		if of[m] {
			text += c.optional(m, ", "+t+"."+m.name)
		} else {
			text += c.optional(m, ", NULL")
		}
	}
	return text
}
