package pgwire

import "math"

// maxFiles is how many handles the process may have: Windows sets no bound below 16 million, and
// gives handles no small numbers.
func maxFiles() int { return math.MaxInt32 }
