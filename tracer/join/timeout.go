package join

import (
	"slices"

	"github.com/wirespan/wirespan/flows"
)

// deadline says when a request counts as unanswered.
type deadline struct {
	at   int64
	born uint64
	x    *exchange
	c    *flows.Conn
}

// deadlines is a queue; the timeout is one for all, so it is in order.
type deadlines struct {
	list []deadline
	head int
}

// push adds a deadline. Before the queue would grow it drops what is settled:
// most requests are answered long before anybody looks here.
func (d *deadlines) push(v deadline) {
	if n := len(d.list); n == cap(d.list) {
		d.compact()
		if len(d.list)*2 > n {
			d.list = slices.Grow(d.list, n+1024)
		}
	}
	d.list = append(d.list, v)
}

// settled reports whether the exchange of a deadline needs none any more.
func (v *deadline) settled() bool { return v.x.born != v.born || v.x.responded || v.x.dead }

// pop returns the next one that is due.
func (d *deadlines) pop(now int64) (deadline, bool) {
	for d.head < len(d.list) {
		v := d.list[d.head]
		if settled := v.settled(); !settled && v.at > now {
			d.compact()
			return deadline{}, false
		}
		d.list[d.head] = deadline{}
		d.head++
		if !v.settled() {
			return v, true
		}
	}
	d.list, d.head = d.list[:0], 0
	return deadline{}, false
}

// compact drops what is settled once most of a long queue is.
func (d *deadlines) compact() {
	if len(d.list) < 1024 || d.head*2 < len(d.list) && len(d.list) < cap(d.list) {
		return
	}
	out := d.list[:0]
	for i := d.head; i < len(d.list); i++ {
		if !d.list[i].settled() {
			out = append(out, d.list[i])
		}
	}
	clear(d.list[len(out):])
	d.list, d.head = out, 0
}

// Tick fires the deadlines up to the processing clock.
func (j *Joiner) Tick() {
	for {
		v, ok := j.due.pop(j.now)
		if !ok {
			return
		}
		if v.x.reqOpen {
			v.x.overdue = true // the wait begins anew when it has been sent
			continue
		}
		end := v.x.rec.Start + int64(j.cfg.Timeout)
		if v.x.rec.RequestEnd > end {
			end = v.x.rec.RequestEnd + int64(j.cfg.Timeout)
		}
		j.unanswered(v.c, stateOf(v.c), v.x, "timeout", end)
	}
}
