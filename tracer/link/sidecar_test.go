package link

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSidecar holds what a mirror of hosts with sidecar proxies shows: on the
// client's loopback REDIRECT gives request and response two servers, and the
// loopbacks of several hosts have the same addresses.
func TestSidecar(t *testing.T) {
	const lo, id = "127.0.0.1", "x-request-id=7cad3424760e4219a76e847849379273"
	ask := call{name: "ask", key: 1, from: c1, to: lo + ":15001", at: 0, end: 90, point: "a-lo", target: "GET /", seq: 100, outcome: None, failed: true, trail: Trail{Ack: 500, Next: 140}}
	answer := call{name: "answer", key: 2, from: c1, to: sa + ":80", at: 60, end: 61, point: "a-lo", outcome: Orphan, rseq: 500, trail: Trail{Ack: 140}, code: 200, echo: id}
	hop := call{name: "hop", key: 3, from: cl + ":40002", to: sa + ":9080", at: 10, end: 50, point: "b", target: "GET /", seq: 7, ids: id, trail: Trail{Ack: 8}, code: 200}
	app := call{name: "app", key: 4, from: lo + ":40003", to: lo + ":9000", at: 20, end: 40, point: "b-lo", target: "GET /", seq: 9, ids: id, trail: Trail{Ack: 10}, code: 200}
	with := func(c call, change func(*call)) call { change(&c); return c }
	for _, c := range []struct {
		about string
		calls []call
		want  []string
	}{
		{"the whole of it", []call{ask, hop, app, answer}, []string{
			"1 ask@a-lo", "1 ask@a-lo < ask@a-lo sighting 1", "1 hop@b < ask@a-lo header_id 0.99", "1 app@b-lo < hop@b header_id 0.9",
		}},
		{"an answer by the same server is another exchange", []call{ask, with(answer, func(c *call) { c.to = ask.to })}, []string{"1 ask@a-lo", "2 answer@a-lo"}},
		{"an answer to another port of the client, too", []call{ask, with(answer, func(c *call) { c.from = c2 })}, []string{"1 ask@a-lo", "2 answer@a-lo"}},
		{"what lies within another one by less than mirrors take is not its parent", []call{
			with(hop, func(c *call) { c.at, c.end = 10, 11 }), with(app, func(c *call) { c.at, c.end = 10, 10 }),
		}, []string{"1 hop@b", "1 app@b-lo < hop@b header_id 0.9"}},
	} {
		t.Run(c.about, func(t *testing.T) {
			s := newScene(t)
			s.cfg.OneClock = true
			s.start()
			s.feed(c.calls...)
			s.flush()
			if d := cmp.Diff(c.want, s.tell(s.spans)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestLoopbackBehind: a proxy that is asked on an address of the host asks a service
// on the loopback: on the host's own word, or because the context is the very same.
func TestLoopbackBehind(t *testing.T) {
	const lo = "127.0.0.1"
	in := call{name: "in", from: cl, to: gw + ":80", at: 0, end: 90, point: "eth0", ctx: "T/p1"}
	out := call{name: "out", from: lo, to: lo + ":9000", at: 10, end: 80, point: "lo", ctx: "T/p1"}
	own := [16]byte(endpoint(gw, 0).Addr)
	for _, c := range []struct {
		about string
		owns  bool
		ctx   string
		from  string
		want  string
	}{
		{"ours, the same context", true, "T/p1", lo, "1 out@lo < in@eth0 context 0.98"},
		{"ours, a context of its own", true, "T/p2", lo, "1 out@lo < in@eth0 context 0.98"},
		{"of others, the same context", false, "T/p1", lo, "1 out@lo < in@eth0 context 0.9"},
		{"of others, a context of its own", false, "T/p2", lo, "1 out@lo < sdk:p2"},
		{"the same client asked twice", false, "T/p1", cl, "1 out@lo < sdk:p1"},
	} {
		t.Run(c.about, func(t *testing.T) {
			s := newScene(t)
			s.cfg.OneClock = true
			if c.owns {
				s.cfg.Owns = func(a [16]byte) bool { return a == own }
			}
			s.start()
			o := out
			o.ctx, o.from = c.ctx, c.from
			s.feed(in, o)
			s.flush()
			if d := cmp.Diff([]string{"1 in@eth0 < sdk:p1", c.want}, s.tell(s.spans)); d != "" {
				t.Error(d)
			}
		})
	}
}
