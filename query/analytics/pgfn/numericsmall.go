package pgfn

// Small returns a number's digits as an integer and its scale, if they fit: for sums that
// are kept in memory that can hold no pointers.
func (n Numeric) Small() (unscaled int64, scale int, ok bool) {
	return n.small, int(n.scale), n.kind == finite && n.big == nil
}
