package hpack

// Bounds.
const (
	overhead  = 32        // of an entry, on its bytes (RFC 7541, 4.1)
	usualMax  = 4096      // size of a table before it is changed (RFC 9113, 6.5.2)
	maxTable  = 64 << 10  // largest table that is kept; entries beyond are unknown
	maxInsert = 256 << 10 // bytes that one block may insert, and what was there before
)

// entry is a field of the dynamic table.
type entry struct {
	at          uint32 // place of the name, the value follows; counts all bytes ever added
	name, value uint32 // sizes
	unread      uint32 // size of a value that was not decoded, as it was coded
	tag         Tag
	nameless    bool // its name referred to an entry that is not known
}

// size is that of RFC 7541, 4.1, or less where the value was not decoded: then
// the entry is kept for longer than it is referred to.
func (e *entry) size() uint32 { return e.name + e.value + e.unread + overhead }

// table holds the newest entries of the dynamic table of one direction, in a
// ring. Their bytes follow each other in data, the newest last.
type table struct {
	ring   []entry // its length is a power of two
	newest int
	n      int
	size   uint32 // RFC 7541, 4.1
	max    uint32
	data   []byte
	base   uint32 // place of data[0]
}

// find returns the i-th newest entry, from 0; nil if that is not known.
func (t *table) find(i uint64) *entry {
	if i >= uint64(t.n) {
		return nil
	}
	return &t.ring[(t.newest-int(i))&(len(t.ring)-1)]
}

// text returns name and value of an entry.
func (t *table) text(e *entry) (name, value []byte) {
	b := t.data[e.at-t.base:]
	return b[:e.name:e.name], b[e.name : e.name+e.value : e.name+e.value]
}

// settle makes room between blocks: what was evicted leaves data. Nothing is
// referred to then.
func (t *table) settle() {
	if len(t.data) < 2*int(t.max)+usualMax {
		return
	}
	live := uint32(len(t.data))
	if t.n > 0 {
		live = t.find(uint64(t.n-1)).at - t.base
	}
	t.data = t.data[:copy(t.data, t.data[live:])]
	t.base += live
}

// full reports whether no more bytes are taken before settle: a block that
// inserts so much is not meant to be read.
func (t *table) full() bool { return len(t.data) > maxInsert }

// insert adds the entry whose bytes are the last of data. One that is larger
// than the table empties it (RFC 7541, 4.4).
func (t *table) insert(e entry) {
	size := e.size()
	if size > t.max {
		t.clear()
		return
	}
	t.evict(t.max - size)
	if t.n == len(t.ring) {
		t.grow()
	}
	t.newest = (t.newest + 1) & (len(t.ring) - 1)
	t.ring[t.newest] = e
	t.n++
	t.size += size
}

func (t *table) grow() {
	ring := make([]entry, max(16, 2*len(t.ring)))
	for i := range t.n {
		ring[t.n-1-i] = *t.find(uint64(i))
	}
	t.ring, t.newest = ring, t.n-1
}

// evict drops the oldest entries until the others take no more than size.
func (t *table) evict(size uint32) {
	for t.size > size {
		t.size -= t.find(uint64(t.n - 1)).size()
		t.n--
	}
}

func (t *table) clear() { t.n, t.size = 0, 0 }

// resize obeys a dynamic table size update (RFC 7541, 6.3).
func (t *table) resize(size uint64) {
	t.max = uint32(min(size, maxTable))
	t.evict(t.max)
}
