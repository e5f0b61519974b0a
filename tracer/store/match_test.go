package store

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/span"
)

func texts(list ...string) Value {
	v := Value{Type: Array}
	for _, s := range list {
		v.List = append(v.List, StringValue(s))
	}
	return v
}

func matched() *Span {
	return &Span{
		Trace: span.TraceID{0x4b, 0xf9, 0x2f}, ID: span.SpanID{0xab, 0xcd}, Start: 1767366245_000000000, End: 1767366246_500000000,
		Kind: span.Server, Status: span.Error, Signal: NET, Service: "web", Instance: "192.0.2.1:80", Agent: "gw-1", Name: "GET /cart/{id}",
		Message: "upstream gave up", Scope: "github.com/wirespan/wirespan",
		Attrs: []Attr{
			{"client.address", StringValue("192.0.2.10")},
			{"server.address", StringValue("shop.example")},
			{"server.port", IntValue(8080)},
			{"network.peer.address", StringValue("192.0.2.10")},
			{"network.local.address", StringValue("2001:db8::1")},
			{"network.protocol.name", StringValue("http")},
			{"http.response.status_code", IntValue(503)},
			{"url.path", StringValue("/cart/it's (1)?")},
			{"wirespan.capture.point", StringValue("eth0")},
			{"wirespan.request_id", texts("x-request-id=7f3a", "cf-ray=99")},
			{"wirespan.link.confidence", DoubleValue(0.95)},
			{"wirespan.phase.wait", IntValue(5e6)},
			{"wirespan.tcp.handshake", BoolValue(true)},
			{"app.retry", BoolValue(false)},
			{"app.ratio", DoubleValue(0.5)},
			{"app.nested", Value{Type: Map, Map: []Attr{{"where", StringValue("deep down")}}}},
			{"component", StringValue("cart")},
			{AttrFacts, BytesValue("secret of linkers")},
		},
		Resource: []Attr{{"k8s.pod.name", StringValue("web-7c9-x")}, {"process.pid", IntValue(77)}},
		Events:   []Event{{Name: "exception", Attrs: []Attr{{"exception.message", StringValue("nil map")}}}},
	}
}

func TestMatch(t *testing.T) {
	s, keys := matched(), span.NewKeys()
	for _, c := range []struct {
		expr string
		want bool
	}{
		{"", true},
		{"service = web and name contains cart and kind = server", true},
		{"service.name = web and service.instance.id ~ :80$ and wirespan.agent = gw-1", true},
		{"agent = gw-1 and instance = 192.0.2.1:80 and signal = NET", true},
		{"signal = APP", false},
		{"signal in (APP, NET)", true},
		{"status = error and status = 503 and status = 5xx and error", true},
		{"status = ok", false},
		{"duration > 1s and duration <= 1500ms", true},
		{"duration > 1.5s", false},
		{"trace = 4bf9 and span = abcd000000000000 and not exists parent", true},
		{"trace = 4bf8", false},
		{"trace ~ ^4bf", true},
		{"client in 192.0.2.0/24 and server = shop.example and server in 2001:db8::/32", true},
		{"address = 192.0.2.10 and address in 2001:db8::/32", true},
		{"address in 10.0.0.0/8", false},
		{"point = eth0 and port = 8080 and path ~ cart and protocol = http", true},
		{"port > 8079 and port != 80", true},
		{"id = 7f3a", true},
		{"id = x-request-id=7f3a", true},
		{"id = cf-ray=7f3a", false},
		{"id ~ ^99", true},
		{"id != 99", false},
		{"exists id", true},
		{"wirespan.phase.wait = 5ms and wirespan.link.confidence > 0.9 and wirespan.tcp.handshake", true},
		{"app.retry = false and app.ratio < 1 and app.ratio contains .5", true},
		{"app.retry = true or app.retry ~ tr", false},
		{"k8s.pod.name = web-7c9-x and process.pid = 77", true},
		{"k8s.pod.name != web-7c9-x", false},
		{"k8s.node.name != n1", false},
		{"not exists k8s.node.name and exists process.pid", true},
		{`"component" = cart`, true},
		{`exists "nothing here"`, false},
		{"any contains 'nil map'", true},
		{"any ~ 'deep|shallow'", true},
		{"any contains 'gave up' and any = cart and any contains gw-", true},
		{"any contains linkers", false},
		{"exists wirespan.facts", false},
		{"any contains 503", false}, // numbers are no text
		{"start >= 2026-01-02T15:04:05Z and start < '2026-01-02 15:04:06'", true},
	} {
		e, err := query.ParseStored(c.expr, keys)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		if got := Match(e, s); got != c.want {
			t.Errorf("%s: %v", c.expr, got)
		}
		if q := Narrow(Query{Where: e}); Fits(&q, s) != c.want {
			t.Errorf("%s: narrowed to %+v", c.expr, q)
		}
	}
}

// TestMatchOfSDKs: what older SDKs call otherwise is found by the short forms, too.
func TestMatchOfSDKs(t *testing.T) {
	keys := span.NewKeys()
	s := &Span{Kind: span.Client, Status: Ok, Service: "shop", Attrs: []Attr{
		{"http.method", StringValue("PUT")},
		{"http.status_code", IntValue(404)},
		{"net.peer.name", StringValue("db1")},
		{"http.request.header.x_request_id", texts("7f3a")},
	}}
	db := &Span{Kind: span.Client, Attrs: []Attr{{"db.system", StringValue("redis")}}}
	for _, c := range []struct {
		expr string
		s    *Span
		want bool
	}{
		{"method = PUT and status = 404 and server = db1 and protocol = http and id = 7f3a and signal = APP", s, true},
		{"status = ok and not error", s, true},
		{"protocol = redis", db, true},
		{"protocol = http", db, false},
		{"exists agent or exists id", db, false},
	} {
		e, err := query.ParseStored(c.expr, keys)
		if err != nil {
			t.Fatal(err)
		}
		if got := Match(e, c.s); got != c.want {
			t.Errorf("%s: %v", c.expr, got)
		}
	}
}

// TestProtocol: spans of SDKs have the protocol that CallOf finds.
func TestProtocol(t *testing.T) {
	text := func(kv ...string) *Span {
		s := &Span{}
		for i := 0; i < len(kv); i += 2 {
			s.Attrs = append(s.Attrs, Attr{kv[i], StringValue(kv[i+1])})
		}
		return s
	}
	for _, c := range []struct {
		s    *Span
		want string
	}{
		{text(), ""},
		{text("http.method", "GET"), "http"},
		{text("url.full", "https://h/x", "network.protocol.name", "HTTP"), "http"},
		{text("http.url", "https://h/x", "net.protocol.name", "https"), "http"},
		{text("rpc.system", "grpc", "network.protocol.name", "http"), "grpc"},
		{text("rpc.system", "apache_dubbo"), "dubbo"},
		{text("rpc.method", "Get", "network.protocol.name", "grpc"), "grpc"},
		{text("db.system", "mssql"), "microsoft.sql_server"},
		{text("db.system.name", "mysql", "network.protocol.name", "x"), "mysql"},
		{text("messaging.system", "kafka"), "kafka"},
		{text("network.protocol.name", "dns"), "dns"},
	} {
		if got := c.s.Protocol(); got != c.want || got != CallOf(c.s).Protocol {
			t.Errorf("%v: %q, CallOf %q, want %q", c.s.Attrs, got, CallOf(c.s).Protocol, c.want)
		}
	}
	net := text("db.system.name", "microsoft.sql_server", "network.protocol.name", "tds")
	net.Signal = NET
	if got := net.Protocol(); got != "tds" {
		t.Errorf("of packets: %q", got)
	}
}

func TestMatchSyntax(t *testing.T) {
	for expr, want := range map[string]string{
		"servce = web":        `unknown field "servce", did you mean "service"?`,
		"any > 5":             "any has no order, it takes =, contains or ~",
		"duration > fast":     `duration needs a duration such as 10ms or 1.5s, not "fast"`,
		`"" = 5`:              "expected the name of an attribute within the quotes",
		"app.anything":        "app.anything needs an operator and a value, as in app.anything = x",
		"wirespan.vlan = red": `wirespan.vlan is a number, and "red" is none`,
	} {
		_, err := query.ParseStored(expr, span.NewKeys())
		var se *query.SyntaxError
		if !errors.As(err, &se) || se.Msg != want {
			t.Errorf("%s: %v", expr, err)
		}
	}
	if _, err := query.Parse("agent = x", span.NewKeys()); err == nil {
		t.Error("agent is no field of spans that were not stored")
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	e, err := query.ParseStored(`service = web and status = 5xx and duration > 1s and client in 192.0.2.0/24 and path ~ ^/cart and trace = 4bf9 and
		id = 7f3a and k8s.pod.name contains web and app.ratio < 1 and any contains 'deep' and signal = NET and protocol = http`, span.NewKeys())
	if err != nil {
		t.Fatal(err)
	}
	s := matched()
	if !Match(e, s) {
		t.Fatal("no match")
	}
	if n := testing.AllocsPerRun(100, func() { Match(e, s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Words that random expressions are made of; each field with values that some of
// the random spans have.
var randomTerms = []string{
	"service = a", "service in (a, b)", "service != a", "service = 10.0.0.1", "service in 10.0.0.0/8", "name = x", "name in (x, y, 5)", "name ~ x",
	"error", "not error", "error = false", "status = error", "status in (error, 200)", "status = ok", "status = 5xx",
	"duration > 5ms", "duration >= 5ms", "duration < 5ms", "duration <= 0", "duration = 5ms", "duration in (1ms, 5ms)", "duration != 5ms",
	"start > 1", "start <= 1", "start < 2", "start = 1", "start in (0, 2)", "trace = 01000000000000000000000000000000", "trace = 01",
	"span = 0200000000000000", "span in (0200000000000000, 0100000000000000)", "parent = 0200000000000000", "not exists parent",
	"id = abc", "id = n=abc", "id in (abc, 10.0.0.1)", "id != abc", "id ~ b", "k.a = v", "k.a in (v, 5)", "k.a = 5", "k.a = true", "k.a = v and k.b = w",
	"method = GET", "service.name = a", "any contains b", "exists k.b", "signal = NET", "agent = g",
}

func randomExpr(r *rand.Rand, depth int) string {
	switch n := r.IntN(6); {
	case depth == 0 || n < 2:
		return randomTerms[r.IntN(len(randomTerms))]
	case n == 2:
		return "not (" + randomExpr(r, depth-1) + ")"
	case n == 3:
		return "(" + randomExpr(r, depth-1) + " or " + randomExpr(r, depth-1) + ")"
	}
	return "(" + randomExpr(r, depth-1) + " and " + randomExpr(r, depth-1) + ")"
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func randomSpan(r *rand.Rand) Span {
	start := pick[int64](r, 0, 1e9, 2e9)
	s := Span{
		Trace: pick(r, span.TraceID{1}, span.TraceID{2}), ID: pick(r, span.SpanID{1}, span.SpanID{2}, span.SpanID{3}), Parent: pick(r, span.SpanID{}, span.SpanID{2}),
		Start: start, End: start + pick[int64](r, -1, 0, 1e6, 5e6, 5e6+1, 9e9), Kind: pick[span.Kind](r, 0, span.Server, span.Client),
		Status: pick[span.Status](r, span.Unset, Ok, span.Error), Signal: pick(r, APP, NET), Agent: pick(r, "", "g"),
		Service: pick(r, "", "a", "b", "10.0.0.1"), Name: pick(r, "x", "y", "5"),
	}
	for _, a := range []Attr{
		{"k.a", pick(r, StringValue("v"), IntValue(5), StringValue("5"), DoubleValue(5), BoolValue(true), texts("u", "v"))},
		{"k.b", StringValue("w")},
		{"http.method", StringValue("GET")},
		{"http.response.status_code", pick(r, IntValue(200), IntValue(503))},
		{"wirespan.request_id", pick(r, texts("n=abc"), texts("n=10.0.0.1"), texts("abc", "o=n=abc"))},
		{"http.request.header.x-request-id", texts(pick(r, "abc", "n=abc"))},
	} {
		if r.IntN(2) == 0 {
			s.Attrs = append(s.Attrs, a)
		}
	}
	return s
}

// answers is what an engine does that looks up all that it can.
func answers(q *Query, e *query.Expr, s *Span) bool {
	if len(q.Keys) > 0 {
		keys := AppendKeys(nil, s)
		if !slices.ContainsFunc(q.Keys, func(k Key) bool { return slices.Contains(keys, k) }) {
			return false
		}
	}
	for _, eq := range e.Conjuncts().Attrs {
		if !slices.ContainsFunc(eq.Names, func(n string) bool {
			v, ok := s.Attr(n)
			for text := range v.Texts {
				if ok && slices.Contains(eq.Values, text) {
					return true
				}
			}
			return false
		}) {
			return false
		}
	}
	return Fits(q, s)
}

// TestNarrow: what is looked up in indexes never changes the answer.
func TestNarrow(t *testing.T) {
	r, keys := rand.New(rand.NewPCG(1, 2)), span.NewKeys()
	hits, used := 0, map[string]bool{}
	for range 20_000 {
		text := randomExpr(r, 4)
		e, err := query.ParseStored(text, keys)
		if err != nil {
			t.Fatal(err)
		}
		q := Narrow(Query{Where: e})
		for name, in := range map[string]bool{
			"service": q.Service != "", "operation": q.Operation != "", "errors": q.Errors, "min": q.MinDuration != 0, "max": q.MaxDuration != 0,
			"from": q.From != 0, "to": q.To != 0, "keys": len(q.Keys) > 0, "attrs": len(e.Conjuncts().Attrs) > 0,
		} {
			used[name] = used[name] || in
		}
		for range 10 {
			s := randomSpan(r)
			want := Match(e, &s)
			if got := answers(&q, e, &s); got != want {
				t.Fatalf("%s\nnarrowed to %+v\n%+v: %v, want %v", text, q, s, got, want)
			}
			if want {
				hits++
			}
		}
	}
	if hits < 10_000 {
		t.Errorf("only %d spans matched", hits)
	}
	for name, was := range used {
		if !was {
			t.Errorf("%s was never narrowed", name)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, s := range append([]string{"any contains x or not (service = web)", "client in (10.0.0.0/8, ::1) || path ~ '^/'", `"a b" = 'c'`}, randomTerms...) {
		f.Add(s)
	}
	keys, s := span.NewKeys(), matched()
	f.Fuzz(func(t *testing.T, expr string) {
		e, err := query.ParseStored(expr, keys)
		if err != nil {
			var se *query.SyntaxError
			if !errors.As(err, &se) || se.Pos < 0 || se.Len < 0 || se.Pos+se.Len > len(se.Expr) {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		q := Narrow(Query{Where: e})
		if Match(e, s) != answers(&q, e, s) {
			t.Fatalf("%s: narrowed to %+v", expr, q)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	for _, expr := range []string{"service = web and status >= 500 and duration > 10ms", "any contains nowhere"} {
		e, err := query.ParseStored(expr, span.NewKeys())
		if err != nil {
			b.Fatal(err)
		}
		s := matched()
		b.Run(strings.Fields(expr)[0], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Match(e, s)
			}
		})
	}
}
