package executor

import (
	"slices"

	"github.com/wirespan/wirespan/bpf/sys"
)

// synReceived is a state that is not told but left, of a connection that was
// accepted.
const synReceived = 3

// changed takes a change of a connection.
func (t *Tracker) changed(e *sys.Event) {
	if e.New == sys.Closed {
		if c := t.conns[e.Cookie]; c != nil && !c.closed {
			t.close(c)
		}
		return
	}
	c := t.connOf(e.Cookie)
	if c.closed {
		t.forget(c)
		c = t.connOf(e.Cookie)
	}
	c.netns = e.Netns
	switch {
	case e.New == sys.Connecting:
		c.role = Calling
		c.opener = t.execOf(Thread{TGID: e.TGID, TID: e.TID, Goroutine: e.Goroutine})
		c.opener.parent, c.openedAt = e.Parent, e.Time
		t.opens(c, c.opener, e.Time)
		t.turnCalls(c.opener, deed{opened: c})
		t.strideOpens(c, c.opener)
	case e.Old == synReceived:
		c.role = Serving
	}
}

// opens notes for whom an executor opens a connection.
func (t *Tracker) opens(c *conn, x *exec, at int64) {
	r := x.slice
	switch {
	case r == nil || r.over || at-x.at > int64(t.cfg.Fresh) && len(x.serves) > 1:
		c.unsure = len(x.serves) > 0
	case x.idle.more(0, r, at-int64(t.cfg.Patience)):
		c.unsure = true
	default:
		c.opened, c.waits = r, r
		r.await()
	}
	if c.unsure {
		c.blind.blindly(x)
	}
}

// used notes that nobody waits for a connection any more.
func (c *conn) used(at int64) {
	c.blind.seen()
	if r := c.waits; r != nil {
		c.waits = nil
		r.awaited(at)
	}
}

// close notes that a connection ended. It is kept for a while: what lies in the
// socket is read even then, an answer by who asked and closed his half before, or
// the rest of a request by a server that throws it away (php-fpm).
func (t *Tracker) close(c *conn) {
	t.tell(c)
	t.ended(c)
	c.closed = true
	t.closed.push(c)
	if t.lingers++; t.lingers > t.cfg.MaxConns/16+1 {
		t.forget(t.closed.oldest(func(c *conn) bool { return c.gone }))
	}
}

// ended lets go of what waits for a connection.
func (t *Tracker) ended(c *conn) {
	t.over(c)
	c.used(t.now)
	if x := c.opener; x != nil {
		t.procs[x.thread.TGID].ends(c)
	}
	if k := c.call; k != nil {
		k.done(t.now)
	}
}

// forget lets go of a connection.
func (t *Tracker) forget(c *conn) {
	t.tellLast(c)
	if c.closed {
		t.lingers--
	} else {
		t.ended(c)
	}
	c.gone, c.told, c.msg.ID = true, true, 0
	delete(t.conns, c.cookie)
}

// drop lets go of an executor.
func (t *Tracker) drop(x *exec) {
	for _, r := range x.serves {
		r.stir()
		r.owner = nil
	}
	x.gone, x.serves, x.loose, x.slice, x.woken = true, nil, nil, nil, nil
	x.stride, x.waker, x.guess = stride{}, nil, nil
	x.gave, x.turn, x.carries, x.results = nil, turn{}, nil, nil
	delete(t.execs, x.thread)
	if p := t.procs[x.thread.TGID]; p != nil {
		if i := slices.Index(p.execs, x); i >= 0 {
			p.execs = slices.Delete(p.execs, i, i+1)
		}
		t.forgetProcess(x.thread.TGID, p)
	}
}

// forgetProcess lets go of a process of which nothing is left: that it ended
// may not have been told.
func (t *Tracker) forgetProcess(tgid uint32, p *process) {
	if len(p.execs) == 0 && len(p.requests) == 0 {
		delete(t.procs, tgid)
	}
}

// exit lets go of a process that ended or became another program.
func (t *Tracker) exit(tgid uint32) {
	p := t.procs[tgid]
	if p == nil {
		return
	}
	delete(t.procs, tgid)
	for _, x := range p.execs {
		t.drop(x)
	}
}

// fifo lists what a table holds in order of appearance; what has gone from the
// table is taken out when there is as much of it as of the rest.
type fifo[T any] struct {
	list []T
	from int
}

func (f *fifo[T]) push(v T) { f.list = append(f.list, v) }

// oldest takes out the oldest that is still there; there is one.
func (f *fifo[T]) oldest(gone func(T) bool) T {
	for gone(f.list[f.from]) {
		f.from++
	}
	v := f.list[f.from]
	f.from++
	return v
}

// tidy takes out what has gone.
func (f *fifo[T]) tidy(live int, gone func(T) bool) {
	if len(f.list) < 2*live+1024 {
		return
	}
	f.list = slices.DeleteFunc(f.list[f.from:], gone)
	f.from = 0
}
