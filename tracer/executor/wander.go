package executor

// In some programs a task goes on with any thread that is free: those of Go,
// where goroutines are not known, of virtual threads, of executors that steal
// work. They are told by requests that one thread read and another one answered
// which reads requests, too. What their threads read last means nothing.

// wandering is the weight of one such request, and what it takes to be believed:
// a program is suspect for as many requests that were answered where they were
// read.
const (
	wandering    = 16
	maxWandering = 16 * wandering
)

// watch notes who answers a request.
func (t *Tracker) watch(x *exec, r *request) {
	p := t.procs[x.thread.TGID]
	if p == nil || x.thread.Goroutine != 0 || !x.reads || r.owner == nil {
		return
	}
	if r.owner != x {
		p.wanders = min(p.wanders+wandering, maxWandering)
	} else if p.wanders > 0 {
		p.wanders--
	}
}

// wanders reports whether what a thread did before says nothing of what it does
// now.
func (t *Tracker) wanders(x *exec) bool {
	p := t.procs[x.thread.TGID]
	return p != nil && p.wanders > 0 && x.thread.Goroutine == 0
}
