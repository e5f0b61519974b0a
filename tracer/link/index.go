package link

// index finds exchanges by hashed keys. Each key has a list of entries, newest
// first; entries live in a slab and are doubly linked, so that an exchange
// takes its entries out when it leaves. The hash table holds nothing but the
// head of each list: it is small enough for the cache, and most lookups find
// an empty slot there.
type index struct {
	slots []int32 // head of a list, 0 empty
	used  int
	ents  slab[entry]
}

// entry is one exchange under one key.
type entry struct {
	key        uint64
	next, prev int32 // in the list of the key
	own        int32 // next entry of the same exchange
	x          int32
}

func newIndex() *index { return &index{slots: make([]int32, 1024)} }

// find returns the place of key, or of the empty slot where it belongs.
func (ix *index) find(key uint64) int {
	mask := len(ix.slots) - 1
	i := int(key) & mask
	for ix.slots[i] != 0 && ix.ents.at(ix.slots[i]).key != key {
		i = (i + 1) & mask
	}
	return i
}

// first returns the newest entry of a key, 0 if there is none.
func (ix *index) first(key uint64) int32 { return ix.slots[ix.find(key)] }

// next returns the entry after e.
func (ix *index) next(e int32) int32 { return ix.ents.at(e).next }

// exchange returns the exchange of an entry.
func (ix *index) exchange(e int32) int32 { return ix.ents.at(e).x }

// add puts x under key and returns the entry, whose list of own entries begins
// with own.
func (ix *index) add(key uint64, x, own int32) int32 {
	if ix.used*2 >= len(ix.slots) {
		ix.grow()
	}
	e := ix.ents.take()
	i := ix.find(key)
	head := ix.slots[i]
	if head == 0 {
		ix.used++
	} else {
		ix.ents.at(head).prev = e
	}
	*ix.ents.at(e) = entry{key: key, next: head, x: x, own: own}
	ix.slots[i] = e
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
		if ix.slots[i] = en.next; en.next == 0 {
			ix.vacate(i)
		}
	}
	ix.ents.put(e)
}

// vacate closes the gap that an emptied slot leaves in its probe run.
func (ix *index) vacate(i int) {
	mask := len(ix.slots) - 1
	ix.used--
	for j := (i + 1) & mask; ix.slots[j] != 0; j = (j + 1) & mask {
		if home := int(ix.ents.at(ix.slots[j]).key) & mask; (j-home)&mask >= (j-i)&mask {
			ix.slots[i], ix.slots[j] = ix.slots[j], 0
			i = j
		}
	}
}

func (ix *index) grow() {
	old := ix.slots
	ix.slots = make([]int32, 2*len(old))
	for _, e := range old {
		if e != 0 {
			ix.slots[ix.find(ix.ents.at(e).key)] = e
		}
	}
}
