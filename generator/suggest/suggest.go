// Package suggest finds what a person most likely meant. It takes a name that
// nobody knows and the names that are known, and gives the nearest or nothing.
package suggest

import (
	"fmt"
	"strings"
)

// Nearest is the known name that a person most likely meant, or "" where none is close.
func Nearest(name string, known []string) string {
	best, distance := "", 1+max(1, len(name)/3)
	for _, k := range known {
		if d := editDistance(strings.ToLower(name), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// editDistance is Levenshtein's, with a swap of neighbours as one edit (the
// "optimal string alignment" distance).
func editDistance(a, b string) int {
	prev2, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(prev[j+1]+1, row[j]+1, prev[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], prev2[j-1]+1)
			}
		}
		prev2, prev, row = prev, row, prev2
	}
	return prev[len(b)]
}

// Fix is the mend that a finding offers: a question with the nearest name, or
// the known ones where there are few enough to read.
func Fix(name string, known []string) string {
	if best := Nearest(name, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	const readable = 12
	if len(known) > 0 && len(known) <= readable {
		return "use one of " + strings.Join(known, ", ")
	}
	return ""
}
