package block

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// magic begins a block; the last byte is the version.
const magic = "wsb\x01"

// headSize is what stands in front of the three sections: magic, and for each the
// number of bytes before and after compression.
const headSize = len(magic) + 5*4

// Encoder makes blocks of columns. It keeps its room between calls and is for one
// goroutine.
type Encoder struct {
	zstd *zstd.Encoder
	code []byte // numbers and what compresses as they do
	char []byte // texts
	raw  []byte // what does not compress

	traces map[span.TraceID]uint32
	spans  map[span.SpanID]uint32
	stamps []uint32 // by text: number of the column's text, 0 if it has none
	fresh  []uint32
	more   []int64
	words  []uint64
	plane  []byte
	refs   []byte // numbers within a text
	blob   []byte
	seen   map[int64]uint32
	facts  factColumns
}

// NewEncoder makes an encoder.
func NewEncoder() (*Encoder, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true))
	if err != nil {
		return nil, fmt.Errorf("block: make compressor: %w", err)
	}
	return &Encoder{zstd: z, traces: map[span.TraceID]uint32{}, spans: map[span.SpanID]uint32{}, seen: map[int64]uint32{}}, nil
}

// Encode appends the block of what a builder holds.
func (e *Encoder) Encode(dst []byte, b *Builder) []byte {
	e.code, e.char, e.raw = e.code[:0], e.char[:0], e.raw[:0]
	c := &b.c
	e.uvarint(uint64(len(c.Starts)))
	e.putTraces(c.Traces)
	e.putSpans(c)
	e.putTexts(&b.text)
	e.putRows(c)
	e.uvarint(uint64(len(c.cols)))
	for i := range c.cols {
		e.putColumn(&b.text, c, &c.cols[i])
	}
	return e.seal(dst)
}

func (e *Encoder) seal(dst []byte) []byte {
	from := len(dst)
	dst = append(dst, magic...)
	dst = append(dst, make([]byte, headSize-len(magic))...)
	at := len(dst)
	dst = e.zstd.EncodeAll(e.code, dst)
	codes := len(dst) - at
	at = len(dst)
	dst = e.zstd.EncodeAll(e.char, dst)
	chars := len(dst) - at
	dst = append(dst, e.raw...)
	for i, n := range [...]int{len(e.code), codes, len(e.char), chars, len(e.raw)} {
		binary.LittleEndian.PutUint32(dst[from+len(magic)+4*i:], uint32(n))
	}
	return binary.LittleEndian.AppendUint64(dst, xxhash.Sum64(dst[from:]))
}

func (e *Encoder) uvarint(n uint64) { e.code = binary.AppendUvarint(e.code, n) }

// putTraces writes each trace id once; a row names it by the way back to it.
func (e *Encoder) putTraces(list []span.TraceID) {
	clear(e.traces)
	for _, id := range list {
		n, ok := e.traces[id]
		if !ok {
			e.traces[id] = uint32(len(e.traces))
			e.raw = append(e.raw, id[:]...)
			e.code = append(e.code, 0)
			continue
		}
		e.uvarint(uint64(uint32(len(e.traces)) - n))
	}
}

// putSpans writes ids, and parents as the row that has that id: 0 none, 1 another,
// else the way to it.
func (e *Encoder) putSpans(c *Columns) {
	clear(e.spans)
	for i, id := range c.IDs {
		e.spans[id] = uint32(i)
		e.raw = append(e.raw, id[:]...)
	}
	for i, p := range c.Parents {
		if p.IsZero() {
			e.code = append(e.code, 0)
			continue
		}
		row, ok := e.spans[p]
		if !ok {
			e.code = append(e.code, 1)
			e.raw = append(e.raw, p[:]...)
			continue
		}
		e.uvarint(2 + zigzag(int64(i)-int64(row)))
	}
}

func (e *Encoder) putRows(c *Columns) {
	e.putNums(c.Starts)
	e.more = e.more[:0]
	for i := range c.Starts {
		e.more = append(e.more, c.Ends[i]-c.Starts[i])
	}
	e.putNums(e.more)
	e.code = append(append(append(e.code, c.kinds...), c.statuses...), c.signals...)
	for i := range c.texts {
		e.putIDs(c.texts[i])
	}
	e.uvarint(uint64(len(c.shapeEnd)))
	from := uint32(0)
	for _, end := range c.shapeEnd {
		e.uvarint(uint64(end - from))
		for _, col := range c.shapeCols[from:end] {
			e.uvarint(uint64(col))
		}
		from = end
	}
	e.putSmall(c.shapes)
	e.putSmall(c.resources)
	e.putSmall(c.extraLen)
	e.uvarint(uint64(len(c.extra)))
	e.code = append(e.code, c.extra...)
}

// putSmall writes numbers that are usually below 128.
func (e *Encoder) putSmall(list []uint32) {
	for _, n := range list {
		e.uvarint(uint64(n))
	}
}

func (e *Encoder) putColumn(t *texts, c *Columns, col *column) {
	e.uvarint(uint64(col.key))
	e.code = append(e.code, byte(col.kind))
	switch col.kind {
	case store.String:
		e.uvarint(uint64(len(col.ids)))
		e.putIDs(col.ids)
	case store.Bool, store.Int, store.Double:
		e.uvarint(uint64(len(col.nums)))
		e.putNums(col.nums)
	case strings:
		e.uvarint(uint64(len(col.nums)))
		e.putNums(col.nums)
		e.uvarint(uint64(len(col.ids)))
		e.putIDs(col.ids)
	case store.Bytes, store.Array, store.Map:
		e.uvarint(uint64(len(col.nums)))
		e.putBlobs(string(t.text(col.key)) == store.AttrFacts && col.kind == store.Bytes, c, col)
	}
}

// putBlobs writes values that are bytes: facts by their fields, all others as they
// are.
func (e *Encoder) putBlobs(isFacts bool, _ *Columns, col *column) {
	if isFacts && e.putFacts(col) {
		return
	}
	e.code = append(e.code, 0)
	e.putNums(col.nums)
	e.putBytes(col.blob)
}

// putBytes writes bytes where they belong.
func (e *Encoder) putBytes(b []byte) {
	e.uvarint(uint64(len(b))<<1 | uint64(boolBit(random(b))))
	if random(b) {
		e.raw = append(e.raw, b...)
	} else {
		e.code = append(e.code, b...)
	}
}

func boolBit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

func zigzag(n int64) uint64   { return uint64(n)<<1 ^ uint64(n>>63) }
func unzigzag(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }

// Errors of Decode.
var (
	ErrDamaged = errors.New("block: damaged")
	ErrVersion = errors.New("block: of a format that this program does not know")
)

// Sections says how large the parts of the last block were, for those who tune it.
func (e *Encoder) Sections() string {
	return fmt.Sprintf("numbers %d, compressed %d; texts %d, compressed %d; raw %d", len(e.code), len(e.zstd.EncodeAll(e.code, nil)),
		len(e.char), len(e.zstd.EncodeAll(e.char, nil)), len(e.raw))
}
