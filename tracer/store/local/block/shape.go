package block

import "github.com/wirespan/wirespan/tracer/store"

// Most spans have the keys of one of few others, in the same order. A shape is such
// a list of columns; shapes are the leaves of a tree whose edges are attributes, so
// that one comparison per attribute finds the shape.

// node is a place in that tree.
type node struct {
	from, to uint32 // key in the texts
	kind     store.Type
	col      uint32
	shape    uint32 // number+1 of the shape that ends here
	child    uint32 // first child, 0: none
	sibling  uint32
}

// step goes from a node to that of an attribute, which is made if it is new.
func (b *Builder) step(at uint32, key string, kind store.Type) uint32 {
	for n := b.nodes[at].child; n != 0; n = b.nodes[n].sibling {
		if e := &b.nodes[n]; e.kind == kind && string(b.text.bytes[e.from:e.to]) == key {
			return n
		}
	}
	id := b.text.id(key)
	to := b.text.end[id]
	n := uint32(len(b.nodes))
	b.nodes = append(b.nodes, node{from: to - uint32(len(key)), to: to, kind: kind, col: b.column(id, kind), sibling: b.nodes[at].child})
	b.nodes[at].child = n
	return n
}

// column finds the column of a key and type; of equal ones there is one.
func (b *Builder) column(key uint32, kind store.Type) uint32 {
	k := uint64(key)<<8 | uint64(kind)
	if at, ok := b.byKey[k]; ok {
		return at
	}
	at := uint32(len(b.c.cols))
	if cap(b.c.cols) > len(b.c.cols) { // a column of the block before, with its room
		b.c.cols = b.c.cols[:at+1]
		old := &b.c.cols[at]
		*old = column{key: key, kind: kind, nums: old.nums[:0], ids: old.ids[:0], blob: old.blob[:0]}
	} else {
		b.c.cols = append(b.c.cols, column{key: key, kind: kind})
	}
	b.byKey[k] = at
	return at
}

// shape is the number of the list of columns from a node up to the root.
func (b *Builder) shape(at uint32, path []uint32) uint32 {
	n := &b.nodes[at]
	if n.shape == 0 {
		b.c.shapeCols = append(b.c.shapeCols, path...)
		b.c.shapeEnd = append(b.c.shapeEnd, uint32(len(b.c.shapeCols)))
		n.shape = uint32(len(b.c.shapeEnd))
	}
	return n.shape - 1
}
