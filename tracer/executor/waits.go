package executor

// An event loop works for the request whose input it read last, until it waits.
// What it waited for is seen when that is a call; when it is a timer, a file, a
// queue for a connection, or its turn behind others that were read together, it
// is not: then another request that nothing is known to be done for may go on
// at any time. Such requests are idle, and listed by the executor that owns
// them, the latest last. What waits for a call of which it is not known whose it
// is looks idle, too; there are as many of those as of such calls.

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

// more reports whether more than n requests other than r are idle, since a time
// at the earliest.
func (l *idles) more(n int, r *request, since int64) bool {
	for o := l.last; o != nil && o.idleAt >= since; o = o.before {
		if o == r {
			continue
		}
		if n--; n < 0 {
			return true
		}
	}
	return false
}

// maxBlind bounds the calls for unknown requests that are weighed against idle
// requests.
const maxBlind = 64

// mayGoOn reports whether an executor may work for another request than r,
// which it seems to work for. Some of those that look idle wait for calls of
// which it is not known whose they are: they cannot.
func (x *exec) mayGoOn(r *request, since int64) bool {
	return x.idle.more(min(x.blind, maxBlind), r, since)
}

// blindly notes that an executor made a call, or opens a connection, for an
// unknown request; seen that it has come to an end.
func (b *blindness) blindly(x *exec) {
	b.x = x
	x.blind++
}

func (b *blindness) seen() {
	if b.x != nil {
		b.x.blind--
		b.x = nil
	}
}

// blindness is who waits for something for an unknown request.
type blindness struct{ x *exec }
