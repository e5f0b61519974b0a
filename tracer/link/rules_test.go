package link

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/wirespan/wirespan/l7"
)

const (
	rid  = "x-request-id=2f1c9a0e5d7b4836a1b2c3d4e5f60718" // 128 bits
	rid2 = "x-request-id=aaaa9a0e5d7b4836a1b2c3d4e5f60719"
	weak = "x-request-id=4711"
)

// Hosts of the scenes: client, gateway, two services and a store.
const (
	cl = "10.0.0.1"
	gw = "10.0.0.2"
	sa = "10.0.0.3"
	sb = "10.0.0.4"
	lo = "127.0.0.1"
)

// TestRules holds each rule of DESIGN.md, section 7, to its words. Lines are
// those of scene.tell, in order of release.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		about string
		calls []call
		want  []string
	}{
		{"request to request, handed down a chain", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: rid},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid},
			{name: "c", from: sa, to: sb, at: 20, end: 70, ids: rid},
		}, []string{"1 a", "1 b < a header_id 0.99", "1 c < b header_id 0.99"}},
		{"the gateway makes the ID up and echoes it", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, echo: rid},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid},
		}, []string{"1 a", "1 b < a header_id 0.99"}},
		{"the service makes the ID up, the gateway passes it back", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 5000, echo: rid},
			{name: "b", from: gw, to: sa, at: 10, end: 80, echo: rid},
		}, []string{"1 a", "1 b < a header_id 0.99"}},
		{"two gateways are busy: the echo says whose it is, as late as it comes", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 5000, echo: rid},
			{name: "x", from: sb, to: gw, at: 1, end: 4000, echo: rid2},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid},
		}, []string{"1 x", "2 a", "2 b < a header_id 0.99"}},
		{"IDs behind the heads of requests", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, late: rid},
			{name: "b", from: gw, to: sa, at: 10, end: 80, late: rid},
			{name: "c", from: sa, to: sb, at: 20, end: 70, ids: rid},
			{name: "d", from: sa, to: sb, at: 30, end: 60, late: rid2},
		}, []string{"1 a", "1 b < a header_id 0.99", "1 c < b header_id 0.99", "2 d ~ b sole_candidate 0.5"}},
		{"IDs behind the heads, long after the child ended", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 5000, late: weak},
			{name: "b", from: gw, to: sa, at: 10, end: 80, late: weak},
			{name: "c", from: gw, to: sa, at: 20, end: 90, ids: weak},
		}, []string{"1 a", "1 b < a header_id 0.99", "1 c < a header_id 0.99"}},
		{"a late ID of a request is none of its response", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, late: rid},
			{name: "b", from: gw, to: sa, at: 10, end: 80, echo: rid},
		}, []string{"1 a", "1 b ~ a sole_candidate 0.5"}},
		{"the only open request turns out to have another ID", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, late: rid2},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid},
		}, []string{"1 a", "2 b ~ a sole_candidate 0.5"}},
		{"a retry with the same ID is a sibling", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: rid},
			{name: "b", from: gw, to: sa, at: 10, end: 30, ids: rid},
			{name: "c", from: gw, to: sa, at: 40, end: 70, ids: rid},
		}, []string{"1 a", "1 b < a header_id 0.99", "1 c < a header_id 0.99"}},
		{"overlapping siblings on distinct addresses, one within the other", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: rid},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid},
			{name: "c", from: gw, to: sb, at: 20, end: 30, ids: rid},
		}, []string{"1 a", "1 b < a header_id 0.99", "1 c < a header_id 0.99"}},
		{"overlapping siblings on one address: the parent encloses, the sibling does not", []call{
			{name: "a", from: lo, to: lo + ":80", at: 0, end: 90, ids: rid},
			{name: "b", from: lo, to: lo + ":81", at: 10, end: 50, ids: rid},
			{name: "c", from: lo, to: lo + ":82", at: 20, end: 80, ids: rid},
		}, []string{"1 a", "1 b < a header_id 0.99", "1 c < a header_id 0.99"}},
		{"siblings without parent are no parents, but leave as one trace", []call{
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid},
			{name: "c", from: gw, to: sb, at: 20, end: 3000, ids: rid},
		}, []string{"1 b", "1 c"}},
		{"weak IDs link by continuity under one name", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: weak},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: weak},
		}, []string{"1 a", "1 b < a header_id 0.99"}},
		{"weak IDs under different names are different IDs", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: weak},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: "x-unique-id=4711"},
		}, []string{"1 a", "2 b ~ a sole_candidate 0.5"}},
		{"strong IDs under different names are one ID", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: rid},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: "x-unique-id" + rid[len("x-request-id"):]},
		}, []string{"1 a", "1 b < a header_id 0.99"}},
		{"without continuity a strong ID links to the innermost open request", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: rid},
			{name: "b", from: "10.0.1.2", to: sa, at: 10, end: 80, ids: rid},
			{name: "c", from: "10.0.1.3", to: sb, at: 20, end: 70, ids: rid},
		}, []string{"1 a", "1 b < a header_id 0.9", "1 c < b header_id 0.9"}},
		{"without continuity a weak ID links nothing", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: weak},
			{name: "b", from: "10.0.1.2", to: sa, at: 10, end: 80, ids: weak},
		}, []string{"1 a", "2 b"}},
		{"continuity outranks an ID without it", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: rid},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ctx: "T/p1"},
			{name: "c", from: sa, to: sb, at: 20, end: 70, ids: rid, ctx: "T/p1"},
		}, []string{"1 a", "2 b < sdk:p1 ~ a sole_candidate 0.5", "2 c < b context 0.98"}},
		{"a child that ends after its parent is still its child", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 30, ids: rid},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid},
		}, []string{"1 a", "1 b < a header_id 0.99"}},
		{"what starts after the parent's end is not its child", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 30, ids: rid},
			{name: "b", from: gw, to: sa, at: 31, end: 80, ids: rid},
		}, []string{"1 a", "1 b"}},
		{"hops of one trace whose span ids nobody knows", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ctx: "T/p1"},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ctx: "T/p2"},
			{name: "c", from: sa, to: sb, at: 20, end: 70, ctx: "T/p3"},
		}, []string{"1 a < sdk:p1", "1 b < a context 0.98", "1 c < b context 0.98"}},
		{"a context that is sent on unchanged", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ctx: "T/p1"},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ctx: "T/p1"},
		}, []string{"1 a < sdk:p1", "1 b < a context 0.98"}},
		{"siblings of a trace leave together", []call{
			{name: "a", from: cl, to: sa, at: 0, end: 10, ctx: "T/p1"},
			{name: "b", from: cl, to: sb, at: 20, end: 3000, ctx: "T/p2"},
			{name: "c", from: cl, to: gw, at: 5, end: 6, ctx: "U/p3"},
		}, []string{"1 c < sdk:p3", "2 a < sdk:p1", "2 b < sdk:p2"}},
		{"another wire trace cuts the relation to a span link", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: rid, ctx: "T/p1"},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid, ctx: "U/p2"},
			{name: "c", from: sa, to: sb, at: 20, end: 70, ids: rid},
		}, []string{"1 a < sdk:p1", "2 b < sdk:p2 ~ a header_id 0.99", "2 c < b header_id 0.99"}},
		{"a tree without context of its own takes the earliest", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: rid},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid, ctx: "T/p1"},
			{name: "c", from: gw, to: sb, at: 20, end: 70, ids: rid, ctx: "U/p2"},
		}, []string{"1 a", "1 b < a header_id 0.99", "2 c < sdk:p2 ~ a header_id 0.99"}},
		{"a lookup belongs to the parent of the call that used it, with its twin", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: rid},
			{name: "A", class: l7.ClassDNS, from: gw, to: sb, at: 5, end: 6, target: "x A", answers: sa + "/60"},
			{name: "AAAA", class: l7.ClassDNS, from: gw, to: sb, at: 5, end: 7, target: "x AAAA"},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid},
		}, []string{"1 a", "1 A < a dns 0.95", "1 AAAA < a dns 0.95", "1 b < a header_id 0.99"}},
		{"an earlier lookup of the same name and type is no twin", []call{
			{name: "old", class: l7.ClassDNS, from: gw, to: sb, at: 3, end: 4, target: "x A"},
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: rid},
			{name: "A", class: l7.ClassDNS, from: gw, to: sb, at: 5, end: 6, target: "x A", answers: sa + "/60"},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid},
		}, []string{"1 a", "1 A < a dns 0.95", "1 b < a header_id 0.99", "2 old ~ a sole_candidate 0.5"}},
		{"the TTL of the answer that was used counts", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 4000, ids: rid},
			{name: "A", class: l7.ClassDNS, from: gw, to: sb, at: 5, end: 6, target: "x A", answers: sa + "/1 10.0.0.9/60"},
			{name: "b", from: gw, to: sa, at: 1500, end: 1600, ids: rid},
		}, []string{"1 a", "1 b < a header_id 0.99", "2 A ~ a sole_candidate 0.5"}},
		{"at most five seconds", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 8000, ids: rid},
			{name: "A", class: l7.ClassDNS, from: gw, to: sb, at: 5, end: 6, target: "x A", answers: sa + "/600"},
			{name: "b", from: gw, to: sa, at: 6000, end: 7000, ids: rid},
		}, []string{"1 a", "1 b < a header_id 0.99", "2 A ~ a sole_candidate 0.5"}},
		{"a connection older than the lookup did not use it", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, ids: rid},
			{name: "A", class: l7.ClassDNS, from: gw, to: sb, at: 5, end: 6, target: "x A", answers: sa + "/60"},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid, conn: 2},
		}, []string{"1 a", "1 b < a header_id 0.99", "2 A ~ a sole_candidate 0.5"}},
		{"a proxy that makes an ID up: the sole candidate is the parent", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid},
		}, []string{"1 a", "1 b < a sole_candidate 0.8"}},
		{"a sole candidate without any ID is a span link", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90},
			{name: "b", from: gw, to: sa, at: 10, end: 80},
		}, []string{"1 a", "2 b ~ a sole_candidate 0.5"}},
		{"two open requests: nobody knows", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90},
			{name: "x", from: sb, to: gw, at: 5, end: 95},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid},
		}, []string{"1 a", "2 x", "3 b"}},
		{"the only open request that this forwards", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90, target: "GET /x"},
			{name: "x", from: sb, to: gw, at: 5, end: 95, target: "GET /x"},
			{name: "b", from: gw, to: sa, at: 10, end: 80, target: "GET /x", fwd: cl},
			{name: "y", from: gw, to: sa, at: 12, end: 80, target: "GET /x", fwd: sb},
		}, []string{"1 a", "1 b < a inferred 0.95", "2 x", "2 y < x inferred 0.95"}},
		{"behind an address translation the server is the client", []call{
			{name: "a", from: cl, to: "192.0.2.1", at: 0, end: 90, point: "e"},
			{name: "a", from: cl, to: gw, at: 1, end: 89, point: "i"},
			{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid, point: "i"},
		}, []string{"1 a@e", "1 a@i < a@e sighting 1", "1 b@i < a@i sole_candidate 0.8"}},
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
