package link

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDirectReturn holds what a point behind a balancer shows that sends
// requests on through a tunnel, while servers answer clients themselves: two
// connections with the same addresses, each with one direction.
func TestDirectReturn(t *testing.T) {
	ask := call{name: "ask", key: 1, from: c1, to: sa + ":80", at: 2, end: 90, point: "back", target: "GET /", seq: 100, conn: 1, ttl: 59, outcome: None, failed: true, trail: Trail{Ack: 500, Next: 140}, tunnel: true}
	answer := call{name: "answer", key: 2, from: c1, to: sa + ":80", at: 60, end: 61, point: "back", outcome: Orphan, rseq: 500, conn: 2, trail: Trail{Ack: 140}, code: 200}
	front := call{name: "ask", key: 1, from: c1, to: sa + ":80", at: 0, end: 63, point: "front", target: "GET /", seq: 100, conn: 0, ttl: 60, trail: Trail{Ack: 500, Next: 140}, code: 200}
	with := func(c call, change func(*call)) call { change(&c); return c }
	for _, c := range []struct {
		about string
		calls []call
		want  []string
	}{
		{"one point", []call{ask, answer}, []string{"1 ask@back < ask@back sighting 1", "1 ask@back"}},
		{"and one in front", []call{front, ask, answer}, []string{"1 ask@front", "1 ask@back < ask@back sighting 1", "1 ask@back < ask@front sighting 1"}},
		{"an answer on the same connection was not taken for one by its parser", []call{ask, with(answer, func(c *call) { c.conn = 1 })}, []string{"1 ask@back", "2 answer@back"}},
		{"an answer to something else", []call{ask, with(answer, func(c *call) { c.trail.Ack = 150 })}, []string{"1 ask@back", "2 answer@back"}},
		{"without tunnel nothing is looked for at one point", []call{with(ask, func(c *call) { c.tunnel = false }), answer}, []string{"1 ask@back", "2 answer@back"}},
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
