package block

import "hash/maphash"

// texts keeps each text once. Ids count from 0, in the order of first appearance.
type texts struct {
	bytes []byte   // one text behind the other
	end   []uint32 // where each ends
	table []uint32 // id+1 by hash; a power of two
	seed  maphash.Seed
}

const firstTable = 1 << 11

func (t *texts) reset() {
	t.bytes, t.end = t.bytes[:0], t.end[:0]
	if t.table == nil {
		t.table, t.seed = make([]uint32, firstTable), maphash.MakeSeed()
	}
	clear(t.table)
}

func (t *texts) text(id uint32) []byte {
	from := uint32(0)
	if id > 0 {
		from = t.end[id-1]
	}
	return t.bytes[from:t.end[id]]
}

// id is that of a text, which is copied if it is new.
func (t *texts) id(s string) uint32 {
	mask := uint64(len(t.table) - 1)
	at := maphash.String(t.seed, s) & mask
	for t.table[at] != 0 {
		if id := t.table[at] - 1; string(t.text(id)) == s {
			return id
		}
		at = (at + 1) & mask
	}
	id := uint32(len(t.end))
	t.bytes = append(t.bytes, s...)
	t.end = append(t.end, uint32(len(t.bytes)))
	t.table[at] = id + 1
	if len(t.end)*2 > len(t.table) {
		t.grow()
	}
	return id
}

func (t *texts) grow() {
	t.table = make([]uint32, 2*len(t.table))
	mask := uint64(len(t.table) - 1)
	for i := range t.end {
		at := maphash.Bytes(t.seed, t.text(uint32(i))) & mask
		for t.table[at] != 0 {
			at = (at + 1) & mask
		}
		t.table[at] = uint32(i) + 1
	}
}
