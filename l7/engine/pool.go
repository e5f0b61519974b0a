package engine

// pool lends carry-over buffers in powers of two and bounds their sum, free
// ones included.
type pool struct {
	free  [buffersClass][][]byte
	total int // bytes of all buffers, lent or free
	limit int
}

// get lends a buffer of length 0 and room for n bytes, nil if the bound does
// not allow it.
func (p *pool) get(n int) []byte {
	c := class(n)
	if c >= buffersClass {
		return nil
	}
	if l := len(p.free[c]); l > 0 {
		b := p.free[c][l-1]
		p.free[c][l-1] = nil
		p.free[c] = p.free[c][:l-1]
		return b
	}
	size := minBuffer << c
	if p.total+size > p.limit && !p.reclaim(size) {
		return nil
	}
	p.total += size
	return make([]byte, 0, size)
}

// reclaim gives up free buffers of other sizes until size fits.
func (p *pool) reclaim(size int) bool {
	for c := buffersClass - 1; c >= 0; c-- {
		for l := len(p.free[c]); l > 0 && p.total+size > p.limit; l-- {
			p.free[c][l-1] = nil
			p.free[c] = p.free[c][:l-1]
			p.total -= minBuffer << c
		}
	}
	return p.total+size <= p.limit
}

// put takes a buffer back.
func (p *pool) put(b []byte) {
	c := class(cap(b))
	p.free[c] = append(p.free[c], b[:0])
}
