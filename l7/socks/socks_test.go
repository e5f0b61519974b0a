package socks

import (
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/http1"
	"github.com/wirespan/wirespan/l7/l7test"
)

const dir = "testdata"

func TestGolden(t *testing.T)  { l7test.Golden(t, Proto(), dir) }
func TestChop(t *testing.T)    { l7test.Chop(t, Proto(), dir) }
func TestPoison(t *testing.T)  { l7test.Poison(t, Proto(), dir) }
func TestDrop(t *testing.T)    { l7test.Drop(t, Proto(), dir) }
func TestSwap(t *testing.T)    { l7test.Swap(t, Proto(), dir) }
func TestReorder(t *testing.T) { l7test.Reorder(t, Proto(), dir) }

func FuzzSOCKS(f *testing.F) { l7test.Fuzz(f, Proto()) }

// Behind a good answer another protocol follows; a password is never told.
func TestBehind(t *testing.T) {
	for _, name := range []string{"socks4", "socks5", "socks5-name", "password"} {
		s, err := l7test.Load("testdata/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		r := l7test.Play(s, Proto(), http1.Proto())
		m := r.Conns[0].Messages
		if len(m) != 4 || m[0].Op != "CONNECT" || m[0].Resource != "192.0.2.30:80" || m[2].Op != "GET" || m[3].Code != 200 {
			t.Errorf("%s: %s", name, r)
		}
		if strings.Contains(r.String(), "secret") {
			t.Errorf("%s: the password is told", name)
		}
	}
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		dir  l7.Dir
		b    string
		want l7.Verdict
	}{
		{l7.ToServer, "\x05", l7.NeedMore},
		{l7.ToServer, "\x05\x01\x00", l7.Maybe},
		{l7.ToServer, "\x05\x02\x00\x02", l7.Maybe},
		{l7.ToServer, "\x05\x02\x00\x00", l7.No},
		{l7.ToServer, "\x05\x00\x00\x03", l7.No}, // DCE/RPC
		{l7.ToServer, "\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x1e\x00P", l7.Yes},
		{l7.ToServer, "\x05\x01\x00\x05\x01\x00\x03\x01a\x00P", l7.Yes},
		{l7.ToServer, "\x05\x01\x00GET", l7.No},
		{l7.ToServer, "\x04\x01\x00P\xc0\x00\x02\x1e\x00", l7.Maybe},
		{l7.ToServer, "\x04\x01\x00P\x00\x00\x00\x01\x00shop.example\x00", l7.Yes},
		{l7.ToServer, "\x04\x00\x00\x00\x05\x00\x00\x00\x00", l7.No}, // CQL
		{l7.ToServer, "\x04\x01\x00\x00\x05\x00\x00\x00\x00", l7.No},
		{l7.ToClient, "\x05\x00", l7.Maybe},
		{l7.ToClient, "\x00\x5a\x00\x00\x00\x00\x00\x00", l7.Maybe},
		{l7.ToClient, "HTTP", l7.No},
	} {
		if got := Detect(c.dir, []byte(c.b)); got != c.want {
			t.Errorf("direction %d, %q: %d, want %d", c.dir, c.b, got, c.want)
		}
	}
}

// A connection has one handshake: its parts are measured alone.
func handshake(tb testing.TB) func() {
	parts := []struct {
		dir l7.Dir
		b   []byte
	}{
		{l7.ToServer, []byte("\x05\x01\x00")},
		{l7.ToClient, []byte("\x05\x00")},
		{l7.ToServer, []byte("\x05\x01\x00\x03\x0cshop.example\x00P")},
		{l7.ToClient, []byte("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")},
	}
	var p parser
	var out l7.Emitter
	return func() {
		p = parser{method: unknown}
		for _, part := range parts {
			out.Reset(l7.Stamp{})
			if s, _ := p.Parse(part.dir, part.b, &out); s.Consumed != len(part.b) {
				tb.Fatalf("%q: %+v", part.b, s)
			}
			out.Take()
		}
	}
}

func TestAllocs(t *testing.T) {
	run := handshake(t)
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSOCKS(b *testing.B) {
	run := handshake(b)
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}
