package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pointsDir has one minute of a chain, recorded at several points
// (testdata/make/points.sh).
var pointsDir = filepath.Join(filepath.Dir(goldenDir), "points")

func pointCaptures(names ...string) []string {
	for i, n := range names {
		names[i] = filepath.Join(pointsDir, n+".pcap")
	}
	return names
}

// chainsOf writes each tree as one line per span of the chain: point, place and
// server, with what found it.
func chainsOf(spans []spanLine) map[string]int {
	kids := make(map[string][]*spanLine)
	known := make(map[string]bool)
	for i := range spans {
		known[spans[i].ID] = true
	}
	var roots []*spanLine
	for i := range spans {
		if s := &spans[i]; known[s.Parent] {
			kids[s.Parent] = append(kids[s.Parent], s)
		} else {
			roots = append(roots, s)
		}
	}
	chains := make(map[string]int)
	for _, r := range roots {
		var b strings.Builder
		for list := []*spanLine{r}; len(list) > 0; list = kids[list[0].ID] {
			s := list[0]
			fmt.Fprintf(&b, "%s %s %s %s:%d", s.str("wirespan.link.rule"), s.str("wirespan.capture.point"), s.str("wirespan.observation"), s.str("server.address"), s.num("server.port"))
			if len(list) > 1 {
				fmt.Fprintf(&b, " and %d more", len(list)-1)
			}
			b.WriteString("\n")
		}
		chains[b.String()]++
	}
	return chains
}

// TestPointsChain holds the chain of an address translation, nginx, HAProxy and
// two servers, seen at four points: each exchange is one with all its sightings,
// in order, and each trace with an ID is whole.
func TestPointsChain(t *testing.T) {
	t.Parallel()
	// The client keeps its connection; a router with one arm sees all twice.
	front := ` client net 192.0.2.1:80
sighting router gw-in 192.0.2.1:80
sighting router gw-out 198.51.100.20:8080
`
	order := front + `sighting nginx gw-in 198.51.100.20:8080
header_id nginx gw-out 198.51.100.30:8080
sighting haproxy gw-in 198.51.100.30:8080
header_id haproxy gw-out 198.51.100.%s
`
	want := map[string]int{
		fmt.Sprintf(order, "40:9000"): 6, fmt.Sprintf(order, "41:9001"): 6,
		// Three at once, which carry nothing: no link is better than a wrong one.
		front + "sighting nginx net 198.51.100.20:8080\n":                          3,
		" nginx net 198.51.100.30:8080\nsighting haproxy net 198.51.100.30:8080\n": 3,
		" haproxy net 198.51.100.40:9000\n":                                        1, " haproxy net 198.51.100.41:9001\n": 2,
	}
	files := pointCaptures("client", "router", "nginx", "haproxy")
	for _, inputs := range [][]string{files, {files[3], files[1], files[0], files[2]}} {
		spans := spansOf(t, inputs...)
		got := chainsOf(spans)
		for _, n := range []string{"40:9000", "41:9001"} { // who gets the odd one of the three
			k := " haproxy net 198.51.100." + n + "\n"
			if got[k] == 2 {
				want[k], want[" haproxy net 198.51.100."+map[string]string{"40:9000": "41:9001", "41:9001": "40:9000"}[n]+"\n"] = 2, 1
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%v (-want +got):\n%s", inputs, d)
		}
		keys := make(map[string]bool)
		for i := range spans {
			keys[spans[i].str("wirespan.exchange")] = true
		}
		if len(keys) != 3*15 {
			t.Errorf("%d exchanges, want 15 on each of three legs", len(keys))
		}
	}
}

// TestPointsPairs holds that a sighting more or less makes no pair more: each
// exchange has one CLIENT and one SERVER span, however many points saw it.
func TestPointsPairs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pairs")
	mustRead(t, 0, append(pointCaptures("client", "router", "nginx", "haproxy"), "--spans", "pair", "--out", "ndjson:"+path)...)
	sides := make(map[string][2]int)
	for _, s := range decodeSpans(t, readFile(t, path)) {
		k := s.str("wirespan.exchange")
		n := sides[k]
		switch s.Kind {
		case "CLIENT":
			n[0]++
		case "SERVER":
			n[1]++
		}
		sides[k] = n
	}
	if len(sides) != 45 {
		t.Errorf("%d exchanges, want 45", len(sides))
	}
	for k, n := range sides {
		if n != [2]int{1, 1} {
			t.Errorf("exchange %s: %d CLIENT and %d SERVER spans", k, n[0], n[1])
		}
	}
}

// TestPointsHop holds the two hops that change sequence numbers: a SYN proxy
// keeps the bytes and shifts them, a transparent proxy has connections of its
// own. Both were recorded at both ends.
func TestPointsHop(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, why string }{
		{"syn", "; sequence numbers shifted by 0 and "}, {"proxy", "; same payload on another connection"},
	} {
		spans := spansOf(t, pointCaptures(c.name+"-client", c.name+"-server")...)
		want := map[string]int{" " + c.name + "-client gw-in 198.51.100.20:8000\nsighting " + c.name + "-server gw-out 198.51.100.20:8000\n": 6}
		if d := cmp.Diff(want, chainsOf(spans)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
		for i := range spans {
			if s := &spans[i]; s.Parent != "" && !strings.Contains(s.str("wirespan.link.evidence"), c.why) {
				t.Errorf("%s: evidence %q, want %q in it", c.name, s.str("wirespan.link.evidence"), c.why)
			}
		}
	}
}

// TestOneWayTaps holds that a tap with a port for each direction is like one
// with a port for both where the two are joined into one point, and that two
// points which see one direction each make one exchange of its halves.
func TestOneWayTaps(t *testing.T) {
	t.Parallel()
	both := pointCaptures("client")[0]
	up, down := splitByDestination(t, readFile(t, both), [4]byte{192, 0, 2, 1})
	u, d := writeFile(t, "up.pcap", up), writeFile(t, "down.pcap", down)
	whole := outputOf(t, "ndjson", "--point", "tap="+both)
	if got := outputOf(t, "ndjson", "--point", "tap="+u+"+"+d); !bytes.Equal(whole, got) {
		t.Errorf("two one-way taps joined differ from a two-way tap: %s", cmp.Diff(string(whole), string(got)))
	}
	want := make(map[string]string)
	for _, s := range decodeSpans(t, whole) {
		want[s.str("wirespan.exchange")] = fmt.Sprintln(s.Name, s.Trace, s.Start, s.End, s.str("http.response.status_code"), s.str("url.path"))
	}
	halves := make(map[string][]string)
	for _, s := range spansOf(t, u, d) {
		k := s.str("wirespan.exchange")
		if got := fmt.Sprintln(s.Name, s.Trace, s.Start, s.End, s.str("http.response.status_code"), s.str("url.path")); got != want[k] {
			t.Errorf("the %s half of %s is\n%swant\n%s", s.str("wirespan.half"), k, got, want[k])
		}
		if s.str("error.type")+s.str("wirespan.response") != "" {
			t.Errorf("%s: %s %s, although its other half was seen", s.what(), s.str("error.type"), s.str("wirespan.response"))
		}
		halves[k] = append(halves[k], s.str("wirespan.half"))
	}
	for k := range want {
		if slices.Sort(halves[k]); !slices.Equal(halves[k], []string{"request", "response"}) {
			t.Errorf("exchange %s has the halves %q", k, halves[k])
		}
	}
}

// splitByDestination makes two captures of one, as tcpdump writes it: what goes
// to an address over Ethernet, and the rest.
func splitByDestination(t *testing.T, b []byte, addr [4]byte) (to, from []byte) {
	t.Helper()
	const header, record, destination = 24, 16, 14 + 16
	to, from = slices.Clone(b[:header]), slices.Clone(b[:header])
	for b = b[header:]; len(b) >= record; {
		n := record + int(binary.LittleEndian.Uint32(b[8:]))
		if [4]byte(b[record+destination:]) == addr {
			to = append(to, b[:n]...)
		} else {
			from = append(from, b[:n]...)
		}
		b = b[n:]
	}
	if len(to) == header || len(from) == header {
		t.Fatal("one direction has no packets")
	}
	return to, from
}

// TestPointsDeterminism holds that what several points saw becomes the same
// spans with any number of workers.
func TestPointsDeterminism(t *testing.T) {
	t.Parallel()
	up, down := splitByDestination(t, readFile(t, pointCaptures("client")[0]), [4]byte{192, 0, 2, 1})
	for _, inputs := range [][]string{
		pointCaptures("client", "router", "nginx", "haproxy"), pointCaptures("syn-client", "syn-server"), pointCaptures("proxy-client", "proxy-server"),
		{writeFile(t, "up.pcap", up), writeFile(t, "down.pcap", down)},
	} {
		want := outputOf(t, "ndjson", append([]string{"--workers", "1"}, inputs...)...)
		for _, n := range []string{"2", "5"} {
			if got := outputOf(t, "ndjson", append([]string{"--workers", n}, inputs...)...); !bytes.Equal(want, got) {
				t.Errorf("%s, %s workers: %s", filepath.Base(inputs[0]), n, cmp.Diff(string(want), string(got)))
			}
		}
	}
}

// TestPointsLoss drops packets of each point on its own and holds that no two
// requests become one, no exchange is counted twice at a point, and what is
// seen of an exchange anywhere is mostly found to be of it.
func TestPointsLoss(t *testing.T) {
	t.Parallel()
	exchanges, seen := 0, 0
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		var inputs []string
		for _, f := range pointCaptures("client", "router", "nginx", "haproxy") {
			inputs = append(inputs, writeFile(t, filepath.Base(f), dropPackets(t, readFile(t, f), r, 0.03)))
		}
		spans := spansOf(t, inputs...)
		what := make(map[string]string)
		at := make(map[string]bool)
		for i := range spans {
			s := &spans[i]
			k := s.str("wirespan.exchange")
			if p := s.str("url.path"); p != "" {
				if have, ok := what[k]; ok && have != p {
					t.Errorf("seed %d: %s and %s are one exchange", seed, have, p)
				}
				what[k] = p
			}
			place := k + s.str("wirespan.capture.point") + s.str("client.address") + s.str("network.local.address") + s.str("network.peer.address")
			if at[place] {
				t.Errorf("seed %d: %s is there twice at %s", seed, s.what(), s.str("wirespan.capture.point"))
			}
			at[place] = true
		}
		exchanges += len(what)
		seen += len(at)
	}
	if exchanges > 12*45+12 || seen < 12*100 {
		t.Errorf("%d exchanges with %d sightings, want about %d and %d", exchanges, seen, 12*45, 12*105)
	}
	t.Logf("%d exchanges of %d, %d sightings of %d", exchanges, 12*45, seen, 12*105)
}

// dropPackets leaves out a share of the packets of a capture.
func dropPackets(t *testing.T, b []byte, r *rand.Rand, share float64) []byte {
	t.Helper()
	const header, record = 24, 16
	out := slices.Clone(b[:header])
	for b = b[header:]; len(b) >= record; {
		n := record + int(binary.LittleEndian.Uint32(b[8:]))
		if r.Float64() >= share {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}
