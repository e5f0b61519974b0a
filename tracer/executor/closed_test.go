package executor

import (
	"testing"

	"github.com/wirespan/wirespan/bpf/sys"
)

// A server that throws away what is left of a request when it has closed the
// connection, as php-fpm does, serves nobody by that.
func TestLeftovers(t *testing.T) {
	w := newWorld(t, 11)
	who := Thread{TGID: 10, TID: 10}
	for i := range 100 {
		conn := w.accept()
		r := w.read(conn, who, 300)
		db := w.connect(who)
		w.caused(w.write(db, who, 90), r)
		w.read(db, who, 900)
		w.state(db, sys.Established, sys.Closed, Thread{})
		w.write(conn, who, 1000)
		if i%2 == 0 {
			w.read(conn, who, 8)
		}
		w.state(conn, sys.Established, sys.Closed, Thread{})
		w.read(conn, who, 8)
	}
	if o := w.score(); o.right != 100 || o.wrong+o.unlinked+o.weak != 0 {
		t.Error(o)
	}
}

// An answer that is read from a connection that has ended by then is the answer
// all the same.
func TestAnswerAfterClose(t *testing.T) {
	w := newWorld(t, 12)
	who := Thread{TGID: 10, TID: 10}
	var scripts []*script
	for range 100 {
		conn := w.accept()
		var one, two *end
		var r place
		scripts = append(scripts, &script{steps: []func(){
			func() { r = w.read(conn, who, 300); one = w.connect(who); w.caused(w.write(one, who, 90), r) },
			func() { w.state(one, sys.Established, sys.Closed, Thread{}) },
			func() { w.read(one, who, 900); two = w.connect(who); w.caused(w.write(two, who, 90), r) },
			func() { w.read(two, who, 900); w.write(conn, who, 1000) },
		}})
	}
	w.interleave(1, scripts)
	if o := w.score(); o.right != 200 || o.wrong+o.unlinked+o.weak != 0 {
		t.Error(o)
	}
}

// Connections that have ended are bounded, and what bears the cookie of one
// later is another.
func TestClosedAreForgotten(t *testing.T) {
	c := &collector{map[uint64]Message{}, map[uint64]Label{}}
	cfg := Default()
	cfg.MaxConns = 64
	tr, err := New(cfg, c)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, 13)
	who := Thread{TGID: 10, TID: 10}
	for range 500 {
		conn := w.accept()
		w.read(conn, who, 100)
		w.write(conn, who, 100)
		w.state(conn, sys.Established, sys.Closed, Thread{})
	}
	again := &end{cookie: w.cookie, local: 80, remote: 7, role: Serving} // its beginning was lost
	w.read(again, who, 50)
	for i := range w.events {
		tr.Event(&w.events[i])
		tr.Tick(w.events[i].Time)
	}
	tr.Flush()
	if len(tr.conns) > 8 || tr.lingers > 5 || len(tr.closed.list) > 2048 || tr.stats.Evicted != 0 {
		t.Errorf("%d connections, %d that ended, list of %d, %d evicted", len(tr.conns), tr.lingers, len(tr.closed.list), tr.stats.Evicted)
	}
	if last := c.messages[tr.last]; last.Remote.Port != 7 || last.Length != 50 {
		t.Errorf("the last message is %+v", last)
	}
}
