package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestPathTap has one point that sees both directions of nginx's interface and
// two that see one each and are joined: the exchanges are the same, and so is
// everything that is told of them but for times.
func TestPathTap(t *testing.T) {
	t.Parallel()
	c := newChain(t, iptablesDNAT)
	c.mirrored(t)
	out := filepath.Join(t.TempDir(), "spans")
	w := c.appliance(t, "-i", "nginx", "-i", "up+down=tap", "--out", "ndjson:"+out, "tcp")
	paths := orders("orders", 40)
	ask(t, c.client(t, "client", true), "http://192.0.2.1", 4, nil, paths...)
	lines(t, out, 4*len(paths))
	w.interrupt(t)
	spans := fileSpans(t, out)
	checkPaired(t, spans)
	two, one := tellings(at(spans, "nginx")), tellings(at(spans, "tap"))
	if d := cmp.Diff(two, one); d != "" || len(two) != 2*len(paths) {
		t.Errorf("%d spans at a two-way tap; joined one-way taps differ (-two-way +joined):\n%s", len(two), d)
	}
	if n, _ := exchangesOf(spans); n != 2*len(paths) {
		t.Errorf("%d exchanges, want %d", n, 2*len(paths))
	}
}

// tellings are what spans tell but for times, ids, points and links.
func tellings(spans []spanLine) []string {
	var l []string
	for i := range spans {
		var attrs []string
		for k := range spans[i].Attributes {
			if slices.ContainsFunc([]string{"link", "phase", "capture", "observation", "rtt", "gap_ns", "duration", "clock", "self"}, func(s string) bool { return strings.Contains(k, s) }) {
				continue
			}
			attrs = append(attrs, k+"="+spans[i].str(k))
		}
		slices.Sort(attrs)
		l = append(l, strings.Join(attrs, " "))
	}
	slices.Sort(l)
	return l
}

// TestPathLoss drops one of a hundred packets of each mirror: at least 97 of a
// hundred exchanges pair, and so do those that a point saw; none with the answer
// of another, and no two requests become one. What was lost is told by point.
func TestPathLoss(t *testing.T) {
	t.Parallel()
	c := newChain(t, nftablesDNAT)
	c.loss = true
	c.mirrored(t)
	out := filepath.Join(t.TempDir(), "spans")
	w := c.appliance(t, "-i", "client", "-i", "router", "-i", "nginx", "-i", "haproxy", "--listen", "vxlan=10.80.0.2:4789", "--out", "ndjson:"+out, "tcp")
	paths := orders("orders", 400)
	ask(t, c.client(t, "client", true), "http://192.0.2.1", 4, nil, paths...)
	time.Sleep(500 * time.Millisecond) // the last packets; what waits is written at the end
	w.interrupt(t)
	spans := fileSpans(t, out)
	checkPaired(t, spans)
	whole, exchanges := make(map[string]int), make(map[string]bool)
	for i := range spans {
		s := &spans[i]
		if s.str("url.path") == "" || s.str("http.response.status_code") != "200" {
			continue
		}
		exchanges[s.str("url.path")+s.str("server.address")] = true
		if s.str("wirespan.half") == "" {
			whole[s.str("wirespan.capture.point")]++
		}
	}
	n, all := len(paths), 0 // the first leg has two addresses, of four that are counted as exchanges
	for p, want := range map[string]int{"client": n, "router": 2 * n, "nginx": 2 * n, "haproxy": 2 * n, chainVXLAN: n} {
		t.Logf("%s: %d of %d pair", p, whole[p], want)
		all += whole[p]
		if whole[p] > want || !strings.Contains(w.err.String(), p+": ") {
			t.Errorf("%s: %d pairs of %d requests, and this is said of what it lost:\n%s", p, whole[p], want, w.err.String())
		}
	}
	t.Logf("%d of %d sightings pair, %d of %d exchanges", all, 8*n, len(exchanges), 4*n)
	if 100*all < 97*8*n || 100*len(exchanges) < 97*4*n {
		t.Error("want 97 of a hundred of both")
	}
	checkLossyTraces(t, c, spans)
}

// checkLossyTraces holds that every link is one that there was: parents have the
// child's path, and the server of the last leg is the one that knows of it.
func checkLossyTraces(t *testing.T, c *chain, spans []spanLine) {
	t.Helper()
	byID := make(map[string]*spanLine)
	for i := range spans {
		byID[spans[i].ID] = &spans[i]
	}
	linked := 0
	for i := range spans {
		s := &spans[i]
		path := s.str("url.path")
		if path == "" {
			continue
		}
		if p := s.str("server.address"); strings.HasPrefix(p, "198.51.100.4") && !strings.HasSuffix(p+":"+s.str("server.port"), c.truth.once(t, path).by) {
			t.Errorf("%s went to %s:%s, but was served by %s", path, p, s.str("server.port"), c.truth.once(t, path).by)
		}
		if p := byID[s.Parent]; p != nil {
			linked++
			if have := p.str("url.path"); have != "" && have != path {
				t.Errorf("%s is below %s", path, have)
			}
		}
	}
	t.Logf("%d of %d spans have a parent", linked, len(spans))
}
