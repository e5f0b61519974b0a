package red

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/tracer/metric"
	"github.com/wirespan/wirespan/tracer/span"
)

var testKeys = span.NewKeys(span.KeyDoc{Name: "db.system.name"}, span.KeyDoc{Name: "db.operation.name"})

const second = int64(time.Second)

// one describes a span of a test.
type one struct {
	trace    byte
	exchange uint64
	inner    bool // a sighting below another span of its exchange
	kind     span.Kind
	depth    int
	service  string
	name     string
	proto    string
	ms       int64
	fail     bool
	status   int64
	at       int64 // seconds
	response string
	cause    string
}

func (o one) span() span.Span {
	a := span.AppendHex(nil, span.KeyExchange, o.exchange)
	if o.proto == "" {
		o.proto = "http"
	}
	a = span.AppendString(a, span.KeyNetworkProtocolName, o.proto)
	switch o.proto {
	case "http":
		method, route, _ := strings.Cut(o.name, " ")
		a = span.AppendString(a, span.KeyHTTPRequestMethod, method)
		if o.kind == span.Server {
			a = span.AppendString(a, span.KeyHTTPRoute, route)
		}
		if o.status != 0 {
			a = span.AppendInt(a, span.KeyHTTPResponseStatusCode, o.status)
		}
	case "dns":
		a = span.AppendString(a, span.KeyDNSQuestionType, strings.TrimPrefix(o.name, "DNS "))
	case "redis":
		k, _ := testKeys.Lookup("db.system.name")
		a = span.AppendString(a, k, "redis")
		k, _ = testKeys.Lookup("db.operation.name")
		a = span.AppendString(a, k, o.name)
	}
	if o.response != "" {
		a = span.AppendString(a, span.KeyResponse, o.response)
	}
	if o.cause != "" {
		a = span.AppendString(a, span.KeyErrorType, o.cause)
	}
	if o.inner {
		a = span.AppendString(a, span.KeyLinkRule, "sighting")
	}
	s := span.Span{
		Trace: span.TraceID{o.trace}, ID: span.SpanID{byte(o.exchange), byte(o.depth), byte(o.kind)}, Kind: o.kind, Depth: o.depth,
		Service: []byte(o.service), Name: []byte(o.name), Attrs: a,
		Start: o.at * second, End: o.at*second + o.ms*int64(time.Millisecond),
	}
	if o.fail {
		s.Status = span.Error
	}
	return s
}

func spansOf(list ...one) []span.Span {
	var s []span.Span
	for _, o := range list {
		s = append(s, o.span())
	}
	return s
}

func newSink(t *testing.T, change func(*Config)) *Sink {
	t.Helper()
	c := Default()
	c.Keys = testKeys
	if change != nil {
		change(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t *testing.T, s *Sink, spans []span.Span) {
	t.Helper()
	if err := s.WriteSpans(context.Background(), spans); err != nil {
		t.Fatal(err)
	}
}

// lines shows counters, and histograms as count and bucket of each.
func lines(list []metric.Family) []string {
	var out []string
	for _, f := range list {
		for _, p := range f.Points {
			var v []string
			for _, l := range p.Labels {
				v = append(v, l.Value)
			}
			line := f.Name + "{" + strings.Join(v, ",") + "}"
			if f.Kind != metric.KindHistogram {
				out = append(out, fmt.Sprintf("%s %v", line, p.Value))
				continue
			}
			for i, n := range p.Hist.Counts {
				if n > 0 {
					out = append(out, fmt.Sprintf("%s[%d] %d", line, i, n))
				}
			}
		}
	}
	return out
}

// TestOncePerExchange holds that an exchange counts once, and as the same,
// whether its spans are sightings or a pair, and in which order they come.
func TestOncePerExchange(t *testing.T) {
	http := []string{
		"wirespan.requests{shop,http,SERVER,GET /a} 1", "wirespan.request.errors{shop,http,SERVER,GET /a} 0",
		"http.server.request.duration{shop,GET,/a,200,,http}[4] 1",
	}
	dns := []string{
		"wirespan.requests{web,dns,CLIENT,DNS A} 1", "wirespan.request.errors{web,dns,CLIENT,DNS A} 0",
		"dns.lookup.duration{web,A,}[1] 1",
	}
	server := one{exchange: 1, kind: span.Server, service: "shop", name: "GET /a", status: 200}
	sighted := func(depth int, ms int64) one {
		o := server
		o.inner, o.depth, o.ms = depth > 0, depth, ms
		return o
	}
	client := one{exchange: 1, kind: span.Client, service: "web", name: "GET /a", status: 200, ms: 20}
	inside := one{exchange: 1, kind: span.Internal, inner: true, depth: 1, service: "shop", name: "GET /a", status: 200, ms: 15}
	paired := sighted(2, 10)
	lookup := one{exchange: 2, kind: span.Client, service: "web", name: "DNS A", proto: "dns", ms: 1}
	relay := one{exchange: 2, kind: span.Internal, inner: true, depth: 1, service: "dns", name: "DNS A", proto: "dns", ms: 900}
	for _, c := range []struct {
		name  string
		spans []one
		want  []string
	}{
		{"one sighting", []one{sighted(0, 10)}, http},
		{"three sightings, the nearest to the server counts", []one{sighted(0, 400), sighted(1, 300), sighted(2, 10)}, http},
		{"sightings out of order", []one{sighted(1, 300), sighted(0, 400), sighted(2, 10)}, http},
		{"a pair", []one{client, inside, paired}, http},
		{"a pair whose spans begin together", []one{paired, client}, http},
		{"only an inner sighting was selected", []one{sighted(2, 10)}, http},
		{"a client's exchange", []one{lookup}, dns},
		{"a client's exchange, further sightings", []one{lookup, relay}, dns},
		{"a client's exchange, the other way round", []one{relay, lookup}, dns},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSink(t, nil)
			write(t, s, spansOf(c.spans...))
			if n := s.Stats().Exchanges; n != 0 {
				t.Errorf("%d exchanges counted before their trace is through", n)
			}
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, lines(s.Families())); d != "" {
				t.Error(d)
			}
			if st := s.Stats(); st.Exchanges != 1 || st.Spans != uint64(len(c.spans)) {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

// TestRepeats holds that equal keys of different exchanges are not joined: every
// outermost span is an exchange, and so is the same key in another trace.
func TestRepeats(t *testing.T) {
	s := newSink(t, nil)
	o := one{exchange: 7, kind: span.Client, service: "web", name: "DNS A", proto: "dns", ms: 1}
	again := o
	again.trace = 1
	write(t, s, spansOf(o, o, again))
	s.Close(context.Background())
	if n := s.Stats().Exchanges; n != 3 {
		t.Errorf("%d exchanges, want 3", n)
	}
}

// TestErrorsAndLabels holds what becomes a label, and that the status decides
// on errors.
func TestErrorsAndLabels(t *testing.T) {
	s := newSink(t, nil)
	bad := one{exchange: 1, kind: span.Server, service: "shop", name: "POST /b", status: 503, fail: true, ms: 20_000}
	plain := one{exchange: 2, kind: span.Client, service: "app", name: "GET", proto: "redis", ms: 2}
	odd := one{exchange: 3, kind: span.Server, service: "x", name: "HELLO", proto: "odd", ms: 2}
	out := one{exchange: 4, kind: span.Client, service: "app", name: "GET /c", status: 200, ms: 2}
	write(t, s, spansOf(bad, plain, odd, out))
	s.Flush()
	want := []string{
		"wirespan.requests{app,http,CLIENT,GET /c} 1", "wirespan.requests{app,redis,CLIENT,GET} 1",
		"wirespan.requests{shop,http,SERVER,POST /b} 1", "wirespan.requests{x,odd,SERVER,HELLO} 1",
		"wirespan.request.errors{app,http,CLIENT,GET /c} 0", "wirespan.request.errors{app,redis,CLIENT,GET} 0",
		"wirespan.request.errors{shop,http,SERVER,POST /b} 1", "wirespan.request.errors{x,odd,SERVER,HELLO} 0",
		"http.server.request.duration{shop,POST,/b,503,,http}[17] 1",
		"http.client.request.duration{app,GET,,200,,}[2] 1",
		"db.client.operation.duration{app,redis,GET,,,}[2] 1",
		"wirespan.exchange.duration{x,odd,HELLO,}[2] 1",
	}
	if d := cmp.Diff(want, lines(s.Families())); d != "" {
		t.Error(d)
	}
	for _, f := range s.Families() {
		for _, p := range f.Points {
			if f.Kind == metric.KindHistogram && (len(p.Hist.Exemplars) != 1 || p.Hist.Exemplars[0].Span == span.SpanID{}) {
				t.Errorf("%s: exemplars %+v", f.Name, p.Hist.Exemplars)
			}
		}
	}
}

// TestPartialExchanges holds that an exchange of which one message was not
// captured is a request without duration, and that a timeout has one.
func TestPartialExchanges(t *testing.T) {
	s := newSink(t, nil)
	o := one{kind: span.Server, service: "shop", name: "GET /a", ms: 7}
	for i, c := range []struct{ response, cause string }{
		{"orphan", ""}, {"pushed", ""}, {"oneway", ""}, {"none", "capture_ended"}, {"none", "timeout"}, {"none", "connection_reset"},
	} {
		o.exchange, o.response, o.cause, o.fail = uint64(i), c.response, c.cause, c.cause != "" && c.cause != "capture_ended"
		write(t, s, spansOf(o))
	}
	s.Flush()
	want := []string{
		"wirespan.requests{shop,http,SERVER,GET /a} 6", "wirespan.request.errors{shop,http,SERVER,GET /a} 2",
		"http.server.request.duration{shop,GET,/a,,connection_reset,http}[4] 1",
		"http.server.request.duration{shop,GET,/a,,timeout,http}[4] 1",
	}
	if d := cmp.Diff(want, lines(s.Families())); d != "" {
		t.Error(d)
	}
}

// TestBounds holds that services, endpoints and series stay within their
// bounds, that what is beyond is under "other", and that nothing is lost.
func TestBounds(t *testing.T) {
	s := newSink(t, func(c *Config) { c.Services, c.Endpoints, c.Series = 3, 4, 8 })
	n := uint64(0)
	for i := range 10 {
		for j := range 20 {
			for k := range 3 {
				n++
				o := one{trace: byte(n), exchange: n, kind: span.Server, service: fmt.Sprint("s", i), name: fmt.Sprint("GET /", j), status: 200 + int64(k), ms: 1}
				write(t, s, spansOf(o))
			}
		}
	}
	s.Flush()
	requests, series, services := 0.0, 0, map[string]bool{}
	observed := uint64(0)
	for _, f := range s.Families() {
		for _, p := range f.Points {
			services[p.Labels[0].Value] = true
			if f.Name == "wirespan.requests" {
				requests += p.Value
			}
			if f.Kind == metric.KindHistogram {
				series++
				observed += p.Hist.Count()
			}
		}
	}
	if requests != float64(n) || observed != n {
		t.Errorf("%v requests and %d durations, want %d", requests, observed, n)
	}
	if len(services) != 4 || !services["other"] || series > 8+1 {
		t.Errorf("%d series, services %v", series, services)
	}
	st := s.Stats()
	if st.Exchanges != n || st.Other == 0 || st.Services != 3 {
		t.Errorf("stats %+v", st)
	}
}

// TestIdleSeriesMakeRoom holds that services that are gone make room for new
// ones.
func TestIdleSeriesMakeRoom(t *testing.T) {
	s := newSink(t, func(c *Config) { c.Services, c.Series, c.Idle = 2, 2, 5*time.Minute })
	at := func(name string, trace byte, minute int64) {
		write(t, s, spansOf(one{trace: trace, exchange: uint64(trace), kind: span.Server, service: name, name: "GET /", ms: 1, at: 60 * minute}))
	}
	at("a", 1, 1)
	at("b", 2, 4)
	at("c", 3, 5) // no room yet
	at("c", 4, 7) // a has been idle for long enough
	s.Flush()
	var names []string
	for _, p := range s.Families()[0].Points {
		names = append(names, p.Labels[0].Value)
	}
	if d := cmp.Diff([]string{"b", "c", "other"}, names); d != "" {
		t.Error(d)
	}
	if st := s.Stats(); st.Forgotten != 1 || st.Exchanges != 4 || st.Other != 1 {
		t.Errorf("stats %+v", st)
	}
}

// TestWeight holds that sampled exchanges stand for those that were left out.
func TestWeight(t *testing.T) {
	s := newSink(t, func(c *Config) {
		c.Weight = func(start int64) uint64 { return 1 << (start / second) }
	})
	write(t, s, spansOf(
		one{exchange: 1, kind: span.Server, service: "a", name: "GET /", ms: 3, at: 0},
		one{exchange: 2, kind: span.Server, service: "a", name: "GET /", ms: 3, at: 3, fail: true},
	))
	s.Flush()
	want := []string{"wirespan.requests{a,http,SERVER,GET /} 9", "wirespan.request.errors{a,http,SERVER,GET /} 8", "http.server.request.duration{a,GET,/,,,http}[3] 9"}
	if d := cmp.Diff(want, lines(s.Families())); d != "" {
		t.Error(d)
	}
	if n := s.Stats().Exchanges; n != 2 {
		t.Errorf("%d exchanges seen, want 2", n)
	}
}

// TestLongTrace holds that a trace beyond the bound of what waits is counted as
// a whole.
func TestLongTrace(t *testing.T) {
	s := newSink(t, nil)
	for i := range 10 * maxPending {
		write(t, s, spansOf(
			one{exchange: uint64(i + 1), kind: span.Server, service: "a", name: "GET /", ms: 3},
			one{exchange: uint64(i + 1), kind: span.Server, inner: true, depth: 1, service: "a", name: "GET /", ms: 2},
		))
	}
	s.Flush()
	if n := s.Stats().Exchanges; n != 10*maxPending {
		t.Errorf("%d exchanges, want %d", n, 10*maxPending)
	}
}

// TestLongTraceAtTwoPoints holds that an exchange is counted once although its
// sightings lie far apart in a long trace, since the clock of a point is off.
func TestLongTraceAtTwoPoints(t *testing.T) {
	for _, ahead := range []bool{true, false} {
		var outer, inner []one
		for i := range 4 * maxPending {
			o := one{trace: 1, exchange: uint64(i + 1), kind: span.Server, service: "shop", name: "GET /", ms: 5, status: 200}
			outer = append(outer, o)
			o.inner, o.depth = true, 1
			inner = append(inner, o)
		}
		list := append(outer, inner...)
		if !ahead {
			list = append(inner, outer...)
		}
		s := newSink(t, nil)
		write(t, s, spansOf(list...))
		s.Flush()
		if n := s.Stats().Exchanges; n != 4*maxPending {
			t.Errorf("%d exchanges, want %d", n, 4*maxPending)
		}
	}
}

// TestNoAllocations holds that a span of a known series allocates nothing.
func TestNoAllocations(t *testing.T) {
	s := newSink(t, nil)
	a := spansOf(
		one{trace: 1, exchange: 1, kind: span.Client, service: "web", name: "GET /a", status: 200, ms: 20},
		one{trace: 1, exchange: 1, kind: span.Server, inner: true, depth: 1, service: "shop", name: "GET /a", status: 200, ms: 10},
		one{trace: 2, exchange: 2, kind: span.Client, service: "web", name: "DNS A", proto: "dns", ms: 1},
	)
	write(t, s, a)
	write(t, s, a)
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() { _ = s.WriteSpans(ctx, a) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestReadWhileCounting is for the race detector.
func TestReadWhileCounting(t *testing.T) {
	s := newSink(t, nil)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 2000 {
			write(t, s, spansOf(one{trace: byte(i), exchange: uint64(i), kind: span.Server, service: fmt.Sprint("s", i%50), name: "GET /", ms: 1}))
		}
	})
	for range 50 {
		s.Families()
		s.Stats()
	}
	wg.Wait()
	s.Flush()
	if n := s.Stats().Exchanges; n != 2000 {
		t.Errorf("%d exchanges", n)
	}
}

func TestValidate(t *testing.T) {
	_, err := New(Config{})
	for _, key := range []string{"services", "endpoints", "series", "idle", "keys"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%q is not in %v", key, err)
		}
	}
}

func BenchmarkWriteSpans(b *testing.B) {
	c := Default()
	c.Keys = testKeys
	s, _ := New(c)
	var spans []span.Span
	for i := range 64 {
		spans = append(spans, one{trace: byte(i), exchange: uint64(i), kind: span.Server, service: "shop", name: fmt.Sprint("GET /", i%8), status: 200, ms: 10}.span())
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = s.WriteSpans(context.Background(), spans)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/span")
}
