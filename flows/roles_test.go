package flows

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/wirespan/wirespan/capture/wire"
)

func TestGuessedRoles(t *testing.T) {
	at := func(e Endpoint, port uint16) Endpoint { e.Port = port; return e }
	for _, tc := range []struct {
		name           string
		client, server uint16 // ports of the ends called 'c' and 's' in the script
		steps          []step
		want           []string
	}{
		{
			"server's answer first, by port", 40000, 80,
			[]step{pkt(0, 's', "PA", 5001, 1001, "r")},
			[]string{"open 1 guessed", "1< r", "close 1 capture_ended @1000"},
		},
		{
			"registered against ephemeral", 40000, 8080,
			[]step{pkt(0, 's', "PA", 5001, 1001, "r")},
			[]string{"open 1 guessed", "1< r", "close 1 capture_ended @1000"},
		},
		{
			"equal classes: the first payload is the client's", 40000, 50000,
			[]step{pkt(0, 's', "A", 5001, 1001, ""), pkt(1, 'c', "PA", 1001, 5001, "q"), pkt(2, 's', "PA", 5001, 1002, "r")},
			[]string{"open 1 guessed", "1> q", "1< r", "close 1 capture_ended @1002"},
		},
		{
			"SYN-ACK first", 40000, 50000,
			[]step{pkt(0, 's', "SA", 5000, 1001, ""), pkt(1, 'c', "PA", 1001, 5001, "q")},
			[]string{"open 1 observed", "1> q", "close 1 capture_ended @1001"},
		},
		{
			"repeated SYN-ACK corrects the ports before any data", 80, 40000,
			[]step{pkt(0, 'c', "A", 1001, 5001, ""), pkt(1, 's', "SA", 5000, 1001, ""), pkt(2, 'c', "PA", 1001, 5001, "q")},
			[]string{"open 1 guessed", "1> q", "close 1 capture_ended @1002"},
		},
		{
			"the peer's ACK tells that the first bytes are missing", 40000, 80,
			[]step{pkt(0, 'c', "A", 1001, 5001, ""), pkt(1, 's', "PA", 5011, 1001, "r")},
			[]string{"open 1 guessed", "1< gap 10", "1< r", "close 1 capture_ended @1001"},
		},
		{
			"begins with a keep-alive", 40000, 80,
			[]step{pkt(0, 'c', "A", 1000, 5001, ""), pkt(1, 's', "A", 5001, 1001, ""), pkt(2, 'c', "PA", 1001, 5001, "q")},
			[]string{"open 1 guessed", "1> q", "close 1 capture_ended @1002"},
		},
		{
			"late earlier segment in mid-connection", 40000, 80,
			[]step{pkt(0, 'c', "PA", 1004, 5001, "def"), pkt(1, 'c', "PA", 1001, 5001, "abc"), pkt(2, 'c', "PA", 1007, 5001, "ghi")},
			[]string{"open 1 guessed", "1> def", "1> ghi", "close 1 capture_ended @1002"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRecorder(t)
			r.run(Default(), at(clientEnd, tc.client), at(serverEnd, tc.server), tc.steps)
			if d := cmp.Diff(tc.want, r.log); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestFlip(t *testing.T) {
	r := newRecorder(t)
	r.onData = func(c *Conn, dir Dir) {
		if c.Roles == Guessed {
			c.Flip()
		}
	}
	// The bytes tell, during the first Data, that port 80 is the client here.
	// What waits behind the hole must come in the new direction.
	r.run(Default(), clientEnd, serverEnd, []step{
		pkt(0, 'c', "A", 1001, 5001, ""),
		pkt(1, 'c', "PA", 1004, 5001, "bb").cutBy(1),
		pkt(2, 'c', "PA", 1001, 5001, "aaa"),
		pkt(3, 's', "PA", 5001, 1007, "cc"),
	})
	want := []string{"open 1 guessed", "1> aaa", "1< bb", "1< gap 1", "1> cc", "close 1 capture_ended @1003"}
	if d := cmp.Diff(want, r.log); d != "" {
		t.Error(d)
	}
	c := &r.closed[0]
	equal(t, "roles", c.Roles, Content)
	equal(t, "client", c.Client, serverEnd)
	equal(t, "bytes", c.TCP.Dir[ToClient].Bytes, 6)
	equal(t, "lost", c.TCP.Dir[ToClient].Lost, 1)
	equal(t, "bytes", c.TCP.Dir[ToServer].Bytes, 2)
	c.Roles = Guessed
	c.Confirm()
	equal(t, "roles", c.Roles, Content)
}

func TestUDP(t *testing.T) {
	r := newRecorder(t)
	tb := newTable(t, Default(), r)
	now := epoch
	send := func(from, to Endpoint, text string, cut uint32) {
		f := frame(from, to, wire.ProtoUDP, now)
		f.Payload, f.PayloadLen = []byte(text), uint32(len(text))+cut
		tb.Push(&f, now)
		reconcile(t, tb)
		now += 10 * ms
	}
	resolver := Endpoint{serverEnd.Addr, 53}
	mdns := Endpoint{addr4(224, 0, 0, 251), 5353}
	send(resolver, clientEnd, "answer", 0) // its query was not captured
	send(clientEnd, resolver, "query", 0)
	send(resolver, clientEnd, "ans", 4)
	send(Endpoint{clientEnd.Addr, 5353}, mdns, "who", 0)
	send(Endpoint{clientEnd.Addr, 9999}, Endpoint{serverEnd.Addr, 9999}, "", 0)
	tb.Tick(now + 55*1000*ms)
	tb.Tick(now + 61*1000*ms)
	want := []string{
		"open 1 guessed", "1< answer", "1> query", "1< ans", "1< gap 4",
		"open 2 guessed", "2> who", "open 3 guessed",
		"close 1 timeout @61050", "close 2 timeout @61050", "close 3 timeout @61050",
	}
	if d := cmp.Diff(want, r.log); d != "" {
		t.Error(d)
	}
	equal(t, "client", r.closed[0].Client, clientEnd)
	equal(t, "art", r.closed[0].TCP.Dir[ToServer].ART, Delay{10 * ms, 10 * ms, 1})
	equal(t, "server", r.closed[1].Server, mdns)
}

func TestKey(t *testing.T) {
	r := newRecorder(t)
	tb := newTable(t, Default(), r)
	first := pkt(0, 'c', "PA", 1001, 5001, "x").frame(clientEnd, serverEnd)
	variants := []func(f *wire.Frame){
		func(f *wire.Frame) {},
		func(f *wire.Frame) { f.Tap = 1 },
		func(f *wire.Frame) { f.TunnelKey = 7 },
		func(f *wire.Frame) { f.Proto = wire.ProtoUDP },
		func(f *wire.Frame) { f.SrcPort++ },
		func(f *wire.Frame) { f.DstPort++ },
		func(f *wire.Frame) { f.Src[0] = 0x20 },
		func(f *wire.Frame) { f.Dst[15]++ },
	}
	for _, v := range variants {
		f := first
		v(&f)
		tb.Push(&f, epoch)
		f.Src, f.Dst, f.SrcPort, f.DstPort = f.Dst, f.Src, f.DstPort, f.SrcPort
		tb.Push(&f, epoch) // the other direction is the same connection
	}
	equal(t, "connections", tb.Stats().Opened, uint64(len(variants)))
	other := first
	other.Proto = wire.ProtoICMP
	tb.Push(&other, epoch)
	equal(t, "connections", tb.Stats().Opened, uint64(len(variants)+1))
	reconcile(t, tb)
}
