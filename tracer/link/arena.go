package link

// chunkSize is the size of a piece of the arena; an offset in it has 16 bits.
const chunkSize = 64 << 10

// arena keeps the byte strings of waiting exchanges. Exchanges leave roughly
// in the order in which they came, so a chunk is free again soon after its
// first string.
type arena struct {
	chunks []chunk
	free   []uint32
	cur    uint32
	used   int      // bytes in chunks that are in use
	spare  [][]byte // room of before a reset
}

type chunk struct {
	buf  []byte
	live int32
}

// put copies s, of at most MaxString bytes, and returns its place.
func (a *arena) put(s []byte) Ref {
	if len(s) == 0 {
		return Ref{}
	}
	if len(a.chunks) == 0 || chunkSize-len(a.chunks[a.cur].buf) < len(s) {
		a.next()
	}
	c := &a.chunks[a.cur]
	off := len(c.buf)
	c.buf = append(c.buf, s...)
	c.live++
	return Ref{pos: a.cur<<16 | uint32(off), len: uint16(len(s))}
}

// next makes an empty chunk the current one.
func (a *arena) next() {
	if len(a.chunks) > 0 && a.chunks[a.cur].live == 0 {
		a.recycle(a.cur)
	}
	if l := len(a.free); l > 0 {
		a.cur, a.free = a.free[l-1], a.free[:l-1]
	} else {
		a.chunks = append(a.chunks, chunk{buf: a.room()})
		a.cur = uint32(len(a.chunks) - 1)
	}
	a.chunks[a.cur].buf = a.chunks[a.cur].buf[:0]
	a.used += chunkSize
}

func (a *arena) view(r Ref) []byte {
	if r.len == 0 {
		return nil
	}
	off := r.pos & 0xffff
	return a.chunks[r.pos>>16].buf[off : off+uint32(r.len)]
}

// drop gives a string back.
func (a *arena) drop(r Ref) {
	if r.len == 0 {
		return
	}
	i := r.pos >> 16
	c := &a.chunks[i]
	if c.live--; c.live == 0 && i != a.cur {
		a.recycle(i)
	}
}

func (a *arena) recycle(i uint32) {
	a.used -= chunkSize
	a.free = append(a.free, i)
}
