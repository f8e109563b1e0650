package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestValidateJSONDeep: a bracket closes the one that was opened last, however deep.
func TestValidateJSONDeep(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, depth := range []int{1, 2, 63, 64, 65, 127, 128, 129, 300, MaxJSONDepth - 2} {
		var text []byte
		var closers []byte
		for range depth {
			if rng.IntN(2) == 0 {
				text, closers = append(text, `{"a":`...), append(closers, '}')
			} else {
				// A value before, which opens and closes brackets at this depth.
				text, closers = append(text, `[{"b":[]},`...), append(closers, ']')
			}
		}
		text = append(text, '1')
		for i := range closers {
			text = append(text, closers[len(closers)-1-i])
		}
		if err := ValidateJSON(text); err != nil {
			t.Errorf("depth %d: %v", depth, err)
		}
		wrong := bytes.Clone(text)
		i := len(wrong) - 1 - rng.IntN(depth)
		wrong[i] ^= ']' ^ '}'
		if ValidateJSON(wrong) == nil {
			t.Errorf("depth %d: accepted with closing bracket %d of the wrong kind", depth, len(wrong)-i)
		}
	}
	if err := ValidateJSON([]byte(strings.Repeat("[", MaxJSONDepth+1))); err == nil || err.(*JSONError).Kind != JSONTooDeep {
		t.Errorf("nested beyond the limit: %v", err)
	}
}

// TestValidateJSONPlaces: a byte that ends the plain run of a string is seen wherever it is.
func TestValidateJSONPlaces(t *testing.T) {
	for length := range 20 {
		for at := range length {
			for _, c := range []string{"\x1f", "\x00", "\x80", "\xff", `"`, `\`, `\n`, "é", "\x7f", " ", "~"} {
				text := []byte(`"` + strings.Repeat("a", at) + c + strings.Repeat("b", length-at-1) + `"`)
				if got, want := ValidateJSON(text) == nil, json.Valid(text) && bytes.IndexByte(text, 0x80) < 0 && bytes.IndexByte(text, 0xff) < 0; got != want {
					t.Errorf("%q: valid %v, not %v", text, got, want)
				}
			}
		}
	}
}

// TestJSONNumbers: numbers that PostgreSQL's numeric cannot hold are none of jsonb's.
func TestJSONNumbers(t *testing.T) {
	zeros, nines := strings.Repeat("0", 16382), strings.Repeat("9", 131072)
	for text, want := range map[string]bool{
		"1e-16383": true, "1e-16384": false, "1.0e-16383": false, "0e-16383": true, "0e-16384": false, "0e999999": true, "0.0e5": true,
		"1e131071": true, "1e131072": false, "-1e131072": false, "12e131070": true, "12e131071": false, "0.1e131072": true, "0.1e131073": false,
		"1e999999999999": false, "1e-999999999999": false, "0." + zeros + "1": true, "0." + zeros + "01": false, nines: true, nines + "9": false,
		"-" + nines: true, nines + "." + zeros: true, nines + "e-5": true, nines + "e1": false, "1e5": true, "1.5E+3": true, "0.00001e-10": true,
	} {
		for _, form := range []string{"%s", `{"a": [1, %s, 2]}`} {
			err := ValidateJSON([]byte(fmt.Sprintf(form, text)))
			var e *JSONError
			if got := err == nil; got != want || !got && (!errors.As(err, &e) || e.Kind != JSONNumber) {
				t.Errorf("%.40s… (%d bytes): %v, want %v", text, len(text), err, want)
			}
		}
	}
}
