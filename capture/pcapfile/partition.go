package pcapfile

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
)

// Files of one rotation may overlap a little where packets of several queues
// were written out of order.
const (
	overlapMax      = 10_000_000 // nanoseconds
	overlapFraction = 10         // and at most this part of the shorter file
)

// byFirst orders files by their first packet, then by their last, then by
// their order so far.
func byFirst(a, b probed) int {
	return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last))
}

// partition finds the sequences among files: equal link type, no overlap in
// time. Files with like names find each other first, so that two rotations
// that ran at the same time stay apart; then sequences are joined whatever
// they are called. Files without packets go in front of a sequence. The result
// is in the order of the files.
func partition(files []probed) [][]probed {
	if len(files) == 1 {
		return [][]probed{files}
	}
	oneClock(files)
	place := make(map[string]int)
	var timed, blank []probed
	for i, f := range files {
		place[f.path] = i
		if f.packets {
			timed = append(timed, f)
		} else {
			blank = append(blank, f)
		}
	}
	slices.SortStableFunc(timed, byFirst)
	byRecording(timed)
	sequences := joinDisjoint(rotations(timed))
	sequences = addBlank(sequences, blank)
	earliest := func(seq []probed) int {
		least := len(files)
		for _, f := range seq {
			least = min(least, place[f.path])
		}
		return least
	}
	slices.SortFunc(sequences, func(a, b []probed) int { return cmp.Compare(earliest(a), earliest(b)) })
	return sequences
}

// rotations divides files in order of time by stem, link type and overlap.
func rotations(timed []probed) [][]probed {
	var sequences [][]probed
	for _, f := range timed {
		i := slices.IndexFunc(sequences, func(seq []probed) bool {
			last := &seq[len(seq)-1]
			return sameRecording(last, &f) ||
				f.link == last.link && stem(f.path) == stem(last.path) && follows(last, &f)
		})
		if i < 0 {
			sequences = append(sequences, []probed{f})
			continue
		}
		sequences[i] = append(sequences[i], f)
	}
	return sequences
}

// follows reports whether b begins when a has ended, give or take a little.
func follows(a, b *probed) bool {
	over := a.last - b.first
	return over <= 0 || over <= overlapMax && over <= min(a.last-a.first, b.last-b.first)/overlapFraction
}

// joinDisjoint puts sequences of one link type together where no two of their
// files overlap.
func joinDisjoint(sequences [][]probed) [][]probed {
	var joined [][]probed
next:
	for _, seq := range sequences {
		for i, other := range joined {
			if other[0].link == seq[0].link && disjoint(other, seq) {
				joined[i] = append(slices.Clone(other), seq...)
				slices.SortStableFunc(joined[i], byFirst)
				continue next
			}
		}
		joined = append(joined, seq)
	}
	return joined
}

func disjoint(a, b []probed) bool {
	for i := range a {
		for j := range b {
			if a[i].first < b[j].last && b[j].first < a[i].last || a[i].first == b[j].first && a[i].last == b[j].last {
				return false
			}
		}
	}
	return true
}

// addBlank puts files without packets in front of the sequence with their
// stem, or of the first one.
func addBlank(sequences [][]probed, blank []probed) [][]probed {
	for _, f := range slices.Backward(blank) {
		if len(sequences) == 0 {
			sequences = [][]probed{{f}}
			continue
		}
		i := slices.IndexFunc(sequences, func(seq []probed) bool {
			return slices.ContainsFunc(seq, func(o probed) bool { return stem(o.path) == stem(f.path) })
		})
		i = max(i, 0)
		sequences[i] = append([]probed{f}, sequences[i]...)
	}
	return sequences
}

// stem is what the names of one rotation have in common: directory and point
// name without number or time at the end.
func stem(path string) string {
	return filepath.Dir(path) + "/" + strings.TrimRight(pointName(path), numbering)
}
