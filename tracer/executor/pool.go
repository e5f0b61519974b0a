package executor

// A request that was read and a call that was sent are referred to by
// connections, executors and each other for as long as somebody may work for
// them, and none of these knows that it was the last. So that an event allocates
// nothing all the same, they are kept: now and then what the tables still lead to
// is marked, and the rest is used again. That happens once in as many requests
// and calls as there are marked things, so it takes a constant time for each.

// leastTaken is how many requests and calls are taken at least before it is
// looked for those that are free again.
const leastTaken = 1024

// pool keeps what is marked of one kind.
type pool[T any] struct {
	all  []*T // taken and free
	free []*T
}

// take returns a zero T.
func (p *pool[T]) take() *T {
	if n := len(p.free); n > 0 {
		v := p.free[n-1]
		p.free = p.free[:n-1]
		return v
	}
	v := new(T)
	p.all = append(p.all, v)
	return v
}

// sweep frees what is not marked, and keeps so many of it.
func (p *pool[T]) sweep(marked func(*T) bool, most int) {
	clear(p.free)
	p.free = p.free[:0]
	kept := p.all[:0]
	for _, v := range p.all {
		if !marked(v) {
			if len(p.free) >= most {
				continue
			}
			var zero T
			*v = zero
			p.free = append(p.free, v)
		}
		kept = append(kept, v)
	}
	clear(p.all[len(kept):])
	p.all = kept
}

// memory is all requests and calls of a Tracker.
type memory struct {
	requests pool[request]
	calls    pool[call]
	taken    int // since the last collection
	due      int // how many may be
	spare    int // how many free ones are kept
	marks    marks
}

func (m *memory) request(id uint64, tgid uint32) *request {
	m.taken++
	r := m.requests.take()
	r.id, r.tgid = id, tgid
	return r
}

func (m *memory) call(id uint64, begin int64) *call {
	m.taken++
	k := m.calls.take()
	k.id, k.begin = id, begin
	return k
}

// collect finds the requests and calls that nothing leads to. It is called
// between events, when all that is in use is in a table.
func (t *Tracker) collect() {
	m, s := &t.memory, &t.memory.marks
	s.round++
	for _, c := range t.conns {
		s.conn(c)
	}
	for _, x := range t.execs {
		s.exec(x)
	}
	for _, p := range t.procs {
		s.process(p)
	}
	s.follow()
	m.taken, m.due = 0, max(leastTaken, s.things)
	m.spare = max(m.due, m.spare-m.spare/8) // what is in use goes up and down
	m.requests.sweep(func(r *request) bool { return r.mark == s.round }, m.spare)
	m.calls.sweep(func(k *call) bool { return k.mark == s.round }, m.spare)
}

// marks are those of one round, and the things that were marked whose own
// references are still to be followed.
type marks struct {
	round    uint64
	things   int // that were marked
	conns    []*conn
	execs    []*exec
	requests []*request
	calls    []*call
}

func (s *marks) conn(c *conn) {
	if c != nil && c.mark != s.round {
		c.mark = s.round
		s.conns = append(s.conns, c)
	}
}

func (s *marks) exec(x *exec) {
	if x != nil && x.mark != s.round {
		x.mark = s.round
		s.execs = append(s.execs, x)
	}
}

func (s *marks) request(r *request) {
	if r != nil && r.mark != s.round {
		r.mark = s.round
		s.requests = append(s.requests, r)
	}
}

func (s *marks) call(k *call) {
	if k != nil && k.mark != s.round {
		k.mark = s.round
		s.calls = append(s.calls, k)
	}
}

// follow marks all that the marked things lead to.
func (s *marks) follow() {
	s.things = 0
	for {
		switch {
		case len(s.conns) > 0:
			s.ofConn(pop(&s.conns))
		case len(s.execs) > 0:
			s.ofExec(pop(&s.execs))
		case len(s.requests) > 0:
			s.ofRequest(pop(&s.requests))
		case len(s.calls) > 0:
			s.ofCall(pop(&s.calls))
		default:
			return
		}
		s.things++
	}
}

func pop[T any](list *[]*T) *T {
	n := len(*list) - 1
	v := (*list)[n]
	(*list)[n] = nil
	*list = (*list)[:n]
	return v
}

func (s *marks) ofConn(c *conn) {
	s.request(c.asked)
	s.call(c.call)
	s.exec(c.opener)
	s.request(c.opened)
	s.request(c.waits)
	s.exec(c.blind.x)
	s.request(c.whose)
	s.placing(&c.place)
	s.step(&c.step)
}

func (s *marks) ofRequest(r *request) {
	s.exec(r.owner)
	s.request(r.before)
	s.request(r.after)
}

func (s *marks) ofCall(k *call) {
	s.request(k.of)
	s.exec(k.blind.x)
	s.placing(&k.place)
	s.step(&k.step)
	s.conn(k.on)
	s.exec(k.by)
	s.exec(k.from)
	s.exec(k.waker)
	s.request(k.guess)
}

func (s *marks) placing(l *placing) {
	s.request(l.request)
	s.call(l.behind)
}

func (s *marks) step(l *step) {
	s.request(l.request)
	s.call(l.behind)
}

func (s *marks) ofExec(x *exec) {
	s.list(x.serves)
	s.request(x.idle.first)
	s.request(x.idle.last)
	s.request(x.slice)
	s.conn(x.sliceConn)
	s.call(x.last)
	s.request(x.woken)
	s.request(x.gave)
	s.call(x.carries)
	s.exec(x.waker)
	s.request(x.guess)
	s.made(x.results)
	s.made(x.loose)
	s.list(x.turn.asked)
	s.list(x.turn.answered)
	s.made(x.turn.returned)
	s.request(x.stride.request)
	s.call(x.stride.call)
	for _, d := range x.turn.made {
		s.call(d.call)
		s.conn(d.opened)
	}
}

func (s *marks) list(requests []*request) {
	for _, r := range requests {
		s.request(r)
	}
}

func (s *marks) made(calls []*call) {
	for _, k := range calls {
		s.call(k)
	}
}

func (s *marks) process(p *process) {
	for r := range p.requests {
		s.request(r)
	}
	for _, x := range p.execs {
		s.exec(x)
	}
	for _, u := range p.unsaid {
		s.call(u.call)
		s.request(u.of)
	}
	for _, h := range p.held {
		s.call(h.call)
		s.request(h.request)
		s.exec(h.exec)
	}
}
