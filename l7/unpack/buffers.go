package unpack

import "sync"

// Buffers are shared by the parsers of connections, which need one for the time
// of a call: one for each connection would be much memory, and a short
// connection would spend most of its time making it. Every one has Size bytes.
type Buffers struct {
	Size int
	pool sync.Pool
}

// Take returns an empty buffer. Give takes it back.
func (b *Buffers) Take() *[]byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return p
	}
	p := make([]byte, 0, b.Size)
	return &p
}

// Give takes a buffer back; nothing may refer to its bytes any more.
func (b *Buffers) Give(p *[]byte) { b.pool.Put(p) }
