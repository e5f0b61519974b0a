package link

// index finds exchanges by hashed keys. Each key has a list of entries, newest
// first, doubly linked, so that an exchange takes its entries out when it
// leaves. The hash table holds the head of each list and half of its key:
// entries lie scattered in memory, and searching must not look at those of
// other keys. The first entries of an exchange are part of it, since they are
// written and read with it; further ones live in a slab.
type index struct {
	slots []slot
	used  int
	exchs *slab[exchange]
	more  slab[extra]
}

// An entry is named by exchange and place in it, or by element of the slab.
const (
	numInline  = 3
	inlineBits = 2
	openSlot   = numInline - 1
	isExtra    = 1<<inlineBits - 1
)

func inline(x int32, i int) int32 { return x<<inlineBits | int32(i) }

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
}

// extra is an entry that has no room in its exchange.
type extra struct {
	entry
	own int32 // next of the same exchange
	x   int32
}

func newIndex(exchs *slab[exchange]) *index {
	return &index{slots: make([]slot, 1024), exchs: exchs}
}

func (ix *index) at(e int32) *entry {
	if e&isExtra == isExtra {
		return &ix.more.at(e >> inlineBits).entry
	}
	return &ix.exchs.at(e >> inlineBits).ents[e&isExtra]
}

// find returns the place of key, or of the empty slot where it belongs.
func (ix *index) find(key uint64) int {
	mask := len(ix.slots) - 1
	i := int(key>>32) & mask
	for s := ix.slots[i]; s != 0; s = ix.slots[i] {
		if uint64(s)>>32 == key>>32 && ix.at(s.head()).key == key {
			break
		}
		i = (i + 1) & mask
	}
	return i
}

// first returns the newest entry of a key, 0 if there is none.
func (ix *index) first(key uint64) int32 { return ix.slots[ix.find(key)].head() }

// next returns the entry after e.
func (ix *index) next(e int32) int32 { return ix.at(e).next }

// exchange returns the exchange of an entry.
func (ix *index) exchange(e int32) int32 {
	if e&isExtra == isExtra {
		return ix.more.at(e >> inlineBits).x
	}
	return e >> inlineBits
}

// add puts an entry under key, and returns the one that was the newest there.
func (ix *index) add(e int32, key uint64) (next int32) {
	if ix.used*4 >= len(ix.slots)*3 {
		ix.grow()
	}
	i := ix.find(key)
	head := ix.slots[i].head()
	if head == 0 {
		ix.used++
	} else {
		ix.at(head).prev = e
	}
	*ix.at(e) = entry{key: key, next: head}
	ix.slots[i] = newSlot(key, e)
	return head
}

// addMore puts x under key by an entry of the slab, in front of its own others.
func (ix *index) addMore(key uint64, x, own int32) int32 {
	i := ix.more.take()
	m := ix.more.at(i)
	m.x, m.own = x, own
	ix.add(i<<inlineBits|isExtra, key)
	return i<<inlineBits | isExtra
}

// remove takes an entry out.
func (ix *index) remove(e int32) {
	en := ix.at(e)
	if en.next != 0 {
		ix.at(en.next).prev = en.prev
	}
	if en.prev != 0 {
		ix.at(en.prev).next = en.next
		return
	}
	i := ix.find(en.key)
	if en.next != 0 {
		ix.slots[i] = newSlot(en.key, en.next)
	} else {
		ix.vacate(i)
	}
}

// touch reads the slot of a key, so that it is at hand when it is needed soon.
func (ix *index) touch(key uint64) slot { return ix.slots[int(key>>32)&(len(ix.slots)-1)] }

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
