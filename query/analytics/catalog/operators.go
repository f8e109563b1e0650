package catalog

// Operation is an operator that a function of PostgreSQL's computes.
type Operation struct {
	Operator    string
	Left, Right uint32 // its operands' types; Left is 0 of an operator in front
}

// Operations are the operators whose function has a name: int4pl is + of two integers.
func (c *Catalog) Operations(function string) []Operation {
	l := c.lookups()
	var out []Operation
	for _, f := range l.procOf[function] {
		for _, o := range l.operators {
			if o.code == f.oid && o.right != 0 {
				out = append(out, Operation{o.name, o.left, o.right})
				break // all that share a function mean the same
			}
		}
	}
	return out
}

// HasFunction tells whether PostgreSQL has a function of a name that takes so many arguments.
func (c *Catalog) HasFunction(name string, arguments int) bool {
	for _, f := range c.lookups().procOf[name] {
		if len(f.arguments) == arguments {
			return true
		}
	}
	return false
}
