package block

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/tracer/store"
)

// Builder gathers spans. It is not for several goroutines; Views of it are.
type Builder struct {
	c     Columns
	text  texts
	nodes []node
	byKey map[uint64]uint32
	path  []uint32
	cells int
}

// NewBuilder makes an empty one.
func NewBuilder() *Builder {
	b := &Builder{}
	b.Reset()
	return b
}

// Reset empties the builder and keeps its room. Views of before must no longer be
// read.
func (b *Builder) Reset() {
	c := &b.c
	c.Traces, c.IDs, c.Parents, c.Starts, c.Ends = c.Traces[:0], c.IDs[:0], c.Parents[:0], c.Starts[:0], c.Ends[:0]
	c.kinds, c.statuses, c.signals = c.kinds[:0], c.statuses[:0], c.signals[:0]
	for i := range c.texts {
		c.texts[i] = c.texts[i][:0]
	}
	c.shapes, c.resources, c.shapeEnd, c.shapeCols = c.shapes[:0], c.resources[:0], c.shapeEnd[:0], c.shapeCols[:0]
	c.extraLen, c.extra = c.extraLen[:0], c.extra[:0]
	if len(c.cols) > 1024 {
		c.cols = nil
	}
	c.cols = c.cols[:0]
	b.text.reset()
	b.text.id("")
	b.nodes = append(b.nodes[:0], node{})
	if b.byKey == nil {
		b.byKey = map[uint64]uint32{}
	}
	clear(b.byKey)
	b.cells = 0
}

// Len is the number of spans.
func (b *Builder) Len() int { return len(b.c.Starts) }

// Bounds of a block beside the number of its spans.
const (
	fullText  = 1 << 20
	fullCells = 1 << 17
)

// Full reports whether the block is so large, whatever the number of its spans, that
// the next span belongs into another.
func (b *Builder) Full() bool {
	return len(b.text.bytes)+len(b.c.extra) > fullText || b.cells > fullCells
}

// Add copies a span.
func (b *Builder) Add(s *store.Span) {
	c := &b.c
	c.Traces = append(c.Traces, s.Trace)
	c.IDs = append(c.IDs, s.ID)
	c.Parents = append(c.Parents, s.Parent)
	c.kinds = append(c.kinds, uint8(s.Kind))
	c.statuses = append(c.statuses, uint8(s.Status))
	c.signals = append(c.signals, uint8(s.Signal))
	c.Ends = append(c.Ends, s.End)
	for i, t := range [numTexts]string{s.Service, s.Instance, s.Agent, s.Name, s.Message, s.State, s.Scope} {
		c.texts[i] = append(c.texts[i], b.again(c.texts[i], t))
	}
	c.shapes = append(c.shapes, b.attrs(s.Attrs))
	c.resources = append(c.resources, b.attrs(s.Resource))
	n := len(c.extra)
	if len(s.Events)+len(s.Links) > 0 {
		c.extra = b.appendExtra(c.extra, s)
	}
	c.extraLen = append(c.extraLen, uint32(len(c.extra)-n))
	b.cells += len(s.Attrs) + len(s.Resource) + len(s.Events) + len(s.Links) + 10
	c.Starts = append(c.Starts, s.Start)
}

// again is the id of a text, found at once if it is that of the row before.
func (b *Builder) again(list []uint32, s string) uint32 {
	if n := len(list); n > 0 && string(b.text.text(list[n-1])) == s {
		return list[n-1]
	}
	if s == "" {
		return 0
	}
	return b.text.id(s)
}

// attrs puts attributes into their columns and returns their shape.
func (b *Builder) attrs(list []store.Attr) uint32 {
	at := uint32(0)
	b.path = b.path[:0]
	for i := range list {
		v := &list[i].Value
		at = b.step(at, list[i].Key, kindOf(v))
		col := b.nodes[at].col
		b.path = append(b.path, col)
		b.put(&b.c.cols[col], v)
	}
	return b.shape(at, b.path)
}

func kindOf(v *store.Value) store.Type {
	switch {
	case v.Type >= store.NumTypes:
		return store.Empty
	case v.Type != store.Array || len(v.List) == 0:
		return v.Type
	}
	for i := range v.List {
		if v.List[i].Type != store.String {
			return store.Array
		}
	}
	return strings
}

func (b *Builder) put(col *column, v *store.Value) {
	switch col.kind {
	case store.String:
		col.ids = append(col.ids, b.again(col.ids, v.Str))
	case store.Bool, store.Int, store.Double:
		col.nums = append(col.nums, v.Num)
	case store.Bytes:
		col.nums = append(col.nums, int64(len(v.Str)))
		col.blob = append(col.blob, v.Str...)
		b.cells += len(v.Str) / 32
	case strings:
		col.nums = append(col.nums, int64(len(v.List)))
		for i := range v.List {
			col.ids = append(col.ids, b.again(col.ids, v.List[i].Str))
		}
		b.cells += len(v.List)
	case store.Array, store.Map:
		n := len(col.blob)
		col.blob = b.appendValue(col.blob, v, 0)
		col.nums = append(col.nums, int64(len(col.blob)-n))
		b.cells += (len(col.blob) - n) / 4
	}
}

// maxDepth bounds lists and maps within each other; deeper ones are kept empty.
const maxDepth = 32

// appendValue encodes a value: its type, then what it holds.
func (b *Builder) appendValue(dst []byte, v *store.Value, depth int) []byte {
	kind := v.Type
	if kind >= store.NumTypes {
		kind = store.Empty
	}
	dst = append(dst, byte(kind))
	switch kind {
	case store.String:
		return binary.AppendUvarint(dst, uint64(b.text.id(v.Str)))
	case store.Bool, store.Int:
		return binary.AppendVarint(dst, v.Num)
	case store.Double:
		return binary.LittleEndian.AppendUint64(dst, uint64(v.Num))
	case store.Bytes:
		dst = binary.AppendUvarint(dst, uint64(len(v.Str)))
		return append(dst, v.Str...)
	case store.Array:
		if depth == maxDepth {
			return append(dst, 0)
		}
		dst = binary.AppendUvarint(dst, uint64(len(v.List)))
		for i := range v.List {
			dst = b.appendValue(dst, &v.List[i], depth+1)
		}
	case store.Map:
		if depth == maxDepth {
			return append(dst, 0)
		}
		dst = b.appendAttrs(dst, v.Map, depth+1)
	}
	return dst
}

func (b *Builder) appendAttrs(dst []byte, list []store.Attr, depth int) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for i := range list {
		dst = binary.AppendUvarint(dst, uint64(b.text.id(list[i].Key)))
		dst = b.appendValue(dst, &list[i].Value, depth)
	}
	return dst
}

func (b *Builder) appendExtra(dst []byte, s *store.Span) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s.Events)))
	for i := range s.Events {
		e := &s.Events[i]
		dst = binary.AppendVarint(dst, e.Time-s.Start)
		dst = binary.AppendUvarint(dst, uint64(b.text.id(e.Name)))
		dst = b.appendAttrs(dst, e.Attrs, 0)
	}
	dst = binary.AppendUvarint(dst, uint64(len(s.Links)))
	for i := range s.Links {
		l := &s.Links[i]
		dst = append(append(dst, l.Trace[:]...), l.ID[:]...)
		dst = b.appendAttrs(dst, l.Attrs, 0)
	}
	return dst
}

// View is what the builder holds. Further Adds do not change it; Reset does. Its
// texts are copied when Texts is called.
func (b *Builder) View() View {
	v := View{c: b.c, bytes: b.text.bytes}
	v.c.cols = append([]column(nil), b.c.cols...)
	v.c.textEnd = b.text.end
	return v
}

// View is a builder as it was.
type View struct {
	c     Columns
	bytes []byte
}

// Len is the number of spans.
func (v *View) Len() int { return v.c.Len() }

// Columns copies the texts, and returns columns that can be read.
func (v *View) Columns() *Columns {
	v.c.all = string(v.bytes)
	v.c.copyBytes()
	v.c.marks = &marks{}
	return &v.c
}

// LastIDs are numbers of service and name of the span that was added last: equal
// numbers are equal texts, until Reset.
func (b *Builder) LastIDs() (ofService, ofName uint32) {
	n := len(b.c.Starts) - 1
	return b.c.texts[service][n], b.c.texts[name][n]
}

// Text is the text of a number of LastIDs.
func (b *Builder) Text(id uint32) string { return string(b.text.text(id)) }
