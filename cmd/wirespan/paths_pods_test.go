package main

import (
	"fmt"
	"path/filepath"
	"testing"
)

// TestPathSidecar has proxies beside client and server that take their
// connections by REDIRECT, as a service mesh does: the client's call goes to its
// proxy on the loopback, from there to the server's host, where the other proxy
// takes it and calls the server on the loopback. Mirrors of both loopbacks and
// both interfaces show three exchanges, one trace. On the client's loopback the
// answer comes from the address that was asked for, not from the proxy's: two
// halves at one point.
func TestPathSidecar(t *testing.T) {
	t.Parallel()
	f, tr := newField(t), newTruth("X-Request-Id")
	f.bridge(t, "lan")
	f.host(t, "shop", "stock")
	f.plug(t, "shop", "eth0", "lan", "192.0.2.10/24")
	f.plug(t, "stock", "eth0", "lan", "192.0.2.20/24")
	f.need(t, "shop", "REDIRECT", nftTable("nat", "output", "-100", "tcp dport 80 redirect to :15001"))
	f.need(t, "stock", "REDIRECT", nftTable("nat", "prerouting", "-100", "tcp dport 9080 redirect to :15006"))
	f.nginx(t, "shop", "0.0.0.0:15001", `upstream stock { server 192.0.2.20:9080; keepalive 4; }
server { listen 15001; location / { proxy_pass http://stock; proxy_set_header Connection ""; proxy_set_header X-Request-ID $request_id; add_header X-Request-ID $request_id always; } }`)
	f.nginx(t, "stock", "0.0.0.0:15006", `upstream app { server 127.0.0.1:9000; keepalive 4; }
server { listen 15006; location / { proxy_pass http://app; proxy_set_header Connection ""; } }`)
	f.serve(t, "stock", "127.0.0.1:9000", tr.server("stock", nil))
	for _, h := range []string{"shop", "stock"} {
		f.copies(t, h, "lo", "ingress", f.port(t, h, h+"-lo"))
		f.tap(t, h, "eth0", h)
	}
	spans, said, paths := f.run(t, "shop", "http://192.0.2.20", nil, 3, "shop-lo", "shop", "stock", "stock-lo")
	checkTrees(t, spans, paths, `root shop-lo gw-in 127.0.0.1:15001
sighting shop-lo gw-out 192.0.2.20:80
header_id shop gw-out stock:9080
sighting stock gw-in stock:9080
header_id stock-lo gw-out app:9000
`, said)
	checkCounts(t, spans, 3*len(paths), map[string]int{"shop-lo": 2 * len(paths), "shop": len(paths), "stock": len(paths), "stock-lo": len(paths)})
}

// TestPathIngress has an ingress choose a service by the host that was asked for,
// and kube-proxy's rules translate the service's address to one of two pods, on
// the ingress node itself.
func TestPathIngress(t *testing.T) {
	t.Parallel()
	f, tr := newField(t), newTruth("X-Request-Id")
	f.bridge(t, "lan")
	f.host(t, "client", "node", "pod1", "pod2", "pod3")
	f.plug(t, "client", "eth0", "lan", "192.0.2.10/24")
	f.plug(t, "node", "eth0", "lan", "192.0.2.20/24")
	for i, p := range []string{"pod1", "pod2", "pod3"} {
		addr := fmt.Sprintf("192.0.2.3%d", i+1)
		f.plug(t, p, "eth0", "lan", addr+"/24")
		f.serve(t, p, addr+":9000", tr.server(addr+":9000", nil))
	}
	f.sh(t, "node", "ip route add 203.0.113.0/24 dev eth0")
	f.need(t, "node", "kube-proxy's rules", nftTable("nat", "output", "-100",
		"ip daddr 203.0.113.1 tcp dport 80 dnat to numgen random mod 2 map { 0 : 192.0.2.31, 1 : 192.0.2.32 } : 9000\n\t\tip daddr 203.0.113.2 tcp dport 80 dnat to 192.0.2.33:9000"))
	service := func(name, ip string) string {
		return fmt.Sprintf(`server { listen 192.0.2.20:80; server_name %s.example; location / { proxy_pass http://%s; proxy_set_header Connection close; proxy_set_header Host $host;
proxy_set_header X-Request-ID $request_id; add_header X-Request-ID $request_id always; } }
`, name, ip)
	}
	f.nginx(t, "node", "192.0.2.20:80", service("shop", "203.0.113.1")+service("stock", "203.0.113.2"))
	for _, p := range []string{"client", "node", "pod1", "pod2", "pod3"} {
		f.tap(t, p, "eth0", p)
	}
	out := filepath.Join(t.TempDir(), "spans")
	w := f.appliance(t, "-i", "client", "-i", "node", "-i", "pod1", "-i", "pod2", "-i", "pod3", "--out", "ndjson:"+out, "tcp")
	paths := map[string][]string{"shop": orders("orders/shop", 20), "stock": orders("orders/stock", 20)}
	c := f.client(t, "client", true)
	for host, l := range paths {
		for _, p := range l {
			if err := askHost(c, "http://192.0.2.20"+p, host+".example"); err != nil {
				t.Fatal(err)
			}
		}
	}
	spans := f.spans(t, w, out, 4*40)
	checkPaired(t, spans)
	trees := treesByPath(t, spans)
	used := make(map[string]bool)
	for _, p := range append(paths["shop"], paths["stock"]...) {
		addr := tr.once(t, p).by
		used[addr] = true
		pod := "pod" + addr[len("192.0.2.3"):len("192.0.2.3")+1]
		want := fmt.Sprintf("root client net 192.0.2.20:80\nsighting node gw-in 192.0.2.20:80\nheader_id node gw-out %s\nsighting %s net %[1]s\n", addr, pod)
		if trees[p] != want {
			t.Errorf("%s:\n%swant\n%s", p, trees[p], want)
		}
	}
	if len(used) != 3 {
		t.Errorf("only %v were used", used)
	}
	if n, _ := exchangesOf(spans); n != 2*40 {
		t.Errorf("%d exchanges, want %d", n, 2*40)
	}
}
