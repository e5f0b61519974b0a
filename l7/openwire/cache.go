package openwire

// Bounds of what is remembered of one direction.
const (
	maxCache  = 16383     // objects that a side may refer to by index
	maxCached = 4096      // of them that are remembered
	maxStored = 256 << 10 // bytes of their text
)

// value is an object as text. Of one that is not known there is nothing to say;
// one that is null is known.
type value struct {
	kind  byte // its type, 0 if it is null
	known bool
	text  text
}

// entry is an object of the cache.
type entry struct {
	kind  byte
	known bool
	text  []byte
}

// cache has the objects that a side sent, by the index that it gave them. What
// was sent before the capture, or in a gap, is unknown.
type cache struct {
	list   []entry
	next   int // index that the side gives to the next object; valid iff begun
	begun  bool
	size   int // 0 if unknown
	stored int // bytes of text
}

// set remembers an object. Index -1 says that the other side has no room for it.
func (c *cache) set(index int, v value, text []byte) {
	if index < 0 || index >= maxCache {
		return
	}
	if c.next = index + 1; c.next == c.size {
		c.next = 0
	}
	c.begun = true
	if index >= maxCached {
		return
	}
	for len(c.list) <= index {
		c.list = append(c.list, entry{})
	}
	e := &c.list[index]
	c.stored -= len(e.text)
	e.kind, e.known, e.text = v.kind, v.known && c.stored+len(text) <= maxStored, e.text[:0]
	if e.known {
		e.text = append(e.text, text...)
		c.stored += len(text)
	}
}

// get finds an object by its index; nil if it is not known.
func (c *cache) get(index int) *entry {
	if index < 0 || index >= len(c.list) || !c.list[index].known {
		return nil
	}
	return &c.list[index]
}

// forget makes everything unknown.
func (c *cache) forget() {
	for i := range c.list {
		e := &c.list[i]
		e.known, e.text = false, e.text[:0]
	}
	c.stored = 0
}

// lost makes unknown what n bytes that were not read may have replaced: indexes
// are given in turn, and an object takes three bytes at the least.
func (c *cache) lost(n int64) {
	if n <= 0 {
		return
	}
	k := n/3 + 1
	if !c.begun || c.size == 0 || k >= int64(c.size) {
		c.forget()
		return
	}
	for i := range int(k) {
		at := (c.next + i) % c.size
		if at < len(c.list) {
			e := &c.list[at]
			c.stored -= len(e.text)
			e.known, e.text = false, e.text[:0]
		}
	}
}
