package executor

import "slices"

// A loop that asks for all sockets that are ready, reads them, and then works on
// what it read, as HAProxy and Envoy do, writes several times in one turn: what
// it read last says nothing of whom it writes for. Most such programs keep the
// order: the first call belongs to the first request that was read, the first
// answer to the first response. And one that reads one thing in a turn writes
// for that, even if others could go on at the same time.
//
// Neither can be known, but both can be tested, for an answer says for whom it
// is: the turn in which a call was made and the one in which its response was
// read must lead to the same request. Turns in which one thing was read test
// whether anything else goes on in them; such a turn and one in which several
// were read test the order. A program that went through many tests, and failed in
// next to none, is believed in the calls for which both turns lead to the same
// request.

// Bounds of turns, and what it takes to be believed: so many tests that went
// well, for each that went wrong so many more; older ones count half.
const (
	maxTurn    = 64
	smallTurn  = 16
	enoughKept = 32
	keptForOne = 200
	testsKept  = 8192
	maxHeld    = 8 * enoughKept
	maxDepth   = 16
)

// deed is a call that was made, or a connection that was opened for one.
type deed struct {
	call   *call
	opened *conn
}

// turn is what an executor read, and wrote behind that.
type turn struct {
	asked    []*request
	returned []*call // whose responses were read
	made     []deed
	answered []*request
	broken   bool // there was more
}

// trial is how a program did in tests.
type trial struct {
	kept, lost int
	twice      bool // what is said was found in two places that were tested alike
}

// keptTwice is keptForOne for those: where one of fifty is wrong, next to none is
// so twice, and in the same way.
const keptTwice = 50

func (o *trial) believed() bool {
	if o.twice {
		return o.kept >= enoughKept+o.lost*keptTwice
	}
	return o.kept >= enoughKept+o.lost*keptForOne
}

// test notes whether two turns lead to the same request.
func (o *trial) test(kept bool) {
	if kept {
		o.kept++
	} else {
		o.lost++
	}
	if o.kept+o.lost > testsKept {
		o.kept, o.lost = o.kept/2, (o.lost+1)/2
	}
}

// turnReads notes that an executor read of a request, or of a call's response;
// if it wrote before, that was another turn.
func (t *Tracker) turnReads(x *exec, r *request, k *call) {
	if x.thread.Goroutine != 0 {
		return
	}
	u := &x.turn
	if len(u.made)+len(u.answered) > 0 || u.broken {
		t.turned(x)
	}
	switch {
	case len(u.asked)+len(u.returned) >= maxTurn:
		u.broken = true
	case r != nil && !slices.Contains(u.asked, r):
		u.asked = append(u.asked, r)
	case k != nil && !slices.Contains(u.returned, k):
		u.returned = append(u.returned, k)
	}
}

// turnCalls notes that an executor made a call, or opens a connection for one.
func (t *Tracker) turnCalls(x *exec, d deed) {
	if u := &x.turn; len(u.made) < maxTurn {
		u.made = append(u.made, d)
	} else {
		u.broken = true
	}
}

// turnAnswers notes that an executor answered a request.
func (t *Tracker) turnAnswers(x *exec, r *request) {
	if u := &x.turn; len(u.answered) < maxTurn {
		u.answered = append(u.answered, r)
	} else {
		u.broken = true
	}
}

// turned ends a turn. If as many calls were made as requests were read, each
// belongs to each, and so with answers and responses; if one thing was read, all
// belongs to that.
func (t *Tracker) turned(x *exec) {
	u := &x.turn
	n := len(u.asked) + len(u.returned)
	switch p := t.procs[x.thread.TGID]; {
	case p == nil || u.broken:
	case n == 1:
		t.single(x, p)
	case len(u.asked) == len(u.made) && len(u.returned) == len(u.answered):
		for i, d := range u.made {
			d.place(placing{request: u.asked[i], among: len(u.asked)})
		}
		for i, k := range u.returned {
			t.returned(x, p, k, u.answered[i], len(u.returned))
		}
	}
	if n > smallTurn {
		*u = turn{} // the memory of large ones is not kept for every thread
		return
	}
	clear(u.asked)
	clear(u.returned)
	clear(u.made)
	clear(u.answered)
	*u = turn{u.asked[:0], u.returned[:0], u.made[:0], u.answered[:0], false}
}

// single ends a turn in which one thing was read.
func (t *Tracker) single(x *exec, p *process) {
	u := &x.turn
	l := placing{among: 1}
	if len(u.asked) > 0 {
		l.request = u.asked[0]
	} else {
		k := u.returned[0]
		l = k.follow()
		for _, r := range u.answered {
			t.returned(x, p, k, r, 1)
		}
	}
	for _, d := range u.made {
		d.place(l)
	}
}

// placing is what its turn says of a call: for whom it is, among how many that
// was found, and behind which other call it came, if that is not known, either.
type placing struct {
	request *request
	among   int
	behind  *call
	depth   int // of those
}

// follow places what was done behind a call.
func (k *call) follow() placing {
	if k.of != nil && k.class != Weak {
		return placing{request: k.of, among: 1}
	}
	l := *k.placed()
	if l.behind, l.depth = k, l.depth+1; l.depth > maxDepth {
		l.behind, l.depth = nil, 0
	}
	return l
}

// placed is what is known of a call by now: the turn in which its connection was
// opened may still go on when it is made.
func (k *call) placed() *placing {
	if k.on != nil {
		return &k.on.place
	}
	return &k.place
}

func (d deed) place(l placing) {
	if d.call != nil {
		d.call.place = l
	} else {
		d.opened.place = l
	}
}

// returned takes an answer as what follows from a call's response, among n.
func (t *Tracker) returned(x *exec, p *process, k *call, r *request, n int) {
	l := k.placed()
	if l.request == nil || k.begin < t.doubted || t.now < t.doubted || t.wanders(x) {
		return // where events were lost, or threads mean nothing, turns are not what they seem
	}
	same := l.request == r
	o := &p.order
	if l.among == 1 && n == 1 {
		o = &p.alone
	}
	if !same || min(l.among, n) == 1 {
		o.test(same)
		t.release(p)
	}
	for ; same && k != nil && k.placed().request == r; k = k.placed().behind {
		if (k.of == nil || k.class == Weak) && k.begin >= r.end {
			t.follows(k, r, Ordered, x, p, o)
		}
	}
}

// follows says for whom a call was made if a trial says that the rule by which
// it was found is to be believed, or else later, when it does.
func (t *Tracker) follows(k *call, r *request, rule Rule, x *exec, p *process, o *trial) {
	if o.believed() {
		t.relabel(k, r, rule, x)
	} else if len(p.held) < maxHeld {
		p.held = append(p.held, held{k, r, rule, x, o})
	}
}

// held is what is not said of a call before the program is believed.
type held struct {
	call    *call
	request *request
	rule    Rule
	exec    *exec
	trial   *trial
}

// release says what was held back, if the program is believed now.
func (t *Tracker) release(p *process) {
	kept := p.held[:0]
	for _, h := range p.held {
		switch {
		case !h.trial.believed():
			kept = append(kept, h)
		case h.call.of == nil || h.call.class == Weak:
			t.relabel(h.call, h.request, h.rule, h.exec)
		}
	}
	clear(p.held[len(kept):])
	p.held = kept
}
