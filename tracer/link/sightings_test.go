package link

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/span"
)

// TestSightings holds exchanges that several points saw, and clocks that
// differ, to DESIGN.md, section 7.
func TestSightings(t *testing.T) {
	for _, c := range []struct {
		about string
		calls []call
		want  []string
	}{
		{"TTLs tell the order, whatever the times", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, point: "far", ttl: 62},
			{name: "a", from: cl, to: gw, at: 1, end: 91, point: "mid", ttl: 63},
			{name: "a", from: cl, to: gw, at: 2, end: 92, point: "near", ttl: 64},
		}, []string{"1 a@far < a@mid sighting 1", "1 a@mid < a@near sighting 1", "1 a@near"}},
		{"starts tell where TTLs do not", []call{
			{name: "a", from: cl, to: gw, at: 2, end: 88, point: "far", ttl: 64},
			{name: "a", from: cl, to: gw, at: 0, end: 90, point: "near", ttl: 64},
			{name: "b", from: gw, to: sa, at: 10, end: 80, point: "far", ids: rid},
		}, []string{"1 a@near", "1 a@far < a@near sighting 1", "1 b@far < a@far sole_candidate 0.8"}},
		{"where clocks differ the longer wait is nearer to the client", []call{
			{name: "a", from: cl, to: gw, at: 2, end: 88, point: "far", clock: -500},
			{name: "a", from: cl, to: gw, at: 0, end: 90, point: "near"},
		}, []string{"1 a@near", "1 a@far < a@near sighting 1"}},
		{"a point that missed the context sees the same exchange", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, point: "near", ctx: "T/p1"},
			{name: "a", from: cl, to: gw, at: 1, end: 89, point: "far"},
		}, []string{"1 a@near < sdk:p1", "1 a@far < a@near sighting 1"}},
		{"equal keys at one point are repeats, and pair up in order", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 10, point: "near"},
			{name: "a", from: cl, to: gw, at: 20, end: 30, point: "near"},
			{name: "a", from: cl, to: gw, at: 1, end: 9, point: "far"},
			{name: "a", from: cl, to: gw, at: 21, end: 29, point: "far"},
		}, []string{"1 a@near", "1 a@far < a@near sighting 1", "1 a@near", "1 a@far < a@near sighting 1"}},
		{"no common clock: IDs link without times, nothing is inferred", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: rid, point: "e"},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid, point: "i", clock: 50},
			{name: "x", from: cl, to: sb, at: 0, end: 90, point: "e"},
			{name: "y", from: sb, to: sa, at: 10, end: 80, ids: rid2, point: "i", clock: 50},
		}, []string{"1 a@e", "1 b@i < a@e header_id 0.99", "2 x@e", "3 y@i"}},
		{"a shift that is known makes times comparable", []call{
			{name: "l", from: cl, to: gw, at: 0, end: 10, point: "e"},
			{name: "l", from: cl, to: gw, at: 0, end: 10, point: "i", clock: 700},
			{name: "a", from: cl, to: gw, at: 4000, end: 5000, point: "e"},
			{name: "b", from: gw, to: sa, at: 3900, end: 4900, ids: rid, point: "i", clock: 700},
			{name: "c", from: gw, to: sa, at: 4010, end: 4900, ids: rid2, point: "i", clock: 700},
		}, []string{"1 l@e", "1 l@i < l@e sighting 1", "2 b@i", "3 a@e", "3 c@i < a@e sole_candidate 0.8"}},
	} {
		t.Run(c.about, func(t *testing.T) {
			s := newScene(t)
			s.feed(c.calls...)
			s.flush()
			if d := cmp.Diff(c.want, s.tell(s.spans)); d != "" {
				t.Error(d)
			}
		})
	}
}

// Repeats at one point have ids of their own, which depend on nothing but
// their order.
func TestRepeatsHaveIDs(t *testing.T) {
	s := newScene(t)
	s.feed(call{name: "a", from: cl, to: gw, at: 0, end: 1}, call{name: "a", from: cl, to: gw, at: 2, end: 3}, call{name: "a", from: cl, to: gw, at: 4, end: 5})
	s.flush()
	for i, sp := range s.spans {
		if at, _ := sp.Attrs.Find(span.KeyExchange); sp.ID != span.SpanIDOf(uint64(at.Num), "offline", "p", uint64(i)) {
			t.Errorf("span %d has id %s", i, sp.ID)
		}
	}
}

// TestPoints holds that an exchange of any length and number of points comes
// out whole.
func TestPoints(t *testing.T) {
	s := newScene(t)
	var calls []call
	for i := range 70 {
		calls = append(calls, call{name: "a", from: cl, to: gw, at: int64(i), end: 500 - int64(i), point: fmt.Sprint(i)})
	}
	s.feed(calls...)
	s.flush()
	if len(s.spans) != 70 || s.l.Stats().Traces != 1 || s.l.Stats().Sightings != 69 {
		t.Errorf("%d spans, %+v", len(s.spans), s.l.Stats())
	}
}

// TestClose holds that the last exchange of a connection says how that ended,
// if it has not left.
func TestClose(t *testing.T) {
	s := newScene(t)
	s.feed(
		call{name: "a", from: cl, to: gw, at: 0, end: 10, ctx: "T/p", closing: flows.CloseNormal, closeAt: 20},
		call{name: "b", from: cl, to: gw, at: 5, end: 10, closing: flows.CloseServerReset, closeAt: 5000},
	)
	s.flush()
	for _, sp := range s.spans {
		at, ok := sp.Attrs.Find(span.KeyTCPClose)
		if (string(sp.Name) == "a") != ok || ok && string(at.Str) != "normal" {
			t.Errorf("%s: %q %v", sp.Name, at.Str, ok)
		}
	}
	if st := s.l.Stats(); st.Strays != 0 || len(s.spans) != 2 {
		t.Errorf("%+v", st)
	}
}

// TestPair holds --spans pair to DESIGN.md, section 6: one CLIENT and one
// SERVER span, the missing one synthesised, sightings between them INTERNAL.
func TestPair(t *testing.T) {
	s := newScene(t)
	s.cfg.Forms = []Form{{Pair: true, Sink: (*keep)(&s.spans)}}
	s.feed(
		call{name: "a", from: cl, to: gw, at: 0, end: 90, point: "1", ids: rid},
		call{name: "a", from: cl, to: gw, at: 1, end: 89, point: "2", ids: rid},
		call{name: "a", from: cl, to: gw, at: 2, end: 88, point: "3", ids: rid},
		call{name: "b", from: gw, to: sa, at: 10, end: 80, point: "3", ids: rid, status: l7.ClientError},
		call{name: "d", class: l7.ClassDNS, from: cl, to: gw, at: 0, end: 5, point: "1"},
		call{name: "d", class: l7.ClassDNS, from: cl, to: gw, at: 1, end: 4, point: "2"},
	)
	s.flush()
	got := map[string]string{}
	for _, sp := range s.spans {
		got[s.nameOf(&sp)] = sp.Kind.String()
		if sp.Status == span.Error {
			got[s.nameOf(&sp)] += " ERROR"
		}
	}
	want := map[string]string{
		"a@1": "CLIENT", "a@2": "INTERNAL", "a@3": "SERVER", "b@3'": "CLIENT ERROR", "b@3": "SERVER",
		"d@1": "CLIENT", "d@2": "INTERNAL",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	lines := map[string]bool{}
	for _, l := range s.tell(s.spans) {
		lines[l[2:]] = true
	}
	for _, l := range []string{"a@1", "a@2 < a@1 sighting 1", "a@3 < a@1 sighting 1", "b@3' < a@3 header_id 0.99", "b@3 < b@3' sighting 1", "d@2 < d@1 sighting 1"} {
		if !lines[l] {
			t.Errorf("no %q in %v", l, lines)
		}
	}
}

// TestParentModes holds --parent to SPANS.md, "Ids".
func TestParentModes(t *testing.T) {
	calls := []call{
		{name: "a", from: cl, to: gw, at: 0, end: 90, ctx: "T/p1"},
		{name: "b", from: gw, to: sa, at: 10, end: 80, ctx: "T/p2"},
		{name: "c", from: gw, to: sb, at: 11, end: 80, ctx: "T/p3!"},
		{name: "d", from: gw, to: sb, at: 12, end: 80, ctx: "T/p1"},
	}
	for mode, want := range map[ParentMode][]string{
		ParentOwn:  {"1 a < sdk:p1", "1 b < a context 0.98", "1 c < a context 0.98", "1 d < a context 0.98"},
		ParentWire: {"1 a < sdk:p1", "1 b < sdk:p2 context 1 ~ a context 0.98", "1 c < sdk:p3 context 1 ~ a context 0.98", "1 d < sdk:p1 context 1 ~ a context 0.98"},
		ParentAuto: {"1 a < sdk:p1", "1 b < sdk:p2 context 1 ~ a context 0.98", "1 c < a context 0.98", "1 d < a context 0.98"},
	} {
		s := newScene(t)
		s.cfg.Forms = []Form{{Parent: mode, Sink: (*keep)(&s.spans)}}
		s.feed(calls...)
		s.flush()
		if d := cmp.Diff(want, s.tell(s.spans)); d != "" {
			t.Errorf("mode %d: %s", mode, d)
		}
	}
}

// TestTraceIDs holds the choice of a trace id to DESIGN.md, sections 6 and 7.
func TestTraceIDs(t *testing.T) {
	value := []byte(rid[len("x-request-id="):])
	key := uint64(77)
	for _, c := range []struct {
		about string
		calls []call
		want  span.TraceID
	}{
		{"the context on the wire", []call{{name: "a", from: cl, to: gw, ids: rid, ctx: "T/p", end: 9}}, hash16("T")},
		{"a random request ID", []call{{name: "a", from: cl, to: gw, ids: rid, end: 9}}, span.TraceOfRequestID("x-request-id", value)},
		{"the response ID of a root without one", []call{{name: "a", from: cl, to: gw, echo: rid, end: 9}}, span.TraceOfRequestID("x-request-id", value)},
		{"the root, where the ID is weak", []call{{name: "a", from: cl, to: gw, ids: weak, key: key, end: 9}}, span.TraceOfRoot(key)},
		{"the root-most ID", []call{
			{name: "a", from: cl, to: gw, key: key, end: 9},
			{name: "b", from: gw, to: sa, ids: rid, at: 1, end: 8},
			{name: "c", from: sa, to: sb, ids: rid + " " + rid2, at: 2, end: 7},
		}, span.TraceOfRequestID("x-request-id", value)},
	} {
		s := newScene(t)
		s.feed(c.calls...)
		s.flush()
		for _, sp := range s.spans {
			if sp.Trace != c.want {
				t.Errorf("%s: %s has %s, want %s", c.about, sp.Name, sp.Trace, c.want)
			}
		}
	}
}
