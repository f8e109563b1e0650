//go:build cgo

package translate

// frame is a part of a statement of which is noted what it refers to.
type frame struct {
	level    int // scopes up to this deep are outside of it
	outer    bool
	volatile bool
	link     bool            // a subquery in an expression, or one that is LATERAL
	compared map[string]bool // outer columns that have been compared in it
}

// within runs f and returns what the part that it compiles refers to.
func (c *compiler) within(level int, link bool, f func()) *frame {
	n := &frame{level: level, link: link, compared: map[string]bool{}}
	c.frames = append(c.frames, n)
	f()
	c.frames = c.frames[:len(c.frames)-1]
	return n
}

// noteScope notes a reference to a column of a scope.
func (c *compiler) noteScope(s *scope) {
	for _, f := range c.frames {
		f.outer = f.outer || s.depth <= f.level
	}
}

func (c *compiler) noteVolatile() {
	for _, f := range c.frames {
		f.volatile = true
	}
}

// links is how many subqueries of expressions, or LATERAL ones, are around what is compiled.
func (c *compiler) links() int {
	n := 0
	for _, f := range c.frames {
		if f.link {
			n++
		}
	}
	return n
}

// refuseVolatile refuses what DuckDB would compute once for all rows around it that have the
// same values in it, where PostgreSQL computes it for each.
func (c *compiler) refuseVolatile(f *frame, pos int32) {
	if f.outer && f.volatile {
		c.unsupported(pos, "a volatile function in a subquery that refers to the query around it")
	}
}

// comparedColumn writes an operand of a comparison. DuckDB counts the comparisons of a
// subquery's outer columns to see whether they are all there, and takes two of one column for
// those of two: the second is no plain column to it.
func (c *compiler) comparedColumn(e *ex, key string) string {
	if e.column == nil || !e.outer || key != e.sql || c.clause != "WHERE" && c.clause != "JOIN conditions" {
		return key
	}
	for i := len(c.frames) - 1; i >= 0; i-- {
		if f := c.frames[i]; f.link {
			if f.compared[key] {
				return "(CASE WHEN " + key + " IS NULL THEN NULL ELSE " + key + " END)"
			}
			f.compared[key] = true
			break
		}
	}
	return key
}
