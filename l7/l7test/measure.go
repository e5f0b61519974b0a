package l7test

import (
	"slices"
	"testing"

	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/engine"
)

// deaf is a Sink that keeps nothing.
type deaf struct{ messages int }

func (d *deaf) Opened(*flows.Conn) {}
func (d *deaf) Message(*flows.Conn, *l7.Proto, l7.Dir, *l7.Message, []byte, bool) {
	d.messages++
}
func (d *deaf) Done(*flows.Conn, l7.Dir, uint64, *l7.Message, l7.Stamp, int64, bool) {}
func (d *deaf) Missed(*flows.Conn, l7.Dir, int64, l7.Stamp)                          {}
func (d *deaf) Opaque(*flows.Conn, *l7.Proto, engine.Reason)                         {}
func (d *deaf) Closed(*flows.Conn, *l7.Proto, flows.CloseReason, int64)              {}

// perRound is how many messages every round of the turns from Session.Repeat on
// gives; ok is false if a second one does not give as many as the first. Messages
// of the turns before may come in the first round, when detection has waited for it.
func perRound(p l7.Proto, s Session) (each int, ok bool) {
	once := len(Play(s, p).messages())
	before := max(s.Repeat, len(Play(s.with(s.Turns[:s.Repeat]), p).messages()))
	each = len(Play(s.with(append(slices.Clone(s.Turns), s.Turns[s.Repeat:]...)), p).messages()) - once
	return each, each > 0 && once-each <= before
}

// repeater plays the turns from Session.Repeat on again and again, on one
// connection. Every round must give each messages, or what is measured is not
// what the Session is for.
func repeater(tb testing.TB, p l7.Proto, s Session) (round func(), messages func() int, each int) {
	tb.Helper()
	sink := &deaf{}
	e, err := engine.New(engine.Config{Protos: []l7.Proto{p}, Options: Options(), MaxCarry: testCarry}, sink)
	if err != nil {
		tb.Fatal(err)
	}
	pl := newPlayer(e, s, &p)
	for _, t := range s.Turns[:s.Repeat] {
		pl.play(t)
	}
	round = func() {
		for _, t := range s.Turns[s.Repeat:] {
			pl.play(t)
		}
	}
	each, ok := perRound(p, s)
	if !ok {
		tb.Fatalf("a second round of the session gives %d messages, fewer than the first", each)
	}
	return round, func() int { return sink.messages }, each
}

// Allocs fails if messages of a Session cost an allocation once buffers have
// been made. The turns from Session.Repeat on must make sense again and again
// on one connection: every round must give as many messages as the first.
func Allocs(t *testing.T, p l7.Proto, s Session) {
	t.Helper()
	round, messages, each := repeater(t, p, s)
	for range 10 {
		round()
	}
	before := messages()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations per round, want none", n)
	}
	if n := messages() - before; n != 101*each { // with one to warm up
		t.Errorf("101 rounds gave %d messages, want %d each: the session cannot be repeated", n, each)
	}
}

// Bench measures the engine and the parser on a Session, repeated as Allocs
// does; one operation is one round.
func Bench(b *testing.B, p l7.Proto, s Session) {
	b.Helper()
	round, messages, each := repeater(b, p, s)
	n := 0
	for _, t := range s.Turns[s.Repeat:] {
		n += len(t.Bytes)
	}
	round()
	before, rounds := messages(), 0
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		round()
		rounds++
	}
	if n := messages() - before; n != rounds*each {
		b.Fatalf("%d rounds gave %d messages, want %d each: the session cannot be repeated", rounds, n, each)
	}
	b.ReportMetric(float64(each), "messages/op")
}
