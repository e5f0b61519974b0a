package executor

// Where tasks wander between threads, a thread still goes on with what it has
// read until the task waits again, for a virtual thread is taken off its carrier
// only where it waits. What a thread writes first behind what it reads is for
// that, if the task has not waited in between for something that is not seen, a
// lock or a timer: then the thread has gone on with another one.
//
// As with turns, answers test this, for they say for whom they are: what the
// thread went on with when a call was made, and what one did when its response
// was read, must lead to the same request. A call is said to be for that if both
// do, and if no other request could have gone on, since all wait for calls, or the
// program went through many such tests while others could, and failed in few.

// stride is what a thread read and has not written behind yet: one of them, or
// none.
type stride struct {
	request *request
	call    *call // whose response it is
}

// step is for whom something was done by what its thread went on with.
type step struct {
	request   *request // nil unknown
	behind    *call    // whose response led to it, if it is not known of that, either
	depth     int32    // of those
	contested bool     // others could have gone on, too
	clear     bool     // no other could
}

// strides notes that a thread read of a request, or of a call's response.
func (t *Tracker) strides(x *exec, r *request, k *call) {
	if x.thread.Goroutine != 0 {
		return
	}
	p := x.process
	x.stride = stride{r, k}
	if k != nil {
		if r = k.leads(); r == nil {
			p.unclear = t.now + int64(t.cfg.Fresh) // somebody is
		}
	}
	if r.open() && !r.ready {
		r.ready = true
		p.ready++
	}
}

// leads is for whom a call seems to be made.
func (k *call) leads() *request {
	if k.of != nil && k.class != Weak {
		return k.of
	}
	return k.step.request
}

// steps takes what a thread goes on with, as it writes.
func (t *Tracker) steps(x *exec) (s step) {
	u, p := x.stride, x.process
	x.stride = stride{}
	switch k := u.call; {
	case u.request != nil:
		s.request = u.request
	case k == nil:
		return s
	case k.of != nil && k.class != Weak:
		s.request = k.of
	default:
		if s = k.step; s.request == nil {
			return step{}
		}
		if s.behind, s.depth = k, s.depth+1; s.depth > maxDepth {
			s.behind, s.depth = nil, 0
		}
	}
	s.contested = p.contested(s.request)
	s.clear = !s.contested && p.unclear <= t.now
	p.goes(s.request)
	return s
}

// contested reports whether requests other than r have what they waited for, as
// far as that is known.
func (p *process) contested(r *request) bool {
	n := p.ready
	if r.ready {
		n--
	}
	return n > 0
}

// goes notes that something was done for a request.
func (p *process) goes(r *request) {
	if r.ready {
		r.ready = false
		p.ready--
	}
}

// strideOpens notes that a thread opens a connection: what is sent on it first
// is for whom it was opened, whoever sends it.
func (t *Tracker) strideOpens(c *conn, x *exec) {
	if x.thread.Goroutine == 0 {
		c.step = t.steps(x)
	}
}

// strideCalls notes that a thread made a call.
func (t *Tracker) strideCalls(c *conn, x *exec, k *call, first bool) {
	if x.thread.Goroutine != 0 {
		return
	}
	k.step = t.steps(x)
	if first && c.opener != nil {
		k.step = c.step
	}
}

// only says for whom a call was made where tasks wander, if there is no other
// request.
func (t *Tracker) only(x *exec, k *call) {
	if r := k.step.request; r.open() && len(x.process.requests) == 1 && t.wanders(x) {
		t.relabel(k, r, Resumed, x)
	}
}

// strideAnswers notes that a thread answers a request.
func (t *Tracker) strideAnswers(x *exec, r *request) {
	p, k := x.process, x.stride.call
	if x.thread.Goroutine != 0 {
		return
	}
	s := t.steps(x)
	p.goes(r)
	if k == nil || k.step.request == nil || p.readers < 2 || k.begin < t.doubted || t.now < t.doubted {
		return
	}
	same := k.step.request == r
	if !same || s.contested || k.step.contested {
		p.resumes.test(same)
		t.release(p)
	}
	if !same || !t.wanders(x) {
		return
	}
	for clear := s.clear; k != nil && k.step.request == r; k = k.step.behind {
		clear = clear && k.step.clear
		switch {
		case k.of != nil && k.class != Weak, k.begin < r.end:
		case clear:
			t.relabel(k, r, Resumed, x)
		default:
			t.follows(k, r, Resumed, x, p, &p.resumes)
		}
	}
}
