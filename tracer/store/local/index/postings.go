package index

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"github.com/wirespan/wirespan/tracer/store"
)

// Hash is one number for a key: its kind is mixed in, and all bits are spread, since
// ids on the wire may be counted up. It is on disk.
func Hash(k store.Key) uint64 {
	h := k.Hash ^ uint64(k.Kind)*0x9e3779b97f4a7c15
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	return h ^ h>>32
}

// Layout says how postings of a run are written: as the first bits of a hash, then
// the number of the block above the first block of the run.
type Layout struct {
	HashBits  uint8
	BlockBits uint8
}

// spareBits of a hash tell it from the others of its run: one look-up in 4096 finds
// a block that does not hold the key.
const spareBits = 12

// LayoutOf is the layout of so many postings in so many blocks.
func LayoutOf(postings, blocks int) Layout {
	b := bits.Len(uint(max(blocks-1, 0)))
	h := min(bits.Len(uint(postings))+spareBits, 64-b)
	return Layout{uint8(h), uint8(b)}
}

// Valid reports whether a layout can be.
func (l Layout) Valid() bool {
	return l.HashBits > 0 && int(l.HashBits)+int(l.BlockBits) <= 64 && l.BlockBits <= 32
}

// Prefix is the part of a hash that is kept.
func (l Layout) Prefix(hash uint64) uint64 { return hash >> (64 - l.HashBits) }

// Posting is a prefix and a block in one word; words sort by both.
func (l Layout) Posting(hash uint64, block uint32) uint64 {
	return l.Prefix(hash)<<l.BlockBits | uint64(block)
}

// pageSize is the number of postings in a page; those of one prefix stay together.
const pageSize = 512

// Pages sorts postings and calls put with pages of them and the prefix with which
// each begins. The page is borrowed.
func Pages(l Layout, postings []uint64, put func(first uint64, page []byte) error) error {
	slices.Sort(postings)
	postings = slices.Compact(postings)
	var page []byte
	for len(postings) > 0 {
		n := min(pageSize, len(postings))
		for n < len(postings) && postings[n]>>l.BlockBits == postings[n-1]>>l.BlockBits {
			n++
		}
		page = binary.AppendUvarint(page[:0], uint64(n))
		last := uint64(0)
		for _, p := range postings[:n] {
			page = binary.AppendUvarint(page, p-last)
			last = p
		}
		if err := put(postings[0]>>l.BlockBits, page); err != nil {
			return err
		}
		postings = postings[n:]
	}
	return nil
}

// Page is a page that was read.
type Page []uint64

// ReadPage appends the postings of a page to list.
func ReadPage(list Page, b []byte) (Page, error) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)) {
		return list, fmt.Errorf("%w: page of %d postings in %d bytes", ErrDamaged, n, len(b))
	}
	b = b[k:]
	last := uint64(0)
	for range n {
		d, k := binary.Uvarint(b)
		if k <= 0 || last+d < last {
			return list, fmt.Errorf("%w: postings are missing", ErrDamaged)
		}
		b = b[k:]
		last += d
		list = append(list, last)
	}
	return list, nil
}

// Blocks yields the blocks of a prefix.
func (p Page) Blocks(l Layout, prefix uint64, yield func(block uint32)) {
	at, _ := slices.BinarySearch(p, prefix<<l.BlockBits)
	for ; at < len(p) && p[at]>>l.BlockBits == prefix; at++ {
		yield(uint32(p[at] & (1<<l.BlockBits - 1)))
	}
}

// Last is the greatest prefix of a page.
func (p Page) Last(l Layout) uint64 {
	if len(p) == 0 {
		return 0
	}
	return p[len(p)-1] >> l.BlockBits
}
