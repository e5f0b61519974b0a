package block

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"

	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Bounds of what Decode believes: far above what a Builder makes.
const (
	maxRows    = 1 << 20
	maxSection = 1 << 28
	maxColumns = 1 << 20
)

// Decoder reads blocks. It may be used by several goroutines.
type Decoder struct {
	zstd  *zstd.Decoder
	mu    sync.Mutex
	spare *workspace
}

// NewDecoder makes a decoder.
func NewDecoder() (*Decoder, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxSection))
	if err != nil {
		return nil, fmt.Errorf("block: make decompressor: %w", err)
	}
	return &Decoder{zstd: z}, nil
}

// Close releases what the decoder holds.
func (d *Decoder) Close() { d.zstd.Close() }

// Decode reads a block. Nothing of b is kept.
func (d *Decoder) Decode(b []byte) (*Columns, error) {
	if len(b) < headSize+8 || string(b[:3]) != magic[:3] {
		return nil, fmt.Errorf("%w: %d bytes that are no block", ErrDamaged, len(b))
	}
	if b[3] != magic[3] {
		return nil, fmt.Errorf("%w: version %d", ErrVersion, b[3])
	}
	body, sum := b[:len(b)-8], binary.LittleEndian.Uint64(b[len(b)-8:])
	if xxhash.Sum64(body) != sum {
		return nil, fmt.Errorf("%w: checksum", ErrDamaged)
	}
	return d.sections(body)
}

func (d *Decoder) sections(b []byte) (*Columns, error) {
	var size [5]uint64
	total := uint64(headSize)
	for i := range size {
		size[i] = uint64(binary.LittleEndian.Uint32(b[len(magic)+4*i:]))
	}
	total += size[1] + size[3] + size[4]
	if total != uint64(len(b)) || size[0] > maxSection || size[2] > maxSection {
		return nil, fmt.Errorf("%w: sizes", ErrDamaged)
	}
	d.mu.Lock()
	w := d.spare
	d.spare = nil
	d.mu.Unlock()
	if w == nil {
		w = &workspace{}
	}
	defer d.giveBack(w)
	at := b[headSize:]
	var err error
	if w.code, err = d.inflate(w.code, at[:size[1]], size[0]); err != nil {
		return nil, fmt.Errorf("%w: numbers: %w", ErrDamaged, err)
	}
	at = at[size[1]:]
	if w.char, err = d.inflate(w.char, at[:size[3]], size[2]); err != nil {
		return nil, fmt.Errorf("%w: texts: %w", ErrDamaged, err)
	}
	r := decoder{code: w.code, char: w.char, raw: at[size[3]:], workspace: w}
	r.read()
	if r.err != nil {
		return nil, r.err
	}
	c := r.c // not all of r, which stays only as long as it is read
	return &c, nil
}

// workspace is room that is of use while a block is read. Nothing of it is in the
// Columns.
type workspace struct {
	code, char []byte
	all        []byte  // texts
	scratch    []int64 // lent
	fresh      []uint32
	facts      []facts.Facts // all zero
}

// maxWorkspace bounds the room that is kept, in bytes: blocks are seldom larger.
const maxWorkspace = 4 << 20

func (d *Decoder) giveBack(w *workspace) {
	if cap(w.code)+cap(w.char)+cap(w.all)+8*cap(w.scratch)+4*cap(w.fresh)+256*cap(w.facts) > maxWorkspace {
		return
	}
	d.mu.Lock()
	d.spare = w
	d.mu.Unlock()
}

func (d *Decoder) inflate(room, packed []byte, size uint64) ([]byte, error) {
	if want := min(size, 64*uint64(len(packed))+64); uint64(cap(room)) < want {
		room = make([]byte, 0, want)
	}
	b, err := d.zstd.DecodeAll(packed, room[:0])
	if err == nil && uint64(len(b)) != size {
		err = fmt.Errorf("%d bytes instead of %d", len(b), size)
	}
	return b, err
}

// decoder reads the three sections. After the first error everything is empty.
type decoder struct {
	code, char, raw []byte
	c               Columns
	traces          []span.TraceID
	spent           int // of cellBudget

	wide   []int64 // room, cut off as it is asked for
	narrow []uint32
	*workspace
	err error
}

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", ErrDamaged, what)
	}
	d.code, d.char, d.raw = nil, nil, nil
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.code)
	if n <= 0 {
		d.fail("a number is missing")
		return 0
	}
	d.code = d.code[n:]
	return v
}

func (d *decoder) varint() int64 { return unzigzag(d.uvarint()) }

// count is a number of things, with a bound.
func (d *decoder) count(limit int, what string) int {
	n := d.uvarint()
	if n > uint64(limit) {
		d.fail(what)
		return 0
	}
	return int(n)
}

// codeBytes and rawBytes are nil after an error.
func (d *decoder) codeBytes(n int) []byte {
	if n > len(d.code) {
		d.fail("numbers are missing")
		return nil
	}
	b := d.code[:n:n]
	d.code = d.code[n:]
	return b
}

func (d *decoder) rawBytes(n int) []byte {
	if n > len(d.raw) {
		d.fail("bytes are missing")
		return nil
	}
	b := d.raw[:n:n]
	d.raw = d.raw[n:]
	return b
}

// bytes reads what putBytes wrote.
func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n>>1 > maxSection {
		d.fail("bytes")
		return nil
	}
	if n&1 != 0 {
		return d.rawBytes(int(n >> 1))
	}
	return d.codeBytes(int(n >> 1))
}

func (d *decoder) read() {
	n := d.count(maxRows, "rows")
	if n > len(d.code) { // each has at least one byte
		d.fail("rows")
		return
	}
	d.readTraces(n)
	d.readSpans(n)
	d.readTexts()
	d.readRows(n)
	cols := d.count(min(maxColumns, len(d.code)), "columns")
	if d.err != nil {
		return
	}
	d.c.cols = make([]column, cols)
	for i := range d.c.cols {
		d.readColumn(&d.c.cols[i])
	}
	if d.err == nil {
		d.check()
	}
	d.c.copyBytes()
	d.c.marks = &marks{}
}

func (d *decoder) readTraces(n int) {
	d.c.Traces = make([]span.TraceID, n)
	for i := range d.c.Traces {
		back := d.uvarint()
		if back == 0 {
			var id span.TraceID
			copy(id[:], d.rawBytes(len(id)))
			d.traces = append(d.traces, id)
			back = 1
		}
		if back > uint64(len(d.traces)) || d.err != nil {
			d.fail("trace")
			return
		}
		d.c.Traces[i] = d.traces[uint64(len(d.traces))-back]
	}
}

func (d *decoder) readSpans(n int) {
	ids := d.rawBytes(8 * n)
	if d.err != nil {
		return
	}
	d.c.IDs, d.c.Parents = make([]span.SpanID, n), make([]span.SpanID, n)
	for i := range d.c.IDs {
		d.c.IDs[i] = span.SpanID(ids[8*i:])
	}
	for i := range d.c.Parents {
		switch p := d.uvarint(); p {
		case 0:
		case 1:
			copy(d.c.Parents[i][:], d.rawBytes(8))
		default:
			row := int64(i) - unzigzag(p-2)
			if row < 0 || row >= int64(n) {
				d.fail("parent")
				return
			}
			d.c.Parents[i] = d.c.IDs[row]
		}
	}
}

func (d *decoder) readRows(n int) {
	c := &d.c
	c.Starts, c.Ends = d.nums(n), d.nums(n)
	for i := range c.Ends {
		c.Ends[i] += c.Starts[i]
	}
	c.kinds, c.statuses, c.signals = d.copyBytes(n), d.copyBytes(n), d.copyBytes(n)
	for i := range c.texts {
		c.texts[i] = d.ids(n)
	}
	shapes := d.count(len(d.code), "shapes")
	if d.err != nil {
		return
	}
	c.shapeEnd = make([]uint32, shapes)
	for i := range c.shapeEnd {
		for range d.count(len(d.code), "length of a shape") {
			c.shapeCols = append(c.shapeCols, d.small())
		}
		c.shapeEnd[i] = uint32(len(c.shapeCols))
	}
	c.shapes, c.resources, c.extraLen = d.smalls(n), d.smalls(n), d.smalls(n)
	c.extra = d.copyBytes(d.count(len(d.code), "events"))
}

func (d *decoder) copyBytes(n int) []byte { return append([]byte(nil), d.codeBytes(n)...) }

func (d *decoder) small() uint32 { return uint32(d.count(1<<30, "number")) }

func (d *decoder) smalls(n int) []uint32 {
	if n > len(d.code) {
		d.fail("numbers are missing")
		return nil
	}
	list := d.uint32s(n)
	for i := range list {
		list[i] = d.small()
	}
	return list
}

func (d *decoder) readColumn(col *column) {
	col.key = d.small()
	kind := d.codeBytes(1)
	if kind == nil {
		return
	}
	col.kind = store.Type(kind[0])
	switch col.kind {
	case store.Empty:
	case store.String:
		col.ids = d.ids(d.count(cellBudget, "texts of a column"))
	case store.Bool, store.Int, store.Double:
		col.nums = d.nums(d.count(cellBudget, "numbers of a column"))
	case strings:
		col.nums = d.nums(d.count(cellBudget, "lists of a column"))
		col.ids = d.ids(d.count(cellBudget, "texts of lists"))
	case store.Bytes, store.Array, store.Map:
		n := d.count(cellBudget, "values of a column")
		how := d.codeBytes(1)
		switch {
		case how == nil:
		case how[0] == 1 && col.kind == store.Bytes:
			if n > len(d.code)+len(d.c.Starts) {
				d.fail("facts")
				return
			}
			d.readFacts(col, n)
		case how[0] == 0:
			col.nums = d.nums(n)
			col.blob = append([]byte(nil), d.bytes()...)
		default:
			d.fail("way of writing bytes")
		}
	default:
		d.fail("type of a column")
	}
}
