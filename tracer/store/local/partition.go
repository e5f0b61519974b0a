package local

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// partition is the spans that begin within a time. Store.mu guards it.
type partition struct {
	id       uint64 // when it was made, ns since 1970
	from, to int64  // of starts, as it is meant; to 0 has no end
	recorded bool   // on disk

	spans    uint64
	bytes    int64
	min, max int64 // starts
	next     uint32
	used     time.Time // last written to

	runs   []run     // of the first blocks
	recent []*recent // blocks behind them, in order
	rows   int       // of rates in recent
	tails  []*tail   // behind those; the last one is open unless it is full
}

// run is what is known of an index run.
type run struct {
	number      uint32
	first, last uint32 // blocks
	min, max    int64  // starts
	spans       uint64
	bytes       int64 // of blocks and index
	layout      index.Layout
	filter      index.Filter // of prefixes; nil: not in memory
}

// recent is a block that is on disk and in no run.
type recent struct {
	number   uint32
	spans    uint64
	bytes    int64
	min, max int64
	hashes   []uint64 // of keys, sorted, each once
	filter   index.Filter
	rates    index.Table
}

// sort makes hashes what it shall be, and the filter of it.
func (r *recent) sort() {
	slices.Sort(r.hashes)
	r.hashes = slices.Compact(r.hashes)
	r.filter = index.NewFilter(len(r.hashes))
	for _, h := range r.hashes {
		r.filter.Add(h)
	}
}

// has reports whether the block may have one of the keys; wanted is sorted.
func (r *recent) has(wanted []uint64) bool {
	for _, h := range wanted {
		if !r.filter.May(h) {
			continue
		}
		if _, ok := slices.BinarySearch(r.hashes, h); ok {
			return true
		}
	}
	return false
}

// tail is a block in memory.
type tail struct {
	part     *partition
	number   uint32
	b        *block.Builder
	hashes   []keyRow
	min, max int64
	rates    map[rateKey]*index.Count
	protocol []string // of rateKeys
	rows     int      // rows that are on disk as fragments
	full     bool     // nothing is added any more
	readers  int      // with a view of b
}

// keyRow is a hash of a key and a row that has it.
type keyRow struct {
	hash uint64
	row  uint32
}

// rateKey is index.Row by numbers of the builder.
type rateKey struct {
	step          int64
	service, name uint32
	protocol      uint8
	signal        store.Signal
}

// grow makes the times of p hold a span.
func (p *partition) grow(start int64) {
	if p.spans == 0 {
		p.min, p.max = start, start
	}
	p.min, p.max = min(p.min, start), max(p.max, start)
	p.spans++
}

func (p *partition) overlaps(w store.Window) bool {
	return p.spans > 0 && p.max >= w.From && (w.To == 0 || p.min < w.To)
}

// age is the time that counts for retention: when the spans began, but not before
// they came.
func (p *partition) age(slot time.Duration) int64 {
	return int64(p.id) + min(max(0, p.max-int64(p.id)), 2*int64(slot))
}

// maxRows bounds the rows of rates in memory of a partition; beyond it a run is made
// of fewer blocks.
const maxRows = 1 << 16

// due reports whether a run is to be made.
func (p *partition) due(blocks int) bool { return len(p.recent) >= blocks || p.rows > maxRows }

// open is the block to which spans are added, nil if there is none.
func (p *partition) open() *tail {
	if n := len(p.tails); n > 0 && !p.tails[n-1].full {
		return p.tails[n-1]
	}
	return nil
}

const partRecord = 8 + 8

func (p *partition) record() []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(p.from))
	return binary.LittleEndian.AppendUint64(b, uint64(p.to))
}

func readPartition(id uint64, b []byte) (*partition, error) {
	if len(b) != partRecord {
		return nil, fmt.Errorf("local: partition %d is damaged: %d bytes", id, len(b))
	}
	return &partition{
		id: id, from: int64(binary.LittleEndian.Uint64(b)), to: int64(binary.LittleEndian.Uint64(b[8:])),
		recorded: true, min: math.MaxInt64, max: math.MinInt64,
	}, nil
}

const runRecord = 4 + 4 + 8 + 8 + 8 + 8 + 2

func (r *run) record() []byte {
	b := make([]byte, 0, runRecord)
	b = binary.LittleEndian.AppendUint32(b, r.first)
	b = binary.LittleEndian.AppendUint32(b, r.last)
	for _, n := range [...]uint64{uint64(r.min), uint64(r.max), r.spans, uint64(r.bytes)} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return append(b, r.layout.HashBits, r.layout.BlockBits)
}

func readRun(number uint32, b []byte) (r run, err error) {
	if len(b) != runRecord {
		return r, fmt.Errorf("local: run %d is damaged: %d bytes", number, len(b))
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8+8*i:]) }
	r = run{
		number: number, first: binary.LittleEndian.Uint32(b), last: binary.LittleEndian.Uint32(b[4:]),
		min: int64(word(0)), max: int64(word(1)), spans: word(2), bytes: int64(word(3)), layout: index.Layout{HashBits: b[40], BlockBits: b[41]},
	}
	if r.last < r.first || !r.layout.Valid() {
		return r, fmt.Errorf("local: run %d is damaged: %+v", number, r)
	}
	return r, nil
}
