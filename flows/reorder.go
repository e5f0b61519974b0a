package flows

// blockSize is the memory of one block; segments that wait are copied into
// blocks of one size, so that the bounds count memory, not payload.
const (
	blockSize   = 2048
	blockHeader = 32
	blockData   = blockSize - blockHeader
	keepBlocks  = 64 // free blocks that a Table keeps
)

// block holds a piece that waits behind a hole.
type block struct {
	next     *block
	time     int64
	seq, ack uint32
	n, cut   uint32
	buf      [blockData]byte
}

func (b *block) end() uint32 { return b.seq + b.n + b.cut }

// lane is what waits on one side: blocks in order of sequence number without
// overlap, all after next, and perhaps a FIN.
type lane struct {
	head, tail *block
	mem        int
	segments   int // that came while something was waiting
	finSet     bool
	fin        piece // seq, ack and time only

	state      holeState
	since      int64  // now, when the hole was found or acknowledged
	hole       uint32 // its first sequence number
	prev, succ uint32 // in the queue of its state: index of the reorder * 2 + side + 1
}

// reorder belongs to a connection as long as one of its sides has a hole.
type reorder struct {
	conn  uint32
	lanes [2]lane
}

func (l *lane) waiting() bool { return l.head != nil || l.finSet }

// limit is the end of the first hole, for a lane that waits.
func (l *lane) limit() uint32 {
	if l.head == nil || l.finSet && after(l.head.seq, l.fin.seq) {
		return l.fin.seq
	}
	return l.head.seq
}

// behind is the packet time of what waits behind the first hole.
func (l *lane) behind() int64 {
	if l.head == nil || l.finSet && after(l.head.seq, l.fin.seq) {
		return l.fin.time
	}
	return l.head.time
}

// laneOf returns the lane of a side, nil if there is none.
func (t *Table) laneOf(c *Conn, s side) *lane {
	if c.state.reorder == 0 {
		return nil
	}
	return &t.reorders[c.state.reorder-1].lanes[s]
}

// lane returns the lane of a side, made if need be.
func (t *Table) lane(c *Conn, id uint32, s side) *lane {
	if c.state.reorder == 0 {
		if n := len(t.freeReorders); n > 0 {
			c.state.reorder = t.freeReorders[n-1] + 1
			t.freeReorders = t.freeReorders[:n-1]
		} else {
			t.reorders = append(t.reorders, new(reorder))
			c.state.reorder = uint32(len(t.reorders))
		}
		t.reorders[c.state.reorder-1].conn = id
	}
	return t.laneOf(c, s)
}

// dropReorder gives the lanes back; nothing waits in them.
func (t *Table) dropReorder(c *Conn) {
	i := c.state.reorder - 1
	r := t.reorders[i]
	t.untrack(&r.lanes[0])
	t.untrack(&r.lanes[1])
	*r = reorder{}
	c.state.reorder = 0
	t.freeReorders = append(t.freeReorders, i)
}

// hold keeps p, which starts after next. If there is no room it gives up the
// hole before p instead and returns false: p is to be looked at again.
func (t *Table) hold(c *Conn, id uint32, s side, p *piece) (fresh uint32, held bool) {
	l := t.lane(c, id, s)
	need := l.room(p)
	if l.mem+need > t.cfg.MaxBuffered || t.mem+need > t.cfg.MaxBufferedTotal {
		t.stats.Forced++
		end := p.seq
		if l.waiting() && after(end, l.limit()) {
			end = l.limit()
		}
		t.giveUp(c, s, l, end, p.time)
		return 0, false
	}
	l.segments++
	return t.store(l, p), true
}

// room is the memory that p needs at most: pieces between blocks that are there
// take blocks of their own.
func (l *lane) room(p *piece) int {
	blocks := int(p.len())/blockData + 1
	if l.tail != nil && after(l.tail.end(), p.seq) {
		for b := l.head; b != nil && after(p.seq+p.len(), b.seq); b = b.next {
			if after(b.seq, p.seq) {
				blocks++
			}
		}
	}
	return blocks * blockSize
}

// store copies what is new of p into blocks.
func (t *Table) store(l *lane, p *piece) (fresh uint32) {
	at := &l.head
	if l.tail != nil && !after(l.tail.end(), p.seq) {
		at = &l.tail.next
	}
	for p.len() > 0 {
		b := *at
		if b != nil && !after(b.end(), p.seq) {
			at = &b.next
			continue
		}
		k := p.len()
		if b != nil {
			if !after(b.seq, p.seq) { // the first copy wins
				k = min(k, b.end()-p.seq)
				t.stats.Duplicate += uint64(k)
				p.drop(k)
				continue
			}
			k = min(k, b.seq-p.seq)
		}
		part := p.front(k)
		nb := t.block(&part)
		nb.next = b
		if *at = nb; b == nil {
			l.tail = nb
		}
		l.mem += blockSize
		k = nb.n + nb.cut
		t.stats.Buffered += uint64(k)
		fresh += k
		p.drop(k)
		at = &nb.next
	}
	return fresh
}

// block makes a block of as much of p as fits.
func (t *Table) block(p *piece) *block {
	b := t.blocks
	if b == nil {
		b = new(block)
	} else {
		t.blocks = b.next
		t.freeBlocks--
	}
	t.mem += blockSize
	b.next, b.time, b.seq, b.ack, b.cut = nil, p.time, p.seq, p.ack, 0
	b.n = uint32(copy(b.buf[:], p.data))
	if int(b.n) == len(p.data) {
		b.cut = p.cut
	}
	return b
}

// pop frees the first block and returns how many bytes it stood for.
func (t *Table) pop(l *lane) uint32 {
	b := l.head
	if l.head = b.next; l.head == nil {
		l.tail = nil
	}
	n := b.n + b.cut
	t.stats.Buffered -= uint64(n)
	l.mem -= blockSize
	t.mem -= blockSize
	if t.freeBlocks < keepBlocks {
		b.next = t.blocks
		t.blocks = b
		t.freeBlocks++
	}
	return n
}

// drain delivers what follows next without a hole, and the FIN.
func (t *Table) drain(c *Conn, s side, l *lane) {
	st := &c.state
	for {
		if l.finSet && !after(l.fin.seq, st.next[s]) {
			if l.fin.seq == st.next[s] {
				t.eof(c, s, l.fin)
				return
			}
			l.finSet = false // bytes behind it were delivered: it was none
		}
		b := l.head
		if b == nil || b.seq != st.next[s] {
			return
		}
		t.deliver(c, s, piece{b.buf[:b.n], b.cut, b.seq, b.ack, b.time})
		t.pop(l)
	}
}

// giveUp declares the bytes up to end lost and delivers what follows.
func (t *Table) giveUp(c *Conn, s side, l *lane, end uint32, at int64) {
	if after(end, c.state.next[s]) {
		t.unseen(c, s, end-c.state.next[s])
		t.lose(c, s, end-c.state.next[s], at, 0)
	}
	t.drain(c, s, l)
}
