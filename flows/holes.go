package flows

// holeState says what is known of the first hole of a lane; each state has a
// queue in order of time.
type holeState uint8

const (
	holeNone    holeState = iota
	holeWaiting           // nobody has acknowledged it: it may be filled
	holeAcked             // the receiver has it
	numHoleStates
)

type holeQueue struct {
	head, tail uint32
	timeout    int64
}

// maxTail is the longest hole that is believed for an acknowledgement alone;
// a longer one needs bytes behind it.
const maxTail = 16 << 20

// covered is how many bytes after next the receiver has acknowledged.
func (st *connState) covered(s side, waiting bool) uint32 {
	if st.side[s]&(sideEOF|sideAcked|sideSeen) != sideAcked|sideSeen || !after(st.acked[s], st.next[s]) {
		return 0
	}
	n := st.acked[s] - st.next[s]
	if !waiting && (n == 1 || n > maxTail) {
		return 0
	}
	return n
}

// settle decides about the first hole of a side after something changed.
func (t *Table) settle(c *Conn, id uint32, s side, now, at int64) {
	st := &c.state
	for {
		l := t.laneOf(c, s)
		waiting := l != nil && l.waiting()
		n := st.covered(s, waiting)
		switch {
		case !waiting && n == 0:
			if l != nil {
				t.untrack(l)
				l.segments = 0
				if o := t.laneOf(c, s^1); !o.waiting() && o.state == holeNone {
					t.dropReorder(c)
				}
			}
			return
		case n == 0:
			t.track(c, s, l, holeWaiting, now)
			return
		case l == nil:
			l = t.lane(c, id, s)
		}
		if l.segments < t.cfg.ReorderSegments {
			t.track(c, s, l, holeAcked, now)
			return
		}
		t.giveUpAcked(c, s, l, at)
	}
}

// giveUpAcked gives up what is acknowledged of the first hole.
func (t *Table) giveUpAcked(c *Conn, s side, l *lane, at int64) {
	end := c.state.acked[s]
	if l.waiting() && after(end, l.limit()) {
		end = l.limit()
	}
	t.giveUp(c, s, l, end, at)
}

// answerTo delivers what waits on side s in front of ack, which payload of the
// other side is about to acknowledge: that payload may be an answer to it, and
// must not be seen before what it answers.
func (t *Table) answerTo(c *Conn, s side, ack uint32, at int64) {
	for l := t.laneOf(c, s); l.waiting() && after(ack, l.limit()); {
		t.giveUp(c, s, l, l.limit(), at)
	}
}

// flushSide gives up all holes of a side.
func (t *Table) flushSide(c *Conn, s side, at int64) {
	l := t.laneOf(c, s)
	for l != nil && l.waiting() {
		t.giveUp(c, s, l, l.limit(), at)
	}
	if n := c.state.covered(s, false); n > 0 {
		t.unseen(c, s, n)
		t.lose(c, s, n, at, 0)
	}
}

// track puts a lane into the queue of a state, with a new time if the hole or
// its state is new.
func (t *Table) track(c *Conn, s side, l *lane, k holeState, now int64) {
	if l.state == k && l.hole == c.state.next[s] {
		return
	}
	t.untrack(l)
	l.state, l.since, l.hole = k, now, c.state.next[s]
	q := &t.holes[k]
	key := (c.state.reorder-1)*2 + uint32(s) + 1
	l.prev = q.tail
	if q.tail == 0 {
		q.head = key
	} else {
		t.tracked(q.tail).succ = key
	}
	q.tail = key
	t.due = min(t.due, now+q.timeout)
}

func (t *Table) untrack(l *lane) {
	if l.state == holeNone {
		return
	}
	q := &t.holes[l.state]
	if l.prev == 0 {
		q.head = l.succ
	} else {
		t.tracked(l.prev).succ = l.succ
	}
	if l.succ == 0 {
		q.tail = l.prev
	} else {
		t.tracked(l.succ).prev = l.prev
	}
	l.state, l.prev, l.succ = holeNone, 0, 0
}

func (t *Table) tracked(key uint32) *lane {
	return &t.reorders[(key-1)/2].lanes[(key-1)%2]
}

// expireHole gives up the first hole of a queue.
func (t *Table) expireHole(k holeState, now int64) {
	key := t.holes[k].head
	s := side((key - 1) % 2)
	id := t.reorders[(key-1)/2].conn
	c := t.conn(id)
	l := t.tracked(key)
	if k == holeAcked {
		t.giveUpAcked(c, s, l, now)
	} else {
		// Further holes that are as old by packet time go with it.
		for old := true; old; old = l.waiting() && l.behind() <= now-t.holes[k].timeout {
			t.giveUp(c, s, l, l.limit(), now)
		}
	}
	t.settle(c, id, s, now, now)
	if (c.state.side[0]|c.state.side[1])&sideEOF != 0 {
		t.halve(c, id, now)
	}
}
