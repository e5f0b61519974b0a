package index

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// Filter says of most numbers that are not in a set that they are not: one in a
// hundred is taken for one that is. A look at it costs one line of memory instead of
// a page of postings. It is a split block Bloom filter (Apache Parquet,
// BloomFilter.md): a number sets one bit in each of the eight words of a block.
type Filter []filterBlock

type filterBlock [8]uint32

// filterBits is the size for each number.
const filterBits = 10

// NewFilter makes one for so many numbers.
func NewFilter(n int) Filter { return make(Filter, n*filterBits/256+1) }

// salts make eight numbers of one (BloomFilter.md).
var salts = [8]uint32{0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31}

// place is the block of a number, and what chooses its bits. Numbers need not be
// spread.
func (f Filter) place(n uint64) (*filterBlock, uint32) {
	n = (n ^ n>>32) * 0xd6e8feb86659fd93
	n = (n ^ n>>32) * 0xd6e8feb86659fd93
	n ^= n >> 32
	at, _ := bits.Mul64(n, uint64(len(f)))
	return &f[at], uint32(n)
}

// Add puts a number into the set.
func (f Filter) Add(n uint64) {
	b, h := f.place(n)
	for i, s := range salts {
		b[i] |= 1 << (h * s >> 27)
	}
}

// May reports whether a number may be in the set. Without a filter every number may.
func (f Filter) May(n uint64) bool {
	if len(f) == 0 {
		return true
	}
	b, h := f.place(n)
	for i, s := range salts {
		if b[i]&(1<<(h*s>>27)) == 0 {
			return false
		}
	}
	return true
}

// Size is the memory of it in bytes.
func (f Filter) Size() int { return 32 * len(f) }

// Append encodes it: its words, little endian, and their XXH64.
func (f Filter) Append(b []byte) []byte {
	from := len(b)
	for i := range f {
		for _, w := range f[i] {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
	}
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b[from:]))
}

// ReadFilter reads what Append wrote. Nothing of b is kept.
func ReadFilter(b []byte) (Filter, error) {
	n := len(b) - 8
	if n <= 0 || n%32 != 0 || xxhash.Sum64(b[:n]) != binary.LittleEndian.Uint64(b[n:]) {
		return nil, fmt.Errorf("%w: filter of %d bytes", ErrDamaged, len(b))
	}
	f := make(Filter, n/32)
	for i := range f {
		for k := range f[i] {
			f[i][k] = binary.LittleEndian.Uint32(b[32*i+4*k:])
		}
	}
	return f, nil
}
