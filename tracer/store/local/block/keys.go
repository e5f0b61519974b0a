package block

import (
	"github.com/wirespan/wirespan/tracer/store"
)

// Keys yields the keys of all spans (store.AppendKeys), in the order of the spans. It
// reads no more than it must: whoever asks by key wants few of a block's spans.
func (c *Columns) Keys(yield func(row int, k store.Key)) {
	r := keyReader{c: c, next: make([]cursor, len(c.cols)), shapes: make([]keyColumns, len(c.shapeEnd))}
	for row := range c.Starts {
		for _, k := range r.row(row) {
			yield(row, k)
		}
	}
}

// keyReader reads what keys are made of.
type keyReader struct {
	c      *Columns
	next   []cursor // only those of columns that have keys are kept
	shapes []keyColumns
	extra  int
	span   store.Span
	list   []store.Value
	keys   []store.Key
}

// keyColumns are the columns of a shape that may have keys.
type keyColumns struct {
	known bool
	cols  []uint32
}

func (r *keyReader) row(i int) []store.Key {
	c, s := r.c, &r.span
	s.Trace, s.ID, s.Parent, s.Signal, s.Links = c.Traces[i], c.IDs[i], c.Parents[i], store.Signal(c.signals[i]), nil
	if n := int(c.extraLen[i]); n > 0 {
		e := Reader{c: c}
		e.events(c.extra[r.extra : r.extra+n])
		s.Links = e.span.Links
		r.extra += n
	}
	r.keys = store.AppendHeadKeys(r.keys[:0], s)
	for _, at := range r.columns(c.shapes[i]) {
		r.attr(at, true)
	}
	for _, at := range r.columns(c.resources[i]) {
		r.attr(at, false) // resources have no keys, but share columns
	}
	return r.keys
}

// columns are those of a shape that may have keys.
func (r *keyReader) columns(shape uint32) []uint32 {
	k := &r.shapes[shape]
	if !k.known {
		k.known = true
		for _, at := range r.c.shape(shape) {
			if store.KeyAttr(r.c.text(r.c.cols[at].key)) {
				k.cols = append(k.cols, at)
			}
		}
	}
	return k.cols
}

// attr takes the next value of a column.
func (r *keyReader) attr(at uint32, keys bool) {
	col, cur := &r.c.cols[at], &r.next[at]
	a := store.Attr{Key: r.c.text(col.key)}
	e := Reader{c: r.c, list: r.list[:0]}
	e.value(&a.Value, col, cur)
	r.list = e.list
	if keys {
		r.keys = store.AppendAttrKeys(r.keys, &r.span, &a)
	}
}
