package executor

// An event loop works for the request whose input it read last, until it waits.
// What it waited for is seen when that is a call; when it is a timer, a file, a
// queue for a connection, or its turn behind others that were read together, it
// is not: then another request that nothing is known to be done for may go on
// at any time. Such requests are idle, and listed by the executor that owns
// them, the latest last.

// idles is a list of requests.
type idles struct{ first, last *request }

// rest notes that a request got what it waited for, or was read, at a time.
func (r *request) rest(at int64) {
	if r.out > 0 || r.responded || r.over || r.owner == nil {
		return
	}
	r.stir()
	l := &r.owner.idle
	r.listed, r.idleAt, r.before, r.after = true, at, l.last, nil
	if l.last != nil {
		l.last.after = r
	} else {
		l.first = r
	}
	l.last = r
}

// stir takes a request off the list of its owner.
func (r *request) stir() {
	if !r.listed {
		return
	}
	l := &r.owner.idle
	if r.before != nil {
		r.before.after = r.after
	} else {
		l.first = r.after
	}
	if r.after != nil {
		r.after.before = r.before
	} else {
		l.last = r.before
	}
	r.listed, r.before, r.after = false, nil, nil
}

// await notes that something is done for a request, until awaited.
func (r *request) await() {
	r.out++
	r.stir()
}

// awaited notes that it was done.
func (r *request) awaited(at int64) {
	r.out--
	r.rest(at)
}

// others reports whether a request other than r is idle, since a time at the
// earliest.
func (l *idles) others(r *request, since int64) bool {
	o := l.last
	if o == r && o != nil {
		o = o.before
	}
	return o != nil && o.idleAt >= since
}
