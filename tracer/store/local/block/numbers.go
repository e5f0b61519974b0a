package block

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Ways to write numbers.
const (
	constant   = iota // one value
	few               // a table of at most 256 values, then one byte each
	plain             // the least, then what each is above it, in planes of bytes
	difference        // as plain, of the differences between neighbours, as zigzag
	repeated          // values once, 8 bytes each, and their numbers: hashes that come again
)

// maxFew is the size of a table of few values.
const maxFew = 256

// putNums writes numbers in the shortest of the ways; how many there are is known to
// the reader.
func (e *Encoder) putNums(list []int64) {
	if len(list) == 0 {
		return
	}
	low, high, last, turn := list[0], list[0], list[0], uint64(0)
	for _, n := range list[1:] {
		low, high = min(low, n), max(high, n)
		turn = max(turn, zigzag(n-last))
		last = n
	}
	width, turned := byteLen(uint64(high)-uint64(low)), byteLen(turn)
	switch {
	case low == high:
		e.code = append(e.code, constant)
		e.code = binary.AppendVarint(e.code, low)
	case width > 1 && e.putFew(list):
	case turned > 5 && width > 5 && e.putRepeated(list):
	case turned < width:
		e.code = append(e.code, difference)
		e.code = binary.AppendVarint(e.code, list[0])
		e.words = e.words[:0]
		last = list[0]
		for _, n := range list[1:] {
			e.words = append(e.words, zigzag(n-last))
			last = n
		}
		e.putPlanes(e.words, turned)
	default:
		e.code = append(e.code, plain)
		e.code = binary.AppendVarint(e.code, low)
		e.words = e.words[:0]
		for _, n := range list {
			e.words = append(e.words, uint64(n)-uint64(low))
		}
		e.putPlanes(e.words, width)
	}
}

func byteLen(n uint64) int { return (bits.Len64(n) + 7) / 8 }

// putFew writes a table of values and one byte for each number, if that is shorter.
func (e *Encoder) putFew(list []int64) bool {
	var table [2 * maxFew]struct {
		n  int64
		at int16 // plus 1
	}
	var values [maxFew]int64
	count, limit := 0, min(maxFew, len(list)/4)
	e.plane = e.plane[:0]
	for _, n := range list {
		at := uint64(n) * 0x9e3779b97f4a7c15 >> 55
		for table[at].at != 0 && table[at].n != n {
			at = (at + 1) % uint64(len(table))
		}
		if table[at].at == 0 {
			if count >= limit {
				return false
			}
			values[count] = n
			count++
			table[at].n, table[at].at = n, int16(count)
		}
		e.plane = append(e.plane, byte(table[at].at-1))
	}
	e.code = append(e.code, few)
	e.uvarint(uint64(count))
	for _, n := range values[:count] {
		e.code = binary.AppendVarint(e.code, n)
	}
	e.code = append(e.code, e.plane...)
	return true
}

// putRepeated writes values once, if a quarter of them comes again: 0 for one that is
// new, else its number.
func (e *Encoder) putRepeated(list []int64) bool {
	clear(e.seen)
	for _, n := range list {
		if _, ok := e.seen[n]; !ok {
			e.seen[n] = 0
		}
	}
	if len(e.seen) > len(list)/4*3 {
		return false
	}
	e.code = append(e.code, repeated)
	e.uvarint(uint64(len(e.seen)))
	e.words = e.words[:0]
	count := uint32(0)
	for _, n := range list {
		at := e.seen[n]
		if at == 0 {
			count++
			e.seen[n] = count
			e.raw = binary.LittleEndian.AppendUint64(e.raw, uint64(n))
		}
		e.words = append(e.words, uint64(at))
	}
	e.putPlanes(e.words, byteLen(uint64(count)))
	return true
}

// putPlanes writes the first bytes of all numbers, then the second ones, and so on,
// each where it belongs: lower ones are often random, higher ones seldom.
func (e *Encoder) putPlanes(list []uint64, width int) {
	e.code = append(e.code, byte(width))
	for i := range width {
		e.plane = e.plane[:0]
		for _, n := range list {
			e.plane = append(e.plane, byte(n>>(8*i)))
		}
		e.putPlane()
	}
}

func (e *Encoder) putPlane() {
	if random(e.plane) {
		e.code = append(e.code, 1)
		e.raw = append(e.raw, e.plane...)
		return
	}
	e.code = append(e.code, 0)
	e.code = append(e.code, e.plane...)
}

// random reports whether bytes are so evenly spread that compression gains nothing,
// and would spoil its statistics with them.
func random(b []byte) bool {
	if len(b) < 64 {
		return false
	}
	var seen [256]uint16
	sample := b[:min(len(b), 4096)]
	for _, c := range sample {
		seen[c]++
	}
	total, n := 0.0, float64(len(sample))
	for _, k := range seen {
		if k > 0 {
			total -= float64(k) * math.Log2(float64(k)/n)
		}
	}
	// Few bytes cannot look even: so many of n values are met in n draws of 256.
	even := n * math.Min(8, math.Log2(n)-0.4)
	return total > 0.94*even
}

// putIDs writes ids of texts: 0 for one that is new in the column, else its number
// there; then the new ones, as differences.
func (e *Encoder) putIDs(list []uint32) {
	e.fresh = e.fresh[:0]
	e.more = e.more[:0]
	for _, id := range list {
		for int(id) >= len(e.stamps) {
			e.stamps = append(e.stamps, make([]uint32, 1024)...)
		}
		if e.stamps[id] == 0 {
			e.fresh = append(e.fresh, id)
			e.stamps[id] = uint32(len(e.fresh))
			e.more = append(e.more, 0)
			continue
		}
		e.more = append(e.more, int64(e.stamps[id]))
	}
	e.uvarint(uint64(len(e.fresh)))
	last := uint32(0)
	for _, id := range e.fresh {
		e.code = binary.AppendVarint(e.code, int64(id)-int64(last))
		last = id
		e.stamps[id] = 0
	}
	if len(e.fresh) < 2 { // one text, or none: nothing is to be told
		return
	}
	e.words = e.words[:0]
	wide := 0
	for _, n := range e.more {
		e.words = append(e.words, uint64(n))
		wide = max(wide, byteLen(uint64(n)))
	}
	e.putPlanes(e.words, wide)
}
