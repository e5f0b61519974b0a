package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRecordedTrees asserts the shape of the recorded captures beyond what the
// golden files hold.
func TestRecordedTrees(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"http-pipeline": `
			GET /page/1 @192.0.2.20:80 200
			GET /page/2 @192.0.2.20:80 200
			GET /page/3 @192.0.2.20:80 200
			GET /page/4 @192.0.2.20:80 200
			GET /page/5 @192.0.2.20:80 200`,
		"http-methods": `
			HEAD /plain @192.0.2.30:9000 200
			GET /empty @192.0.2.30:9000 204
			GET /gone @192.0.2.30:9000 404
			GET /broken @192.0.2.30:9000 500
			DELETE /plain @192.0.2.30:9000 200`,
		"http-continue": `
			POST /plain @192.0.2.30:9000 200
			POST /upload @192.0.2.20:80 200
			POST /plain @192.0.2.30:9000 200`,
		"http-chunked": `
			GET /chunked @192.0.2.30:9000 200
			POST /upload @192.0.2.20:80 200
			POST /plain @192.0.2.30:9000 200`,
		"http-websocket": `GET /chat @192.0.2.30:9001 101`,
		"http-ipv6":      `GET /plain @[2001:db8::30]:9000 200`,
		"http-refused":   `TCP connect @192.0.2.30:9999 connection_refused`,
		"http-reset":     `GET /abort @192.0.2.30:9000 connection_reset`,
		"http-silent": `
			TCP connect @192.0.2.99:80 timeout
			GET /plain @192.0.2.30:9000 200`,
		"dns-udp": `
			DNS A www.example @192.0.2.53:53 NOERROR
			DNS AAAA www.example @192.0.2.53:53 NOERROR`,
		"dns-tcp": `
			DNS A www.example @192.0.2.53:53 NOERROR
			DNS AAAA www.example @192.0.2.53:53 NOERROR`,
		"dns-tcp-twice": `
			DNS A app.example @192.0.2.53:53 NOERROR
			DNS A app.example @192.0.2.53:53 NOERROR`,
		"dns-nxdomain": `
			DNS A nowhere.example @192.0.2.53:53 NXDOMAIN
			DNS AAAA nowhere.example @192.0.2.53:53 NXDOMAIN`,
		"dns-truncated": `
			DNS TXT long.example @192.0.2.53:53 NOERROR
			DNS TXT long.example @192.0.2.53:53 NOERROR`,
		"dns-ipv6":       `DNS AAAA app.example @[2001:db8::53]:53 NOERROR`,
		"fragments-dns4": `DNS TXT long.example @192.0.2.53:53 NOERROR`,
		"fragments-dns6": `DNS TXT long.example @[2001:db8::53]:53 NOERROR`,
		"dns-call": `
			DNS A app.example @192.0.2.53:53 NOERROR
			DNS AAAA app.example @192.0.2.53:53 NOERROR
			GET /lookup @192.0.2.30:9000 200
				DNS A stock.example @192.0.2.53:53 NOERROR (dns)
				DNS AAAA stock.example @192.0.2.53:53 NOERROR (dns)
				GET /stock/lookup @192.0.2.40:9000 200 (header_id)`,
		"vxlan":           `GET /vxlan @198.51.100.30:9000 200`,
		"vxlan-fragments": `GET /vxlan-fragments @198.51.100.30:9000 200`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(wantTree(want), forestOf(spansOf(t, goldenCapture(name)))); d != "" {
				t.Errorf("trees (-want +got):\n%s", d)
			}
		})
	}
}

// TestDemo asserts what `make demo` shows: the traces of the shop, joined over
// two capture points. The lookups of the gateways at their start are nobody's
// children.
func TestDemo(t *testing.T) {
	t.Parallel()
	spans := spansOf(t, demoCaptures()...)
	for _, gateway := range []string{"DNS A balancer.example", "DNS A orders.example"} {
		if p := spanNamed(t, spans, gateway).Parent; p != "" {
			t.Errorf("%s was asked before there was a request, and hangs below one", gateway)
		}
	}
	want := wantTree(`
		GET /orders/1005 @192.0.2.20:80 503
			GET /orders/1005 @192.0.2.21:8080 503 (header_id)
				GET /orders/1005 @192.0.2.30:9000 503 (header_id)
					GET /orders/1005 @192.0.2.30:9000 503 (sighting)
						DNS A stock.example @192.0.2.53:53 NOERROR (dns)
						DNS AAAA stock.example @192.0.2.53:53 NOERROR (dns)
						GET /stock/1005 @192.0.2.40:9000 200 (header_id)
						DNS A billing.example @192.0.2.53:53 NOERROR (dns)
						DNS AAAA billing.example @192.0.2.53:53 NOERROR (dns)
						GET /charge/1005 @192.0.2.41:9000 503 (header_id)`)
	if got := forestOf(spans); !strings.Contains(got, want) {
		t.Errorf("no such trace:\n%s\nin\n%s", want, got)
	}
	var services []string
	for i := range spans {
		if s := &spans[i]; s.Kind == "SERVER" && !slices.Contains(services, s.Service) {
			services = append(services, s.Service)
		}
	}
	slices.Sort(services)
	if d := cmp.Diff([]string{"balancer.example", "billing.example", "orders.example", "shop.example", "stock.example"}, services); d != "" {
		t.Errorf("services, which answers on the wire name (-want +got):\n%s", d)
	}
	o := wirespan(t, append([]string{"read"}, demoCaptures()...)...)
	for _, w := range []string{"GET /orders/", "seen at edge, app", "├─", "└─", "503", "stock.example"} {
		if !strings.Contains(o.stdout, w) {
			t.Errorf("the printed trees lack %q:\n%s", w, o.stdout)
		}
	}
	if o.code != 0 || !strings.Contains(o.stderr, " packets captured\n") {
		t.Errorf("exit status %d, stderr:\n%s", o.code, o.stderr)
	}
}

// checkAttrs wants attributes of the one span that is named so.
func checkAttrs(t *testing.T, spans []spanLine, what string, want map[string]string) {
	t.Helper()
	s := spanNamed(t, spans, what)
	for k, v := range want {
		if got := s.str(k); got != v {
			t.Errorf("%s: %s is %q, want %q", what, k, got, v)
		}
	}
}

// TestRecordedAttributes asserts single facts that the recordings were made
// for.
func TestRecordedAttributes(t *testing.T) {
	t.Parallel()
	forwarded := spansOf(t, goldenCapture("http-forwarded"))
	if got := []string{forwarded[0].str("wirespan.client.forwarded"), forwarded[1].str("wirespan.client.forwarded")}; !slices.Equal(got, []string{"203.0.113.7", "2001:db8:cafe::17"}) {
		t.Errorf("forwarded clients %q", got)
	}
	for _, s := range forwarded {
		if s.str("client.address") != "192.0.2.10" {
			t.Errorf("a forwarding header went over the flow's own client: %s", s.str("client.address"))
		}
	}
	checkAttrs(t, spansOf(t, goldenCapture("http-websocket")), "GET /chat", map[string]string{
		"wirespan.websocket.messages.sent": "3", "wirespan.websocket.messages.received": "3", "wirespan.websocket.close.code": "1000",
	})
	checkAttrs(t, spansOf(t, goldenCapture("http-continue")), "POST /upload", map[string]string{"wirespan.interim": "100", "http.response.status_code": "200"})
	checkAttrs(t, spansOf(t, goldenCapture("http-chunked")), "GET /chunked", map[string]string{"http.response.body.size": "900"})
	checkAttrs(t, spansOf(t, goldenCapture("http-silent")), "TCP connect", map[string]string{"wirespan.tcp.close": "syn_timeout"})
	checkAttrs(t, spansOf(t, goldenCapture("http-ipv6")), "GET /plain", map[string]string{"network.type": "ipv6", "client.address": "2001:db8::10"})
	checkAttrs(t, spansOf(t, goldenCapture("vxlan")), "GET /vxlan", map[string]string{
		"wirespan.tunnel.kind": "vxlan", "wirespan.tunnel.id": "42", "wirespan.tunnel.source": "192.0.2.10", "wirespan.tunnel.destination": "192.0.2.30",
	})
	dns := spansOf(t, goldenCapture("dns-udp"))
	checkAttrs(t, dns, "DNS A www.example", map[string]string{"dns.answers": "app.example,192.0.2.30", "network.transport": "udp"})
	checkAttrs(t, spansOf(t, goldenCapture("dns-tcp")), "DNS A www.example", map[string]string{"network.transport": "tcp"})
	checkAttrs(t, spansOf(t, goldenCapture("dns-multicast")), "DNS A printer.local", map[string]string{"network.protocol.name": "mdns"})
	nx := spanNamed(t, spansOf(t, goldenCapture("dns-nxdomain")), "DNS A nowhere.example")
	if nx.Status != "UNSET" || nx.str("error.type") == "" {
		t.Errorf("NXDOMAIN has status %s and error.type %q: it is ordinary, but named", nx.Status, nx.str("error.type"))
	}
	broken := spanNamed(t, spansOf(t, goldenCapture("http-methods")), "GET /broken")
	gone := spanNamed(t, spansOf(t, goldenCapture("http-methods")), "GET /gone")
	if broken.Status != "ERROR" || gone.Status != "UNSET" {
		t.Errorf("status of 500 %s, of 404 on a SERVER span %s; want ERROR and UNSET", broken.Status, gone.Status)
	}
}

// TestSecrets holds that credentials of every kind are taken out unless asked
// for.
func TestSecrets(t *testing.T) {
	t.Parallel()
	file := goldenCapture("http-secrets")
	secrets := []string{"eyJhbGciOiJub25lIn0", "YWxpY2U6d29uZGVybGFuZA", "0123456789abcdef", "api_key=0123456789", "bob:builder"}
	for _, format := range []string{"ndjson", "otlp", "otlp-proto", "har", "chrome", "tree", "table"} {
		out := string(outputOf(t, format, file, "--bodies", "0"))
		for _, s := range append(secrets, "wonderland") {
			if strings.Contains(out, s) {
				t.Errorf("--out %s shows %q", format, s)
			}
		}
	}
	spans := spansOf(t, file)
	if got := spanNamed(t, spans, "POST /plain").str("url.query"); got != "user=alice&password=REDACTED&access_token=REDACTED" {
		t.Errorf("query %q", got)
	}
	if got := spanNamed(t, spans, "POST /plain").str("wirespan.http.request.body"); got != "user=alice&password=REDACTED" {
		t.Errorf("form %q, want the password taken out", got)
	}
	if out := string(outputOf(t, "ndjson", file, "--redact", "off")); !strings.Contains(out, "password=wonderland") {
		t.Error("--redact off still redacts")
	}
	if out := string(outputOf(t, "ndjson", file, "--redact-name", "user")); strings.Contains(out, "user=alice") {
		t.Error("--redact-name user does not redact the user")
	}
}
