package executor

import "testing"

// goroutine names a goroutine of process 10.
func goroutine(n uint64) Thread { return Thread{TGID: 10, TID: uint32(n % 4), Goroutine: n} }

// A transport opens a connection in a goroutine of its own and gives it to whom
// it wakes, who need not be the one it was opened for; the goroutine that
// writes on it runs already, so that nobody wakes it for its first call.
func TestDialledForOthers(t *testing.T) {
	w := newWorld(t, 11)
	next := uint64(1000)
	gor := func() Thread { next++; return goroutine(next) }
	for range 100 {
		a, b, dial, writer := gor(), gor(), gor(), gor()
		one, two := w.accept(), w.accept()
		ra, rb := w.read(one, a, 300), w.read(two, b, 300)
		db := w.connect(dial)
		w.wake(dial, b) // a was faster with another one
		w.caused(w.write(db, writer, 90), rb)
		w.read(db, gor(), 900)
		w.wake(a, writer)
		w.caused(w.write(db, writer, 90), ra)
		w.read(db, gor(), 900)
		w.write(one, a, 500)
		w.write(two, b, 500)
	}
	if o := w.score(); o.right != 200 || o.wrong != 0 {
		t.Error(o)
	}
}

// A worker takes from a queue without being woken when the queue is never
// empty: of what it does after it has handed back a result nothing is said,
// until it is woken again.
func TestSaturatedChannel(t *testing.T) {
	w := newWorld(t, 12)
	worker, writer, reader := goroutine(20), goroutine(21), goroutine(22)
	db := w.connect(worker)
	known := 0
	next := uint64(100)
	for i := range 300 {
		next++
		serve, c := goroutine(next), w.accept()
		r := w.read(c, serve, 300)
		if woken := i%10 == 0; woken { // the queue was empty
			w.wake(serve, worker)
			known += 2
		}
		for range 2 {
			w.wake(worker, writer)
			w.caused(w.write(db, writer, 90), r)
			w.read(db, reader, 900)
			w.wake(reader, worker)
		}
		// The next request is there before this one is answered.
		w.wake(worker, serve)
		if i%3 == 0 {
			w.read(w.accept(), goroutine(next+1000), 300)
		}
		w.write(c, serve, 500)
	}
	if o := w.score(); o.wrong != 0 || o.right < known {
		t.Errorf("%v, %d known", o, known)
	}
}

// Without wakes it is not known who got a connection, but for programs that open
// one for each call.
func TestDialledWithoutWakes(t *testing.T) {
	for _, kept := range []bool{false, true} {
		w := newWorld(t, 13)
		next := uint64(1000)
		gor := func() Thread { next++; return goroutine(next) }
		for i := range 200 {
			a, b, dial, writer := gor(), gor(), gor(), gor()
			one, two := w.accept(), w.accept()
			ra, rb := w.read(one, a, 300), w.read(two, b, 300)
			db := w.connect(dial)
			w.events[len(w.events)-2].Parent = a.Goroutine // of the call of connect
			from := len(w.events)
			if kept && i%2 == 0 {
				ra = rb // the other one got it
			}
			w.caused(w.write(db, writer, 90), ra)
			for k := range w.events[from:] {
				w.events[from+k].Parent = dial.Goroutine
			}
			w.read(db, gor(), 900)
			if kept {
				w.write(db, writer, 90)
				w.read(db, gor(), 900)
			}
			w.write(one, a, 500)
			w.write(two, b, 500)
			w.state(db, 1, 7, Thread{})
		}
		o := w.score()
		if o.wrong != 0 || !kept && o.right < 100 {
			t.Errorf("kept %v: %v", kept, o)
		}
	}
}
