package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// seen lists what the spans of a point asked for, in order of text.
func seen(spans []spanLine, point string) []string {
	var l []string
	for i := range spans {
		if spans[i].str("wirespan.capture.point") == point {
			l = append(l, spans[i].what()+" "+spans[i].outcome())
		}
	}
	slices.Sort(l)
	return l
}

// pointsOf lists the points of spans, each once.
func pointsOf(spans []spanLine) []string {
	var l []string
	for i := range spans {
		l = append(l, spans[i].str("wirespan.capture.point"))
	}
	slices.Sort(l)
	return slices.Compact(l)
}

func fileSpans(t *testing.T, path string) []spanLine {
	t.Helper()
	return decodeSpans(t, readFile(t, path))
}

// lines waits until a file has so many.
func lines(t *testing.T, path string, n int) {
	t.Helper()
	waitFor(t, func() bool { b, _ := os.ReadFile(path); return strings.Count(string(b), "\n") >= n })
}

// TestMirrorTap joins the two ports of a tap: its spans are those of a port that
// shows both directions. Each exchange is one in the metrics, however many points
// show it.
func TestMirrorTap(t *testing.T) {
	t.Parallel()
	l := newMirrorLab(t)
	l.nginx(t)
	l.mirror(t, "ingress", "mir1", "mir3")
	l.mirror(t, "egress", "mir2", "mir3")
	out := filepath.Join(t.TempDir(), "spans")
	w := l.run(t, "-i", "eth1+eth2=core", "-i", "eth3", "--out", "ndjson:"+out, "--metrics", "127.0.0.1:9464", "tcp", "port", "8080")
	paths, want := numbered(20)
	l.curl(t, l.client, "http://10.79.0.2:8080", paths...)
	lines(t, out, 2*len(want))
	l.scrape(t, "http://127.0.0.1:9464/metrics", "wirespan_red_exchanges_total 20\n", `wirespan_capture_point_packets_total{wirespan_capture_point="core"}`)
	w.interrupt(t)
	spans := fileSpans(t, out)
	for _, p := range []string{"core", "eth3"} {
		if d := cmp.Diff(want, seen(spans, p)); d != "" {
			t.Errorf("spans at %s (-want +got):\n%s\n%s", p, d, w.err.String())
		}
	}
	if d := cmp.Diff([]string{"core", "eth3"}, pointsOf(spans)); d != "" {
		t.Error(d)
	}
	if n := len(traceIDs(spans)); n != len(want) {
		t.Errorf("%d traces, want %d", n, len(want))
	}
	if s := w.err.String(); strings.Contains(s, "one direction each") || strings.Contains(s, "duplicates") {
		t.Errorf("a joined tap is no reason to complain:\n%s", s)
	}
}

// scrape reads metrics in the appliance's namespace until texts are in them.
func (l *mirrorLab) scrape(t *testing.T, url string, want ...string) {
	t.Helper()
	waitFor(t, func() bool {
		b, err := l.in(l.appliance, toolPath(t, "curl"), "-s", "--max-time", "10", url).Output()
		return err == nil && !slices.ContainsFunc(want, func(w string) bool { return !strings.Contains(string(b), w) })
	})
}

// TestMirrorHalves does not join them: it is said while the capture runs, and at
// the end, with the flag that joins, and a recording of it says how, too.
func TestMirrorHalves(t *testing.T) {
	t.Parallel()
	l := newMirrorLab(t)
	l.nginx(t)
	l.mirror(t, "ingress", "mir1")
	l.mirror(t, "egress", "mir2")
	dir := t.TempDir()
	rec := filepath.Join(dir, "halves.pcapng")
	w := l.run(t, "-i", "eth1", "-i", "eth2", "-w", rec, "--out", "ndjson:"+filepath.Join(dir, "spans"), "tcp", "port", "8080")
	paths, want := numbered(20)
	l.curlApart(t, paths)
	const hint = " connections: join them with -i eth1+eth2=NAME"
	waitFor(t, func() bool { return strings.Contains(w.err.String(), hint) })
	w.interrupt(t)
	if n := strings.Count(w.err.String(), hint); n != 2 {
		t.Errorf("told %d times, want once while it ran and once in the summary:\n%s", n, w.err.String())
	}
	r := wirespan(t, "read", rec, "--out", "ndjson:-")
	if !strings.Contains(r.stderr, "--point NAME=iface:eth1+iface:eth2") {
		t.Errorf("read says:\n%s", r.stderr)
	}
	joined := spansOf(t, rec, "--point", "core=iface:eth1+iface:eth2")
	if d := cmp.Diff(want, seen(joined, "core")); d != "" {
		t.Errorf("joined when read (-want +got):\n%s", d)
	}
}

// curlApart asks for each path on a connection of its own.
func (l *mirrorLab) curlApart(t *testing.T, paths []string) {
	t.Helper()
	for _, p := range paths {
		l.curl(t, l.client, "http://10.79.0.2:8080", p)
	}
}

// TestMirrorDuplicates shows each packet twice at one port. The spans are exact,
// no retransmission is seen, the copies are counted, and it is said that there
// are many. Kept, they are retransmissions.
func TestMirrorDuplicates(t *testing.T) {
	t.Parallel()
	l := newMirrorLab(t)
	l.nginx(t)
	l.mirror(t, "ingress", "mir4", "mir4")
	l.mirror(t, "egress", "mir4", "mir4")
	dir := t.TempDir()
	out, rec := filepath.Join(dir, "spans"), filepath.Join(dir, "twice.pcapng")
	w := l.run(t, "-i", "eth4", "-w", rec, "--out", "ndjson:"+out, "tcp", "port", "8080")
	paths, want := numbered(90)
	l.curlApart(t, paths)
	lines(t, out, len(want))
	time.Sleep(200 * time.Millisecond) // the last acknowledgements
	w.interrupt(t)
	spans := fileSpans(t, out)
	if d := cmp.Diff(want, seen(spans, "eth4")); d != "" {
		t.Errorf("spans (-want +got):\n%s", d)
	}
	for i := range spans {
		if n := spans[i].num("wirespan.tcp.retransmissions"); n > 0 {
			t.Errorf("%d retransmissions in %s", n, spans[i].what())
		}
	}
	packets := w.number("packets captured")
	if !strings.Contains(w.err.String(), "at eth4 (50%)") || packets < 2*8*len(want) || !strings.Contains(w.err.String(), "50% of the packets of eth4 are duplicates") {
		t.Errorf("of %d packets half are duplicates:\n%s", packets, w.err.String())
	}
	for _, c := range []struct {
		what string
		want int64
	}{{"drop", 0}, {"keep", 1}} {
		var most int64
		for _, s := range spansOf(t, rec, "--duplicates", c.what, "--workers", "3") {
			most = max(most, s.num("wirespan.tcp.retransmissions"))
		}
		if (most > 0) != (c.want > 0) {
			t.Errorf("--duplicates %s: up to %d retransmissions in a span", c.what, most)
		}
	}
}

// TestMirrorVXLAN has a mirror that ends here beside a port: two points, one
// trace for each request. The recording gives the points and spans of the run; a
// rule and --tap choose among them.
func TestMirrorVXLAN(t *testing.T) {
	t.Parallel()
	l := newMirrorLab(t)
	l.nginx(t)
	l.mirror(t, "ingress", "mir3", "vx0")
	l.mirror(t, "egress", "mir3", "vx0")
	dir := t.TempDir()
	out, rec := filepath.Join(dir, "spans"), filepath.Join(dir, "rec.pcapng")
	w := l.run(t, "-i", "eth3", "--listen", "vxlan=10.80.0.2:4789", "-w", rec, "--out", "ndjson:"+out, "tcp", "port", "8080")
	paths, want := numbered(20)
	l.curl(t, l.client, "http://10.79.0.2:8080", paths...)
	l.curl(t, l.client, "http://10.79.0.2:8080", "/big/file")
	lines(t, out, 2*len(want)+2)
	w.interrupt(t)
	want = append([]string{"GET /big/file 200"}, want...)
	const vni7 = "vxlan:10.80.0.2:4789/vni-7"
	live := fileSpans(t, out)
	for _, p := range []string{"eth3", vni7} {
		if d := cmp.Diff(want, seen(live, p)); d != "" {
			t.Errorf("spans at %s (-want +got):\n%s\n%s", p, d, w.err.String())
		}
	}
	if n := len(traceIDs(live)); n != len(want) {
		t.Errorf("%d traces, want %d", n, len(want))
	}
	read := spansOf(t, rec)
	if d := cmp.Diff(spanIDsAt(live), spanIDsAt(read)); d != "" {
		t.Errorf("the recording gives other spans (-live +read):\n%s", d)
	}
	named := spansOf(t, rec, "--point", "web=vxlan:7", "--tap", "web")
	if d := cmp.Diff(want, seen(named, "web")); d != "" || len(named) != len(want) {
		t.Errorf("--point and --tap: %d spans (-want +got):\n%s", len(named), d)
	}
}

// spanIDsAt lists the span ids, sorted.
func spanIDsAt(spans []spanLine) []string {
	var l []string
	for i := range spans {
		l = append(l, spans[i].str("wirespan.capture.point")+" "+spans[i].ID)
	}
	slices.Sort(l)
	return l
}

// TestMirrorSilent counts what leaves mirror interfaces while they are captured
// on: nothing, whatever is asked. An interface that is not silenced is told of at
// the start.
func TestMirrorSilent(t *testing.T) {
	t.Parallel()
	l := newMirrorLab(t)
	l.nginx(t)
	l.mirror(t, "ingress", "mir3")
	l.mirror(t, "egress", "mir3")
	d := l.dump(t, "-i", "mir3", "-Q", "in", "-w", os.DevNull)
	w := l.run(t, "-i", "eth3", "-i", "eth0", "--listen", "vxlan=10.80.0.2:4789")
	// The other end asks for the addresses of the box: ARP, ND, and echoes to
	// all hosts.
	l.must(t, "-n", l.server, "addr", "add", "10.80.0.77/32", "dev", "mir3")
	l.must(t, "-n", l.server, "route", "add", "10.80.0.2/32", "dev", "mir3")
	ping := toolPath(t, "ping")
	for _, to := range []string{"10.80.0.2", "-b 10.80.0.255", "-I mir3 224.0.0.1", "-I mir3 ff02::1"} {
		_ = l.in(l.server, append([]string{ping, "-c", "2", "-i", "0.2", "-W", "1"}, strings.Fields(to)...)...).Run()
	}
	l.must(t, "-n", l.server, "route", "del", "10.80.0.2/32", "dev", "mir3")
	l.curl(t, l.client, "http://10.79.0.2:8080", "/one")
	time.Sleep(300 * time.Millisecond)
	w.interrupt(t)
	d.interrupt(t)
	if n := d.number("packets captured"); n != 0 {
		t.Errorf("%d packets left a mirror interface", n)
	}
	if w.number("packets captured") < 10 {
		t.Errorf("little was captured:\n%s", w.err.String())
	}
	s := w.err.String()
	if !strings.Contains(s, "eth0 may send on its own: it has 10.80.0.2/24") || !strings.Contains(s, "ip link set dev eth0 arp off") || strings.Contains(s, "eth3 may send") {
		t.Errorf("what is told of loud interfaces:\n%s", s)
	}
}

// TestMirrorWorkers spreads a joined tap over several rings.
func TestMirrorWorkers(t *testing.T) {
	t.Parallel()
	l := newMirrorLab(t)
	l.nginx(t)
	l.mirror(t, "ingress", "mir1")
	l.mirror(t, "egress", "mir2")
	out := filepath.Join(t.TempDir(), "spans")
	w := l.run(t, "-i", "eth1+eth2=core", "--workers", "2", "--out", "ndjson:"+out)
	paths, want := numbered(40)
	l.curlApart(t, paths)
	lines(t, out, len(want))
	w.interrupt(t)
	if d := cmp.Diff(want, seen(fileSpans(t, out), "core")); d != "" {
		t.Errorf("spans (-want +got):\n%s\n%s", d, w.err.String())
	}
}

// TestMirrorFlags wants mistakes told at once.
func TestMirrorFlags(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		want string
	}{
		{"mirror", "name an interface with -i (-D lists them), a listener"},
		{"mirror tcp port 80", "name an interface with -i (-D lists them), a listener"},
		{"mirror -i any", "takes named interfaces"},
		{"mirror -i eth1 --once", "--duplicates drop"},
		{"mirror -i eth1 --duplicates some", "want drop or keep"},
		{"mirror -i eth1 --listen wxlan=:1", "no kind of mirror"},
		{"mirror -i lo --point core=wxlan:7", "want iface, vlan, gwlbe or a tunnel"},
		{"mirror -i lo --point-by color", "want input, tunnel, vlan"},
		{"mirror -i lo --duplicate-window 5s", "must be more than 0"},
		{"mirror --listen vxlan --filter-inner --filter-program x", "exclude each other"},
		{"mirror --listen vxlan tcp porrt 80", "filter"},
	} {
		r := wirespan(t, strings.Fields(c.args)...)
		if r.code != 2 || !strings.Contains(r.stderr, c.want) {
			t.Errorf("wirespan %s: status %d\n%s", c.args, r.code, r.stderr)
		}
	}
}
