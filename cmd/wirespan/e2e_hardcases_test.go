package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHardCases asserts, by hand, what the shared list of hard cases says of
// HTTP and DNS: the trees of captures that go wrong easily. Failed connects
// beside them are left out.
func TestHardCases(t *testing.T) {
	t.Parallel()
	sharedCapture(t, "captures")
	for _, c := range []struct{ why, file, want string }{
		{"request, 100 and the final status are one span", "http1/packetbeat-http_100_continue.pcap", `POST /filebeat/_doc/mydoc @[::1]:9200 200`},
		{"the same", "http1/arkime-http-100-continue.pcap", `POST /re/abcdefghijklmnopqrstuvwxyz123456 @[102:305:220:1:248:1893:25c8:1946]:80 404`},
		{"a 404 without request, an unanswered request, a plain pair", "http1/packetbeat-http_unmatched.pcap", `
			GET /something @127.0.0.1:8080 connection_reset
			HTTP response @127.0.0.1:8080 404
			GET /someotherthing @127.0.0.1:8080 200`},
		{"the capture ends before the answer", "http1/packetbeat-http_unmatched_timeout.pcap", `GET /something @127.0.0.1:8080 capture_ended`},
		{"loss inside a large answer: one span, status OK", "tcp/packetbeat-gap_in_stream.pcap", `GET /jszip.min.js @127.0.0.1:8000 200`},
		{"a gap inside a range answer", "tcp/zeek-http_content-range-gap.pcap", `GET /images/misc/static/2012/11/ifdata-welcome-0.png @54.239.164.21:80 206`},
		{"a gap inside a body", "tcp/zeek-http_entity_gap2.pcap", `GET /download/CHANGES.bro-aux.txt @192.150.187.43:80 200`},
		{"one span for the upgrade, nothing from the tunnel", "http1/suricata-websocket-ping.pcap", `GET / @127.0.0.1:10301 101`},
		{"the same, compressed", "http1/suricata-websocket-compressed_example_websocket.pcap", `GET /toggle @172.18.0.2:5000 101`},
		{"the same, the answer in pieces", "http1/zeek-websocket_fragmented-http-reply.pcap", `GET / @127.0.0.1:8080 101`},
		{"CONNECT is one span; the request within is not", "http1/suricata-http-connect_http-connect-simple.pcap", `CONNECT abc:443 @127.0.0.1:8002 200`},
		{"CONNECT in pieces", "http1/suricata-http-connect_http-connect-fragmented.pcap", `CONNECT abc:443 @127.0.0.1:8001 200`},
		{"docker's upgrade: what follows on the connection is a terminal", "http1/zeek-http_docker-http-upgrade.pcap", `
			HEAD /_ping @192.168.122.87:2375 200
			POST /v1.41/containers/create @192.168.122.87:2375 201
			POST /v1.41/containers/CONTAINER/attach @192.168.122.87:2375 101
			POST /v1.41/containers/CONTAINER/wait @192.168.122.87:2375 200
			POST /v1.41/containers/CONTAINER/start @192.168.122.87:2375 204
			POST /v1.41/containers/CONTAINER/resize @192.168.122.87:2375 200`},
		{"no request in a body of impossible length", "http1/zeek-http_261_variant-02-cl_uint64max.pcap", `POST / @192.168.1.200:80 connection_closed`},
		{"no request after an invalid length", "http1/zeek-http_261_variant-03-cl_negative.pcap", `POST / @192.168.1.200:80 connection_closed`},
		{"pipelined: five answers in order", "http1/zeek-http_pipelined-requests.pcap", `
			GET /style/enhanced.css @63.245.209.11:80 200
			GET /script/urchin.js @63.245.209.11:80 200
			GET /images/template/screen/bullet_utility.png @63.245.209.11:80 200
			GET /images/template/screen/key-point-top.png @63.245.209.11:80 200
			GET /projects/calendar/images/header-sunbird.png @63.245.209.11:80 200`},
		{"the direction comes from the content", "tcp/zeek-tcp_missing-syn.pcap", `GET / @125.190.109.199:80 200`},
		{"the protocol comes from the content", "http1/zeek-postgresql_http-on-port-5432.pcap", `GET /download/CHANGES.bro-aux.txt @192.150.187.43:5432 200`},
		{"a request line over two segments", "tcp/deepflow-http_istio-tcp-frag.pcap", `GET /productpage @10.233.64.230:9080 200`},
		{"rcode 3 is ordinary", "dns/deepflow-dns_nxdomain.pcap", `
			DNS AAAA prod-fcdt-e02.int.frontnode.net @172.25.7.97:53 NXDOMAIN
			DNS A dockerauth-ee-vpc.cn-shenzhen.aliyuncs.com @172.25.7.97:53 NOERROR
			DNS AAAA registry.yingmi-inc.com.monitor.svc.cluster.local @172.25.7.97:53 NXDOMAIN`},
	} {
		t.Run(strings.TrimSuffix(c.file, ".pcap"), func(t *testing.T) {
			t.Parallel()
			var spans []spanLine
			for _, s := range spansOf(t, sharedCapture(t, "captures", c.file)) {
				if s.Name != "TCP connect" {
					spans = append(spans, s)
				}
			}
			want := strings.ReplaceAll(wantTree(c.want), "CONTAINER", "cc4fc8e49cadbb8bc41437dc2f9979a72293eabc3f0ea5ce48b77f43cb1f1d5e")
			got := forestOf(spans)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", c.why, d)
			}
		})
	}
}

// TestDroppedResponse holds that a lost answer leaves its own request
// unanswered and shifts none of the 999 others.
func TestDroppedResponse(t *testing.T) {
	t.Parallel()
	spans := spansOf(t, sharedCapture(t, "captures", "formats", "zeek-http_1000-requests-one-dropped-response.pcap.gz"))
	if len(spans) != 1000 {
		t.Fatalf("%d spans, want 1000", len(spans))
	}
	first := spans[0]
	for i := range spans {
		s := &spans[i]
		if s.Start < first.Start {
			first = *s
		}
	}
	for i := range spans {
		s := &spans[i]
		switch {
		case s.ID == first.ID:
			if s.str("wirespan.response") != "none" {
				t.Errorf("the first request has the answer %s", s.outcome())
			}
		case s.outcome() != "200" || s.End-s.Start > 50e6:
			t.Errorf("request at %d: %s after %d ns", s.Start, s.outcome(), s.End-s.Start)
		}
	}
}

// TestHardFacts asserts single facts of the list of hard cases.
func TestHardFacts(t *testing.T) {
	t.Parallel()
	capture := func(elem ...string) []spanLine {
		return spansOf(t, sharedCapture(t, append([]string{"captures"}, elem...)...))
	}
	gap := spanNamed(t, capture("tcp", "packetbeat-gap_in_stream.pcap"), "GET /jszip.min.js")
	if gap.Status != "UNSET" || gap.num("wirespan.loss.bytes") == 0 {
		t.Errorf("loss inside an answer: status %s, %d bytes lost", gap.Status, gap.num("wirespan.loss.bytes"))
	}
	xff := capture("http1", "arkime-http-xff.pcap")
	if xff[0].str("wirespan.client.forwarded") == "" || xff[0].str("wirespan.client.forwarded") == xff[0].str("client.address") {
		t.Errorf("X-Forwarded-For is not told: %v", xff[0].Attributes)
	}
	for file, secret := range map[string]string{"packetbeat-hide_secret_POST.pcap": "pass=secret", "packetbeat-http_basicauth.pcap": "Basic "} {
		if b := string(outputOf(t, "ndjson", sharedCapture(t, "captures", "http1", file))); strings.Contains(b, secret) {
			t.Errorf("%s shows %q", file, secret)
		}
	}
	upload := spanNamed(t, capture("http1", "arkime-http-100-continue.pcap"), "POST /re/abcdefghijklmnopqrstuvwxyz123456")
	if upload.str("wirespan.interim") != "100" {
		t.Errorf("the 100 is not told: %q", upload.str("wirespan.interim"))
	}
	for _, s := range capture("chain", "debian-chain_haproxy_nginx.pcap") {
		if s.End < s.Start || s.num("wirespan.phase.wait") < 0 {
			t.Errorf("%s ends before it starts or waits %d", s.what(), s.num("wirespan.phase.wait"))
		}
	}
}
