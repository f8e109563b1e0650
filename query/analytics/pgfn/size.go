package pgfn

import "strconv"

// sizeUnits are those of pg_size_pretty: up to which size each is taken, and by how many bits
// the size of the one before is shifted, all of them but half a unit, to round by.
var sizeUnits = [...]struct {
	name  string
	limit int64
	shift uint
}{{"bytes", 10 * 1024, 0}, {"kB", 20*1024 - 1, 9}, {"MB", 20*1024 - 1, 10}, {"GB", 20*1024 - 1, 10}, {"TB", 20*1024 - 1, 10}, {"PB", 0, 10}}

// SizePretty is pg_size_pretty(bigint).
func SizePretty(size int64) string {
	for k, u := range sizeUnits {
		size /= 1 << u.shift
		if last := k == len(sizeUnits)-1; !last && (size >= u.limit || size <= -u.limit) {
			continue
		}
		if k > 0 {
			half := int64(1)
			if size < 0 {
				half = -1
			}
			size = (size + half) / 2
		}
		return strconv.FormatInt(size, 10) + " " + u.name
	}
	return ""
}

// SizePrettyNumeric is pg_size_pretty(numeric), which keeps the fraction of what is given in bytes.
func SizePrettyNumeric(size Numeric) (string, error) {
	for k, u := range sizeUnits {
		var err error
		if k > 0 {
			if size, err = size.IntDiv(NumericFromInt(1 << u.shift)); err != nil {
				return "", err
			}
		}
		if last := k == len(sizeUnits)-1; !last && Cmp(size.Abs(), NumericFromInt(u.limit)) >= 0 {
			continue
		}
		if k > 0 {
			half := NumericFromInt(1)
			if size.Signum() < 0 {
				half = NumericFromInt(-1)
			}
			if size, err = size.Add(half); err != nil {
				return "", err
			}
			if size, err = size.IntDiv(NumericFromInt(2)); err != nil {
				return "", err
			}
		}
		return size.String() + " " + u.name, nil
	}
	return "", nil
}
