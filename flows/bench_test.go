package flows

import (
	"testing"

	"github.com/wirespan/wirespan/capture/wire"
)

// traffic pushes packets of one connection at a time.
type traffic struct {
	tb  *Table
	now int64
	f   wire.Frame
}

func newTraffic(t testing.TB) *traffic {
	f := frame(clientEnd, serverEnd, wire.ProtoTCP, epoch)
	return &traffic{tb: newTable(t, Default(), &ignorer{}), now: epoch, f: f}
}

func (tr *traffic) push(flags uint8, seq, ack uint32, b []byte, reply bool) {
	f := tr.f
	if reply {
		f.Src, f.Dst, f.SrcPort, f.DstPort = f.Dst, f.Src, f.DstPort, f.SrcPort
	}
	tr.now += 1000
	f.Time, f.Flags, f.Seq, f.Ack = tr.now, flags, seq, ack
	f.Payload, f.PayloadLen = b, uint32(len(b))
	tr.tb.Push(&f, tr.now)
}

// life is a connection from SYN to the last ACK: 10 packets.
func (tr *traffic) life(port uint16, b []byte) {
	n := uint32(len(b))
	tr.f.SrcPort = port
	tr.push(wire.SYN, 1000, 0, nil, false)
	tr.push(wire.SYN|wire.ACK, 5000, 1001, nil, true)
	tr.push(wire.ACK, 1001, 5001, nil, false)
	tr.push(wire.ACK|wire.PSH, 1001, 5001, b, false)
	tr.push(wire.ACK, 5001, 1001+n, nil, true)
	tr.push(wire.ACK|wire.PSH, 5001+n, 1001+n, b, true) // out of order
	tr.push(wire.ACK|wire.PSH, 5001, 1001+n, b, true)
	tr.push(wire.ACK|wire.FIN, 1001+n, 5001+2*n, nil, false)
	tr.push(wire.ACK|wire.FIN, 5001+2*n, 1002+n, nil, true)
	tr.push(wire.ACK, 1002+n, 5002+2*n, nil, false)
	tr.tb.Tick(tr.now)
}

func TestAllocs(t *testing.T) {
	b := make([]byte, 1400)
	tr := newTraffic(t)
	seq := uint32(1)
	tr.push(wire.ACK|wire.PSH, seq, 1, b, false)
	if n := testing.AllocsPerRun(1000, func() {
		seq += 1400
		tr.push(wire.ACK|wire.PSH, seq, 1, b, false)
		tr.push(wire.ACK, 1, seq+1400, nil, true)
	}); n != 0 {
		t.Errorf("%v allocations for data in order", n)
	}
	tr = newTraffic(t)
	port := uint16(0)
	churn := func() {
		port++
		tr.life(port%50, b)
		tr.now += 200 * ms // 25 linger at a time
		tr.tb.Tick(tr.now)
	}
	for range 200 {
		churn()
	}
	if n := testing.AllocsPerRun(1000, churn); n != 0 {
		t.Errorf("%v allocations for a connection", n)
	}
	if s := tr.tb.Stats(); s.Delivered != 3*1400*s.Opened || s.Closed[CloseNormal] != s.Opened {
		t.Errorf("not what was meant: %+v", s)
	}
}

func BenchmarkInOrder(b *testing.B) {
	payload := make([]byte, 1400)
	tr := newTraffic(b)
	seq := uint32(1)
	b.ReportAllocs()
	for b.Loop() {
		tr.push(wire.ACK|wire.PSH, seq, 1, payload, false)
		seq += 1400
	}
}

func BenchmarkPureACK(b *testing.B) {
	tr := newTraffic(b)
	tr.push(wire.ACK|wire.PSH, 1, 1, []byte("x"), false)
	b.ReportAllocs()
	for b.Loop() {
		tr.push(wire.ACK, 1, 2, nil, true)
	}
}

// BenchmarkChurn is the whole life of a connection, 10 packets.
func BenchmarkChurn(b *testing.B) {
	payload := make([]byte, 100)
	tr := newTraffic(b)
	port := uint16(0)
	b.ReportAllocs()
	for b.Loop() {
		port++
		tr.life(port, payload)
		tr.now += 10 * ms
	}
}

// BenchmarkManyConns spreads data over 10,000 connections.
func BenchmarkManyConns(b *testing.B) {
	payload := make([]byte, 100)
	tr := newTraffic(b)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		tr.f.SrcPort = uint16(i % 10_000)
		tr.push(wire.ACK|wire.PSH, uint32(i/10_000)*100, 1, payload, false)
	}
}

func BenchmarkTick(b *testing.B) {
	tr := newTraffic(b)
	tr.push(wire.ACK|wire.PSH, 1, 1, []byte("x"), false)
	for b.Loop() {
		tr.tb.Tick(tr.now)
	}
}
