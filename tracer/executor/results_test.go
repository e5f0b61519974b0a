package executor

import "testing"

// channel is a Go program with workers behind a channel that makes its calls as
// net/http does: one goroutine writes on a connection, another one reads.
type channel struct {
	w       *world
	next    uint64
	workers []*chanWorker
	queue   []*chanJob // taken without a wake
	waits   []*chanWorker
}

type chanWorker struct {
	who  Thread
	free bool
	job  *chanJob
}

type chanJob struct {
	serve Thread
	conn  *end
	r     place
	made  int
	done  bool
}

// httpConn is a connection of net/http's client.
type httpConn struct {
	*end
	writer, reader Thread
}

func newChannel(t *testing.T, seed uint64, workers int) *channel {
	c := &channel{w: newWorld(t, seed), next: 1000}
	c.w.whole = true
	for range workers {
		c.workers = append(c.workers, &chanWorker{who: c.goroutine(), free: true})
	}
	return c
}

func (c *channel) goroutine() Thread { c.next++; return goroutine(c.next) }

func (c *channel) dial() *httpConn {
	return &httpConn{c.w.connect(c.goroutine()), c.goroutine(), c.goroutine()}
}

// ask reads a request and puts it into the channel: a worker that waits is woken.
func (c *channel) ask() *chanJob {
	j := &chanJob{serve: c.goroutine(), conn: c.w.accept()}
	j.r = c.w.read(j.conn, j.serve, 300)
	for _, k := range c.workers {
		if k.free {
			k.free, k.job = false, j
			c.w.wake(j.serve, k.who)
			return j
		}
	}
	c.queue = append(c.queue, j)
	return j
}

// send makes a worker's call, receive takes its response.
func (c *channel) send(k *chanWorker, on *httpConn) {
	c.w.wake(k.who, on.writer)
	c.w.caused(c.w.write(on.end, on.writer, 90), k.job.r)
	c.w.wake(on.writer, k.who)
}

func (c *channel) receive(k *chanWorker, on *httpConn) {
	c.w.read(on.end, on.reader, 900)
	c.w.wake(on.reader, k.who)
	c.w.wake(k.who, on.reader) // it has read all of it
	c.w.wake(on.reader, k.who)
}

// answer ends a worker's job; it takes the next one that waits.
func (c *channel) answer(k *chanWorker, wakes bool) {
	if wakes {
		c.w.wake(k.who, k.job.serve)
	}
	c.w.write(k.job.conn, k.job.serve, 500)
	k.job.done = true
	k.job, k.free = nil, true
	if len(c.queue) > 0 {
		k.job, c.queue, k.free = c.queue[0], c.queue[1:], false
	}
}

// run asks n times, so many requests at a time; step is called for every step of
// a worker that has a job.
func (c *channel) run(n, at int, step func(k *chanWorker)) {
	open := 0
	for n > 0 || open > 0 {
		if n > 0 && open < at {
			c.ask()
			n, open = n-1, open+1
			continue
		}
		var busy []*chanWorker
		for _, k := range c.workers {
			if k.job != nil {
				busy = append(busy, k)
			}
		}
		k := busy[c.w.rnd.IntN(len(busy))]
		j := k.job
		step(k)
		if j.done {
			open--
		}
	}
}

// A worker hands back the result of what it called for, and takes the next job
// without a wake: its calls are known by where the results go, once that was
// seen to be right.
func TestResultsOfSaturatedChannel(t *testing.T) {
	c := newChannel(t, 31, 8)
	conns := map[*chanWorker]*httpConn{}
	sent := map[*chanJob]bool{}
	step := func(k *chanWorker) {
		if conns[k] == nil {
			conns[k] = c.dial()
		}
		switch {
		case !sent[k.job]:
			c.send(k, conns[k])
			sent[k.job] = true
		default:
			c.receive(k, conns[k])
			sent[k.job] = false
			if k.job.made++; k.job.made == 2 {
				c.answer(k, true)
			}
		}
	}
	c.run(100, 8, step) // nobody has to wait
	c.run(900, 64, step)
	if o := c.w.score(); o.wrong != 0 || o.right < 1990 || o.stats.Calls != 2000 {
		t.Error(o)
	}
}

// A connection that becomes free is handed by its reader to a worker that waits
// for one. That is no work.
func TestFreedConnections(t *testing.T) {
	for name, load := range map[string]int{"queue empty": 8, "saturated": 64} {
		t.Run(name, func(t *testing.T) {
			c := newChannel(t, 32, 8)
			free := []*httpConn{c.dial(), c.dial(), c.dial()}
			has := map[*chanWorker]*httpConn{}
			step := func(k *chanWorker) {
				on := has[k]
				switch {
				case on != nil:
					c.w.read(on.end, on.reader, 900)
					c.w.wake(on.reader, k.who)
					c.w.wake(k.who, on.reader)
					delete(has, k)
					if len(c.waits) > 0 {
						o := c.waits[0]
						c.waits = c.waits[1:]
						c.w.wake(on.reader, o.who)
						has[o] = on
						c.send(o, on)
					} else {
						free = append(free, on)
					}
					c.w.wake(on.reader, k.who)
					c.answer(k, true)
				case len(free) > 0:
					has[k], free = free[0], free[1:]
					c.send(k, has[k])
				case !waiting(c.waits, k):
					c.waits = append(c.waits, k)
				}
			}
			c.run(100, 8, step)
			c.run(1400, load, step)
			if o := c.w.score(); o.wrong != 0 || o.right < 1490 {
				t.Error(o)
			}
		})
	}
}

func waiting(l []*chanWorker, k *chanWorker) bool {
	for _, o := range l {
		if o == k {
			return true
		}
	}
	return false
}

// Jobs of which only the last wakes who waits for all of them, as with a
// WaitGroup: a worker's calls may be for others than those it wakes, so nothing
// is said by that.
func TestResultsOfGroups(t *testing.T) {
	w := newWorld(t, 33)
	w.whole = true
	workers := [4]Thread{goroutine(1), goroutine(2), goroutine(3), goroutine(4)}
	var db [4]*end
	for i, k := range workers {
		db[i] = w.connect(k)
	}
	next := uint64(100)
	for i := range 600 {
		saturated := i > 100
		var serve [2]Thread
		var conn [2]*end
		var r [2]place
		for n := range serve {
			next++
			serve[n], conn[n] = goroutine(next), w.accept()
			r[n] = w.read(conn[n], serve[n], 300)
		}
		do := func(k, n int, last bool) { // in the worker itself
			if !saturated {
				w.wake(serve[n], workers[k])
			}
			w.caused(w.write(db[k], workers[k], 90), r[n])
			w.read(db[k], workers[k], 900)
			if last {
				w.wake(workers[k], serve[n])
			}
		}
		do(0, 0, false)
		do(1, 1, false)
		do(0, 1, true)
		do(1, 0, true)
		w.write(conn[0], serve[0], 500)
		w.write(conn[1], serve[1], 500)
	}
	if o := w.score(); o.wrong != 0 || o.right == 0 {
		t.Error(o)
	}
}

// One that comes late for a response wakes the courier, instead of being woken.
// The next that the courier wakes waits for the connection.
func TestLateForResponse(t *testing.T) {
	c := newChannel(t, 34, 2)
	on := c.dial()
	for range 300 {
		c.ask()
		c.ask()
		a, b := c.workers[0], c.workers[1]
		c.send(a, on)
		c.w.read(on.end, on.reader, 900)
		c.w.wake(a.who, on.reader) // it takes the response
		c.w.wake(on.reader, b.who) // who waits for the connection
		c.w.wake(on.reader, a.who)
		c.answer(a, true)
		c.send(b, on)
		c.receive(b, on)
		c.answer(b, true)
	}
	if o := c.w.score(); o.wrong != 0 || o.right < 590 {
		t.Error(o)
	}
}

// The same without couriers, as in database/sql: a worker that has done with a
// connection hands it to the one that waits.
func TestFreedConnectionsOfWorkers(t *testing.T) {
	for name, load := range map[string]int{"queue empty": 8, "saturated": 64} {
		t.Run(name, func(t *testing.T) {
			c := newChannel(t, 35, 8)
			free := []*end{c.w.connect(c.goroutine()), c.w.connect(c.goroutine()), c.w.connect(c.goroutine())}
			has := map[*chanWorker]*end{}
			call := func(k *chanWorker, on *end) {
				has[k] = on
				c.w.caused(c.w.write(on, k.who, 90), k.job.r)
			}
			step := func(k *chanWorker) {
				on := has[k]
				switch {
				case on != nil:
					c.w.read(on, k.who, 900)
					delete(has, k)
					if len(c.waits) > 0 {
						o := c.waits[0]
						c.waits = c.waits[1:]
						c.w.wake(k.who, o.who)
						call(o, on)
					} else {
						free = append(free, on)
					}
					if k.job.made++; k.job.made == 2 {
						c.answer(k, true)
					}
				case len(free) > 0:
					on, free = free[0], free[1:]
					call(k, on)
				case !waiting(c.waits, k):
					c.waits = append(c.waits, k)
				}
			}
			c.run(100, 3, step)
			c.run(1400, load, step)
			if o := c.w.score(); o.wrong != 0 || o.right < 2900 {
				t.Error(o)
			}
		})
	}
}

// Stages of a pipeline, each with calls of its own: what one that has called
// hands on is work, and believed to be after a while.
func TestStages(t *testing.T) {
	c := newChannel(t, 36, 1)
	first, second := c.workers[0].who, c.goroutine()
	one, two := c.w.connect(first), c.w.connect(second)
	for i := range 300 {
		j := c.ask()
		other := c.w.accept()
		c.w.read(other, c.goroutine(), 300) // another request is open
		c.w.caused(c.w.write(one, first, 90), j.r)
		c.w.read(one, first, 900)
		c.w.wake(first, second)
		c.w.caused(c.w.write(two, second, 90), j.r)
		c.w.read(two, second, 900)
		if i%2 == 0 {
			c.w.caused(c.w.write(two, second, 90), j.r)
			c.w.read(two, second, 900)
		}
		c.w.wake(second, j.serve)
		c.w.write(j.conn, j.serve, 500)
		c.workers[0].free = true
	}
	if o := c.w.score(); o.wrong != 0 || o.right < 740 {
		t.Error(o)
	}
}
