package executor

// Where the result of a call goes says for whom it was made. In Go, the goroutine
// that reads a response often is a courier: it has not made the call, and wakes
// the one that has, or is woken by it if it comes late. Of others that a courier
// wakes after that, none gets the result: net/http hands the connection to
// somebody who waits for one. A worker hands its result back by waking the
// goroutine that read the request; its calls since the last time were for that,
// even where its queue is never empty, so that nobody woke it for them.
//
// A worker may wake others for other reasons, or nobody when it has finished. So
// this is tested by calls of which it is known by whom the worker was woken.
//
// One that has called and wakes another, which is not known to write for others,
// passes on its work, as stages of a pipeline do, or a connection, as those that
// share a pool of them do. Which of these a program does is tested, too.

// got notes that a goroutine read of a call's response.
func (t *Tracker) got(c *conn, x *exec, k *call) {
	switch {
	case k.by == nil && c.by != x.thread:
		x.courier, x.carries = true, k
	case k.by == nil:
		x.courier, x.carries = false, nil
		x.keeps(k)
	default: // more of it
		x.courier, x.carries = k.by != x, nil
	}
}

// gets notes who got a call's result.
func (k *call) gets(x *exec) {
	k.by = x
	if k.from != nil {
		k.from.writes = k.from != x
	}
}

// keeps notes that a goroutine has the response of a call that it made.
func (x *exec) keeps(k *call) {
	k.gets(x)
	if len(x.results) >= maxLoose {
		x.forgetResults() // it hands nothing back
	}
	x.results = append(x.results, k)
}

func (x *exec) forgetResults() {
	clear(x.results)
	x.results, x.passed, x.guess = x.results[:0], false, nil
}

// handsOver notes that a goroutine woke another. It reports false if a courier
// did whose response has gone to somebody already.
func (t *Tracker) handsOver(a, b *exec) bool {
	t.delivers(b, a) // who comes late for a response wakes who has it
	if !a.courier || len(a.serves) > 0 {
		return true
	}
	return t.delivers(a, b)
}

// delivers hands the response that a goroutine carries to another, if it has one.
func (t *Tracker) delivers(a, b *exec) bool {
	k := a.carries
	if k == nil {
		return false
	}
	a.carries = nil
	if k.waker == b && k.of == nil && k.guess.open() && k.begin >= k.guess.end {
		t.relabel(k, k.guess, Woken, b) // it was woken to write
	}
	if len(b.serves) == 1 {
		k.gets(b)
		t.resulted(k, b.serves[0], b)
	} else {
		b.keeps(k)
	}
	return true
}

// sentBy notes which goroutine sent a call.
func (k *call) sentBy(x *exec) {
	if x.thread.Goroutine != 0 {
		k.from, k.guess, k.waker = x, x.guess, x.waker
		x.waker = nil // its next call may be for another one
	}
}

// passesOn notes that a goroutine which works for a request woke another one. It
// reports whether it is not known that this works for the request now.
func (t *Tracker) passesOn(a, b *exec, r *request) bool {
	b.guess, b.waker = nil, nil
	if len(a.serves) > 0 || len(a.results) == 0 || b.writes {
		return false
	}
	a.passed, b.guess, b.waker = true, r, a
	if b.process.passes.believed() {
		return false
	}
	if b.woken != r {
		b.woken = nil // two candidates
	}
	return true
}

// handsBack notes that a goroutine woke one that serves a request. It reports
// whether it had a result.
func (t *Tracker) handsBack(a, b *exec) bool {
	if len(a.serves) > 0 || len(b.serves) != 1 || len(a.results) == 0 {
		return false
	}
	for _, k := range a.results {
		t.resulted(k, b.serves[0], a)
	}
	a.forgetResults()
	return true
}

// given notes that a goroutine was woken by the one that serves a request: if it
// has results still, it hands back not all of them.
func (t *Tracker) given(b *exec, r *request) {
	if len(b.results) == 0 {
		return
	}
	if !b.passed && b.results[0].of != r {
		b.process.returns.test(false)
	}
	b.forgetResults()
}

// resulted notes that the result of a call went to whom a request is served by.
func (t *Tracker) resulted(k *call, r *request, x *exec) {
	p := t.procs[x.thread.TGID]
	if p == nil || !r.open() || k.begin < r.end || k.begin < t.doubted || t.now < t.doubted {
		return
	}
	if k.guess != nil && (k.waker == nil || k.waker != k.by) && len(p.requests) > 1 {
		p.passes.test(k.guess == r)
	}
	if k.of != nil && k.class != Weak {
		if len(p.requests) > 1 { // else there is none that it could be wrong for
			p.returns.test(k.of == r)
			t.release(p)
		}
		if k.of != r && p.returns.believed() {
			t.relabel(k, r, Returned, x)
		}
		return
	}
	t.follows(k, r, Returned, x, p, &p.returns)
}
