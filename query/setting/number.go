package setting

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// numberSetting is a number with a unit.
type numberSetting struct {
	name, unit string
	real       bool
	low, high  float64
}

// unitScale is a unit as a number of the smallest of its kind, bytes or µs.
type unitScale struct {
	name  string
	scale float64
}

var (
	memoryUnits = []unitScale{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"kB", 1 << 10}, {"B", 1}}
	timeUnits   = []unitScale{{"d", 86400e6}, {"h", 3600e6}, {"min", 60e6}, {"s", 1e6}, {"ms", 1e3}, {"us", 1}}
)

// units are those that a setting may be given in, and what its own is.
func (n *numberSetting) units() ([]unitScale, float64) {
	switch n.unit {
	case "":
		return nil, 1
	case "8kB":
		return memoryUnits, 8 << 10
	}
	for _, list := range [][]unitScale{memoryUnits, timeUnits} {
		if i := slices.IndexFunc(list, func(u unitScale) bool { return u.name == n.unit }); i >= 0 {
			return list, list[i].scale
		}
	}
	return nil, 1
}

// show writes a value in the largest unit that loses nothing.
func (n *numberSetting) show(v float64) string {
	list, own := n.units()
	if v > 0 {
		for _, u := range list {
			if total := v * own; total >= u.scale && math.Mod(total, u.scale) == 0 {
				return strconv.FormatFloat(total/u.scale, 'f', -1, 64) + u.name
			}
		}
	}
	if n.real {
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	return strconv.FormatInt(int64(v), 10)
}

func (n *numberSetting) check(_ *Values, value string) (string, error) {
	t := strings.TrimSpace(value)
	end := len(t)
	for end > 0 && isUnitLetter(t[end-1]) {
		end--
	}
	number, unit := strings.TrimSpace(t[:end]), t[end:]
	list, own := n.units()
	bad := invalidSetting(n.name, value)
	v, err := strconv.ParseFloat(number, 64)
	if i, e := strconv.ParseInt(t, 0, 64); e == nil { // 0x10, 010
		v, err, unit = float64(i), nil, ""
	}
	if err != nil || math.IsNaN(v) {
		return "", bad
	}
	if unit != "" {
		i := slices.IndexFunc(list, func(u unitScale) bool { return u.name == unit })
		switch {
		case i < 0 && len(list) > 0 && list[0].name == "TB":
			return "", bad.WithHint(`Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`)
		case i < 0 && len(list) > 0:
			return "", bad.WithHint(`Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`)
		case i < 0:
			return "", bad
		}
		v = v * list[i].scale / own
	}
	if !n.real {
		v = math.RoundToEven(v)
	}
	if !n.real && math.Abs(v) > math.MaxInt32 {
		return "", bad.WithHint("Value exceeds integer range.")
	}
	if v < n.low || v > n.high {
		space := ""
		if n.unit != "" {
			space = " "
		}
		format := func(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }
		if !n.real {
			format = func(f float64) string { return strconv.FormatInt(int64(f), 10) }
		}
		return "", pgerror.Errorf(pgerror.InvalidParameterValue, "%s", fmt.Sprintf("%s%s%s is outside the valid range for parameter \"%s\" (%s .. %s)",
			format(v), space, n.unit, n.name, format(n.low), format(n.high)))
	}
	return n.show(v), nil
}

func isUnitLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
