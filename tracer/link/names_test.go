package link

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/span"
)

// TestServices holds service.name to SPANS.md, "Resource and scope". Wanted is
// the name of each span's service, with pairs: CLIENT' first.
func TestServices(t *testing.T) {
	v6 := "[2001:db8::1]:80"
	for _, c := range []struct {
		about string
		setup func(*scene)
		calls []call
		want  string
	}{
		{
			"nothing known: address and port, for the client the address", nil,
			[]call{{name: "a", from: cl, to: gw, end: 9}},
			"a'=10.0.0.1 a=10.0.0.2:80",
		},
		{"IPv6", nil, []call{{name: "a", from: "2001:db8::2", to: v6, end: 9}}, "a'=2001:db8::2 a=" + v6},
		{"the service that listens at the client", nil, []call{
			{name: "a", from: cl, to: gw, end: 9}, {name: "b", from: gw, to: sa + ":8080", at: 1, end: 8},
		}, "a'=10.0.0.1 a=10.0.0.2:80 b'=10.0.0.2:80 b=10.0.0.3:8080"},
		{"two listeners at the client: the address", nil, []call{
			{name: "a", from: cl, to: gw, end: 9}, {name: "o", from: cl, to: gw + ":81", end: 9}, {name: "b", from: gw, to: sa, at: 1, end: 8},
		}, "a'=10.0.0.1 a=10.0.0.2:80 b'=10.0.0.2 b=10.0.0.3:80 o'=10.0.0.1 o=10.0.0.2:81"},
		{"on the loopback the address is everybody's: a client is none of the services there", nil, []call{
			{name: "a", from: "127.0.0.1", to: "127.0.0.1:80", end: 9},
			{name: "b", from: "127.0.0.1", to: "127.0.0.1:80", at: 20, end: 29, host: "shop.example"},
			{name: "c", from: "::1", to: "[::1]:81", at: 40, end: 49},
		}, "a'=127.0.0.1 a=127.0.0.1:80 b'=127.0.0.1 b=shop.example c'=::1 c=[::1]:81"},
		{"a Host that names one endpoint, also where that is a client", nil, []call{
			{name: "p", from: cl, to: gw, end: 9, host: "10.0.0.2"},
			{name: "a", from: cl, to: gw, end: 9, host: "shop.example:80"},
			{name: "b", from: gw, to: sa, at: 1, end: 8, host: "pay.example"},
		}, "a'=10.0.0.1 a=shop.example b'=shop.example b=pay.example p'=10.0.0.1 p=10.0.0.2:80"},
		{"a Host that a proxy preserves names nobody", nil, []call{
			{name: "a", from: cl, to: gw, end: 9, host: "shop.example"}, {name: "b", from: gw, to: sa, at: 1, end: 8, host: "shop.example"},
		}, "a'=10.0.0.1 a=10.0.0.2:80 b'=10.0.0.2:80 b=10.0.0.3:80"},
		{"DNS answers name addresses", nil, []call{
			{name: "d", class: l7.ClassDNS, from: cl, to: sb, end: 1, host: "shop.example", answers: gw + "/60", target: "shop.example A"},
			{name: "a", from: cl, to: gw, at: 2, end: 9, host: "other"},
		}, "a'=10.0.0.1 a=shop.example d=10.0.0.1"},
		{"the capture file's own names", func(s *scene) {
			s.start()
			s.l.SetName(endpoint(gw, 0).Addr, "edge")
		}, []call{{name: "a", from: cl, to: gw, end: 9, host: "shop.example"}}, "a'=10.0.0.1 a=edge"},
		{"two names of one address are none", func(s *scene) {
			s.start()
			s.l.SetName(endpoint(gw, 0).Addr, "edge")
			s.l.SetName(endpoint(gw, 0).Addr, "border")
		}, []call{{name: "a", from: cl, to: gw, end: 9}}, "a'=10.0.0.1 a=10.0.0.2:80"},
	} {
		t.Run(c.about, func(t *testing.T) {
			s := newScene(t)
			s.cfg.Forms = []Form{{Pair: true, Sink: (*keep)(&s.spans)}}
			if c.setup != nil {
				c.setup(s)
			}
			s.feed(c.calls...)
			s.flush()
			got := map[string]string{}
			for _, sp := range s.spans {
				got[s.nameOf(&sp)] = string(sp.Service)
			}
			want := map[string]string{}
			for _, f := range strings.Fields(c.want) {
				k, v, _ := strings.Cut(f, "=")
				want[k] = v
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// Tables of names are bounded, and what they refuse is counted.
func TestNamesBounded(t *testing.T) {
	s := newScene(t)
	var calls []call
	for i := range maxListeners + 50 {
		calls = append(calls, call{
			name: fmt.Sprint("c", i), from: cl, to: fmt.Sprintf("10.%d.%d.%d", 1+i>>16, i>>8&255, i&255), host: fmt.Sprint("h", i),
			at: int64(i / 50), end: int64(i / 50), key: uint64(i + 1),
		})
	}
	s.feed(calls...)
	for i := range maxAddrNames + 20 {
		s.l.SetName([16]byte{1, byte(i), byte(i >> 8)}, "n")
	}
	s.flush()
	if n := s.l.Stats().NamesRefused; n != 50+maxListeners+50-maxHosts+20 {
		t.Errorf("%d refused", n)
	}
	if len(s.l.names.hosts) != maxHosts || len(s.l.names.listeners) != maxListeners || len(s.l.names.addrs) != maxAddrNames {
		t.Error("a table is beyond its bound")
	}
}

// Beyond 200 templates of a service the name is the method alone, and no
// attribute carries the template.
func TestTemplates(t *testing.T) {
	s := newScene(t)
	var calls []call
	for i := range maxTemplates + 10 {
		calls = append(calls, call{name: "GET", from: cl, to: gw, at: int64(i), end: int64(i), key: uint64(i + 1), template: fmt.Sprint("/t", i)})
	}
	s.feed(calls...)
	s.flush()
	for i, sp := range s.spans {
		at, ok := sp.Attrs.Find(span.KeyURLTemplate)
		route, has := sp.Attrs.Find(span.KeyHTTPRoute)
		want := "GET"
		if i < maxTemplates {
			want = fmt.Sprint("GET /t", i)
		}
		if string(sp.Name) != want || ok != (i < maxTemplates) || has != ok || ok && string(at.Str) != want[4:] || ok && string(route.Str) != want[4:] {
			t.Fatalf("span %d: %q, template %q, route %q", i, sp.Name, at.Str, route.Str)
		}
	}
}

// TestStatus holds status, kind, times and phases to SPANS.md.
func TestStatus(t *testing.T) {
	s := newScene(t)
	s.cfg.Forms = append(s.cfg.Forms, Form{Core: true, Sink: (*keep)(&s.more)})
	s.feed(
		call{name: "ok", from: cl, to: gw, at: 0, end: 9, wait: 4},
		call{name: "4xx", from: cl, to: gw, at: 1, end: 9, status: l7.ClientError},
		call{name: "5xx", from: cl, to: gw, at: 2, end: 9, status: l7.ServerError},
		call{name: "timeout", from: cl, to: gw, at: 3, end: 9, outcome: None, failed: true},
		call{name: "cut", from: cl, to: gw, at: 4, end: 9, outcome: None},
		call{name: "oneway", from: cl, to: gw, at: 5, end: 9, outcome: OneWay},
		call{name: "orphan", from: cl, to: gw, at: 6, end: 9, outcome: Orphan},
		call{name: "pushed", from: cl, to: gw, at: 7, end: 9, outcome: Pushed},
		call{name: "dns", class: l7.ClassDNS, from: cl, to: gw, at: 8, end: 9},
	)
	s.flush()
	var got []string
	for _, sp := range s.spans {
		line := fmt.Sprintf("%s %s %d %dms", sp.Name, sp.Kind, sp.Status, (sp.End-sp.Start)/ms)
		for _, k := range []span.Key{span.KeyResponse, span.KeyPhaseSend, span.KeyPhaseWait, span.KeyPhaseReceive} {
			if at, ok := sp.Attrs.Find(k); ok {
				line += " " + string(at.AppendText(nil))
			}
		}
		got = append(got, line)
	}
	want := []string{
		"ok SERVER 0 9ms 0 4000000 5000000", "4xx SERVER 0 8ms 0 8000000 0", "5xx SERVER 2 7ms 0 7000000 0", "timeout SERVER 2 6ms none 0",
		"cut SERVER 0 5ms none 0", "oneway SERVER 0 4ms oneway 0", "orphan SERVER 0 3ms orphan", "pushed SERVER 0 2ms pushed", "dns CLIENT 0 1ms 0 1000000 0",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for i, sp := range s.more {
		full := &s.spans[i]
		if sp.ID != full.ID || len(sp.Attrs) >= len(full.Attrs) {
			t.Errorf("core form of %s", sp.Name)
		}
		for at := range sp.Attrs.All {
			if f, ok := full.Attrs.Find(at.Key); !ok || string(f.AppendText(nil)) != string(at.AppendText(nil)) {
				t.Errorf("core form of %s has %d", sp.Name, at.Key)
			}
		}
	}
}
