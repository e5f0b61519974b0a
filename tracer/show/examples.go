package show

import (
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/wirespan/wirespan/tracer/span"
)

// Bounds of the traces that an Overview shows.
const (
	shownTraces     = 10
	maxExampleBytes = 64 << 10 // of one trace; the rest of its lines is counted
)

// example is a rendered trace that may be shown.
type example struct {
	text     []byte
	duration int64
	kind     uint64 // failures: what failed, so that ten different ones are shown
	alike    int    // failures of the same kind
}

// slowest keeps the traces with the longest duration, longest first; among
// equals the first to come.
type slowest struct{ list []example }

func (s *slowest) wants(ns int64) bool {
	return len(s.list) < shownTraces || ns > s.list[len(s.list)-1].duration
}

func (s *slowest) add(ns int64, render func([]byte) []byte) {
	var memory []byte
	if len(s.list) == shownTraces {
		memory = s.list[shownTraces-1].text[:0]
		s.list = s.list[:shownTraces-1]
	}
	i, _ := slices.BinarySearchFunc(s.list, ns, func(e example, ns int64) int {
		if e.duration >= ns {
			return -1
		}
		return 1
	})
	s.list = slices.Insert(s.list, i, example{text: render(memory), duration: ns})
}

// failures keeps the first trace of each of ten kinds of failure.
type failures struct{ list []example }

func (f *failures) add(b *block, render func([]byte) []byte) {
	kind := failureKind(b)
	for i := range f.list {
		if f.list[i].kind == kind {
			f.list[i].alike++
			return
		}
	}
	if len(f.list) < shownTraces {
		f.list = append(f.list, example{text: render(nil), kind: kind})
	}
}

// failureKind identifies what failed deepest in the tree: where trouble
// usually begins.
func failureKind(b *block) uint64 {
	var d xxhash.Digest
	d.Reset()
	at := none
	for i := range b.nodes {
		if b.nodes[i].Status == span.Error && (at == none || b.nodes[i].Depth > b.nodes[at].Depth) {
			at = int32(i)
		}
	}
	if at == none { // the failed span was beyond the bounds
		return 0
	}
	s := &b.nodes[at].Span
	for _, part := range [...][]byte{s.Service, s.Name, str(s, span.KeyErrorType)} {
		d.Write(part)
		d.Write([]byte{0})
	}
	return d.Sum64()
}

// cutExample shortens a rendered trace to its first lines.
func cutExample(dst []byte, from int, g *glyphs) []byte {
	if len(dst)-from <= maxExampleBytes {
		return dst
	}
	end := from + maxExampleBytes
	for end > from && dst[end-1] != '\n' {
		end--
	}
	rest := 0
	for _, c := range dst[end:] {
		if c == '\n' {
			rest++
		}
	}
	dst = append(append(dst[:end], g.more...), ' ')
	return append(appendCount(dst, max(rest-1, 1), "more line"), '\n', '\n')
}
