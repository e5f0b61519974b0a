package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// chain is the network of issue 5:
//
//	client 192.0.2.10 -> router 192.0.2.1:80, DNAT to 198.51.100.20:8080 ->
//	nginx -> HAProxy 198.51.100.30:8080 -> 198.51.100.40:9000 or .41:9001
//
// Mirrors of client, router (both sides), nginx and haproxy go to ports of the
// appliance, one of the servers goes through VXLAN. nginx makes a request ID up
// for /orders and returns it; /health carries nothing.
type chain struct {
	*field
	truth *truth
}

const chainVXLAN = "vxlan:10.80.0.2:4789/vni-7"

var chainPoints = []string{"client", "router", "nginx", "haproxy"}

func newChain(t *testing.T, dnat string) *chain {
	t.Helper()
	c := &chain{newField(t), newTruth("X-Request-Id")}
	c.bridge(t, "front")
	c.bridge(t, "back")
	c.host(t, "client", "router", "nginx", "haproxy", "servers")
	c.plug(t, "client", "eth0", "front", "192.0.2.10/24")
	c.plug(t, "router", "eth0", "front", "192.0.2.1/24")
	c.plug(t, "router", "eth1", "back", "198.51.100.1/24")
	c.plug(t, "nginx", "eth0", "back", "198.51.100.20/24")
	c.plug(t, "haproxy", "eth0", "back", "198.51.100.30/24")
	c.plug(t, "servers", "eth0", "back", "198.51.100.40/24", "198.51.100.41/24")
	c.sh(t, "client", "ip route add default via 192.0.2.1")
	for _, h := range []string{"nginx", "haproxy", "servers"} {
		c.sh(t, h, "ip route add default via 198.51.100.1")
	}
	c.sh(t, "router", "echo 1 >/proc/sys/net/ipv4/ip_forward")
	c.need(t, "router", "DNAT", dnat)
	c.serve(t, "servers", "198.51.100.40:9000", c.truth.server("40:9000", nil))
	c.serve(t, "servers", "198.51.100.41:9001", c.truth.server("41:9001", nil))
	c.haproxy(t, "haproxy", "198.51.100.30:8080", "frontend balancer\n bind 198.51.100.30:8080\n default_backend app\nbackend app\n server one 198.51.100.40:9000\n server two 198.51.100.41:9001\n")
	c.nginx(t, "nginx", "198.51.100.20:8080", `upstream balancer { server 198.51.100.30:8080; keepalive 4; }
server {
	listen 198.51.100.20:8080;
	location / { proxy_pass http://balancer; proxy_set_header Connection ""; proxy_set_header X-Request-ID $request_id; add_header X-Request-ID $request_id always; }
	location /health { proxy_pass http://balancer; }
}`)
	return c
}

// mirrored makes the mirrors.
func (c *chain) mirrored(t *testing.T) {
	t.Helper()
	c.tap(t, "client", "eth0", "client")
	router := c.port(t, "router", "router")
	c.copies(t, "router", "eth0", "", router)
	c.copies(t, "router", "eth1", "", router)
	c.tap(t, "haproxy", "eth0", "haproxy")
	both, up, down := c.port(t, "nginx", "nginx"), c.port(t, "nginx", "up"), c.port(t, "nginx", "down")
	c.copies(t, "nginx", "eth0", "ingress", both, up)
	c.copies(t, "nginx", "eth0", "egress", both, down)
	c.vxlan(t, "servers", "eth0", 7)
}

// iptablesDNAT and nftablesDNAT are the same translation.
const (
	iptablesDNAT = "iptables -t nat -A PREROUTING -d 192.0.2.1 -p tcp --dport 80 -j DNAT --to-destination 198.51.100.20:8080"
	nftablesDNAT = `nft -f - <<N
table ip nat {
	chain in {
		type nat hook prerouting priority -100
		ip daddr 192.0.2.1 tcp dport 80 dnat to 198.51.100.20:8080
	}
}
N`
)

// want is the tree of a request that carries an ID, as seen at all points.
func (c *chain) want(t *testing.T, path string) string {
	t.Helper()
	return fmt.Sprintf(`root client net 192.0.2.1:80
sighting router gw-in 192.0.2.1:80
sighting router gw-out 198.51.100.20:8080
sighting nginx gw-in 198.51.100.20:8080
header_id nginx gw-out 198.51.100.30:8080
sighting haproxy gw-in 198.51.100.30:8080
header_id haproxy gw-out 198.51.100.%[1]s
sighting %[2]s net 198.51.100.%[1]s
`, c.truth.once(t, path).by, chainVXLAN)
}

// checkChain holds spans against what the servers know.
func (c *chain) checkChain(t *testing.T, spans []spanLine, paths []string, without ...string) {
	t.Helper()
	checkPaired(t, spans)
	trees := treesByPath(t, spans)
	for _, p := range paths {
		want := c.want(t, p)
		for _, w := range without {
			want = withoutLine(want, w)
		}
		if d := cmp.Diff(want, trees[p]); d != "" {
			t.Errorf("%s (-want +got):\n%s", p, d)
		}
	}
	for i := range spans {
		s := &spans[i]
		if id := s.str("wirespan.request_id"); id != "" && id != "x-request-id="+c.truth.once(t, s.str("url.path")).id {
			t.Errorf("%s carries %s, the server got %s", s.what(), id, c.truth.once(t, s.str("url.path")).id)
		}
	}
}

// withoutLine leaves out lines that have a text in them.
func withoutLine(s, text string) string {
	var b strings.Builder
	for l := range strings.Lines(s) {
		if !strings.Contains(l, text) {
			b.WriteString(l)
		}
	}
	return b.String()
}

// TestPathChain captures the chain live at four ports and through VXLAN: each
// exchange is one with all its sightings in order, each trace with an ID is
// whole, and metrics count an exchange once. The four captures of the same
// packets give the same to read, also where their clocks are half a second off.
func TestPathChain(t *testing.T) {
	t.Parallel()
	c := newChain(t, nftablesDNAT)
	c.mirrored(t)
	dir := t.TempDir()
	out := filepath.Join(dir, "spans")
	w := c.appliance(t, "-i", "client", "-i", "router", "-i", "nginx", "-i", "haproxy", "--listen", "vxlan=10.80.0.2:4789",
		"--out", "ndjson:"+out, "--metrics", "127.0.0.1:9464", "tcp")
	recorded := c.record(t, dir, chainPoints...)
	few, many, health := orders("orders/few", 5), orders("orders/many", 60), orders("health", 10)
	// A connection for each: handshakes. Then connections that stay, several at once.
	ask(t, c.client(t, "client", false), "http://192.0.2.1", 1, nil, few...)
	ask(t, c.client(t, "client", true), "http://192.0.2.1", 4, nil, many...)
	ask(t, c.client(t, "client", true), "http://192.0.2.1", 3, nil, health...)
	ids := append(few, many...)
	const legs, sightings = 3, 8
	n := len(ids) + len(health)
	lines(t, out, sightings*n)
	box := &mirrorLab{lab: &lab{ip: c.ip}, appliance: c.prefix + boxHost}
	box.scrape(t, "http://127.0.0.1:9464/metrics", fmt.Sprintf("wirespan_red_exchanges_total %d\n", legs*n))
	w.interrupt(t)
	files := recorded()
	spans := fileSpans(t, out)
	c.checkChain(t, spans, ids)
	checkCounts(t, spans, legs*n, map[string]int{"client": n, "router": 2 * n, "nginx": 2 * n, "haproxy": 2 * n, chainVXLAN: n})
	read := spansOf(t, files...)
	c.checkChain(t, read, ids, chainVXLAN)
	four := map[string]int{"client": n, "router": 2 * n, "nginx": 2 * n, "haproxy": 2 * n}
	checkCounts(t, read, legs*n, four)
	byPoint := make(map[string]string)
	for i, p := range chainPoints {
		byPoint[p] = files[i]
	}
	for _, skews := range pointSkews()[:3] { // with clocks that are off, too
		args := shifted(t, byPoint, chainPoints, skews...)
		read := spansOf(t, args...)
		c.checkChain(t, read, ids, chainVXLAN)
		checkCounts(t, read, legs*n, four)
		o := wirespan(t, append([]string{"read", "--progress=never", "--out", "ndjson:" + filepath.Join(dir, "skewed")}, args...)...)
		checkClockLines(t, o.stderr, skews)
	}
	if t.Failed() {
		t.Log(w.err.String())
	}
}

func checkCounts(t *testing.T, spans []spanLine, exchanges int, sightings map[string]int) {
	t.Helper()
	got, at := exchangesOf(spans)
	if d := cmp.Diff(sightings, at); d != "" || got != exchanges {
		t.Errorf("%d exchanges, want %d; sightings (-want +got):\n%s", got, exchanges, d)
	}
}
