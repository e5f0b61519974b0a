package link

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/span"
)

// check feeds calls and compares what becomes of them.
func check(t *testing.T, calls []call, want []string) *scene {
	t.Helper()
	s := newScene(t)
	s.feed(calls...)
	s.flush()
	if d := cmp.Diff(want, s.tell(s.spans)); d != "" {
		t.Error(d)
	}
	return s
}

const (
	c1 = cl + ":40001"
	c2 = cl + ":40002"
)

// TestShiftedSequences holds rule C: a SYN proxy or an application gateway
// between two points changes sequence numbers by a constant.
func TestShiftedSequences(t *testing.T) {
	for _, c := range []struct {
		about string
		calls []call
		want  []string
	}{
		{"a SYN proxy keeps the client's numbers and shifts the server's", []call{
			{name: "a", key: 1, from: c1, to: gw, at: 0, end: 90, point: "in", target: "GET /", seq: 1000, trail: Trail{Ack: 5000}},
			{name: "b", key: 2, from: c1, to: gw, at: 1, end: 89, point: "out", target: "GET /", seq: 1000, trail: Trail{Ack: 7000}},
		}, []string{"1 a@in", "1 a@out < a@in sighting 1"}},
		{"it does so before an address translation", []call{
			{name: "a", key: 1, from: c1, to: gw, at: 0, end: 90, point: "in", target: "GET /", seq: 1000, trail: Trail{Ack: 5000}},
			{name: "b", key: 2, from: c1, to: sa + ":8080", at: 1, end: 89, point: "out", target: "GET /", seq: 1000, trail: Trail{Ack: 7000}},
		}, []string{"1 a@in", "1 a@out < a@in sighting 1"}},
		{"both directions are shifted: the place in the stream tells", []call{
			{name: "a", key: 1, from: c1, to: gw, at: 0, end: 9, point: "in", target: "GET /", seq: 1000, whole: true, trail: Trail{Ack: 5000}},
			{name: "b", key: 2, from: c1, to: gw, at: 1, end: 8, point: "out", target: "GET /", seq: 31000, whole: true, trail: Trail{Ack: 7000}},
			{name: "a", key: 3, from: c1, to: gw, at: 20, end: 29, point: "in", target: "GET /", seq: 1040, whole: true, trail: Trail{Ack: 5200, Offset: 40}},
			{name: "b", key: 4, from: c1, to: gw, at: 21, end: 28, point: "out", target: "GET /", seq: 31040, whole: true, trail: Trail{Ack: 7200, Offset: 40}},
		}, []string{"1 a@in", "1 a@out < a@in sighting 1", "2 a@in", "2 a@out < a@in sighting 1"}},
		{"equal heads at other places of the stream are other requests", []call{
			{name: "a", key: 1, from: c1, to: gw, at: 0, end: 9, point: "in", target: "GET /", seq: 1000, whole: true, trail: Trail{Ack: 5000}},
			{name: "b", key: 2, from: c1, to: gw, at: 11, end: 18, point: "out", target: "GET /", seq: 31040, whole: true, trail: Trail{Ack: 7200, Offset: 40}},
		}, []string{"1 a@in", "2 b@out"}},
		{"the shift is learnt from one exchange, and tells two apart that payload could not", []call{
			{name: "a", key: 1, from: c1, to: gw, at: 0, end: 9, point: "in", target: "GET /", seq: 1000, trail: Trail{Ack: 5000}},
			{name: "b", key: 2, from: c1, to: gw, at: 1, end: 8, point: "out", target: "GET /", seq: 31000, trail: Trail{Ack: 7000}},
			{name: "a", key: 3, from: c1, to: gw, at: 2000, end: 2009, point: "in", target: "GET /", seq: 1040, trail: Trail{Ack: 5200}},
			{name: "x", key: 5, from: c2, to: gw, at: 2000, end: 2009, point: "in", target: "GET /", seq: 9040, trail: Trail{Ack: 99}},
			{name: "b", key: 4, from: c1, to: gw, at: 2001, end: 2008, point: "out", target: "GET /", seq: 31040, trail: Trail{Ack: 7200}},
			{name: "y", key: 6, from: c2, to: gw, at: 2001, end: 2008, point: "out", target: "GET /", seq: 8040, trail: Trail{Ack: 98}},
		}, []string{"1 a@in", "1 a@out < a@in sighting 1", "2 a@in", "2 a@out < a@in sighting 1", "3 x@in", "3 x@out < x@in sighting 1"}},
		{"another port of the client is another connection", []call{
			{name: "a", key: 1, from: c1, to: gw, at: 0, end: 9, point: "in", target: "GET /", seq: 1000, whole: true, trail: Trail{Ack: 5000}},
			{name: "b", key: 2, from: c2, to: sb, at: 1, end: 8, point: "out", target: "GET /", seq: 1000, whole: true, trail: Trail{Ack: 7000}},
		}, []string{"1 a@in", "2 b@out"}},
		{"datagrams have the time in their key: the transaction tells, whatever the clock", []call{
			{name: "a", key: 1, class: l7.ClassDNS, from: c1, to: sa, at: 0, end: 9, point: "in", target: "x.example A", head: "77 x.example"},
			{name: "b", key: 2, class: l7.ClassDNS, from: c1, to: sa, at: 1, end: 8, point: "out", clock: 480, target: "x.example A", head: "77 x.example"},
			{name: "c", key: 3, class: l7.ClassDNS, from: c1, to: sa, at: 40, end: 48, point: "out", clock: 480, target: "x.example A", head: "78 x.example"},
		}, []string{"1 a@in", "1 a@out < a@in sighting 1", "2 c@out"}},
	} {
		t.Run(c.about, func(t *testing.T) { check(t, c.calls, c.want) })
	}
}

// TestTransparentProxies holds rule D: what a proxy sends on without changing
// addresses, or changing one of them, is recognised by its payload; two
// requests never are one.
func TestTransparentProxies(t *testing.T) {
	const post = "POST /orders/4711"
	for _, c := range []struct {
		about string
		calls []call
		want  []string
	}{
		{"addresses are kept, connections are not", []call{
			{name: "a", from: c1, to: sa, at: 0, end: 90, point: "in", target: post, seq: 1},
			{name: "b", from: cl + ":51234", to: sa, at: 5, end: 80, point: "out", target: post, seq: 2},
		}, []string{"1 a@in", "1 a@out < a@in sighting 1"}},
		{"the proxy has an address of its own and names the client", []call{
			{name: "a", from: c1, to: sa, at: 0, end: 90, point: "in", target: post, seq: 1},
			{name: "b", from: gw, to: sa, fwd: cl, at: 5, end: 80, point: "out", target: post, seq: 2},
		}, []string{"1 a@in", "1 a@out < a@in sighting 1"}},
		{"it names nobody: another client", []call{
			{name: "a", from: c1, to: sa, at: 0, end: 90, point: "in", target: post, seq: 1},
			{name: "b", from: gw, to: sa, at: 5, end: 80, point: "out", target: post, seq: 2},
		}, []string{"1 a@in", "2 b@out"}},
		{"the proxy changes the server and keeps address and port of the client", []call{
			{name: "a", from: c1, to: gw, at: 0, end: 90, point: "in", target: post, seq: 1},
			{name: "b", from: c1, to: sa, at: 5, end: 80, point: "out", target: post, seq: 2},
		}, []string{"1 a@in", "1 a@out < a@in sighting 1"}},
		{"one client asks two servers the same", []call{
			{name: "a", from: c1, to: sa, at: 0, end: 90, point: "in", target: post, seq: 1},
			{name: "b", from: c2, to: sb, at: 5, end: 80, point: "out", target: post, seq: 2},
		}, []string{"1 a@in", "2 b@out"}},
		{"a proxy that is asked itself is a parent, not a point", []call{
			{name: "a", from: c1, to: gw, at: 0, end: 90, point: "in", target: post, seq: 1, ids: rid},
			{name: "b", from: gw, to: sa, fwd: cl, at: 5, end: 80, point: "out", target: post, seq: 2, ids: rid},
		}, []string{"1 a@in", "1 b@out < a@in header_id 0.99"}},
		{"health checks at once: it might be either", []call{
			{name: "a", from: c1, to: sa, at: 0, end: 90, point: "in", target: "GET /health", seq: 1},
			{name: "x", from: c2, to: sa, at: 1, end: 91, point: "in", target: "GET /health", seq: 3},
			{name: "b", from: cl + ":51234", to: sa, at: 5, end: 80, point: "out", target: "GET /health", seq: 2},
			{name: "y", from: cl + ":51235", to: sa, at: 6, end: 81, point: "out", target: "GET /health", seq: 4},
		}, []string{"1 a@in", "2 x@in", "3 b@out", "4 y@out"}},
		{"two of them, one of which a point has lost", []call{
			{name: "a", from: c1, to: sa, at: 0, end: 90, point: "in", target: "GET /health", seq: 1},
			{name: "x", from: c2, to: sa, at: 1, end: 91, point: "in", target: "GET /health", seq: 3},
			{name: "b", from: cl + ":51234", to: sa, at: 5, end: 80, point: "out", target: "GET /health", seq: 2},
		}, []string{"1 a@in", "2 x@in", "3 b@out"}},
		{"a second one within, which ended long before", []call{
			{name: "a", from: c1, to: sa, at: 0, end: 5000, point: "in", target: "GET /health", seq: 1},
			{name: "b", from: cl + ":51234", to: sa, at: 5, end: 80, point: "out", target: "GET /health", seq: 2},
			{name: "y", from: cl + ":51235", to: sa, at: 4000, end: 4900, point: "out", target: "GET /health", seq: 4},
		}, []string{"1 a@in", "2 b@out", "3 y@out"}},
		{"one within for a long time", []call{
			{name: "a", from: c1, to: sa, at: 0, end: 5000, point: "in", target: post, seq: 1},
			{name: "b", from: cl + ":51234", to: sa, at: 5, end: 80, point: "out", target: post, seq: 2},
		}, []string{"1 a@in", "1 a@out < a@in sighting 1"}},
		{"what passes both points as it is has no proxy on its way", []call{
			{name: "o", key: 9, from: c1, to: sa, at: 0, end: 10, point: "in", target: "GET /o", seq: 7},
			{name: "o", key: 9, from: c1, to: sa, at: 1, end: 9, point: "out", target: "GET /o", seq: 7},
			{name: "a", key: 1, from: c1, to: sa, at: 2000, end: 2090, point: "in", target: post, seq: 1},
			{name: "b", key: 2, from: c2, to: sa, at: 2005, end: 2080, point: "out", target: post, seq: 2},
		}, []string{"1 o@in", "1 o@out < o@in sighting 1", "2 a@in", "3 b@out"}},
		{"times that do not nest", []call{
			{name: "a", from: c1, to: sa, at: 0, end: 50, point: "in", target: post, seq: 1},
			{name: "b", from: cl + ":51234", to: sa, at: 5, end: 80, point: "out", target: post, seq: 2},
		}, []string{"1 a@in", "2 b@out"}},
		{"another host was asked for", []call{
			{name: "a", from: c1, to: sa, at: 0, end: 90, point: "in", target: post, seq: 1, host: "a.example"},
			{name: "b", from: cl + ":51234", to: sa, at: 5, end: 80, point: "out", target: post, seq: 2, host: "b.example"},
		}, []string{"1 a@in", "2 b@out"}},
		{"another ID, another body, another outcome", []call{
			{name: "a", from: c1, to: sa, at: 0, end: 90, point: "in", target: post + "1", seq: 1, ids: weak},
			{name: "b", from: cl + ":51234", to: sa, at: 5, end: 80, point: "out", target: post + "1", seq: 2, ids: "x-request-id=4712"},
			{name: "c", from: c1, to: sa, at: 2000, end: 2090, point: "in", target: post + "2", seq: 1, trail: Trail{Length: 3}},
			{name: "d", from: cl + ":51234", to: sa, at: 2005, end: 2080, point: "out", target: post + "2", seq: 2, trail: Trail{Length: 9}},
			{name: "e", from: c1, to: sa, at: 4000, end: 4090, point: "in", target: post + "3", seq: 1, code: 200},
			{name: "f", from: cl + ":51234", to: sa, at: 4005, end: 4080, point: "out", target: post + "3", seq: 2, code: 404},
		}, []string{"1 a@in", "2 b@out", "3 c@in", "4 d@out", "5 e@in", "6 f@out"}},
		{"two proxies on the way, and a child beyond them", []call{
			{name: "a", from: c1, to: sa, at: 0, end: 90, point: "p1", target: post, seq: 1},
			{name: "b", from: cl + ":51234", to: sa, at: 5, end: 80, point: "p2", target: post, seq: 2},
			{name: "c", from: cl + ":61234", to: sa, at: 6, end: 70, point: "p3", target: post, seq: 3, ids: rid},
			{name: "d", from: sa, to: sb, at: 10, end: 60, point: "p3", ids: rid},
		}, []string{"1 a@p1", "1 a@p2 < a@p1 sighting 1", "1 a@p3 < a@p2 sighting 1", "1 d@p3 < a@p3 header_id 0.99"}},
	} {
		t.Run(c.about, func(t *testing.T) { check(t, c.calls, c.want) })
	}
}

// TestHalves holds that two points of which each saw one direction make one
// exchange, and that a point with one half joins one with both.
func TestHalves(t *testing.T) {
	ask := call{name: "a", key: 1, from: c1, to: sa, at: 0, end: 60, point: "up", target: "GET /", seq: 100, outcome: None, failed: true, trail: Trail{Ack: 500, Next: 140}}
	answer := call{name: "b", key: 2, from: c1, to: sa, at: 50, end: 55, point: "down", outcome: Orphan, rseq: 500, trail: Trail{Ack: 140}, code: 200}
	both := call{name: "a", key: 1, from: c1, to: sa, at: 1, end: 54, wait: 48, point: "mid", target: "GET /", seq: 100, rseq: 500, trail: Trail{Ack: 500, Next: 140}, code: 200}
	with := func(c call, change func(*call)) call { change(&c); return c }
	for _, c := range []struct {
		about string
		calls []call
		want  []string
		seen  string // wirespan.half, by span
	}{
		{
			"a request here and its response there",
			[]call{ask, answer},
			[]string{"1 a@down < a@up sighting 1", "1 a@up"},
			"response request",
		},
		{
			"the response comes first by the clocks",
			[]call{with(ask, func(c *call) { c.clock = 300 }), answer},
			[]string{"1 a@down", "1 a@up < a@down sighting 1"},
			"response request",
		},
		{
			"the request waited until its time was over",
			[]call{with(ask, func(c *call) { c.end = 30_000 }), answer},
			[]string{"1 a@down < a@up sighting 1", "1 a@up"},
			"response request",
		},
		{"a request, and both", []call{ask, both}, []string{"1 a@up", "1 a@mid < a@up sighting 1"}, "request"},
		{"a response, and both", []call{both, answer}, []string{"1 a@down", "1 a@mid < a@down sighting 1"}, "response"},
		{"all three", []call{ask, both, answer}, []string{"1 a@up", "1 a@down < a@up sighting 1", "1 a@mid < a@down sighting 1"}, "request response"},
		{
			"the address was translated in between",
			[]call{ask, with(answer, func(c *call) { c.to = sb + ":8080" })},
			[]string{"1 a@down < a@up sighting 1", "1 a@up"},
			"response request",
		},
		{
			"the response to another request",
			[]call{ask, with(answer, func(c *call) { c.trail.Ack, c.to = 180, sb })},
			[]string{"1 a@up", "2 b@down"},
			" ",
		},
		{"it begins elsewhere", []call{ask, with(answer, func(c *call) { c.rseq = 501 })}, []string{"1 a@up", "2 b@down"}, " "},
		{
			"both halves at one point were not paired for a reason",
			[]call{ask, with(answer, func(c *call) { c.point = "up" }), {name: "z", from: sa, to: sb, at: 1, end: 2, point: "x"}},
			[]string{"1 a@up", "2 z@x", "3 b@up"},
			"  ",
		},
	} {
		t.Run(c.about, func(t *testing.T) {
			s := newScene(t)
			s.feed(c.calls...)
			s.flush()
			got := s.tell(s.spans)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			var halves []string
			for _, sp := range s.spans {
				at, _ := sp.Attrs.Find(span.KeyHalf)
				halves = append(halves, string(at.Str))
			}
			if got := strings.TrimRight(strings.Join(halves, " "), " "); got != strings.TrimRight(c.seen, " ") {
				t.Errorf("halves %q, want %q", got, c.seen)
			}
			for _, sp := range s.spans {
				at, odd := sp.Attrs.Find(span.KeyResponse)
				if len(c.want) > 1 && strings.Contains(c.want[len(c.want)-1], "sighting") && (odd || sp.Status == span.Error) {
					t.Errorf("%s: %s, status %v, although it was answered", s.nameOf(&sp), at.Str, sp.Status)
				}
			}
		})
	}
}

// TestTranslationAtOnePoint holds that a mirror which shows both sides of an
// address translation sees one exchange twice, and that equal numbers alone do
// not make two packets one.
func TestTranslationAtOnePoint(t *testing.T) {
	check(t, []call{
		{name: "a", from: c1, to: gw, at: 0, end: 90, ttl: 64},
		{name: "a", from: c1, to: sa + ":8080", at: 1, end: 89, ttl: 63},
		{name: "b", from: sa, to: sb, at: 10, end: 80, ids: rid},
	}, []string{"1 a", "1 a < a sighting 1", "1 b < a sole_candidate 0.8"})
	check(t, []call{
		{name: "a", from: c1, to: gw, at: 0, end: 90, ttl: 64},
		{name: "a", from: c1, to: sa + ":8080", at: 1, end: 89, ttl: 64},
		{name: "c", from: c1, to: gw, at: 2000, end: 2090, ttl: 64},
		{name: "c", from: c1, to: gw, at: 2001, end: 2089, ttl: 63},
	}, []string{"1 a", "1 a", "2 c", "2 c"})
}

// TestOrder holds the order of points: handshakes, TTLs, medians, nesting,
// input.
func TestOrder(t *testing.T) {
	near, far := Trail{RTTServer: 900, RTTClient: 100}, Trail{RTTServer: 700, RTTClient: 300}
	for _, c := range []struct {
		about string
		calls []call
		want  []string
	}{
		{"handshakes go before TTLs and times", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, point: "far", ttl: 64, trail: far},
			{name: "a", from: cl, to: gw, at: 1, end: 89, point: "near", ttl: 63, trail: near},
		}, []string{"1 a@far < a@near sighting 1", "1 a@near"}},
		{"a handshake that contradicts itself tells nothing", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, point: "far", ttl: 63, trail: Trail{RTTServer: 950, RTTClient: 300}},
			{name: "a", from: cl, to: gw, at: 1, end: 89, point: "near", ttl: 64, trail: near},
		}, []string{"1 a@far < a@near sighting 1", "1 a@near"}},
		{"behind a SYN proxy are other handshakes and TTLs", []call{
			{name: "a", key: 1, from: c1, to: gw, at: 0, end: 90, point: "near", target: "GET /", seq: 7, ttl: 60, trail: Trail{Ack: 1, RTTServer: 10, RTTClient: 900}},
			{name: "b", key: 2, from: c1, to: gw, at: 1, end: 89, point: "far", target: "GET /", seq: 7, ttl: 64, trail: Trail{Ack: 2, RTTServer: 800, RTTClient: 5}},
		}, []string{"1 a@near", "1 a@far < a@near sighting 1"}},
		{"what a handshake told holds for exchanges that have none", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, point: "far", trail: far},
			{name: "a", from: cl, to: gw, at: 0, end: 90, point: "near", trail: near},
			{name: "b", from: cl, to: gw, at: 2000, end: 2090, point: "far"},
			{name: "b", from: cl, to: gw, at: 2001, end: 2089, point: "near"},
		}, []string{"1 a@far < a@near sighting 1", "1 a@near", "2 b@far < b@near sighting 1", "2 b@near"}},
		{"input order where nothing tells", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, point: "one"},
			{name: "a", from: cl, to: gw, at: 0, end: 90, point: "two"},
		}, []string{"1 a@one", "1 a@two < a@one sighting 1"}},
	} {
		t.Run(c.about, func(t *testing.T) {
			s := newScene(t)
			s.feed(c.calls...)
			s.flush()
			if d := cmp.Diff(sorted(c.want), sorted(s.tell(s.spans))); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestMedians holds that from 20 exchanges on one that nests the other way
// round does not turn the order of its points.
func TestMedians(t *testing.T) {
	s := newScene(t)
	var calls []call
	for i := range int64(40) {
		a := call{name: fmt.Sprint("n", i), from: cl, to: gw, at: i * 2000, end: i*2000 + 50, point: "near"}
		b := call{name: fmt.Sprint("n", i), from: cl, to: gw, at: i*2000 + 1, end: i*2000 + 49, point: "far"}
		if i == 5 || i == 30 { // the interrupt came late
			a.at, a.end, b.at, b.end = b.at, b.end, a.at, a.end
		}
		calls = append(calls, a, b)
	}
	s.feed(calls...)
	s.flush()
	wrong := 0
	for _, sp := range s.spans {
		if at, _ := sp.Attrs.Find(span.KeyCapturePoint); sp.Parent.IsZero() == (string(at.Str) == "far") {
			wrong++
		}
	}
	if wrong != 2 { // both spans of n5, which had too few before it
		t.Errorf("%d spans of 80 are in the wrong order, want 2", wrong)
	}
}

// TestObservations holds wirespan.observation to SPANS.md.
func TestObservations(t *testing.T) {
	for _, c := range []struct {
		about string
		owns  string
		calls []call
		want  string
	}{
		{"one point: nothing to tell", "", []call{{name: "a", from: cl, to: gw, at: 0, end: 9}}, "a:"},
		{"mirrors on the way", "", []call{
			{name: "a", from: c1, to: gw, at: 0, end: 90, point: "1"},
			{name: "a", from: c1, to: gw, at: 1, end: 89, point: "2"},
		}, "a@1:net a@2:net"},
		{"an address translation lies between", "", []call{
			{name: "a", from: c1, to: gw, at: 0, end: 90, point: "1"},
			{name: "a", from: c1, to: gw, at: 1, end: 89, point: "2"},
			{name: "a", from: c1, to: sa, at: 2, end: 88, point: "3"},
			{name: "a", from: c1, to: sa, at: 3, end: 87, point: "4"},
		}, "a@1:net a@2:gw-in a@3:gw-out a@4:net"},
		{"a proxy lies between two exchanges", "", []call{
			{name: "a", from: c1, to: gw, at: 0, end: 90, point: "1", target: "GET /", ids: rid},
			{name: "b", from: gw, to: sa, at: 1, end: 89, point: "2", target: "GET /", ids: rid},
			{name: "c", from: sa, to: sb, at: 2, end: 80, point: "2", target: "GET /stock", ids: rid},
		}, "a@1:gw-in b@2:gw-out c@2:net"},
		{"on the client's host", cl, []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, point: "1"},
			{name: "a", from: cl, to: gw, at: 1, end: 89, point: "2"},
		}, "a@1:c-nic a@2:c-node"},
		{"on the server's host", gw, []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, point: "1"},
			{name: "a", from: cl, to: gw, at: 1, end: 89, point: "2"},
		}, "a@1:s-node a@2:s-nic"},
		{"on one host", lo, []call{{name: "a", from: lo, to: lo, at: 0, end: 90}, {name: "d", class: l7.ClassDNS, from: lo, to: lo, at: 1, end: 2}}, "a:s-nic d:c-nic"},
		{"on neither", sb, []call{{name: "a", from: cl, to: gw, at: 0, end: 90}}, "a:net"},
	} {
		t.Run(c.about, func(t *testing.T) {
			s := newScene(t)
			if c.owns != "" {
				own := [16]byte(endpoint(c.owns, 0).Addr)
				s.cfg.Owns = func(a [16]byte) bool { return a == own }
			}
			s.feed(c.calls...)
			s.flush()
			var got []string
			for _, sp := range s.spans {
				at, _ := sp.Attrs.Find(span.KeyObservation)
				got = append(got, s.nameOf(&sp)+":"+string(at.Str))
			}
			if d := cmp.Diff(c.want, strings.Join(got, " ")); d != "" {
				t.Error(d)
			}
		})
	}
}

func sorted(lines []string) []string {
	out := slices.Clone(lines)
	slices.Sort(out)
	return out
}

// TestOnePoint holds that one capture point pays nothing for what several need:
// no further entries in the index.
func TestOnePoint(t *testing.T) {
	s := newScene(t)
	for i := range 50 {
		s.feed(call{name: fmt.Sprint("n", i), from: c1, to: sa, at: int64(i), end: int64(i) + 1, target: "GET /", seq: uint32(i + 1)})
	}
	if s.l.field.wide || s.l.ix.used != 50 || s.l.ix.more.live() != 0 {
		t.Errorf("%d keys and %d further entries for 50 exchanges", s.l.ix.used, s.l.ix.more.live())
	}
	s.feed(call{name: "z", from: c1, to: sa, at: 60, end: 61, point: "q", target: "GET /z", seq: 99})
	if !s.l.field.wide || s.l.ix.used <= 50 {
		t.Errorf("a second point, and %d keys", s.l.ix.used)
	}
	s.flush()
	if len(s.spans) != 51 {
		t.Errorf("%d spans", len(s.spans))
	}
}
