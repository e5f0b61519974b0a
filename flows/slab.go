package flows

// Conns live in chunks that never move. An id is the number of the chunk,
// shifted, plus the place in it; 0 is nobody. 25 Conns of 488 bytes fill a
// 12 KiB size class of the allocator to within 88 bytes.
const (
	chunkConns = 25
	chunkShift = 5
	chunkMask  = 1<<chunkShift - 1
)

type chunk [chunkConns]Conn

func (t *Table) conn(id uint32) *Conn {
	return &t.chunks[id>>chunkShift][id&chunkMask]
}

// alloc returns a zero Conn.
func (t *Table) alloc() (*Conn, uint32) {
	if t.free == 0 {
		t.growSlab()
	}
	id := t.free
	c := t.conn(id)
	t.free = c.state.succ
	c.state.succ = 0
	return c, id
}

func (t *Table) growSlab() {
	n := uint32(len(t.chunks))
	t.chunks = append(t.chunks, new(chunk))
	for i := uint32(chunkConns); i > 0; i-- {
		id := n<<chunkShift | (i - 1)
		if id == 0 {
			continue
		}
		t.conn(id).state.succ = t.free
		t.free = id
	}
}

// release takes c out of index and queue and puts it on the free list.
func (t *Table) release(c *Conn, id uint32) {
	if c.state.class == classTomb {
		t.stats.Lingering--
	} else {
		t.stats.Conns--
	}
	t.unqueue(c, id)
	t.remove(t.hashConn(c), id)
	*c = Conn{}
	c.state.succ = t.free
	t.free = id
}

// queue holds the connections of one class, that idle for longest first.
// Within a tick of 100 ms it keeps the order of arrival in the tick.
type queue struct {
	head, tail uint32
	timeout    int64 // ticks
}

func (t *Table) enqueue(c *Conn, id uint32, k class) {
	st := &c.state
	q := &t.queues[k]
	st.class, st.prev, st.succ, st.touch = k, q.tail, 0, uint32(t.tick)
	if q.tail == 0 {
		q.head = id
	} else {
		t.conn(q.tail).state.succ = id
	}
	q.tail = id
	t.due = min(t.due, (t.tick+q.timeout+1)*tickLength)
}

func (t *Table) unqueue(c *Conn, id uint32) {
	st := &c.state
	q := &t.queues[st.class]
	if st.prev == 0 {
		q.head = st.succ
	} else {
		t.conn(st.prev).state.succ = st.succ
	}
	if st.succ == 0 {
		q.tail = st.prev
	} else {
		t.conn(st.succ).state.prev = st.prev
	}
	st.prev, st.succ = 0, 0
}

// reclass moves c to the end of the queue of a class.
func (t *Table) reclass(c *Conn, id uint32, k class) {
	t.unqueue(c, id)
	t.enqueue(c, id, k)
}
