package join

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/l7"
)

// dnsName is shop.example on the wire.
const dnsName = "\x04shop\x07example\x00"

func dnsQuery(id byte) string {
	return "\x00" + string([]byte{id}) + "\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + dnsName + "\x00\x01\x00\x01"
}

func dnsAnswer(id, rcode byte) string {
	head := "\x00" + string([]byte{id}) + "\x81" + string([]byte{0x80 | rcode}) + "\x00\x01"
	if rcode != 0 {
		return head + "\x00\x00\x00\x00\x00\x00" + dnsName + "\x00\x01\x00\x01"
	}
	return head + "\x00\x01\x00\x00\x00\x00" + dnsName + "\x00\x01\x00\x01" + "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x07"
}

func (r *rig) query(s string) *rig { return r.frame(0, wire.ProtoUDP, 0, s) }
func (r *rig) reply(s string) *rig { return r.frame(1, wire.ProtoUDP, 0, s) }

func TestDNS(t *testing.T) {
	r := newRig(t, nil)
	r.at(10).query(dnsQuery(1)).query(dnsQuery(2)).at(20).query(dnsQuery(1)).at(30).reply(dnsAnswer(2, 0)).reply(dnsAnswer(1, 3))
	r.at(40).query(dnsQuery(3)).at(31_000).reply(dnsAnswer(3, 0))
	if s := r.j.Stats(); s.Repeats != 1 || s.Requests != 4 || s.Orphans != 1 {
		t.Errorf("%+v", s)
	}
	r.want("DNS A answered 10-30", "DNS A answered 10-30 3 error=NXDOMAIN", "DNS A none 40-30040 error=timeout failed", "DNS A orphan 31000-31000")
}

// A lookup over TCP that is answered too late does not become an orphan, nor
// end another exchange.
func TestDNSOverTCPLate(t *testing.T) {
	framed := func(s string) string { return string([]byte{0, byte(len(s))}) + s }
	r := newRig(t, nil).connect()
	r.at(10).ask(framed(dnsQuery(1))).at(20).ask(framed(dnsQuery(2))).at(25).answer(framed(dnsAnswer(2, 0)))
	r.at(31_000).ask(framed(dnsQuery(1))).at(31_005).answer(framed(dnsAnswer(1, 0))).at(31_010).answer(framed(dnsAnswer(1, 0)))
	if s := r.j.Stats(); s.Late != 1 || s.Orphans != 0 || s.Repeats != 0 {
		t.Errorf("%+v", s)
	}
	r.want("DNS A answered 20-25", "DNS A none 10-30010 error=timeout failed", "DNS A answered 31000-31010")
}

// Exchanges are pooled: what one brought, no later one has.
func TestNothingLeaks(t *testing.T) {
	r := newRig(t, nil).connect()
	r.at(10).ask("POST /a?q=1 HTTP/1.1\r\nHost: first\r\nX-Request-ID: 7\r\nUser-Agent: u\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\nContent-Length: 0\r\n\r\n")
	r.at(20).answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\nX-Request-ID: 8\r\nContent-Length: 0\r\n\r\n").close()
	r.again()
	r.at(30).query(dnsQuery(1)).at(31).reply(dnsAnswer(1, 0))
	r.again()
	r.connect().at(40).ask(get("/b")).at(50).answer(ok)
	r.take()
	fresh := newRig(t, nil)
	fresh.port = r.port
	fresh.connect().at(40).ask(get("/b")).at(50).answer(ok)
	fresh.take()
	last := r.lines[len(r.lines)-1]
	if len(fresh.lines) != 1 || last != fresh.lines[0] || !strings.Contains(last, "GET/b answered 40-50 200") {
		t.Errorf("%q, of a fresh Joiner %q", last, fresh.lines)
	}
	if n := len(r.j.free); n != 1 {
		t.Errorf("%d exchanges were made for one at a time", n)
	}
	x := r.j.free[0]
	if len(x.attrs)+len(x.interims)+len(x.reqIDs)+len(x.respIDs)+len(x.contexts)+len(x.wireResp)+len(x.answers)+len(x.err) != 0 || x.keys != [4]uint64{} {
		t.Errorf("%+v", x)
	}
}

// Slots are few: a slot is free as soon as its finished record was made, but
// for the last one of a connection.
func TestSlots(t *testing.T) {
	r := newRig(t, nil).connect()
	for i := range 500 {
		r.at(int64(10 * i)).ask(get(fmt.Sprint("/", i)) + get("/second")).answer(ok + ok)
	}
	r.take()
	if r.j.top != 3 || len(r.j.slots) != 2 {
		t.Errorf("%d slots, %d free", r.j.top, len(r.j.slots))
	}
	r.balance()
}

// The strings of an exchange fit what a reference can name, whatever the
// sender does.
func TestLargestExchange(t *testing.T) {
	r := newRig(t, nil)
	r.j.Begin(r.out, r.now)
	x := r.j.take()
	long := []byte(strings.Repeat("a/", 30<<10))
	m := &l7.Message{Op: long, Resource: long, Host: long, Version: long[:8], Error: long}
	for range 40 {
		m.IDs = append(m.IDs, l7.ID{Class: l7.IDRequest, Name: long, Value: long}, l7.ID{Class: l7.IDContext, Name: long, Value: long})
		m.Answers = append(m.Answers, l7.Answer{Name: long})
	}
	for i := range r.j.cfg.Protos[0].Keys {
		m.Attrs = append(m.Attrs, l7.Attr{Key: uint8(i), Str: long})
	}
	x.rec.Class = l7.ClassHTTP
	r.j.describeTarget(x, m)
	r.j.attributes(x, m)
	r.j.contexts(x, m)
	r.j.openRecord(x, m)
	r.j.describeResponse(x, m)
	size := len(x.attrs) + len(x.reqIDs) + len(x.respIDs) + len(x.contexts) + len(x.interims) + len(x.wireResp) + len(x.answers) + len(x.host) + len(x.err) + len(x.template) + 512
	if size > 64<<10-1024 {
		t.Errorf("%d bytes", size)
	}
}

// steady plays the same exchange over and over.
func steady(tb testing.TB) (*rig, func()) {
	r := newRig(tb, nil).connect()
	req := "GET /items/4711?x=1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: bench\r\nX-Request-ID: 2f1c9a0e5d7b4836a1b2c3d4e5f60718\r\n\r\n"
	return r, func() {
		r.now += ms / 10
		r.ask(req)
		r.now += ms / 10
		r.answer(ok)
		if len(r.out.Records) > 1000 {
			r.out.Reset()
		}
		r.table.Tick(r.now)
		r.j.Tick()
	}
}

func TestAllocs(t *testing.T) {
	_, step := steady(t)
	for range 5000 {
		step()
	}
	if n := testing.AllocsPerRun(2000, step); n != 0 {
		t.Errorf("%v allocations per exchange", n)
	}
}

func BenchmarkExchange(b *testing.B) {
	_, step := steady(b)
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}
