package proxy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/http1"
	"github.com/wirespan/wirespan/l7/l7test"
	"github.com/wirespan/wirespan/l7/proxy"
)

const (
	get    = "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"
	answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	v2     = "\r\n\r\n\x00\r\nQUIT\n"
)

func TestGolden(t *testing.T) { l7test.Golden(t, proxy.Proto(), "testdata") }

// ids lists the IDs of the requests of a connection.
func ids(r *l7test.Result) (list []string) {
	for _, m := range r.Conns[0].Messages {
		if m.Kind == "request" {
			list = append(list, m.Op+" "+strings.Join(m.IDs, ","))
		}
	}
	return list
}

func TestHeaders(t *testing.T) {
	inet6 := "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x09"
	for _, c := range []struct{ name, header, want string }{
		{"v1", "PROXY TCP4 192.0.2.9 198.51.100.1 4711 80\r\n", "forwarded PROXY=192.0.2.9"},
		{"v1 of IPv6", "PROXY TCP6 2001:db8::9 2001:db8::1 4711 80\r\n", "forwarded PROXY=2001:db8::9"},
		{"v1 unknown", "PROXY UNKNOWN\r\n", ""},
		{"v1 unknown with addresses", "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", ""},
		{"v2", v2 + "\x21\x11\x00\x0c\xc0\x00\x02\x09\xc6\x33\x64\x01\x12\x67\x00\x50", "forwarded PROXY=192.0.2.9"},
		{"v2 with extensions", v2 + "\x21\x11\x00\x12\xc0\x00\x02\x09\xc6\x33\x64\x01\x12\x67\x00\x50\x04\x00\x03abc", "forwarded PROXY=192.0.2.9"},
		{"v2 of IPv6", v2 + "\x21\x21\x00\x24" + inet6 + inet6 + "\x12\x67\x00\x50", "forwarded PROXY=2001:db8::9"},
		{"v2 local", v2 + "\x20\x00\x00\x00", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := []string{"GET " + c.want, "GET " + c.want}
			all := c.header + get
			for cut := range len(all) {
				s := l7test.TCP(l7test.Client(all[:cut]), l7test.Client(all[cut:]), l7test.Server(answer), l7test.Client(get), l7test.Server(answer))
				if cut == 0 {
					s.Turns = s.Turns[1:]
				}
				r := l7test.Play(s, proxy.Proto(), http1.Proto())
				if d := cmp.Diff(want, ids(r)); d != "" {
					t.Fatalf("cut at %d: %s", cut, d)
				}
				for _, f := range r.Faults {
					t.Error(f)
				}
			}
		})
	}
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		b    string
		want l7.Verdict
	}{
		{"P", l7.NeedMore},
		{"PROXY", l7.NeedMore},
		{"POST / HTTP/1.1\r\n", l7.No},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", l7.Yes},
		{"PROXY /x HTTP/1.1\r\n", l7.No},
		{"PROXY TCP4 not-an-address 5.6.7.8 1 2\r\n", l7.No},
		{"PROXY " + strings.Repeat("x", 200), l7.No},
		{v2, l7.NeedMore},
		{v2 + "\x21", l7.Yes},
		{v2 + "\x31\x11\x00\x0c", l7.No},
		{v2 + "\x21\x11\xff\xff", l7.No},
		{"\r\n\r\nGET", l7.No},
	} {
		if got := proxy.Detect(l7.ToServer, []byte(c.b)); got != c.want {
			t.Errorf("%.40q: %d, want %d", c.b, got, c.want)
		}
	}
}

func FuzzProxy(f *testing.F) { l7test.Fuzz(f, proxy.Proto()) }

func BenchmarkProxy(b *testing.B) {
	header := []byte("PROXY TCP4 192.0.2.9 198.51.100.1 4711 80\r\n")
	p := proxy.Proto().New(l7.Options{})
	var out l7.Emitter
	b.ReportAllocs()
	for b.Loop() {
		out.Reset(l7.Stamp{})
		if s, err := p.Parse(l7.ToServer, header, &out); s.Consumed != len(header) || err != l7.ErrSwitch {
			b.Fatal(fmt.Sprint(s, err))
		}
		out.TakeAside()
	}
}
