package listen

import "sync/atomic"

// A block is divided into slots, one for each datagram.
const (
	blockSize = block0
	slotSize  = 2 << 10 // a frame of 1500 bytes in any tunnel
	slotRoom  = slotSize - headroom
)

// block is memory of packets. The reader holds one reference to the one that it
// fills, every batch one to those that it borrows.
type block struct {
	buf  []byte
	refs atomic.Int32
	home *pool
}

func (b *block) drop() {
	if b.refs.Add(-1) == 0 {
		b.home.put(b)
	}
}

// pool keeps blocks that are out of use. Only the reader takes, anybody gives
// back.
type pool struct {
	free  chan *block
	made  int
	bound int
}

// reserve is how many blocks datagrams larger than a slot may take beyond the
// bound: they are received already when their size is known.
const reserve = maxBatch*maxDatagram/blockSize + 1

func newPool(memory int) *pool {
	n := memory / blockSize
	return &pool{free: make(chan *block, n+reserve), bound: n}
}

// take gives a block with one reference, nil if all are lent.
func (p *pool) take(bound int) *block {
	select {
	case b := <-p.free:
		b.refs.Store(1)
		return b
	default:
	}
	if p.made >= bound {
		return nil
	}
	p.made++
	b := &block{buf: make([]byte, blockSize), home: p}
	b.refs.Store(1)
	return b
}

func (p *pool) put(b *block) { p.free <- b } // there is a place for each
