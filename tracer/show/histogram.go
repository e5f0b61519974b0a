package show

import (
	"math/bits"
	"slices"
)

// histogram counts durations in buckets that grow by an eighth of a power of
// two: quantiles are right to 6 %. Only buckets that are in use take memory,
// and there are fewer than 512 of them.
type histogram struct {
	cells []cell
	count int64
	max   int64
}

type cell struct {
	bucket uint16
	count  uint32
}

// bucketOf numbers the buckets; below 8 ns each value has its own.
func bucketOf(ns int64) uint16 {
	v := uint64(max(ns, 0))
	if v < 8 {
		return uint16(v)
	}
	shift := bits.Len64(v) - 4
	return uint16(shift*8) + uint16(v>>shift)
}

// middleOf is the value that stands for a bucket.
func middleOf(b uint16) int64 {
	if b < 16 {
		return int64(b)
	}
	shift := uint(b)/8 - 1
	low := uint64(8+b%8) << shift
	return int64(low + 1<<shift/2)
}

func (h *histogram) add(ns int64) {
	h.count++
	h.max = max(h.max, ns)
	b := bucketOf(ns)
	i, ok := slices.BinarySearchFunc(h.cells, b, func(c cell, b uint16) int { return int(c.bucket) - int(b) })
	if !ok {
		h.cells = slices.Insert(h.cells, i, cell{bucket: b})
	}
	if h.cells[i].count < 1<<32-1 {
		h.cells[i].count++
	}
}

// quantile is the duration that a share of all does not exceed.
func (h *histogram) quantile(share float64) int64 {
	rank := int64(share*float64(h.count-1)) + 1
	for _, c := range h.cells {
		if rank -= int64(c.count); rank <= 0 {
			return min(middleOf(c.bucket), h.max)
		}
	}
	return h.max
}

// merge adds another histogram.
func (h *histogram) merge(o *histogram) {
	for _, c := range o.cells {
		i, ok := slices.BinarySearchFunc(h.cells, c.bucket, func(x cell, b uint16) int { return int(x.bucket) - int(b) })
		if !ok {
			h.cells = slices.Insert(h.cells, i, cell{bucket: c.bucket})
		}
		h.cells[i].count += min(c.count, 1<<32-1-h.cells[i].count)
	}
	h.count += o.count
	h.max = max(h.max, o.max)
}
