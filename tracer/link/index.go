package link

// index finds exchanges by hashed keys. Each key has a list of entries, newest
// first; entries live in a slab and are doubly linked, so that an exchange
// takes its entries out when it leaves. The hash table holds the head of each
// list and half of its key: entries lie scattered in memory, and searching
// must not look at those of other keys.
type index struct {
	slots []slot
	used  int
	ents  slab[entry]
}

// slot is the head of a list in its lower half, 0 empty, and the upper half of
// the list's key, by which its place in the table is found.
type slot uint64

func newSlot(key uint64, e int32) slot { return slot(key&^0xffffffff) | slot(uint32(e)) }

func (s slot) head() int32 { return int32(uint32(s)) }

// home is where a slot belongs.
func (s slot) home() int { return int(s >> 32) }

// entry is one exchange under one key.
type entry struct {
	key        uint64
	next, prev int32 // in the list of the key
	own        int32 // next entry of the same exchange
	x          int32
}

func newIndex() *index { return &index{slots: make([]slot, 1024)} }

// find returns the place of key, or of the empty slot where it belongs.
func (ix *index) find(key uint64) int {
	mask := len(ix.slots) - 1
	i := int(key>>32) & mask
	for s := ix.slots[i]; s != 0; s = ix.slots[i] {
		if uint64(s)>>32 == key>>32 && ix.ents.at(s.head()).key == key {
			break
		}
		i = (i + 1) & mask
	}
	return i
}

// first returns the newest entry of a key, 0 if there is none.
func (ix *index) first(key uint64) int32 { return ix.slots[ix.find(key)].head() }

// next returns the entry after e.
func (ix *index) next(e int32) int32 { return ix.ents.at(e).next }

// exchange returns the exchange of an entry.
func (ix *index) exchange(e int32) int32 { return ix.ents.at(e).x }

// add puts x under key and returns the entry, whose list of own entries begins
// with own.
func (ix *index) add(key uint64, x, own int32) int32 {
	if ix.used*4 >= len(ix.slots)*3 {
		ix.grow()
	}
	e := ix.ents.take()
	i := ix.find(key)
	head := ix.slots[i].head()
	if head == 0 {
		ix.used++
	} else {
		ix.ents.at(head).prev = e
	}
	*ix.ents.at(e) = entry{key: key, next: head, x: x, own: own}
	ix.slots[i] = newSlot(key, e)
	return e
}

// remove takes an entry out; the caller has unlinked it from its own list.
func (ix *index) remove(e int32) {
	en := ix.ents.at(e)
	if en.next != 0 {
		ix.ents.at(en.next).prev = en.prev
	}
	if en.prev != 0 {
		ix.ents.at(en.prev).next = en.next
	} else {
		i := ix.find(en.key)
		if en.next != 0 {
			ix.slots[i] = newSlot(en.key, en.next)
		} else {
			ix.vacate(i)
		}
	}
	ix.ents.put(e)
}

// vacate closes the gap that an emptied slot leaves in its probe run.
func (ix *index) vacate(i int) {
	mask := len(ix.slots) - 1
	ix.used--
	ix.slots[i] = 0
	for j := (i + 1) & mask; ix.slots[j] != 0; j = (j + 1) & mask {
		if home := ix.slots[j].home() & mask; (j-home)&mask >= (j-i)&mask {
			ix.slots[i], ix.slots[j] = ix.slots[j], 0
			i = j
		}
	}
}

func (ix *index) grow() {
	old := ix.slots
	ix.slots = make([]slot, 2*len(old))
	mask := len(ix.slots) - 1
	for _, s := range old {
		if s == 0 {
			continue
		}
		i := s.home() & mask
		for ix.slots[i] != 0 {
			i = (i + 1) & mask
		}
		ix.slots[i] = s
	}
}
