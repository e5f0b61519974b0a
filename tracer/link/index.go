package link

// index finds exchanges by hashed keys. Each key has a list of entries, newest
// first; entries live in a slab and are doubly linked, so that an exchange
// takes its entries out when it leaves.
type index struct {
	slots []slot
	used  int
	ents  []entry
	free  int32 // list of free entries through next, 0 none
}

type slot struct {
	key  uint64 // 0 is an empty slot
	head int32
}

// entry is one exchange under one key. Index 0 of the slab is not used.
type entry struct {
	key        uint64
	next, prev int32 // in the list of the key
	own        int32 // next entry of the same exchange
	x          int32
}

func newIndex() *index {
	return &index{slots: make([]slot, 1024), ents: make([]entry, 1, 1024)}
}

// find returns the place of key, or of the empty slot where it belongs.
func (ix *index) find(key uint64) int {
	mask := len(ix.slots) - 1
	i := int(key>>1) & mask
	for ix.slots[i].key != 0 && ix.slots[i].key != key {
		i = (i + 1) & mask
	}
	return i
}

// first returns the newest entry of a key, 0 if there is none.
func (ix *index) first(key uint64) int32 { return ix.slots[ix.find(key|1)].head }

// add puts x under key and returns the entry, whose list of own entries begins
// with own.
func (ix *index) add(key uint64, x, own int32) int32 {
	if ix.used*4 >= len(ix.slots)*3 {
		ix.grow()
	}
	key |= 1
	e := ix.free
	if e != 0 {
		ix.free = ix.ents[e].next
	} else {
		ix.ents = append(ix.ents, entry{})
		e = int32(len(ix.ents) - 1)
	}
	i := ix.find(key)
	s := &ix.slots[i]
	if s.key == 0 {
		s.key, s.head = key, 0
		ix.used++
	}
	ix.ents[e] = entry{key: key, next: s.head, x: x, own: own}
	if s.head != 0 {
		ix.ents[s.head].prev = e
	}
	s.head = e
	return e
}

// remove takes an entry out; the caller has unlinked it from its own list.
func (ix *index) remove(e int32) {
	en := &ix.ents[e]
	if en.next != 0 {
		ix.ents[en.next].prev = en.prev
	}
	if en.prev != 0 {
		ix.ents[en.prev].next = en.next
	} else {
		i := ix.find(en.key)
		if ix.slots[i].head = en.next; en.next == 0 {
			ix.vacate(i)
		}
	}
	*en = entry{next: ix.free}
	ix.free = e
}

// vacate empties a slot and closes the gap in its probe run.
func (ix *index) vacate(i int) {
	mask := len(ix.slots) - 1
	ix.used--
	for j := i; ; {
		j = (j + 1) & mask
		s := ix.slots[j]
		if s.key == 0 {
			break
		}
		if home := int(s.key>>1) & mask; (j-home)&mask >= (j-i)&mask {
			ix.slots[i] = s
			i = j
		}
	}
	ix.slots[i] = slot{}
}

func (ix *index) grow() {
	old := ix.slots
	ix.slots = make([]slot, 2*len(old))
	for _, s := range old {
		if s.key != 0 {
			ix.slots[ix.find(s.key)] = s
		}
	}
}

// bytes is the memory that the index holds.
func (ix *index) bytes() int { return len(ix.slots)*16 + len(ix.ents)*32 }
