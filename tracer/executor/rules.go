package executor

import (
	"math"
	"slices"
)

// asked notes that an executor read of a request: it serves that now.
func (t *Tracker) asked(c *conn, x *exec, begins bool) {
	r := c.asked
	if begins {
		t.over(c)
		c.requests++
		r = t.memory.request(c.msg.ID, c.msg.First.TGID)
		c.asked = r
		t.processOf(r.tgid).requests[r] = struct{}{}
	}
	if r == nil {
		return
	}
	r.end = c.msg.End
	if r.owner != x {
		r.disown()
		if len(x.serves) < maxServes {
			r.owner = x
			x.serves = append(x.serves, r)
		}
	}
	r.rest(r.end)
	t.turnReads(x, r, nil)
	t.strides(x, r, nil)
	if !x.reads {
		x.reads = true
		if x.thread.Goroutine == 0 {
			x.process.readers++
		}
	}
	x.loop = x.loop || len(x.serves) > 1
	x.slice, x.sliceConn, x.at, x.woken, x.last = r, nil, c.msg.End, nil, nil
}

// calls notes that an executor sent a request, and says for whom.
func (t *Tracker) calls(c *conn, x *exec) {
	k := t.memory.call(c.msg.ID, c.msg.Begin)
	first := c.requests == 0
	if !first {
		t.processOf(x.thread.TGID).reuses = true
	}
	c.requests++
	if c.call != nil {
		c.call.done(t.now) // its response was not seen
	}
	c.call = k
	t.stats.Calls++
	t.stats.Unlabeled++ // until it is said for whom it is
	r, rule, class := t.cause(c, x, c.msg.Begin, first)
	t.sends(c, x, r, rule)
	c.used(c.msg.Begin)
	if first && c.opener == x {
		k.on = c
	} else {
		t.turnCalls(x, deed{call: k})
	}
	if r != nil && class != Weak {
		k.awaited = true
		r.await()
	} else {
		k.blind.blindly(x)
		if len(x.loose) < maxLoose {
			x.loose = append(x.loose, k)
		}
	}
	t.strideCalls(c, x, k, first)
	k.sentBy(x)
	if r != nil {
		t.label(k, r, rule, class, x)
	} else {
		t.only(x, k)
	}
}

// done notes that a call was answered, or never will be.
func (k *call) done(at int64) {
	k.answered = true
	k.blind.seen()
	if k.awaited {
		k.awaited = false
		k.of.awaited(at)
	}
}

// cause finds for whom an executor sends a request on a connection at a time.
func (t *Tracker) cause(c *conn, x *exec, at int64, first bool) (*request, Rule, Class) {
	if t.wanders(x) || at < t.doubted {
		return nil, 0, 0
	}
	if first && c.opener == x && x.loop {
		if c.opened != nil && !c.opened.over {
			return c.opened, Connected, Certain
		}
		if c.unsure {
			return nil, 0, 0
		}
	}
	if r := x.slice; r != nil && !r.over {
		switch n := len(x.serves); {
		case n == 0 && r.responded, n == 1 && x.serves[0] == r:
			return r, Alone, Certain
		case n == 0: // whom it works for was read by another
			return r, Slice, Inferred
		case at-x.at > int64(t.cfg.Fresh):
			return nil, 0, 0 // the loop is not where it was
		case x.idle.more(0, r, t.since(c, x, at)):
			return nil, 0, 0 // one of them may go on
		case x.blind > 0:
			return r, Slice, Inferred
		default:
			return r, Slice, Certain
		}
	}
	if r := x.woken; r.open() {
		return r, Woken, Inferred
	}
	if first && x.thread.Goroutine != 0 {
		if r := t.dialled(c, x); r != nil {
			return r, Connected, Inferred
		}
	}
	if p := t.procs[x.thread.TGID]; p != nil && len(p.requests) == 1 && !x.reads {
		for r := range p.requests {
			return r, Sole, Weak
		}
	}
	return nil, 0, 0
}

// since is from when on another idle request counts: if the call goes out on
// the connection whose response was read last, all do, for they may have waited
// for just that one.
func (t *Tracker) since(c *conn, x *exec, at int64) int64 {
	if x.sliceConn == c {
		return math.MinInt64
	}
	return at - int64(t.cfg.Patience)
}

// answered notes that an executor read of a call's response: it goes on with
// whom the call was for.
func (t *Tracker) answered(c *conn, x *exec) {
	k := c.call
	if k == nil {
		return
	}
	k.done(c.msg.End)
	if c.shared {
		x.turn.broken, x.stride = true, stride{}
	} else {
		t.turnReads(x, nil, k)
		t.strides(x, nil, k)
	}
	x.slice, x.sliceConn, x.at, x.last = nil, c, c.msg.End, nil
	if c.shared {
		return // it may be the response of another one
	}
	if x.thread.Goroutine != 0 {
		t.got(c, x, k)
	}
	if k.of != nil && k.class != Weak {
		x.slice = k.of
	} else {
		x.last = k
	}
}

// answers notes that an executor wrote of a response. One that never reads
// requests made the calls since its last answer for this one, if it made one
// after the other.
func (t *Tracker) answers(c *conn, x *exec, begins bool) {
	r := c.asked
	if r == nil || !begins {
		return
	}
	r.responded = true
	t.watch(x, r)
	t.turnAnswers(x, r)
	t.strideAnswers(x, r)
	switch k := x.last; {
	case t.wanders(x):
	case r.owner != x && !x.reads && oneByOne(x.loose, r):
		for _, k := range x.loose {
			t.relabel(k, r, Answered, x)
		}
	case k != nil && r.owner == x && x.loop && k.begin >= r.end && c.msg.Begin-x.at <= int64(t.cfg.Fresh) && !x.mayGoOn(r, math.MinInt64):
		t.relabel(k, r, Answered, x) // the loop went on with whom it was for
	}
	x.loose, x.last = x.loose[:0], nil
	x.forgetResults() // they were for this one
	r.disown()
	t.finished(r)
	x.woken = nil
}

// oneByOne reports whether calls were made after a request was read, and all
// were answered.
func oneByOne(calls []*call, r *request) bool {
	for _, k := range calls {
		if k.begin < r.end || !k.answered {
			return false
		}
	}
	return true
}

// disown takes a request from those that its owner serves.
func (r *request) disown() {
	r.stir()
	if x := r.owner; x != nil {
		if i := slices.Index(x.serves, r); i >= 0 {
			x.serves = slices.Delete(x.serves, i, i+1)
		}
		r.owner = nil
	}
}

// finished takes a request from those that are open in its process.
func (t *Tracker) finished(r *request) {
	if p := t.procs[r.tgid]; p != nil {
		p.goes(r)
		delete(p.requests, r)
		t.forgetProcess(r.tgid, p)
	}
}

// over notes that a connection has left its last request behind.
func (t *Tracker) over(c *conn) {
	if r := c.asked; r != nil {
		r.over = true
		r.disown()
		t.finished(r)
		c.asked = nil
	}
}

func (t *Tracker) processOf(tgid uint32) *process {
	p := t.procs[tgid]
	if p == nil {
		p = &process{requests: make(map[*request]struct{}), resumes: trial{twice: true}}
		t.procs[tgid] = p
	}
	return p
}
