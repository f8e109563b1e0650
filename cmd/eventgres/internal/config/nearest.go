package config

import "strings"

// nearest is the name that a word was probably meant to be; empty if it is like none.
func nearest(word string, names []string) string {
	best, least := "", max(1, len(word)/3)+1
	for _, name := range names {
		if n := distance(word, name); n < least {
			best, least = name, n
		}
	}
	if best != "" {
		return best
	}
	// One that goes on where the other ends: data_dir, tls_certificate.
	for _, name := range names {
		if shorter := min(len(word), len(name)); shorter >= 4 && word[:shorter] == name[:shorter] && len(name) > len(best) {
			best = name
		}
	}
	return best
}

// distance is how many characters have to be put in, taken out or changed to make b of a (Levenshtein's).
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
