package flows

import (
	"cmp"
	"math"
	"slices"
)

// Tick fires what is due at now. It is to be called on a grid of 100 ms of
// packet time; when nothing is due it costs one comparison.
func (t *Table) Tick(now int64) {
	if now >= t.due {
		t.expire(now)
	}
}

func (t *Table) expire(now int64) {
	t.tick = max(t.tick, now/tickLength)
	t.due = math.MaxInt64
	for k := numHoleStates - 1; k > holeNone; k-- {
		q := &t.holes[k]
		for q.head != 0 && t.tracked(q.head).since+q.timeout <= now {
			t.expireHole(k, now)
		}
	}
	for k := range t.queues {
		q := &t.queues[k]
		for q.head != 0 {
			id := q.head
			c := t.conn(id)
			if t.age(c) <= q.timeout {
				break
			}
			if c.state.class != classTomb {
				t.finish(c, c.expireReason(), now)
			}
			t.release(c, id)
		}
	}
	t.schedule()
}

// age is how many ticks ago c had its latest packet.
func (t *Table) age(c *Conn) int64 { return int64(uint32(t.tick) - c.state.touch) }

// schedule finds when the next timer is due.
func (t *Table) schedule() {
	for k := range t.holes {
		if q := &t.holes[k]; q.head != 0 {
			t.due = min(t.due, t.tracked(q.head).since+q.timeout)
		}
	}
	for k := range t.queues {
		if q := &t.queues[k]; q.head != 0 {
			t.due = min(t.due, (t.tick-t.age(t.conn(q.head))+q.timeout+1)*tickLength)
		}
	}
}

// evict makes room for one connection: a closed one if there is any, else the
// one that has been idle for longest, to the tick; the least advanced first.
func (t *Table) evict(now int64) {
	if id := t.queues[classTomb].head; id != 0 {
		t.release(t.conn(id), id)
		return
	}
	oldest, age := uint32(0), int64(-1)
	for k := range t.queues {
		if id := t.queues[k].head; id != 0 {
			if a := t.age(t.conn(id)); a > age {
				oldest, age = id, a
			}
		}
	}
	c := t.conn(oldest)
	t.finish(c, CloseEvicted, now)
	t.release(c, oldest)
}

// Flush ends the input: all connections are closed with CloseEnded, in the
// order of their ids. The Table is empty afterwards and may be used again.
func (t *Table) Flush(now int64) {
	t.tick = max(t.tick, now/tickLength)
	ids := make([]uint32, 0, t.used)
	for k := range t.queues {
		for id := t.queues[k].head; id != 0; id = t.conn(id).state.succ {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b uint32) int { return cmp.Compare(t.conn(a).ID, t.conn(b).ID) })
	for _, id := range ids {
		c := t.conn(id)
		if c.state.class != classTomb {
			t.finish(c, CloseEnded, now)
		}
		t.release(c, id)
	}
	t.due = math.MaxInt64
}
