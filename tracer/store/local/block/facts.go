package block

import (
	"github.com/wirespan/wirespan/tracer/facts"
)

// Facts (tracer/facts) are on every span of an agent and mostly hashes and sequence
// numbers. They are taken apart, so that each field is written with its like.

// factColumns are the fields of all facts of a block.
type factColumns struct {
	list []facts.Facts
	test []byte
}

// putFacts writes a column of facts; false if one of them would not come back the
// same.
func (e *Encoder) putFacts(col *column) bool {
	f := &e.facts
	f.list = f.list[:0]
	blob := col.blob
	for _, n := range col.nums {
		one, err := facts.Parse(blob[:n])
		if err != nil {
			return false
		}
		if f.test = facts.Append(f.test[:0], &one); string(f.test) != string(blob[:n]) {
			return false
		}
		f.list = append(f.list, one)
		blob = blob[n:]
	}
	e.code = append(e.code, 1)
	for _, field := range numFields {
		e.more = e.more[:0]
		for i := range f.list {
			e.more = append(e.more, field.get(&f.list[i]))
		}
		e.putNums(e.more)
	}
	for i := range f.list {
		if one := &f.list[i]; one.HasContext {
			e.putContext(one)
		}
	}
	for _, field := range byteFields {
		e.more = e.more[:0]
		e.blob = e.blob[:0]
		for i := range f.list {
			b := *field(&f.list[i])
			e.more = append(e.more, int64(len(b)))
			e.blob = append(e.blob, b...)
		}
		e.putNums(e.more)
		e.putBytes(e.blob)
	}
	return true
}

// putContext writes a trace context, by number where its ids are those of the block.
func (e *Encoder) putContext(f *facts.Facts) {
	if n, ok := e.traces[f.Trace]; ok {
		e.uvarint(uint64(n) + 1)
	} else {
		e.code = append(e.code, 0)
		e.raw = append(e.raw, f.Trace[:]...)
	}
	if n, ok := e.spans[f.Parent]; ok {
		e.uvarint(uint64(n) + 1)
	} else {
		e.code = append(e.code, 0)
		e.raw = append(e.raw, f.Parent[:]...)
	}
}

// numField is a field that is a number.
type numField struct {
	get func(*facts.Facts) int64
	set func(*facts.Facts, int64)
}

// numFields are written in this order: add at the end only, with a new version.
var numFields = [...]numField{
	{func(f *facts.Facts) int64 { return int64(f.Class) }, func(f *facts.Facts, n int64) { f.Class = uint8(n) }},
	{func(f *facts.Facts) int64 { return int64(f.Kind) }, func(f *facts.Facts, n int64) { f.Kind = uint8(n) }},
	{func(f *facts.Facts) int64 { return int64(f.Status) }, func(f *facts.Facts, n int64) { f.Status = uint8(n) }},
	{func(f *facts.Facts) int64 { return int64(f.TTL) }, func(f *facts.Facts, n int64) { f.TTL = uint8(n) }},
	{func(f *facts.Facts) int64 { return int64(f.Flags) }, func(f *facts.Facts, n int64) { f.Flags = uint16(n) }},
	{func(f *facts.Facts) int64 { return int64(f.Variant) }, func(f *facts.Facts, n int64) { f.Variant = uint16(n) }},
	{func(f *facts.Facts) int64 { return f.Age }, func(f *facts.Facts, n int64) { f.Age = n }},
	{contextBits, setContextBits},
	{func(f *facts.Facts) int64 { return int64(f.Target) }, func(f *facts.Facts, n int64) { f.Target = uint64(n) }},
	{func(f *facts.Facts) int64 { return int64(f.Forwarded) }, func(f *facts.Facts, n int64) { f.Forwarded = uint64(n) }},
	{func(f *facts.Facts) int64 { return int64(f.Head) }, func(f *facts.Facts, n int64) { f.Head = uint64(n) }},
	{func(f *facts.Facts) int64 { return int64(f.Exchange) }, func(f *facts.Facts, n int64) { f.Exchange = uint64(n) }},
	{func(f *facts.Facts) int64 { return int64(f.Ack) }, func(f *facts.Facts, n int64) { f.Ack = uint32(n) }},
	{func(f *facts.Facts) int64 { return int64(f.Next) }, func(f *facts.Facts, n int64) { f.Next = uint32(n) }},
	{func(f *facts.Facts) int64 { return int64(f.Offset) }, func(f *facts.Facts, n int64) { f.Offset = uint32(n) }},
	{func(f *facts.Facts) int64 { return int64(f.RTTClient) }, func(f *facts.Facts, n int64) { f.RTTClient = uint32(n) }},
	{func(f *facts.Facts) int64 { return int64(f.RTTServer) }, func(f *facts.Facts, n int64) { f.RTTServer = uint32(n) }},
	{func(f *facts.Facts) int64 { return int64(f.Length) }, func(f *facts.Facts, n int64) { f.Length = uint8(n) }},
}

// byteFields are written behind the numbers, in this order.
var byteFields = [...]func(*facts.Facts) *[]byte{
	func(f *facts.Facts) *[]byte { return &f.Messages },
	func(f *facts.Facts) *[]byte { return &f.Host },
	func(f *facts.Facts) *[]byte { return &f.Answers },
}

func contextBits(f *facts.Facts) int64 {
	if !f.HasContext {
		return 0
	}
	return int64(f.ContextKind)<<2 | int64(boolBit(f.Sampled))<<1 | 1
}

func setContextBits(f *facts.Facts, n int64) {
	f.HasContext, f.Sampled, f.ContextKind = n&1 != 0, n&2 != 0, uint8(n>>2)
}

// readFacts reads what putFacts wrote of n rows into a column.
func (d *decoder) readFacts(col *column, n int) {
	list := d.factsRoom(n)
	defer clear(list)
	for _, field := range numFields {
		for i, v := range d.lentNums(n) {
			field.set(&list[i], v)
		}
	}
	for i := range list {
		if f := &list[i]; f.HasContext {
			f.Trace, f.Parent = d.context()
		}
	}
	for _, field := range byteFields {
		lens := d.lentNums(n)
		all := d.bytes()
		for i, k := range lens {
			if k < 0 || k > int64(len(all)) {
				d.fail("bytes of facts")
				return
			}
			if k > 0 { // most are empty
				*field(&list[i]) = all[:k:k]
			}
			all = all[k:]
		}
	}
	if d.err != nil {
		return
	}
	col.nums, col.blob = d.int64s(n), make([]byte, 0, n*96)
	for i := range list {
		at := len(col.blob)
		col.blob = facts.Append(col.blob, &list[i])
		col.nums[i] = int64(len(col.blob) - at)
	}
}

// factsRoom is room for n facts, all zero.
func (w *workspace) factsRoom(n int) []facts.Facts {
	if cap(w.facts) < n {
		w.facts = make([]facts.Facts, n)
	}
	return w.facts[:n]
}

func (d *decoder) context() (trace [16]byte, parent [8]byte) {
	switch n := d.uvarint(); {
	case n == 0:
		copy(trace[:], d.rawBytes(16))
	case n <= uint64(len(d.traces)):
		trace = d.traces[n-1]
	default:
		d.fail("trace of a context")
	}
	switch n := d.uvarint(); {
	case n == 0:
		copy(parent[:], d.rawBytes(8))
	case n <= uint64(len(d.c.IDs)):
		parent = d.c.IDs[n-1]
	default:
		d.fail("parent of a context")
	}
	return trace, parent
}
