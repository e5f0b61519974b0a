package query

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/tracer/span"
)

func registry() *span.Keys {
	return span.NewKeys(
		span.KeyDoc{Name: "db.response.status_code", Type: "String"},
		span.KeyDoc{Name: "db.query.text", Type: "String"},
	)
}

func sample() *span.Span {
	client := [16]byte{10: 0xff, 11: 0xff, 12: 192, 13: 0, 14: 2, 15: 10}
	server := [16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 15: 1}
	ids := span.AppendElem(span.AppendElem(nil, "x-request-id=7f3a"), "cf-ray=99")
	interim := span.AppendIntElem(span.AppendIntElem(nil, 100), 103)
	var a span.Attrs
	a = span.AppendAddr(a, span.KeyClientAddress, &client)
	a = span.AppendString(a, span.KeyServerAddress, "shop.example")
	a = span.AppendInt(a, span.KeyServerPort, 8080)
	a = span.AppendAddr(a, span.KeyNetworkPeerAddress, &client)
	a = span.AppendAddr(a, span.KeyNetworkLocalAddress, &server)
	a = span.AppendString(a, span.KeyNetworkProtocolName, "http")
	a = span.AppendString(a, span.KeyNetworkProtocolVersion, "1.1")
	a = span.AppendInt(a, span.KeyHTTPResponseStatusCode, 503)
	a = span.AppendString(a, span.KeyURLPath, "/cart/it's (1)?")
	a = span.AppendString(a, span.KeyCapturePoint, "eth0")
	a = span.AppendHex(a, span.KeyExchange, 0xdeadbeef)
	a = span.AppendStrings(a, span.KeyRequestID, ids)
	a = span.AppendFloat(a, span.KeyLinkConfidence, 0.95)
	a = span.AppendInt(a, span.KeyPhaseWait, 5e6)
	a = span.AppendBool(a, span.KeyTCPHandshake, true)
	a = span.AppendString(a, span.KeyTunnelSource, "198.51.100.7")
	a = span.AppendInts(a, span.KeyInterim, interim)
	return &span.Span{
		Trace: span.TraceID{0x4b, 0xf9, 0x2f}, ID: span.SpanID{0xab, 0xcd}, Start: 1767366245_000000000, End: 1767366246_500000000,
		Kind: span.Server, Status: span.Error, Service: []byte("web"), Name: []byte("GET /cart/{id}"), Attrs: a,
	}
}

func TestMatch(t *testing.T) {
	s, keys := sample(), registry()
	for _, c := range []struct {
		expr string
		want bool
	}{
		{"", true},
		{"service = web", true},
		{"SERVICE == 'web'", true},
		{"service != web", false},
		{"service ~ ^w and name contains cart", true},
		{"name = 'GET /cart/{id}'", true},
		{"http.response.status_code = 503", true},
		{"http.response.status_code=503.0", true},
		{"http.response.status_code >= 503.5", false},
		{"http.response.status_code = 5xx", true},
		{"http.response.status_code != 4XX", true},
		{"http.response.status_code in (500, 503)", true},
		{"http.response.status_code in (500,502)", false},
		{"http.response.status_code ~ ^50[23]$", true},
		{"status = error", true},
		{"status = ok", false},
		{"status != ok", true},
		{"status = 503", true},
		{"status = 5xx and status >= 500 and status<504", true},
		{"status >= 5xx and status > 4xx and status <= 5xx and not status < 5xx and not status <= 4xx and not status > 5xx", true},
		{"status in (404, 503)", true},
		{"exists status", true},
		{"error", true},
		{"not error", false},
		{"error = false", false},
		{"error != false", true},
		{"duration > 1s", true},
		{"duration > 1.5s", false},
		{"duration >= 1.5s", true},
		{"duration < 1500ms", false},
		{"duration > 0", true},
		{"wirespan.phase.wait = 5ms", true},
		{"wirespan.phase.wait > 1ms && wirespan.phase.wait<0.1s", true},
		{"kind = server", true},
		{"kind in (client, Server)", true},
		{"kind ~ serv", true},
		{"kind != client", true},
		{"trace = 4bf92f", true},
		{"trace = 4bf9", true},
		{"trace != 4BF9", false},
		{"span = abcd000000000000", true},
		{"exists parent", false},
		{"parent exists", false},
		{"parent = ab or span ~ ^abcd", true},
		{"client = 192.0.2.10", true},
		{"client in 192.0.2.0/24", true},
		{"client = 192.0.2.0/24", true},
		{"client != 192.0.2.0/24", false},
		{"client in (198.51.100.0/24, 192.0.2.10)", true},
		{"client in 10.0.0.0/8", false},
		{"client ~ ^192", true},
		{"server = shop.example", true},
		{"server in 2001:db8::/32", true},
		{"server = 2001:db8:0::1", true},
		{"server = 192.0.2.10", false},
		{"wirespan.tunnel.source in 198.51.100.0/24", true},
		{"point = eth0 and port = 8080 and protocol = http", true},
		{"network.protocol.version > 1.0", true},
		{"network.protocol.version < 10", true},
		{`path = "/cart/it's (1)?"`, true},
		{`path = '/cart/it\'s (1)?'`, true},
		{`path ~ "\(\d\)"`, true},
		{"path ~ ^/(cart|shop)/&&error", true},
		{"path contains it", true},
		{"path contains zzz", false},
		{"wirespan.request_id = x-request-id=7f3a", true},
		{"wirespan.request_id = cf-ray=99", true},
		{"wirespan.request_id != cf-ray=99", false},
		{"wirespan.request_id ~ ^x-req", true},
		{"wirespan.interim = 103", true},
		{"wirespan.interim > 103", false},
		{"wirespan.link.confidence > 0.9", true},
		{"wirespan.link.confidence = 0.95", true},
		{"wirespan.link.confidence contains .9", true},
		{"wirespan.exchange = 00000000deadbeef", true},
		{"wirespan.tcp.handshake", true},
		{"wirespan.tcp.handshake = false", false},
		{"wirespan.tcp.handshake ~ tr", true},
		{"db.query.text = x", false},
		{"db.query.text != x", false},
		{"db.query.text !~ x", false},
		{"not db.query.text = x", true},
		{"not exists db.query.text", true},
		{"custom.plugin.field = x", false},
		{"not exists custom.plugin.field", true},
		{"error and (service = db or service = web)", true},
		{"service = db or service = web and error", true},
		{"(service = web or service = db) and not error", false},
		{"! (service=db)&&!(service=x)||error", true},
		{"NOT NOT error AND true.x !~ a OR error", true},
		{"start >= 2026-01-02T15:04:05Z and start < '2026-01-02 15:04:06'", true},
		{"start > 2026-01-03", false},
		{"start = 1767366245", true},
	} {
		e, err := Parse(c.expr, keys)
		if err != nil {
			var s *SyntaxError
			errors.As(err, &s)
			t.Errorf("%v\n%s", err, s.Render())
			continue
		}
		if got := e.Match(s); got != c.want {
			t.Errorf("%s: %v", c.expr, got)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct{ expr, msg, marker string }{
		{"servce = web", `unknown field "servce", did you mean "service"?`, "servce = web\n^^^^^^"},
		{"status_code = 5", `unknown field "status_code", did you mean "http.response.status_code"?`, ""},
		{"http.response.status_cod = 5", `unknown field "http.response.status_cod", did you mean "http.response.status_code"?`, ""},
		{"zzzzzzzz = 5", `unknown field "zzzzzzzz"`, ""},
		{"error and", "expected a field at the end of the expression", "error and\n         ^"},
		{"error and and error", `expected a field, not "and"`, "error and and error\n          ^^^"},
		{"service web", `expected an operator such as = or ~, not "web"`, "service web\n        ^^^"},
		{"service", "service needs an operator and a value, as in service = x", "service\n^^^^^^^"},
		{"service =", `expected a value after "=" at the end of the expression`, ""},
		{"(error", "parenthesis is not closed", "(error\n^"},
		{"error)", `expected and, or, or the end, not ")"`, "error)\n     ^"},
		{"(error name = x)", `expected and, or, or ), not "name"`, ""},
		{"name = 'x", "quote is not closed", "name = 'x\n       ^^"},
		{"name ~ '('", "name needs a regular expression: missing closing ): `(`", "name ~ '('\n       ^^^"},
		{"duration > 5", `duration needs a duration such as 10ms or 1.5s, not "5"`, "duration > 5\n           ^"},
		{"status >= high", `status is compared by order with numbers only, and "high" is none`, "status >= high\n          ^^^^"},
		{"client in 10.0.0.0/99", `client needs a prefix such as 10.0.0.0/8 or 2001:db8::/32, not "10.0.0.0/99"`, "client in 10.0.0.0/99\n          ^^^^^^^^^^^"},
		{"address in (a, ::1/x)", `address needs a prefix such as 10.0.0.0/8 or 2001:db8::/32, not "::1/x"`, ""},
		{"port = http", `port is a number, and "http" is none`, ""},
		{"port > 5xx", `port is a number, and "5xx" is none`, ""},
		{"error = maybe", `error is true or false, not "maybe"`, ""},
		{"error < true", "error is true or false and has no order", ""},
		{"kind = db", `kind is client, server, producer, consumer or internal, not "db"`, ""},
		{"trace = xyz", `trace needs up to 32 hex digits, not "xyz"`, ""},
		{"start > noon", `start needs a time such as 2026-01-02T15:04:05Z, not "noon"`, ""},
		{"port in (1 2)", "expected , or ) in the list", ""},
		{"port in ()", `expected a value after ")"`, ""},
		{"ünï = 1", `unknown field "ünï"`, "ünï = 1\n^^^"},
		{"= 1", `expected a field, not "="`, ""},
		{"error & error", `expected an operator`, ""},
	} {
		_, err := Parse(c.expr, registry())
		var s *SyntaxError
		if !errors.As(err, &s) {
			t.Errorf("%q: %v", c.expr, err)
			continue
		}
		if got := s.Error(); got != c.msg && c.msg != "expected an operator" {
			t.Errorf("%q\n got %s\nwant %s", c.expr, got, c.msg)
		}
		if got := s.Render(); c.marker != "" && got != c.marker {
			t.Errorf("got\n%s\nwant\n%s", got, c.marker)
		}
	}
}

// TestAbsent: attributes that no span has are told, each once, with what may
// have been meant.
func TestAbsent(t *testing.T) {
	for expr, want := range map[string][]Absent{
		"service = web and db.query.text ~ x":                      nil,
		"k8s.pod.label.team = a or not exists k8s.pod.label.team":  {{Name: "k8s.pod.label.team"}},
		"db.query.textual.x = 1 and http.rsponse.status.codes > 3": {{Name: "db.query.textual.x", Near: "db.query.text"}, {Name: "http.rsponse.status.codes", Near: "http.response.status_code"}},
	} {
		e, err := Parse(expr, registry())
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if d := cmp.Diff(want, e.Absent()); d != "" {
			t.Errorf("%s (-want +got):\n%s", expr, d)
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	s, keys := sample(), registry()
	e, err := Parse(`service = web and status = 5xx and duration > 1s and client in 192.0.2.0/24 and path ~ ^/cart and
		trace = 4bf9 and wirespan.request_id contains 7f and wirespan.tunnel.source in 198.51.100.0/24 and client ~ 192 and network.protocol.version > 1`, keys)
	if err != nil {
		t.Fatal(err)
	}
	if !e.Match(s) {
		t.Fatal("no match")
	}
	if n := testing.AllocsPerRun(100, func() { e.Match(s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"service = web and (status >= 5xx or not error)", "client in (10.0.0.0/8, ::1) || path ~ '^/'", "! exists a.b", "name = \"\\\"", "start > 9e18"} {
		f.Add(s)
	}
	keys, sp := registry(), sample()
	f.Fuzz(func(t *testing.T, expr string) {
		e, err := Parse(expr, keys)
		if err == nil {
			e.Match(sp)
			return
		}
		var s *SyntaxError
		if !errors.As(err, &s) {
			t.Fatalf("%T", err)
		}
		if s.Pos < 0 || s.Len < 0 || s.Pos+s.Len > len(s.Expr) {
			t.Fatalf("marker %d+%d outside of %q", s.Pos, s.Len, s.Expr)
		}
		s.Render()
	})
}

func BenchmarkMatch(b *testing.B) {
	s := sample()
	e, err := Parse("service = web and status >= 500 and duration > 10ms", registry())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		e.Match(s)
	}
}
