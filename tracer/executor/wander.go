package executor

// In some programs a task goes on with any thread that is free: those of Go,
// where goroutines are not known, of virtual threads, of executors that steal
// work. They are told by requests that one thread read and another one answered
// which reads requests, too. What their threads did before they read last means
// nothing.
//
// A program in which several threads read requests may be one of those, or not:
// until that is decided, what is found while several requests are open is said
// only where a thread serves no other, and goes on with what it read (strides.go).

// wandering is the weight of one such request, and what it takes to be believed:
// a program is suspect for as many requests that were answered where they were
// read, although the thread did something else in between, and others were open.
const (
	wandering    = 16
	maxWandering = 16 * wandering
	enoughHome   = 16 // of those, without one that wandered
)

// watch notes who answers a request.
func (t *Tracker) watch(x *exec, r *request) {
	p := x.process
	switch {
	case x.thread.Goroutine != 0 || !x.reads || r.owner == nil:
	case r.owner != x:
		p.wanders, p.home = min(p.wanders+wandering, maxWandering), 0
		t.unsay(p)
	case len(p.requests) < 2 || x.at <= r.end: // it would have been so in any program
	case p.wanders > 0:
		p.wanders--
	case p.home < enoughHome:
		if p.home++; p.home == enoughHome {
			t.say(p)
		}
	}
}

// wanders reports whether what a thread did before says nothing of what it does
// now.
func (t *Tracker) wanders(x *exec) bool {
	return x.process.wanders > 0 && x.thread.Goroutine == 0
}

// undecided reports whether what is found of a thread is not to be said yet.
func (x *exec) undecided() bool {
	p := x.process
	return x.reads && x.thread.Goroutine == 0 && p.readers > 1 && p.wanders == 0 && p.home < enoughHome && len(p.requests) > 1
}

// unsaid is a label that waits for a decision.
type unsaid struct {
	call  *call
	label Label
	of    *request
}

// say says what was held back: the program's tasks stay with their threads.
func (t *Tracker) say(p *process) {
	for _, u := range p.unsaid {
		if u.call.of == u.of && !u.call.said {
			t.tellLabel(u.call, u.label)
		}
	}
	clear(p.unsaid)
	p.unsaid = p.unsaid[:0]
}

// unsay takes back what was held back.
func (t *Tracker) unsay(p *process) {
	for _, u := range p.unsaid {
		k := u.call
		if k.of != u.of || k.said {
			continue
		}
		if k.awaited {
			k.awaited = false
			k.of.awaited(t.now)
		}
		k.of, k.class = nil, 0
	}
	clear(p.unsaid)
	p.unsaid = p.unsaid[:0]
}
