package dns

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
)

// framed puts the length before messages and joins them.
func framed(msgs ...[]byte) (b []byte) {
	for _, m := range msgs {
		b = append(append(b, byte(len(m)>>8), byte(len(m))), m...)
	}
	return b
}

func kinds(ss []seen) (ks []l7.Kind) {
	for _, s := range ss {
		ks = append(ks, s.kind)
	}
	return ks
}

// TestSplits feeds pipelined queries and answers out of order in all two-way
// splits, then in random pieces.
func TestSplits(t *testing.T) {
	q := framed(
		unhex(t, "0001 0100 0001 0000 0000 0000"+example+"0001 0001"),
		unhex(t, "0002 0100 0001 0000 0000 0000"+www+"001c 0001"),
	)
	r := framed(
		unhex(t, "0002 8180 0001 0000 0000 0000"+www+"001c 0001"),
		unhex(t, "0001 8180 0001 0001 0000 0000"+example+"0001 0001"+"c00c 0001 0001 00000001 0004 c0000201"),
	)
	want := run(TCP(), l7.Options{}, part{l7.ToServer, q}, part{l7.ToClient, r})
	if len(want) != 4 || want[0].match != want[3].match || want[1].match != want[2].match {
		t.Fatalf("%+v", want)
	}
	for i := range r {
		got := run(TCP(), l7.Options{}, part{l7.ToServer, q}, part{l7.ToClient, r[:i]}, part{l7.ToClient, r[i:]})
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(seen{})); diff != "" {
			t.Fatal(i, diff)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		d := newDriver(TCP(), l7.Options{})
		for _, x := range []part{{l7.ToServer, q}, {l7.ToClient, r}} {
			for b := x.b; len(b) > 0; {
				n := 1 + rnd.IntN(min(len(b), 40))
				d.data(x.dir, b[:n])
				b = b[n:]
			}
		}
		if diff := cmp.Diff(want, d.seen, cmp.AllowUnexported(seen{})); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestResync loses bytes in the middle of a message and finds the next one.
func TestResync(t *testing.T) {
	one := framed(unhex(t, "0001 8180 0001 0001 0000 0000"+example+"0001 0001"+"c00c 0001 0001 00000001 0004 c0000201"))
	two := framed(unhex(t, "0002 8180 0001 0000 0000 0000"+www+"001c 0001"))
	for lost := 1; lost < len(one); lost++ {
		p := TCP().New(l7.Options{})
		if p.Gap(l7.ToClient, int64(lost)) {
			t.Fatal("a length field may be lost")
		}
		rest := append(append([]byte{}, one[lost:]...), two...)
		off, ok := p.Resync(l7.ToClient, rest)
		if !ok || off != len(one)-lost {
			t.Fatalf("%d bytes lost: resync at %d (%v), want %d", lost, off, ok, len(one)-lost)
		}
	}
	if off, ok := TCP().New(l7.Options{}).Resync(l7.ToClient, one[3:]); ok || off == 0 {
		t.Errorf("no message, but resync at %d, %v", off, ok)
	}
}

// TestEnd: a message cut short by FIN is reported with what is known.
func TestEnd(t *testing.T) {
	b := framed(unhex(t, "0001 8180 0001 0001 0000 0000"+example+"0001 0001"+"c00c 0001 0001 00000001 0004 c0000201"))
	d := newDriver(TCP(), l7.Options{})
	d.data(l7.ToClient, b[:len(b)-10]) // in the answer
	if len(d.seen) != 0 {
		t.Fatal("reported before its end")
	}
	d.end(l7.ToClient)
	if len(d.seen) != 1 || d.seen[0].name != "example.com" || d.seen[0].attr("wirespan.dns.malformed") != "true" {
		t.Errorf("%+v", d.seen)
	}
}

func TestNotMine(t *testing.T) {
	for _, tt := range []struct {
		name string
		p    l7.Proto
		b    []byte
		want error
	}{
		{"HTTP over TCP", TCP(), []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), l7.ErrNotMine},
		{"an empty message over TCP", TCP(), []byte{0, 0, 0, 0}, l7.ErrNotMine},
		{"a datagram shorter than a header", UDP(), []byte{1, 2, 3}, l7.ErrNotMine},
		{"an operation that does not exist", UDP(), unhex(t, "0001 7900 0001 0000 0000 0000"), l7.ErrNotMine},
	} {
		d := newDriver(tt.p, l7.Options{})
		if d.data(l7.ToServer, tt.b); d.err != tt.want || len(d.seen) != 0 {
			t.Errorf("%s: %v, %v", tt.name, d.err, d.seen)
		}
	}
	d := newDriver(UDP(), l7.Options{})
	d.data(l7.ToServer, unhex(t, "0001 0100 0001 0000 0000 0000"+example+"0001 0001"))
	d.data(l7.ToServer, []byte{1, 2, 3})
	d.data(l7.ToServer, unhex(t, "0002 0100 0001 0000 0000 0000"+example+"0001 0001"))
	if d.err != l7.ErrDesync || len(d.seen) != 2 {
		t.Errorf("a stray datagram: %v, %d messages", d.err, len(d.seen))
	}
}

// TestTransfer: the many messages of a zone transfer are one answer.
func TestTransfer(t *testing.T) {
	soa := "c00c 0006 0001 00000001 0018 c00c c00c 00000001 00000001 00000001 00000001 00000001"
	a := "c00c 0001 0001 00000001 0004 c0000201"
	head := func(count string) string { return "0001 8480 0001" + count + "0000 0000" + example + "00fc 0001" }
	query := framed(unhex(t, "0001 0000 0001 0000 0000 0000"+example+"00fc 0001"))
	first := unhex(t, head("0002")+soa+a)
	middle := unhex(t, head("0001")+a)
	last := unhex(t, "0001 8480 0000 0002 0000 0000"+
		example+"0001 0001 00000001 0004 c0000201"+"c00c 0006 0001 00000001 0018 c00c c00c 00000001 00000001 00000001 00000001 00000001")
	whole := unhex(t, head("0003")+soa+a+soa)

	got := run(TCP(), l7.Options{}, part{l7.ToServer, query}, part{l7.ToClient, framed(first, middle, last, whole)})
	if diff := cmp.Diff([]l7.Kind{l7.Request, l7.Response, l7.End, l7.Response}, kinds(got)); diff != "" {
		t.Fatal(diff)
	}
	if !got[1].more || got[3].more || got[1].match != got[0].match || got[2].match != got[0].match {
		t.Errorf("%+v", got)
	}
}

// TestTransferLoss: after a loss the rest of a transfer is passed over without
// an End, until its id asks anew.
func TestTransferLoss(t *testing.T) {
	query := framed(unhex(t, "0001 0000 0001 0000 0000 0000"+example+"00fc 0001"))
	soa := "c00c 0006 0001 00000001 0018 c00c c00c 00000001 00000001 00000001 00000001 00000001"
	a := "c00c 0001 0001 00000001 0004 c0000201"
	head := "0001 8480 0001 0002 0000 0000" + example + "00fc 0001"
	first, middle, last := framed(unhex(t, head+soa+a)), framed(unhex(t, head+a+a)), framed(unhex(t, head+a+soa))

	d := newDriver(TCP(), l7.Options{})
	d.data(l7.ToServer, query)
	d.data(l7.ToClient, first)
	d.p.Gap(l7.ToClient, 100)
	d.data(l7.ToClient, middle)
	d.data(l7.ToClient, last)
	d.data(l7.ToClient, first)
	d.p.Gap(l7.ToClient, 100)
	d.data(l7.ToServer, query)
	d.data(l7.ToClient, first)
	d.data(l7.ToClient, last)
	if diff := cmp.Diff([]l7.Kind{l7.Request, l7.Response, l7.Response, l7.Request, l7.Response, l7.End}, kinds(d.seen)); diff != "" {
		t.Error(diff)
	}
}
