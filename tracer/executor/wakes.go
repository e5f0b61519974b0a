package executor

// open reports whether a request waits for its answer.
func (r *request) open() bool { return r != nil && !r.over && !r.responded }

// threadWoke notes that a thread was woken by another. They wake each other for
// locks, too: only one that has read a request, and no other, hands it on.
func (t *Tracker) threadWoke(from, to Thread) {
	a := t.execs[from]
	if a == nil || !a.slice.open() || a.slice.owner != a || len(a.serves) != 1 {
		return
	}
	b := t.execOf(to)
	switch {
	case b.slice.open() || len(b.serves) > 0:
	case b.woken.open() && b.woken != a.slice:
		b.woken = nil // two candidates
	default:
		b.woken = a.slice
	}
}

// goroutineWoke notes that a goroutine ended another's wait for work, or for a
// result. Goroutines hand on what they were woken for:
//
//   - one that wakes the goroutine that read the request it works for has
//     handed back its result, and works for it no longer: what it does next,
//     from a queue that was not empty, is for nobody that is known;
//   - one that works for a request and wakes another gives it to that one;
//   - one that works for nothing, as those that open connections, has given
//     what it has to whom it woke.
func (t *Tracker) goroutineWoke(from, to Thread) {
	t.processOf(from.TGID).wakes = true
	a := t.execs[from]
	if a == nil {
		return
	}
	b := t.execOf(to)
	a.gave, a.gaveAt = b.working(), t.now
	r := a.working()
	if !t.handsOver(a, b) {
		return
	}
	switch {
	case len(b.serves) > 0:
		if t.handsBack(a, b) || r != nil && r.owner == b {
			a.woken, a.slice = nil, nil
		}
	case r == nil:
		b.guess, b.waker = a.guess, nil
	case b.slice.open() && len(a.serves) == 0:
	case t.passesOn(a, b, r):
	default:
		if r.owner == a {
			t.given(b, r)
		}
		b.woken = r
		if b.slice != r {
			b.slice = nil
		}
	}
}

// working is the request that an executor works for, nil if none is known.
func (x *exec) working() *request {
	switch {
	case x.slice.open():
		return x.slice
	case x.woken.open():
		return x.woken
	}
	return nil
}

// dialled finds for whom the first request goes out on a connection that a
// goroutine opened for others, as the transport of net/http does: for the one
// who got it, if it is told who wakes whom. Else for the one who had it opened,
// if the goroutine that writes was begun by the one that opened it, and no other
// can have got it: where connections are kept, one that was opened for a request
// often goes to another that waits.
func (t *Tracker) dialled(c *conn, x *exec) *request {
	if c.opener == nil || c.opener.thread.Goroutine == 0 {
		return nil
	}
	p := t.procs[x.thread.TGID]
	d := c.opener
	if p == nil || p.wakes {
		// One that tries several addresses begins a goroutine for each; the one
		// that writes is begun by itself.
		if x.parent != 0 && x.parent != d.thread.Goroutine {
			d = t.execs[Thread{TGID: x.thread.TGID, Goroutine: x.parent}]
		}
		if d != nil && d.gaveAt >= c.openedAt && d.gave.open() {
			return d.gave
		}
		return nil
	}
	if len(p.requests) != 1 && !p.opensForEach() {
		return nil
	}
	if d.parent == 0 || x.parent != d.thread.Goroutine && x.parent != d.parent {
		return nil
	}
	if a := t.execs[Thread{TGID: x.thread.TGID, Goroutine: d.parent}]; a != nil && len(a.serves) == 1 {
		return a.serves[0]
	}
	return nil
}

// enoughSingle is after how many connections with one call a program is taken to
// open one for each.
const enoughSingle = 32

// opensForEach reports whether a program opens a connection for each call.
func (p *process) opensForEach() bool { return !p.reuses && p.single >= enoughSingle }

// ends notes how many calls a connection had that ends.
func (p *process) ends(c *conn) {
	if p != nil && c.role == Calling && c.requests == 1 {
		p.single++
	}
}
