package local

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/tracer/span"
)

// Keys of the database: a letter, then numbers, big endian (FORMAT.md).
const (
	keyPartition = 'p' // partition
	keySummary   = 's' // partition, block
	keyBlock     = 'd' // partition, block
	keyFragment  = 't' // partition, block, first row
	keyRun       = 'x' // partition, run
	keyPage      = 'i' // partition, run, first prefix
	keyRates     = 'r' // partition, run, part
	keyFilter    = 'f' // partition, run
	keyAlias     = 'a' // trace id, other trace id, 1 if the first is the old one
)

// partKeys are the letters of what belongs to a partition.
var partKeys = [...]byte{keyPartition, keySummary, keyBlock, keyFragment, keyRun, keyPage, keyRates, keyFilter}

func key(letter byte, part uint64, more ...uint64) []byte {
	k := make([]byte, 0, 1+8+8*len(more))
	k = binary.BigEndian.AppendUint64(append(k, letter), part)
	for i, n := range more {
		if i == 0 || letter == keyFragment || letter == keyRates { // blocks, runs, rows and parts
			k = binary.BigEndian.AppendUint32(k, uint32(n))
			continue
		}
		k = binary.BigEndian.AppendUint64(k, n)
	}
	return k
}

// within returns the bounds of all keys that begin so.
func within(prefix []byte) (lower, upper []byte) {
	upper = append([]byte(nil), prefix...)
	for i := len(upper) - 1; i >= 0; i-- {
		if upper[i]++; upper[i] != 0 {
			return prefix, upper[:i+1]
		}
	}
	return prefix, nil
}

func partOf(k []byte) uint64   { return binary.BigEndian.Uint64(k[1:]) }
func numberOf(k []byte) uint32 { return binary.BigEndian.Uint32(k[9:]) }

const (
	partLen   = 9
	numberLen = partLen + 4
	moreLen   = numberLen + 4
	pageLen   = numberLen + 8
	aliasLen  = 1 + 16 + 16 + 1
)

func aliasKey(a, b span.TraceID, old byte) []byte {
	k := make([]byte, 0, aliasLen)
	return append(append(append(append(k, keyAlias), a[:]...), b[:]...), old)
}

func prefixOf(k []byte) uint64 { return binary.BigEndian.Uint64(k[numberLen:]) }
