package executor

import "github.com/wirespan/wirespan/bpf/sys"

// On some connections calls for several requests are on their way at once:
// HTTP/2, pools that pipeline, clients of Redis in an event loop. Then bytes that
// go out behind those of a call, before anything came back, are a message of
// their own, of which is said by itself for whom it was sent; and what comes back
// says nothing of whom the executor goes on with. The rest of a long call looks
// the same where others were read meanwhile: no exchange begins in it, so nothing
// is joined with it.

// others reports whether what an executor sends may be for another request than
// the call that was sent last on the connection.
func (t *Tracker) others(c *conn, x *exec, e *sys.Event) bool {
	if c.call == nil || c.msg.Role != Calling || c.msg.Direction != sys.Sent {
		return false
	}
	if c.by != x.thread {
		return true
	}
	if x.thread.Goroutine == 0 && x.at <= c.msg.End {
		return false // it has read nothing else in between
	}
	r, _, _ := t.cause(c, x, e.Time, false)
	return r != c.whose
}

// callsToo notes that an executor sent another request on a connection where one
// waits for its response. What is done for which request is not seen there, so
// none is taken to wait.
func (t *Tracker) callsToo(c *conn, x *exec) {
	k := t.memory.call(c.msg.ID, c.msg.Begin)
	c.shared = true
	c.requests++
	t.stats.Calls++
	t.stats.Unlabeled++
	t.stats.Shared++
	r, rule, class := t.cause(c, x, c.msg.Begin, false)
	t.sends(c, x, r, rule)
	t.strideCalls(c, x, k, false)
	if r == nil || class == Weak {
		if len(x.loose) < maxLoose {
			x.loose = append(x.loose, k)
		}
	}
	if r != nil {
		t.label(k, r, rule, class, x)
	}
}

// sends notes who sent what on a connection last.
func (t *Tracker) sends(c *conn, x *exec, r *request, rule Rule) {
	c.by, c.whose = x.thread, r
	if rule == Woken && x.thread.Goroutine != 0 {
		x.woken = nil // it was woken for this call
	}
}
