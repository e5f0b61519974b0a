package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hop is client 192.0.2.10, a router, and server 198.51.100.20 behind it, with
// mirrors of all three; the router's port shows both its sides.
type hop struct {
	*field
	truth *truth
}

func newHop(t *testing.T) *hop {
	t.Helper()
	h := &hop{newField(t), newTruth("X-Request-Id")}
	h.bridge(t, "front")
	h.bridge(t, "back")
	h.host(t, "client", "router", "server")
	h.plug(t, "client", "eth0", "front", "192.0.2.10/24")
	h.plug(t, "router", "eth0", "front", "192.0.2.1/24")
	h.plug(t, "router", "eth1", "back", "198.51.100.1/24")
	h.plug(t, "server", "eth0", "back", "198.51.100.20/24")
	h.sh(t, "client", "ip route add default via 192.0.2.1")
	h.sh(t, "server", "ip route add default via 198.51.100.1")
	h.sh(t, "router", "echo 1 >/proc/sys/net/ipv4/ip_forward")
	h.serve(t, "server", "198.51.100.20:8000", h.truth.server("server", nil))
	return h
}

// run asks for paths and returns the spans of points, what the run said, and the
// paths: some on connections of their own, some on one that stays.
func (f *field) run(t *testing.T, client, base string, header http.Header, perPath int, points ...string) (spans []spanLine, said string, paths []string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "spans")
	args := []string{"--out", "ndjson:" + out, "tcp"}
	for _, p := range points {
		args = append([]string{"-i", p}, args...)
	}
	w := f.appliance(t, args...)
	apart, kept := orders("orders/apart", 6), orders("orders/kept", 24)
	ask(t, f.client(t, client, false), base, 1, header, apart...)
	ask(t, f.client(t, client, true), base, 2, header, kept...)
	paths = append(apart, kept...)
	spans = f.spans(t, w, out, perPath*len(paths))
	checkPaired(t, spans)
	return spans, w.err.String(), paths
}

// spans waits until a file has so many, a while, and ends the run: what is missing
// then is for the test to find.
func (f *field) spans(t *testing.T, w *proc, out string, n int) []spanLine {
	t.Helper()
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if b, _ := os.ReadFile(out); bytes.Count(b, []byte("\n")) >= n {
			break
		}
	}
	w.interrupt(t)
	return fileSpans(t, out)
}

// checkTrees wants one tree for all paths.
func checkTrees(t *testing.T, spans []spanLine, paths []string, want, said string) {
	t.Helper()
	trees := treesByPath(t, spans)
	failed := 0
	for _, p := range paths {
		if d := cmp.Diff(want, trees[p]); d != "" && failed < 3 {
			failed++
			t.Errorf("%s (-want +got):\n%s", p, d)
		}
	}
	if len(trees) != len(paths) {
		t.Errorf("trees of %d paths, want %d", len(trees), len(paths))
	}
	if t.Failed() {
		t.Log(said)
	}
}

// TestPathTranslation holds that addresses that are changed on the way, by
// iptables or nftables, leave one exchange with sightings at three points, four
// places.
func TestPathTranslation(t *testing.T) {
	t.Parallel()
	const front = "192.0.2.1:80"
	for _, c := range []struct{ name, rules, ask string }{
		{"iptables DNAT", "iptables -t nat -A PREROUTING -d 192.0.2.1 -p tcp --dport 80 -j DNAT --to-destination 198.51.100.20:8000", front},
		{"iptables SNAT", "iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -p tcp -j SNAT --to-source 198.51.100.1:20000-29999", "198.51.100.20:8000"},
		{"iptables DNAT and MASQUERADE", "iptables -t nat -A PREROUTING -d 192.0.2.1 -p tcp --dport 80 -j DNAT --to-destination 198.51.100.20:8000; iptables -t nat -A POSTROUTING -o eth1 -p tcp -j MASQUERADE --random", front},
		{"nftables DNAT", nftTable("nat", "prerouting", "-100", "ip daddr 192.0.2.1 tcp dport 80 dnat to 198.51.100.20:8000"), front},
		{"nftables SNAT", nftTable("nat", "postrouting", "100", "oif eth1 snat to 198.51.100.1"), "198.51.100.20:8000"},
		{"nftables DNAT and masquerade", nftTable("nat", "prerouting", "-100", "ip daddr 192.0.2.1 tcp dport 80 dnat to 198.51.100.20:8000") + "\n" +
			nftTable("nat", "postrouting", "100", "oif eth1 masquerade random"), front},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHop(t)
			if strings.HasPrefix(c.name, "ip") {
				toolPath(t, "iptables")
			}
			h.need(t, "router", c.name, c.rules)
			h.tapHop(t)
			spans, said, paths := h.run(t, "client", "http://"+c.ask, nil, 4, "client", "router", "server")
			want := "root client net " + c.ask + "\nsighting router gw-in " + c.ask + "\nsighting router gw-out 198.51.100.20:8000\nsighting server net 198.51.100.20:8000\n"
			checkTrees(t, spans, paths, want, said)
			checkCounts(t, spans, len(paths), map[string]int{"client": len(paths), "router": 2 * len(paths), "server": len(paths)})
		})
	}
}

func (h *hop) tapHop(t *testing.T) {
	t.Helper()
	h.tap(t, "client", "eth0", "client")
	router := h.port(t, "router", "router")
	h.copies(t, "router", "eth0", "", router)
	h.copies(t, "router", "eth1", "", router)
	h.tap(t, "server", "eth0", "server")
}

// nftTable is a script that makes one chain with one rule.
func nftTable(kind, hook, priority, rule string) string {
	return "nft -f - <<N\ntable ip " + hook + strings.Trim(priority, "-") + " {\n\tchain c {\n\t\ttype " + kind + " hook " + hook + " priority " + priority + "\n\t\t" + rule + "\n\t}\n}\nN"
}

// TestPathSYNProxy has the hop of a network function answer handshakes itself
// and shift sequence numbers then.
func TestPathSYNProxy(t *testing.T) {
	t.Parallel()
	h := newHop(t)
	h.need(t, "router", "SYN proxy", "sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 net.ipv4.tcp_timestamps=1 2>&1 || true\n"+
		nftTable("filter", "prerouting", "-300", "tcp dport 8000 tcp flags & (fin|syn|rst|ack) == syn notrack")+"\n"+
		nftTable("filter", "forward", "0", "tcp dport 8000 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm"))
	h.tap(t, "client", "eth0", "client")
	h.tap(t, "server", "eth0", "server")
	spans, said, paths := h.run(t, "client", "http://198.51.100.20:8000", nil, 2, "client", "server")
	checkTrees(t, spans, paths, "root client gw-in 198.51.100.20:8000\nsighting server gw-out 198.51.100.20:8000\n", said)
	shifted := 0
	for i := range spans {
		if strings.Contains(spans[i].str("wirespan.link.evidence"), "sequence numbers shifted") {
			shifted++
		}
	}
	if shifted != len(paths) {
		t.Errorf("%d exchanges are shifted, want %d", shifted, len(paths))
	}
}

// TestPathTPROXY has HAProxy take connections that were for the server, and speak
// to it with the client's address.
func TestPathTPROXY(t *testing.T) {
	t.Parallel()
	h := newHop(t)
	toolPath(t, "iptables")
	h.need(t, "router", "TPROXY", `ip rule add fwmark 1 lookup 100
ip route add local 0.0.0.0/0 dev lo table 100
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
iptables -t mangle -A PREROUTING -p tcp -m socket --transparent -j MARK --set-mark 1
iptables -t mangle -A PREROUTING -s 192.0.2.0/24 -p tcp --dport 8000 -m socket --transparent -j RETURN
iptables -t mangle -A PREROUTING -s 192.0.2.0/24 -p tcp --dport 8000 -j TPROXY --on-port 8888 --tproxy-mark 1`)
	h.haproxy(t, "router", "0.0.0.0:8888", "frontend seized\n bind 0.0.0.0:8888 transparent\n default_backend server\nbackend server\n source 0.0.0.0 usesrc clientip\n server it 198.51.100.20:8000\n")
	h.tap(t, "client", "eth0", "client")
	h.tap(t, "server", "eth0", "server")
	spans, said, paths := h.run(t, "client", "http://198.51.100.20:8000", nil, 2, "client", "server")
	checkTrees(t, spans, paths, "root client gw-in 198.51.100.20:8000\nsighting server gw-out 198.51.100.20:8000\n", said)
}
