package block

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/tracer/store"
)

// values reads nested values; once bytes are missing, all that follows is empty.
type values struct {
	b   []byte
	c   *Columns
	bad bool
}

func (d *values) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return nil
	}
	s := d.b[:n]
	d.b = d.b[n:]
	return s
}

func (d *values) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *values) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

// count is a number of things of at least some bytes each.
func (d *values) count(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.b)/size) {
		d.bad, d.b = true, nil
		return 0
	}
	return int(n)
}

func (d *values) text() string {
	id := d.uvarint()
	if id >= uint64(len(d.c.textEnd)) {
		d.bad, d.b = true, nil
		return ""
	}
	return d.c.text(uint32(id))
}

func (d *values) value(depth int) (v store.Value) {
	kind := d.take(1)
	if kind == nil {
		return v
	}
	v.Type = store.Type(kind[0])
	switch v.Type {
	case store.Empty:
	case store.String:
		v.Str = d.text()
	case store.Bool, store.Int:
		v.Num = d.varint()
	case store.Double:
		if b := d.take(8); b != nil {
			v.Num = int64(binary.LittleEndian.Uint64(b))
		}
	case store.Bytes:
		v.Str = string(d.take(d.uvarint()))
	case store.Array:
		if n := d.count(1); n > 0 && depth <= maxDepth {
			v.List = make([]store.Value, n)
			for i := range v.List {
				v.List[i] = d.value(depth + 1)
			}
		}
	case store.Map:
		v.Map = d.attrs(depth + 1)
	default:
		d.bad, d.b = true, nil
		return store.Value{}
	}
	return v
}

func (d *values) attrs(depth int) (list []store.Attr) {
	n := d.count(2)
	if n == 0 || depth > maxDepth+1 {
		return nil
	}
	list = make([]store.Attr, n)
	for i := range list {
		list[i].Key = d.text()
		list[i].Value = d.value(depth)
	}
	return list
}
