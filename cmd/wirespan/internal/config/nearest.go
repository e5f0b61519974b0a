package config

// Nearest returns the name that differs least from a word, empty if none is
// near: at most two edits, and fewer than half of the letters.
func Nearest(word string, names []string) string {
	const most = 64 // longer words are no slip of the hand
	if len(word) > most {
		return ""
	}
	best, edits := "", min(3, (len(word)+1)/2)
	for _, n := range names {
		if d := distance(word, n); d < edits {
			best, edits = n, d
		}
	}
	return best
}

// distance counts the letters to insert, remove, replace or swap with their
// neighbour (optimal string alignment).
func distance(a, b string) int {
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}
