package executor

import (
	"testing"
)

// A thread reads a request, makes calls, answers: every call is its.
func TestThreadPerRequest(t *testing.T) {
	w := newWorld(t, 1)
	var scripts []*script
	for i := range 200 {
		who := Thread{TGID: 10, TID: uint32(100 + i%8)}
		conn := w.accept()
		var db *end
		var r place
		scripts = append(scripts, &script{steps: []func(){
			func() { r = w.read(conn, who, 300) },
			func() { db = w.connect(who) },
			func() { w.caused(w.write(db, who, 90), r) },
			func() { w.read(db, who, 900) },
			func() { w.caused(w.write(db, who, 70), r) },
			func() { w.read(db, who, 500) },
			func() { w.write(conn, who, 1000) },
		}})
	}
	// Threads take one request at a time.
	var batches [][]*script
	for i := 0; i < len(scripts); i += 8 {
		batches = append(batches, scripts[i:i+8])
	}
	for _, b := range batches {
		w.interleave(8, b)
	}
	if o := w.score(); o.right != 400 || o.wrong+o.unlinked+o.weak != 0 {
		t.Error(o)
	}
}

// An event loop serves many at once: after it reads a request or a call's
// response it goes on with that one; calls go out on connections that were
// opened for them, in a later turn.
func TestEventLoop(t *testing.T) {
	w := newWorld(t, 2)
	who := Thread{TGID: 10, TID: 10}
	var scripts []*script
	for range 300 {
		conn := w.accept()
		var up, cache *end
		var r place
		scripts = append(scripts, &script{steps: []func(){
			func() { r = w.read(conn, who, 300); up = w.connect(who) },
			func() { w.caused(w.write(up, who, 90), r) }, // writable now
			func() { w.read(up, who, 900); cache = w.connect(who) },
			func() { w.caused(w.write(cache, who, 70), r) },
			func() { w.read(cache, who, 500); w.write(conn, who, 1000) },
		}})
	}
	w.interleave(16, scripts)
	if o := w.score(); o.right < 597 || o.wrong != 0 {
		t.Error(o)
	}
}

// An event loop with a pool of connections for its calls: who waits for one gets
// it when another's response was read, in that one's turn. Nothing may be said
// then, and nothing wrong.
func TestEventLoopPool(t *testing.T) {
	w := newWorld(t, 3)
	who := Thread{TGID: 10, TID: 10}
	pool := []*end{w.connect(who), w.connect(who)}
	type job struct {
		r    place
		conn *end
	}
	var queue []job
	busy := map[*end]job{}
	send := func(c *end, j job) {
		w.caused(w.write(c, who, 90), j.r)
		busy[c] = j
	}
	for i := range 600 {
		if i%2 == 0 || len(queue) < 8 && i < 500 {
			conn := w.accept()
			j := job{w.read(conn, who, 300), conn}
			free := -1
			for n, c := range pool {
				if _, taken := busy[c]; !taken {
					free = n
				}
			}
			if free < 0 {
				queue = append(queue, j)
			} else {
				send(pool[free], j)
			}
			continue
		}
		for _, c := range pool {
			if j, ok := busy[c]; ok {
				w.read(c, who, 400)
				delete(busy, c)
				if len(queue) > 0 { // handed on before the answer is written
					send(c, queue[0])
					queue = queue[1:]
				}
				w.write(j.conn, who, 1000)
				break
			}
		}
	}
	if o := w.score(); o.wrong != 0 || o.right == 0 {
		t.Error(o)
	}
}

// An event loop whose requests wait for what is not seen, a timer or a file,
// before they call: nothing may be said unless one of them is alone.
func TestEventLoopTimers(t *testing.T) {
	for name, fresh := range map[string]bool{"connection per call": true, "connections kept": false} {
		w := newWorld(t, 8)
		who := Thread{TGID: 10, TID: 10}
		var pool []*end
		var scripts []*script
		for range 300 {
			conn := w.accept()
			var up *end
			var r place
			call := func(n int) {
				switch {
				case fresh:
					up = w.connect(who)
				case len(pool) > 0:
					up, pool = pool[0], pool[1:]
				default:
					up = w.connect(who)
				}
				w.caused(w.write(up, who, n), r)
			}
			scripts = append(scripts, &script{steps: []func(){
				func() { r = w.read(conn, who, 300) },
				func() { call(90) },
				func() { w.read(up, who, 900); pool = append(pool, up) },
				func() { call(70) },
				func() { w.read(up, who, 500); pool = append(pool, up) },
				func() { w.write(conn, who, 1000) },
			}})
		}
		w.interleave(8, scripts)
		o := w.score()
		if o.wrong > 1 { // what is said is said before anything shows that it is a loop
			t.Errorf("%s: %v", name, o)
		}
	}
}

// A loop that reads what there is before it deals with any of it, as HAProxy
// does: what was read alone can be told, and more when it is seen to keep the order.
func TestEventLoopBatches(t *testing.T) {
	w := newWorld(t, 9)
	who := Thread{TGID: 10, TID: 10}
	type job struct {
		conn, up *end
		r        place
	}
	var busy []job
	for i := range 300 {
		var batch []job
		for range 1 + i%3 {
			conn := w.accept()
			batch = append(batch, job{conn: conn, r: w.read(conn, who, 300)})
		}
		for _, j := range batch {
			j.up = w.connect(who)
			w.caused(w.write(j.up, who, 90), j.r)
			busy = append(busy, j)
		}
		for len(busy) > 4 {
			w.read(busy[0].up, who, 900)
			w.write(busy[0].conn, who, 1000)
			busy = busy[1:]
		}
	}
	if o := w.score(); o.wrong != 0 || o.right == 0 {
		t.Error(o)
	}
}

// One thread reads requests, others take them from a queue, call, and answer.
func TestWorkersBehindQueue(t *testing.T) {
	w := newWorld(t, 4)
	reader := Thread{TGID: 10, TID: 10}
	db := map[uint32]*end{}
	for i := range 4 {
		db[uint32(20+i)] = w.connect(Thread{TGID: 10, TID: uint32(20 + i)})
	}
	var free []uint32
	for n := range db {
		free = append(free, n)
	}
	var scripts []*script
	for range 200 {
		conn := w.accept()
		var r place
		var who Thread
		scripts = append(scripts, &script{steps: []func(){
			func() { r = w.read(conn, reader, 300) },
			func() {
				who = Thread{TGID: 10, TID: free[0]}
				free = free[1:]
				w.caused(w.write(db[who.TID], who, 90), r)
			},
			func() { w.read(db[who.TID], who, 900) },
			func() { w.caused(w.write(db[who.TID], who, 70), r) },
			func() { w.read(db[who.TID], who, 500) },
			func() { w.write(conn, who, 1000); free = append(free, who.TID) },
		}})
	}
	w.interleave(4, scripts)
	if o := w.score(); o.right != 400 || o.wrong != 0 {
		t.Error(o)
	}
}

// Goroutines hand a call over to the one that writes on the connection, waking
// it, and are woken by the one that reads.
func TestGoroutineWakes(t *testing.T) {
	w := newWorld(t, 5)
	next := uint64(100)
	gor := func() Thread { next++; return Thread{TGID: 10, TID: uint32(next % 4), Goroutine: next} }
	var scripts []*script
	for range 200 {
		conn, serve := w.accept(), gor()
		writer, reader := gor(), gor()
		var db *end
		var r place
		scripts = append(scripts, &script{steps: []func(){
			func() { r = w.read(conn, serve, 300); db = w.connect(gor()) },
			func() { w.wake(serve, writer); w.caused(w.write(db, writer, 90), r) },
			func() { w.read(db, reader, 900); w.wake(reader, serve) },
			func() { w.wake(serve, writer); w.caused(w.write(db, writer, 70), r) },
			func() { w.read(db, reader, 500); w.wake(reader, serve) },
			func() { w.write(conn, serve, 1000) },
		}})
	}
	w.interleave(16, scripts)
	if o := w.score(); o.right < 392 || o.wrong != 0 {
		t.Error(o)
	}
}

// What is bounded stays so, whatever comes, and the same events give the same.
func TestBounds(t *testing.T) {
	run := func() (Stats, int) {
		w := newWorld(t, 6)
		for i := range 5000 {
			who := Thread{TGID: uint32(i), TID: uint32(i)} // whose end is never told
			c := w.accept()
			w.read(c, who, 100)
			w.write(w.connect(who), who, 100)
		}
		c := &collector{map[uint64]Message{}, map[uint64]Label{}}
		cfg := Default()
		cfg.MaxConns, cfg.MaxExecs = 100, 60
		tr, err := New(cfg, c)
		if err != nil {
			t.Fatal(err)
		}
		for i := range w.events {
			tr.Event(&w.events[i])
			tr.Tick(w.events[i].Time)
			if len(tr.conns) > cfg.MaxConns || len(tr.execs) > cfg.MaxExecs {
				t.Fatalf("%d connections, %d executors", len(tr.conns), len(tr.execs))
			}
			if len(tr.procs) > cfg.MaxConns+cfg.MaxExecs {
				t.Fatalf("%d processes", len(tr.procs))
			}
			if len(tr.oldConns.list) > 4096 || len(tr.oldExecs.list) > 4096 || len(tr.quiet) > 4096 {
				t.Fatalf("lists of %d, %d, %d", len(tr.oldConns.list), len(tr.oldExecs.list), len(tr.quiet))
			}
		}
		tr.Flush()
		return tr.Stats(), len(c.messages)
	}
	a, n := run()
	b, m := run()
	if a != b || n != m {
		t.Errorf("%+v, %d messages; again %+v, %d", a, n, b, m)
	}
	if a.Evicted == 0 || a.Forgotten == 0 || uint64(n) != a.Messages {
		t.Errorf("%+v, %d messages told", a, n)
	}
	if got := a.Labels[Certain] + a.Labels[Inferred] + a.Labels[Weak] + a.Unlabeled; got != a.Calls {
		t.Errorf("%d of %d calls are accounted for: %+v", got, a.Calls, a)
	}
}
