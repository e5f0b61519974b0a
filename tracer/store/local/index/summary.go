package index

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"github.com/cespare/xxhash/v2"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
)

// Summary is what is known of a block without reading it.
type Summary struct {
	Spans    int
	Min, Max int64 // starts, ns since 1970
	Bytes    int64 // of the block
	pairs    []pair
	any      bool // there were too many pairs
}

// pair is a service and a name, by hash, of some spans of the block.
type pair struct {
	service, name uint32
	errors        bool
	longest       uint8 // bits of the longest duration in ns
}

// maxPairs bounds a summary; a block with more is looked at for every question.
const maxPairs = 4096

func short(s string) uint32 { return uint32(xxhash.Sum64String(s)) }

// NewSummary makes the summary of a block.
func NewSummary(spans int, from, to, size int64, list []block.Pair) *Summary {
	s := &Summary{Spans: spans, Min: from, Max: to, Bytes: size, any: len(list) > maxPairs}
	if s.any {
		return s
	}
	s.pairs = make([]pair, len(list))
	for i := range list {
		p := &list[i]
		s.pairs[i] = pair{short(p.Service), short(p.Name), p.Errors, uint8(bits.Len64(uint64(max(0, p.Longest))))}
	}
	return s
}

// Append encodes a summary.
func (s *Summary) Append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(s.Spans))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.Min))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.Max))
	b = binary.AppendUvarint(b, uint64(s.Bytes))
	if s.any {
		return binary.AppendUvarint(b, maxPairs+1)
	}
	b = binary.AppendUvarint(b, uint64(len(s.pairs)))
	for _, p := range s.pairs {
		b = binary.LittleEndian.AppendUint32(b, p.service)
		b = binary.LittleEndian.AppendUint32(b, p.name)
		n := p.longest << 1
		if p.errors {
			n |= 1
		}
		b = append(b, n)
	}
	return b
}

const pairSize = 9

// ReadSummary reads what Append wrote.
func ReadSummary(b []byte) (*Summary, error) {
	bad := fmt.Errorf("%w: summary of %d bytes", ErrDamaged, len(b))
	s := &Summary{}
	n, k := binary.Uvarint(b)
	if k <= 0 || n > math.MaxInt32 || len(b) < k+16 {
		return nil, bad
	}
	s.Spans, b = int(n), b[k:]
	s.Min, s.Max = int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint64(b[8:]))
	b = b[16:]
	size, k := binary.Uvarint(b)
	if k <= 0 || size > math.MaxInt64 {
		return nil, bad
	}
	s.Bytes, b = int64(size), b[k:]
	pairs, k := binary.Uvarint(b)
	if k <= 0 {
		return nil, bad
	}
	b = b[k:]
	if pairs == maxPairs+1 {
		s.any = true
		return s, nil
	}
	if pairs > maxPairs || len(b) != int(pairs)*pairSize {
		return nil, bad
	}
	s.pairs = make([]pair, pairs)
	for i := range s.pairs {
		p := b[i*pairSize:]
		s.pairs[i] = pair{binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:]), p[8]&1 != 0, p[8] >> 1}
	}
	return s, nil
}

// May reports whether the block may hold an answer.
func (s *Summary) May(q *store.Query) bool {
	if s.Max < q.From || q.To != 0 && s.Min >= q.To {
		return false
	}
	if s.any || q.Service == "" && q.Operation == "" && !q.Errors && q.MinDuration == 0 {
		return true
	}
	ofService, ofName := short(q.Service), short(q.Operation)
	long := uint8(bits.Len64(uint64(max(0, q.MinDuration))))
	for i := range s.pairs {
		p := &s.pairs[i]
		if (q.Service == "" || p.service == ofService) && (q.Operation == "" || p.name == ofName) &&
			(!q.Errors || p.errors) && (q.MinDuration <= 0 || p.longest >= long) {
			return true
		}
	}
	return false
}

// Widen makes it a summary of a block of which only the times are known.
func (s *Summary) Widen() { s.any, s.pairs = true, nil }
