package l7test

import (
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

// repeater plays the turns from Session.Repeat on again and again, on one
// connection.
func repeater(tb testing.TB, p l7.Proto, s Session) (round func(), messages func() int) {
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
	return round, func() int { return sink.messages }
}

// Allocs fails if messages of a Session cost an allocation once buffers have
// been made. The turns from Session.Repeat on must make sense again and again
// on one connection.
func Allocs(t *testing.T, p l7.Proto, s Session) {
	t.Helper()
	round, messages := repeater(t, p, s)
	for range 10 {
		round()
	}
	before := messages()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations per round, want none", n)
	}
	if n := messages() - before; n < 101 {
		t.Errorf("101 rounds gave %d messages: the session cannot be repeated", n)
	}
}

// Bench measures the engine and the parser on a Session, repeated as Allocs
// does; one operation is one round.
func Bench(b *testing.B, p l7.Proto, s Session) {
	b.Helper()
	round, messages := repeater(b, p, s)
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
	if messages() == before {
		b.Fatal("the session cannot be repeated")
	}
	b.ReportMetric(float64(messages()-before)/float64(rounds), "messages/op")
}
