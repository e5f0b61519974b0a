package dup

import (
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture/wire"
)

const ms = int64(time.Millisecond)

func segment(id uint16, seq uint32, at int64) *wire.Frame {
	return &wire.Frame{
		Time: at, Version: 4, TTL: 64, ID: id, Sum: uint16(seq)*31 + 7, Proto: wire.ProtoTCP,
		Src: wire.Addr{15: 1}, Dst: wire.Addr{15: 2}, SrcPort: 40000, DstPort: 80,
		Flags: wire.ACK | wire.PSH, Seq: seq, Ack: 9, Window: 500, TSVal: 100, TSEcr: 90, HasTS: true, PayloadLen: 100,
	}
}

func newFilter(t testing.TB) *Filter {
	t.Helper()
	d, err := New(Default())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestCopies drops what differs in nothing that counts, and nothing else.
func TestCopies(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*wire.Frame)
		again  bool
	}{
		{"the same", func(*wire.Frame) {}, true},
		{"routed", func(f *wire.Frame) { f.TTL-- }, true},
		{"other VLAN", func(f *wire.Frame) { f.VLAN = 7 }, true},
		{"other direction of the card", func(f *wire.Frame) { f.Dir = 1 }, true},
		{"a little earlier", func(f *wire.Frame) { f.Time -= ms }, true},
		{"at the end of the window", func(f *wire.Frame) { f.Time += 10 * ms }, true},
		{"too late", func(f *wire.Frame) { f.Time += 10*ms + 1 }, false},
		{"other point", func(f *wire.Frame) { f.Tap = 1 }, false},
		{"other tunnel", func(f *wire.Frame) { f.TunnelKey = 5 }, false},
		{"retransmission", func(f *wire.Frame) { f.ID++ }, false},
		{"retransmission with the identification of the first", func(f *wire.Frame) { f.TSVal++ }, false},
		{"acknowledges more", func(f *wire.Frame) { f.Ack++ }, false},
		{"other checksum", func(f *wire.Frame) { f.Sum++ }, false},
		{"other length", func(f *wire.Frame) { f.PayloadLen++ }, false},
		{"other window", func(f *wire.Frame) { f.Window++ }, false},
		{"other way", func(f *wire.Frame) { f.Src, f.Dst = f.Dst, f.Src }, false},
		{"other port", func(f *wire.Frame) { f.SrcPort++ }, false},
		{"other flags", func(f *wire.Frame) { f.Flags |= wire.FIN }, false},
	} {
		d := newFilter(t)
		if d.Again(segment(77, 1000, 50*ms)) {
			t.Fatal("the first is no copy")
		}
		f := segment(77, 1000, 50*ms)
		c.change(f)
		if got := d.Again(f); got != c.again {
			t.Errorf("%s: dropped %v, want %v", c.name, got, c.again)
		}
	}
}

// TestFastRetransmission has IPv6 on a path that shows everything once, with
// three of a hundred segments repeated to the bit within the window: all stay.
// On a path that shows everything twice the copies go, and so does what is
// repeated on it.
func TestFastRetransmission(t *testing.T) {
	run := func(twice bool) (dropped int) {
		d := newFilter(t)
		at := 50 * ms
		push := func(f *wire.Frame) {
			at += ms / 100
			f.ID, f.Version, f.Time = 0, 6, at
			for range map[bool]int{false: 1, true: 2}[twice] {
				if d.Again(f) {
					dropped++
				}
			}
		}
		syn := segment(0, 999, 0)
		syn.Flags = wire.SYN
		push(syn)
		for i := range 1000 {
			push(segment(0, uint32(1000+100*i), 0))
			if i%33 == 5 {
				push(segment(0, uint32(1000+100*(i-4)), 0)) // after three duplicate acknowledgements
			}
		}
		return dropped
	}
	if n := run(false); n != 0 {
		t.Errorf("%d retransmissions dropped where nothing comes twice", n)
	}
	if n := run(true); n < 1001 {
		t.Errorf("%d dropped of 1001 copies", n)
	}
}

// TestSameIdentification is a sender that puts 1 into every packet: its
// retransmissions stay, its handshake's copies go.
func TestSameIdentification(t *testing.T) {
	d := newFilter(t)
	for i := range 5 {
		if d.Again(segment(1, uint32(i*100), 50*ms)) {
			t.Fatal("dropped what came once")
		}
	}
	if d.Again(segment(1, 400, 55*ms)) {
		t.Error("a retransmission was dropped")
	}
	syn := segment(1, 7, 60*ms)
	syn.Flags = wire.SYN
	if d.Again(syn) || !d.Again(syn) {
		t.Error("a SYN is not told from its copy")
	}
}

// TestLearnsCopies is a mirror that begins to show a path twice while a
// connection without identification is open.
func TestLearnsCopies(t *testing.T) {
	d := newFilter(t)
	dropped := 0
	for i := range 400 {
		at := 50*ms + int64(i)*ms
		d.Again(segment(0, uint32(i*100), at))
		if i >= 200 && d.Again(segment(0, uint32(i*100), at+ms/20)) {
			dropped++
		}
	}
	if dropped < 150 {
		t.Errorf("%d of 200 copies dropped; the path was learnt too late", dropped)
	}
}

// TestSameDatagrams keeps what a program sends over and over: without
// identification nothing tells copies from it, but no mirror shows a packet so
// often.
func TestSameDatagrams(t *testing.T) {
	d := newFilter(t)
	kept := 0
	for i := range 1000 {
		f := &wire.Frame{
			Time: 50*ms + int64(i)*ms/100, Proto: wire.ProtoUDP, Src: wire.Addr{15: 1}, Dst: wire.Addr{15: 2},
			SrcPort: 5000, DstPort: 8125, PayloadLen: 9, Payload: []byte("hits:1|c\n"),
		}
		if !d.Again(f) {
			kept++
		}
	}
	if kept < 900 {
		t.Errorf("%d of 1000 equal datagrams kept", kept)
	}
}

// TestDatagrams tells by content what has no checksum.
func TestDatagrams(t *testing.T) {
	d := newFilter(t)
	send := func(text string) bool {
		return d.Again(&wire.Frame{
			Time: 50 * ms, ID: 4, Proto: wire.ProtoUDP, SrcPort: 5000, DstPort: 53,
			PayloadLen: uint32(len(text)), Payload: []byte(text),
		})
	}
	if send("question one") || send("question two") || !send("question one") || !send("question two") {
		t.Error("datagrams are not told apart by their content")
	}
}

// TestCounts counts by point, within a bound, and that all packets are told.
func TestCounts(t *testing.T) {
	d := newFilter(t)
	for tap := range uint16(MaxPoints + 20) {
		for range 2 {
			f := segment(9, 1, 50*ms)
			f.Tap = tap
			d.Again(f)
		}
	}
	c := d.Counts()
	if len(c) != MaxPoints || c[0] != (Count{2, 1}) || c[MaxPoints-1] != (Count{42, 21}) {
		t.Errorf("%d points, first %v, last %v", len(c), c[0], c[len(c)-1])
	}
}

// TestBounded pushes more than fits: nothing is dropped that did not come twice.
func TestBounded(t *testing.T) {
	d := newFilter(t)
	for i := range 100_000 {
		if d.Again(segment(uint16(i%65535+1), uint32(i), 50*ms)) {
			t.Fatalf("packet %d dropped, which came once", i)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	d := newFilter(t)
	f := segment(1, 2, 3)
	if n := testing.AllocsPerRun(100, func() { f.Seq++; d.Again(f) }); n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []Config{{}, {Window: time.Millisecond, Packets: 3}, {Window: 2 * time.Second, Packets: 2}, {Window: -1, Packets: 2}} {
		if c.Validate() == nil {
			t.Errorf("%+v: want an error", c)
		}
	}
}

func BenchmarkAgain(b *testing.B) {
	d := newFilter(b)
	f := segment(1, 2, 3)
	b.ReportAllocs()
	for b.Loop() {
		f.ID++
		f.Time += 1000
		d.Again(f)
	}
}
