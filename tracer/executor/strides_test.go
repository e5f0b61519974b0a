package executor

import (
	"slices"
	"testing"
)

// carriers run tasks as the JDK runs virtual threads: a task keeps its thread
// until it waits, then the thread goes on with any task that can.
type carriers struct {
	w     *world
	free  []*end // connections to the server that is called
	lock  int    // in so many times out of a hundred a task waits unseen between reading and writing
	busy  []*task
	ready []*task
}

// task is a connection's: it serves one request after the other.
type task struct {
	conn   *end
	on     *end // that it waits for
	left   int  // calls to be made
	r      place
	reads  func(who Thread)
	writes func(who Thread)
}

func newCarriers(t *testing.T, seed uint64, conns, lock int) *carriers {
	c := &carriers{w: newWorld(t, seed), lock: lock}
	c.w.whole = true
	for range conns {
		c.ready = append(c.ready, c.serve(c.w.accept()))
	}
	return c
}

// serve makes a task that reads a request, calls once or twice, and answers.
func (c *carriers) serve(conn *end) *task {
	k := &task{conn: conn}
	k.reads = func(who Thread) {
		if k.on == nil {
			k.r, k.left = c.w.read(conn, who, 100), 1+c.w.rnd.IntN(2)
			return
		}
		c.w.read(k.on, who, 120)
		c.free, k.on = append(c.free, k.on), nil
	}
	k.writes = func(who Thread) {
		if k.left == 0 {
			c.w.write(conn, who, 50)
			return
		}
		k.left--
		if len(c.free) == 0 {
			k.on = c.w.connect(who)
		} else {
			at := c.w.rnd.IntN(len(c.free))
			k.on = c.free[at]
			c.free = slices.Delete(c.free, at, at+1)
		}
		c.w.caused(c.w.write(k.on, who, 110), k.r)
	}
	return k
}

// run lets tasks go on n times, each on any of the threads. Tasks that wait
// unseen go on at any time, on any thread that has no task.
func (c *carriers) run(n, threads int) {
	running := make([]*task, threads)
	var parked []*task
	for range n {
		at := c.w.rnd.IntN(threads)
		who := Thread{TGID: 10, TID: uint32(100 + at)}
		switch k := running[at]; {
		case k != nil && c.w.rnd.IntN(100) < c.lock:
			parked, running[at] = append(parked, k), nil
		case k != nil:
			k.writes(who)
			c.ready, running[at] = append(c.ready, k), nil
		case len(parked) > 0 && c.w.rnd.IntN(2) == 0:
			parked[0].writes(who)
			c.ready, parked = append(c.ready, parked[0]), parked[1:]
		case len(c.ready) > 0:
			i := c.w.rnd.IntN(len(c.ready))
			running[at] = c.ready[i]
			c.ready = slices.Delete(c.ready, i, i+1)
			running[at].reads(who)
		}
	}
}

// Virtual threads that wait for nothing but their connections are followed, and
// so are those that next to never wait for anything else; others are not.
func TestVirtualThreads(t *testing.T) {
	for name, c := range map[string]struct {
		conns, threads, lock int
		least                int // right of a hundred
		most                 int // wrong of a thousand
	}{
		"few":               {4, 2, 0, 90, 0},
		"many":              {100, 4, 0, 90, 0},
		"locks":             {100, 4, 1, 85, 1},
		"locks, few":        {4, 2, 1, 80, 1},
		"often locks":       {100, 4, 20, 0, 1},
		"often locks, few":  {4, 2, 20, 0, 3},
		"timers everywhere": {100, 4, 100, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			v := newCarriers(t, 41, c.conns, c.lock)
			v.run(30000, c.threads)
			o := v.w.score()
			made := o.right + o.wrong + o.unlinked + o.weak
			if o.right*100 < c.least*made || o.wrong*1000 > c.most*made || made < 2000 {
				t.Errorf("%v of %d", o, made)
			}
		})
	}
}

// Before it is known that tasks wander, next to nothing is said: a program that is
// seen for a short time has no wrong calls, either.
func TestVirtualThreadsAtFirst(t *testing.T) {
	wrong, made := 0, 0
	for seed := range uint64(100) {
		v := newCarriers(t, 1000+seed, 16, 3)
		v.run(200, 2)
		o := v.w.score()
		wrong += o.wrong
		made += o.right + o.wrong + o.unlinked + o.weak
	}
	if wrong*200 > made || made < 2000 {
		t.Errorf("%d wrong of %d", wrong, made)
	}
}

// Threads that keep their requests are believed at once where each has one, and
// later where they have several, which is then said of all.
func TestThreadsThatKeepTheirRequests(t *testing.T) {
	w := newWorld(t, 42)
	var scripts []*script
	for i := range 400 {
		who := Thread{TGID: 10, TID: uint32(100 + i%4)} // four loops
		conn := w.accept()
		var one *end
		var r place
		scripts = append(scripts, &script{steps: []func(){
			func() { r = w.read(conn, who, 300); one = w.connect(who) },
			func() { w.caused(w.write(one, who, 90), r) },
			func() { w.read(one, who, 900); w.write(conn, who, 1000) },
		}})
	}
	w.interleave(16, scripts)
	if o := w.score(); o.wrong != 0 || o.right < 396 {
		t.Error(o)
	}
}
