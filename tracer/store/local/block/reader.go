package block

import (
	"sync"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Reader reads the spans of a block in order. The zero Reader reads nothing until
// Open is called, which may be done again.
type Reader struct {
	c     *Columns
	row   int
	cur   []cursor
	extra int

	only func(key string) bool
	want []bool // columns that are read, if only is set

	span store.Span
	list []store.Value // of lists of texts in span
}

type cursor struct{ num, id, blob int }

// Open begins with the first span.
func (r *Reader) Open(c *Columns) {
	r.c, r.row, r.extra = c, 0, 0
	if cap(r.cur) < len(c.cols) {
		r.cur = make([]cursor, len(c.cols))
	}
	r.cur = r.cur[:len(c.cols)]
	clear(r.cur)
	if r.only != nil {
		r.want = r.want[:0]
		for i := range c.cols {
			r.want = append(r.want, r.only(c.text(c.cols[i].key)))
		}
	}
}

// Only has Next leave out attributes whose keys do not satisfy keep, also those of
// the resource, in blocks that are opened from now on.
func (r *Reader) Only(keep func(key string) bool) { r.only = keep }

// markEvery is the number of rows between marks.
const markEvery = 64

// marks are where a Reader is at every 64th row, so that any row is found soon.
type marks struct {
	once  sync.Once
	cur   []cursor // of all columns, per mark
	extra []int
}

// Seek goes to a row, before or behind.
func (r *Reader) Seek(row int) {
	m := r.c.marks
	m.once.Do(func() { m.make(r.c) })
	if at := row / markEvery; row < r.row || at > r.row/markEvery {
		n := len(r.c.cols)
		copy(r.cur, m.cur[at*n:(at+1)*n])
		r.row, r.extra = at*markEvery, m.extra[at]
	}
	r.Skip(row)
}

func (m *marks) make(c *Columns) {
	var r Reader
	r.Open(c)
	for row := 0; row < c.Len(); row += markEvery {
		r.Skip(row)
		m.cur = append(m.cur, r.cur...)
		m.extra = append(m.extra, r.extra)
	}
}

// Row is the number of the span that is next.
func (r *Reader) Row() int { return r.row }

// Skip passes over spans up to a row.
func (r *Reader) Skip(row int) {
	for ; r.row < row; r.row++ {
		r.pass(r.c.shape(r.c.shapes[r.row]))
		r.pass(r.c.shape(r.c.resources[r.row]))
		r.extra += int(r.c.extraLen[r.row])
	}
}

func (r *Reader) pass(shape []uint32) {
	for _, at := range shape {
		col, cur := &r.c.cols[at], &r.cur[at]
		switch col.kind {
		case store.String:
			cur.id++
		case store.Bool, store.Int, store.Double:
			cur.num++
		case strings:
			cur.id += int(col.nums[cur.num])
			cur.num++
		case store.Bytes, store.Array, store.Map:
			cur.blob += int(col.nums[cur.num])
			cur.num++
		}
	}
}

// Next reads a span. It is borrowed until Next or Open is called again; its texts
// belong to the block, and may be kept as long as one likes to keep all of them.
func (r *Reader) Next() *store.Span {
	c, s, i := r.c, &r.span, r.row
	r.row++
	s.Trace, s.ID, s.Parent, s.Start, s.End = c.Traces[i], c.IDs[i], c.Parents[i], c.Starts[i], c.Ends[i]
	s.Kind, s.Status, s.Signal = span.Kind(c.kinds[i]), span.Status(c.statuses[i]), store.Signal(c.signals[i])
	s.Service, s.Instance, s.Agent = c.text(c.texts[service][i]), c.text(c.texts[instance][i]), c.text(c.texts[agent][i])
	s.Name, s.Message = c.text(c.texts[name][i]), c.text(c.texts[message][i])
	s.State, s.Scope = c.text(c.texts[state][i]), c.text(c.texts[scope][i])
	r.list = r.list[:0]
	s.Attrs = r.attrs(s.Attrs[:0], c.shape(c.shapes[i]))
	s.Resource = r.attrs(s.Resource[:0], c.shape(c.resources[i]))
	s.Events, s.Links = nil, nil
	if n := int(c.extraLen[i]); n > 0 {
		r.events(c.extra[r.extra : r.extra+n])
		r.extra += n
	}
	return s
}

func (r *Reader) attrs(list []store.Attr, shape []uint32) []store.Attr {
	for i, at := range shape {
		if r.only != nil && !r.want[at] {
			r.pass(shape[i : i+1])
			continue
		}
		col, cur := &r.c.cols[at], &r.cur[at]
		list = append(list, store.Attr{Key: r.c.text(col.key)})
		r.value(&list[len(list)-1].Value, col, cur)
	}
	return list
}

// value reads the next value of a column.
func (r *Reader) value(v *store.Value, col *column, cur *cursor) {
	switch col.kind {
	case store.String:
		v.Type, v.Str = store.String, r.c.text(col.ids[cur.id])
		cur.id++
	case store.Bool, store.Int, store.Double:
		v.Type, v.Num = col.kind, col.nums[cur.num]
		cur.num++
	case strings:
		n := int(col.nums[cur.num])
		v.Type, v.List = store.Array, r.texts(col.ids[cur.id:cur.id+n])
		cur.num, cur.id = cur.num+1, cur.id+n
	case store.Bytes:
		n := int(col.nums[cur.num])
		v.Type, v.Str = store.Bytes, col.text[cur.blob:cur.blob+n]
		cur.num, cur.blob = cur.num+1, cur.blob+n
	case store.Array, store.Map:
		n := int(col.nums[cur.num])
		d := values{b: col.blob[cur.blob : cur.blob+n], c: r.c}
		*v = d.value(0)
		cur.num, cur.blob = cur.num+1, cur.blob+n
	}
}

// texts makes a list of texts in room that is used again.
func (r *Reader) texts(ids []uint32) []store.Value {
	from := len(r.list)
	for _, id := range ids {
		r.list = append(r.list, store.StringValue(r.c.text(id)))
	}
	return r.list[from:len(r.list):len(r.list)]
}

func (r *Reader) events(b []byte) {
	d, s := values{b: b, c: r.c}, &r.span
	for range d.count(3) {
		e := store.Event{Time: s.Start + d.varint(), Name: d.text()}
		e.Attrs = d.attrs(0)
		s.Events = append(s.Events, e)
	}
	for range d.count(25) {
		var l store.Link
		copy(l.Trace[:], d.take(16))
		copy(l.ID[:], d.take(8))
		l.Attrs = d.attrs(0)
		s.Links = append(s.Links, l)
	}
}
