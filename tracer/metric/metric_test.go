package metric

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/wirespan/wirespan/tracer/span"
)

// sample has one family of each kind.
func sample() []Family {
	packets := Counter("wirespan.capture.packets", "{packet}", "packets captured")
	packets.Add(40, "wirespan.capture.point", "eth0")
	packets.Add(2, "wirespan.capture.point", "eth0")
	packets.Add(1, "wirespan.capture.point", "bad\xffname")
	rate := Gauge("wirespan.sampling.rate", "1", "share of connections")
	rate.Add(.5)
	held := Gauge("wirespan.held", "By", "bytes held")
	held.Add(1.5e6)
	durations := Family{Name: "http.server.request.duration", Unit: "s", Help: "duration", Kind: KindHistogram}
	for _, service := range []string{"shop", "stock"} {
		durations.Points = append(durations.Points, Point{
			Labels: []Label{{ServiceName, service}, {"http.route", "/a"}, {"error.type", ""}}, Start: 7e9,
			Hist: &Histogram{
				Bounds: []float64{.1, 1}, Counts: []uint64{3, 2, 1}, Sum: 9.5,
				Exemplars: []Exemplar{{Value: .05, Time: 8e9, Trace: span.TraceID{1}, Span: span.SpanID{2}}, {Value: 7, Time: 9e9, Trace: span.TraceID{3}, Span: span.SpanID{4}}},
			},
		})
	}
	return []Family{packets, rate, held, durations, Counter("wirespan.none", "", "no points")}
}

func TestAddSumsUpEqualLabels(t *testing.T) {
	f := sample()[0]
	if len(f.Points) != 2 || f.Points[0].Value != 42 {
		t.Errorf("points %+v", f.Points)
	}
}

func TestPromName(t *testing.T) {
	for _, c := range []struct {
		f    Family
		want string
	}{
		{Counter("process.cpu", "s", ""), "process_cpu_seconds_total"},
		{Counter("a.b-c", "By", ""), "a_b_c_bytes_total"},
		{Counter("x.total", "{packet}", ""), "x_total"},
		{Gauge("process.resident_memory", "By", ""), "process_resident_memory_bytes"},
		{Gauge("wirespan.sampling.rate", "1", ""), "wirespan_sampling_rate_ratio"},
		{Gauge("go.goroutines", "", ""), "go_goroutines"},
		{Family{Name: "http.server.request.duration", Unit: "s", Kind: KindHistogram}, "http_server_request_duration_seconds"},
	} {
		if got := PromName(&c.f); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.f.Name, c.f.Unit, got, c.want)
		}
	}
}

// TestScrape holds the text that Prometheus gets, exemplars included, and that
// its linter has nothing to say.
func TestScrape(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(NewCollector(sample))
	h := promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true})
	req := httptest.NewRequest("GET", "/metrics", nil)
	req.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	text := w.Body.String()
	for _, want := range []string{
		`wirespan_capture_packets_total{wirespan_capture_point="eth0"} 42.0`,
		`wirespan_capture_packets_total{wirespan_capture_point="bad` + "\ufffd" + `name"} 1.0`,
		`wirespan_sampling_rate_ratio 0.5`,
		`http_server_request_duration_seconds_bucket{error_type="",http_route="/a",service_name="shop",le="0.1"} 3 # {`,
		`http_server_request_duration_seconds_bucket{error_type="",http_route="/a",service_name="stock",le="1.0"} 5`,
		`le="+Inf"} 6 # {`, `trace_id="01000000000000000000000000000000"`,
		`http_server_request_duration_seconds_sum{error_type="",http_route="/a",service_name="shop"} 9.5`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in:\n%s", want, text)
		}
	}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	problems, err := promlint.New(w.Body).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v %v", err, problems)
	}
}

// TestInconsistentFamily holds that a mistake is reported to who scrapes, not a
// panic.
func TestInconsistentFamily(t *testing.T) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(NewCollector(func() []Family {
		f := Counter("x", "", "labels differ")
		f.Add(1, "a", "1")
		f.Add(1, "a", "1", "b", "2")
		return []Family{f}
	}))
	if _, err := reg.Gather(); err == nil {
		t.Error("no error")
	}
}

func TestParseEndpoint(t *testing.T) {
	for raw, want := range map[string]string{
		"http://c:4318":              "http://c:4318/v1/metrics",
		"https://c/":                 "https://c/v1/metrics",
		"http://c/custom?token=abcd": "http://c/custom",
		"http://c/v1/traces":         "http://c/v1/traces",
		"http://user:pass@c":         "http://c/v1/metrics",
		"grpc://c":                   "grpc://c:4317",
		"grpcs://c:1":                "grpcs://c:1",
	} {
		e, err := ParseEndpoint(raw)
		if err != nil || e.String() != want {
			t.Errorf("%s: %s, %v, want %s", raw, e, err, want)
		}
	}
	for _, raw := range []string{"c:4318", "ftp://c", "http://user:secret@c:x", "grpc://c/path"} {
		if _, err := ParseEndpoint(raw); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestData(t *testing.T) {
	o := Origin{Scope: "s", Version: "v", Resource: []Label{{ServiceName, "wirespan"}}, Agent: []Label{{"wirespan.agent", "h"}}, Start: 5e9}
	d := Data(&o, sample(), 10e9)
	var services []string
	for _, r := range d.ResourceMetrics {
		services = append(services, r.Resource.Attributes[0].Value.GetStringValue())
	}
	if diff := cmp.Diff([]string{"wirespan", "shop", "stock"}, services); diff != "" {
		t.Fatal(diff)
	}
	own := d.ResourceMetrics[0].ScopeMetrics[0]
	sum := own.Metrics[0].GetSum()
	if p := sum.GetDataPoints()[0]; own.Scope.Name != "s" || !sum.IsMonotonic || p.GetAsInt() != 42 || p.StartTimeUnixNano != 5e9 || p.TimeUnixNano != 10e9 {
		t.Errorf("%+v", sum)
	}
	if p := own.Metrics[1].GetGauge().GetDataPoints()[0]; p.GetAsDouble() != .5 || p.StartTimeUnixNano != 0 {
		t.Errorf("%+v", p)
	}
	shop := d.ResourceMetrics[1]
	if a := shop.Resource.Attributes; len(a) != 2 || a[1].Key != "wirespan.agent" {
		t.Errorf("%+v", a)
	}
	h := shop.ScopeMetrics[0].Metrics[0].GetHistogram().GetDataPoints()[0]
	if h.Count != 6 || h.GetSum() != 9.5 || h.StartTimeUnixNano != 7e9 || len(h.BucketCounts) != len(h.ExplicitBounds)+1 || len(h.Exemplars) != 2 {
		t.Errorf("%+v", h)
	}
	if len(h.Attributes) != 1 || h.Attributes[0].Key != "http.route" {
		t.Errorf("attributes %+v: empty ones and the resource's must not be there", h.Attributes)
	}
}
