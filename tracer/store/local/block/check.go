package block

import "github.com/wirespan/wirespan/tracer/store"

// check makes sure that a Reader finds all that it reaches for.
func (d *decoder) check() {
	c := &d.c
	uses := make([]int, len(c.shapeEnd))
	for _, list := range [...][]uint32{c.shapes, c.resources} {
		for _, s := range list {
			if int(s) >= len(uses) {
				d.fail("shape of a span")
				return
			}
			uses[s]++
		}
	}
	cells := make([]int, len(c.cols))
	for i, n := range uses {
		for _, at := range c.shape(uint32(i)) {
			if int(at) >= len(cells) {
				d.fail("column of a shape")
				return
			}
			cells[at] += n
		}
	}
	for i := range c.cols {
		d.checkColumn(&c.cols[i], cells[i])
	}
	total := 0
	for _, n := range c.extraLen {
		total += int(n)
	}
	if total > len(c.extra) {
		d.fail("events are missing")
	}
}

// checkColumn makes sure that a column has as many values as spans ask for.
func (d *decoder) checkColumn(col *column, cells int) {
	if int(col.key) >= len(d.c.textEnd) {
		d.fail("key of a column")
		return
	}
	have, inner := len(col.nums), 0
	switch col.kind {
	case store.Empty:
		return
	case store.String:
		have = len(col.ids)
	case strings:
		inner = len(col.ids)
	case store.Bytes, store.Array, store.Map:
		inner = len(col.blob)
	default:
		if have < cells {
			d.fail("values are missing")
		}
		return
	}
	if have < cells {
		d.fail("values are missing")
	}
	for _, n := range col.nums {
		if n < 0 || n > int64(inner) {
			d.fail("length of a value")
			return
		}
		inner -= int(n)
	}
}
