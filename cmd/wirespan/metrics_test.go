package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/tracer/join"
	"github.com/wirespan/wirespan/tracer/link"
)

// watched is a pipeline with a telemetry on a port of its own.
type watched struct {
	t    *testing.T
	tel  *telemetry
	pipe *pipeline
	p    *parts
	src  []*script
}

func newWatched(t *testing.T, rings int, args ...string) *watched {
	t.Helper()
	w := &watched{t: t, p: liveParts(t, append([]string{"--out", "ndjson:" + filepath.Join(t.TempDir(), "out")}, args...)...)}
	o := &options{agent: "host1", live: true}
	o.watchOptions = watchOptions{metrics: "0", interval: defaultInterval}
	var err error
	if w.tel, err = w.p.watch(o); err != nil {
		t.Fatal(err)
	}
	var src []capture.Source
	for range rings {
		s := newScript("lan")
		w.src = append(w.src, s)
		src = append(src, s)
	}
	if w.pipe, err = w.p.newPipelineOn(src...); err != nil {
		t.Fatal(err)
	}
	f := feeds{source: func() (sum capture.Stats) {
		for _, s := range w.src {
			st, _ := s.Stats()
			sum.Add(&st)
		}
		return sum
	}}
	f.points = func() []pointCounts {
		return []pointCounts{{"eth0", capture.Stats{Drops: 3, IfDrops: 4}}, {"eth1", capture.Stats{IfMissed: 5}}}
	}
	if err := w.tel.start(w.pipe, f); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.tel.stop(context.Background()) })
	return w
}

// get asks the server and returns status and body.
func (w *watched) get(path string) (int, string) {
	w.t.Helper()
	resp, err := http.Get("http://" + w.tel.addr() + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// samples are the values of a scrape, by name and labels.
func (w *watched) samples() map[string]float64 {
	w.t.Helper()
	status, text := w.get("/metrics")
	if status != http.StatusOK {
		w.t.Fatalf("status %d: %s", status, text)
	}
	m := make(map[string]float64)
	for sc := bufio.NewScanner(strings.NewReader(text)); sc.Scan(); {
		line := sc.Text()
		i := strings.LastIndexByte(line, ' ')
		if i < 0 || line[0] == '#' {
			continue
		}
		v, err := strconv.ParseFloat(line[i+1:], 64)
		if err != nil {
			w.t.Fatalf("%v in %q", err, line)
		}
		m[line[:i]] = v
	}
	return m
}

// sum adds up all points of a name.
func sum(m map[string]float64, name string) (s float64) {
	for k, v := range m {
		if k == name || strings.HasPrefix(k, name+"{") {
			s += v
		}
	}
	return s
}

// manyTalks are packets of n connections with two exchanges each.
func manyTalks(t *testing.T, n int) []capture.Packet {
	var talks []*talk
	start := replayFrom()
	for i := range n {
		c := newTalk(t, i, start+int64(i)*int64(time.Millisecond))
		c.request("/a")
		c.response()
		c.request("/b")
		if i%4 != 0 {
			c.response()
		}
		talks = append(talks, c)
	}
	return inTime(talks)
}

// TestScrapeWhileRunning scrapes a pipeline at work, with several workers and
// with several rings, and wants counters that never fall and in the end agree
// with the summary. It is for the race detector, too.
func TestScrapeWhileRunning(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rings, workers int }{{1, 1}, {1, 3}, {3, 1}} {
		t.Run(fmt.Sprintf("%d rings %d workers", c.rings, c.workers), func(t *testing.T) {
			t.Parallel()
			w := newWatched(t, c.rings, "--workers", fmt.Sprint(c.workers))
			if status, text := w.get("/readyz"); status != http.StatusServiceUnavailable || text != "starting\n" {
				t.Errorf("before the start: %d %q", status, text)
			}
			ended := make(chan error)
			go func() { ended <- w.pipe.run(t.Context()) }()
			pkts := manyTalks(t, 500)
			var wg sync.WaitGroup
			for i, part := range spread(t, pkts, c.rings) {
				wg.Go(func() {
					for chunk := range slices.Chunk(part, 40) {
						w.src[i].feed <- chunk
						time.Sleep(10 * time.Millisecond)
					}
				})
			}
			last := map[string]float64{}
			for range 10 {
				now := w.samples()
				for k, v := range last {
					if strings.HasSuffix(strings.SplitN(k, "{", 2)[0], "_total") && now[k] < v {
						t.Errorf("%s fell from %v to %v", k, v, now[k])
					}
				}
				last = now
				time.Sleep(50 * time.Millisecond)
			}
			wg.Wait()
			waitFor(t, func() bool { status, _ := w.get("/readyz"); return status == http.StatusOK })
			waitFor(t, func() bool { return sum(w.samples(), "wirespan_capture_packets_total") == float64(len(pkts)) })
			if status, text := w.get("/healthz"); status != http.StatusOK || text != "ok\n" {
				t.Errorf("health %d %q", status, text)
			}
			for _, s := range w.src {
				close(s.feed)
			}
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			w.reconcile()
			if status, text := w.get("/readyz"); status != http.StatusServiceUnavailable || text != "ended\n" {
				t.Errorf("after the end: %d %q", status, text)
			}
		})
	}
}

// reconcile compares a scrape after the end with the summary, stage by stage.
func (w *watched) reconcile() {
	w.t.Helper()
	m, s := w.samples(), w.pipe.count()
	w.tel.complete(s)
	for name, want := range map[string]uint64{
		"wirespan_capture_packets_total":                                                            s.source.Packets,
		`wirespan_decode_packets_total{reason="ok"}`:                                                s.decode[wire.OK],
		"wirespan_flows_opened_total":                                                               s.flows.Opened,
		`wirespan_flows_closed_total{reason="capture_ended"}`:                                       s.flows.Closed[flows.CloseEnded],
		`wirespan_flows_payload_bytes_total{fate="delivered"}`:                                      s.flows.Delivered,
		`wirespan_parser_exchanges_total{network_protocol_name="http"}`:                             s.join.Exchanges,
		`wirespan_parser_odd_exchanges_total{kind="unanswered"}`:                                    s.join.Unanswered,
		`wirespan_parser_read_bytes_total{fate="read"}`:                                             s.engine.Consumed,
		`wirespan_link_links_total{wirespan_link_rule="sole_candidate"}`:                            s.written.linked(link.SoleCandidate, &s.link),
		"wirespan_traces_total":                                                                     s.written.traces,
		"wirespan_spans_total":                                                                      s.written.spans,
		"wirespan_red_exchanges_total":                                                              s.join.Exchanges,
		"wirespan_link_early_traces_total":                                                          s.link.Early,
		`wirespan_capture_dropped_packets_total{kind="kernel"}`:                                     s.source.Drops,
		"wirespan_output_lost_spans_total":                                                          s.unwritten,
		"wirespan_sampling_left_out_packets_total":                                                  s.sampled,
		`wirespan_parser_opaque_connections_total{reason="boundary_lost"}`:                          s.engine.Opaque[4],
		`wirespan_capture_point_dropped_packets_total{kind="kernel",wirespan_capture_point="eth0"}`: 3,
	} {
		if got, ok := m[name]; !ok || got != float64(want) {
			w.t.Errorf("%s: %v (%v), want %d", name, got, ok, want)
		}
	}
	// What one stage hands on, the next has.
	for _, c := range []struct{ a, b string }{
		{"wirespan_decode_packets_total", "wirespan_capture_packets_total"},
		{"wirespan_flows_closed_total", "wirespan_flows_opened_total"},
		{"wirespan_requests_total", "wirespan_red_exchanges_total"},
		{"wirespan_parser_exchanges_total", "wirespan_red_exchanges_total"},
	} {
		if a, b := sum(m, c.a), sum(m, c.b); a != b || a == 0 {
			w.t.Errorf("%s is %v, %s is %v", c.a, a, c.b, b)
		}
	}
	// The end of the capture left some without response: they have no duration.
	timed := sum(m, "http_server_request_duration_seconds_count")
	if all := m["wirespan_red_exchanges_total"]; timed != all-float64(s.join.Unanswered) || timed == 0 {
		w.t.Errorf("%v durations of %v exchanges, %d unanswered", timed, all, s.join.Unanswered)
	}
	read := sum(m, "wirespan_parser_read_bytes_total") + sum(m, "wirespan_parser_discarded_bytes_total") + sum(m, "wirespan_parser_held_bytes")
	if want := m[`wirespan_flows_payload_bytes_total{fate="delivered"}`]; read != want {
		w.t.Errorf("parsers account for %v bytes, flows gave %v", read, want)
	}
}

// TestScrapeText holds that Prometheus' linter has nothing to say, and that
// every stage is there.
func TestScrapeText(t *testing.T) {
	t.Parallel()
	w := newWatched(t, 1)
	for _, s := range w.src {
		s.feed <- manyTalks(t, 3)
		close(s.feed)
	}
	if err := w.pipe.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, text := w.get("/metrics")
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if err != nil {
		t.Error(err)
	}
	for _, name := range []string{
		"wirespan_build_info{", "process_cpu_seconds_total ", "process_resident_memory_bytes ", "process_open_fds ", "go_goroutines ",
		"wirespan_decode_packets_total{", "wirespan_flows_open ", "wirespan_flows_buffered_bytes ", "wirespan_parser_discarded_bytes_total{",
		"wirespan_link_links_total{", "wirespan_link_early_traces_total ", "wirespan_sampling_rate_ratio 1\n", "http_server_request_duration_seconds_bucket{",
	} {
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("%s is missing", name)
		}
	}
	if status, text := w.get("/debug/pprof/goroutine?debug=1"); status != http.StatusOK || !strings.Contains(text, "goroutine profile") {
		t.Errorf("pprof: %d %q", status, text)
	}
	if status, _ := w.get("/nothing"); status != http.StatusNotFound {
		t.Errorf("status %d", status)
	}
}

// TestProfilesAreLocal holds that others than this host get no profiles.
func TestProfilesAreLocal(t *testing.T) {
	h := nearby(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "profile") })
	for from, want := range map[string]int{
		"127.0.0.1:5": 200, "[::1]:5": 200, "[::ffff:127.0.0.1]:5": 200, "192.0.2.7:5": 403, "[2001:db8::1]:5": 403, "": 403,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		h(w, r)
		if w.Code != want {
			t.Errorf("%q: %d, want %d", from, w.Code, want)
		}
	}
}

// TestStalled holds that a live capture whose reader has not come by for long is
// not healthy, and that reading files may take its time.
func TestStalled(t *testing.T) {
	p := &pipeline{}
	p.readers, p.workers, p.written = []*reader{nil}, 1, &tally{}
	p.board = newBoard(p)
	p.board.readers[0].at = time.Now().Add(-time.Minute)
	tel := &telemetry{pipe: p, opt: &options{live: true}, parts: &parts{outs: &outputs{}}, began: time.Now().Add(-time.Hour)}
	if ok, why := tel.health(); ok || !strings.Contains(why[0], "stuck") {
		t.Errorf("%v %q", ok, why)
	}
	if ok, _ := tel.ready(); ok {
		t.Error("ready although stuck")
	}
	tel.opt.live = false
	if ok, why := tel.health(); !ok {
		t.Errorf("a file: %q", why)
	}
}

func TestMetricsAddr(t *testing.T) {
	for s, want := range map[string]string{
		"9100": "127.0.0.1:9100", ":9100": "127.0.0.1:9100", "0.0.0.0:9100": "0.0.0.0:9100", "[::]:9100": "[::]:9100", "host:80": "host:80",
	} {
		if got, err := metricsAddr(s); err != nil || got != want {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "host", "host:", "host:port!", "1.2.3.4", "99999"} {
		if got, err := metricsAddr(s); err == nil {
			t.Errorf("%q: %q, want an error", s, got)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := listenMetrics(&telemetry{}, l.Addr().String()); err == nil || !strings.Contains(err.Error(), "serve metrics") {
		t.Errorf("a port that is taken: %v", err)
	}
}

func TestMetricsTarget(t *testing.T) {
	for _, c := range []struct{ target, protocol, want string }{
		{"", "", ""},
		{"http://c:4318/v1/metrics", "", "http://c:4318/v1/metrics"},
		{"http://c:4317", "grpc", "grpc://c:4317"},
		{"https://c:4317", "grpc", "grpcs://c:4317"},
		{"c:4317", "grpc", "grpc://c:4317"},
	} {
		if got, err := metricsTarget(c.target, c.protocol); err != nil || got != c.want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
	if _, err := metricsTarget("http://c", "http/json"); err == nil {
		t.Error("http/json is taken")
	}
}

// TestReadExportsMetrics runs the program on captures with an OTLP receiver for
// metrics, given by flag and by the standard variable, and wants what the
// summary says in the last message.
func TestReadExportsMetrics(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got []*metricspb.MetricsData
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		var req metricspb.MetricsData
		if r.URL.Path != "/v1/metrics" || proto.Unmarshal(b, &req) != nil {
			http.Error(w, "not metrics", http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, &req)
	}))
	t.Cleanup(s.Close)
	o := wirespan(t, append([]string{"read", "--out", "ndjson:" + os.DevNull, "--otlp-metrics", s.URL}, demoCaptures()...)...)
	if o.code != 0 || len(got) != 1 {
		t.Fatalf("exit status %d, %d messages:\n%s", o.code, len(got), o.stderr)
	}
	services, values := map[string]bool{}, map[string]int64{}
	for _, r := range got[0].ResourceMetrics {
		services[r.Resource.Attributes[0].Value.GetStringValue()] = true
		for _, m := range r.ScopeMetrics[0].Metrics {
			for _, p := range m.GetSum().GetDataPoints() {
				values[m.Name] += p.GetAsInt()
			}
		}
	}
	if !services["wirespan"] || !services["shop.example"] || !services["stock.example"] {
		t.Errorf("resources of %v", services)
	}
	packets := int64(0)
	if _, err := fmt.Sscanf(o.stderr, "%d packets captured", &packets); err != nil {
		t.Fatal(err)
	}
	if values["wirespan.capture.packets"] != packets || values["wirespan.requests"] != values["wirespan.red.exchanges"] || values["wirespan.requests"] == 0 {
		t.Errorf("%d packets, values %v", packets, values)
	}
}

// TestMetricsOfAllProtocols holds that protocol names are labels once each.
func TestMetricsOfAllProtocols(t *testing.T) {
	w := newWatched(t, 1)
	s := &summary{}
	for i := range s.join.ByProto {
		s.join.ByProto[i] = 1
	}
	n := 0.0
	for _, f := range s.parserFamilies(w.p) {
		if f.Name == "wirespan.parser.exchanges" {
			for _, p := range f.Points {
				n += p.Value
			}
		}
	}
	if want := len(join.ProtocolNames(w.p.protos)); n != float64(want) {
		t.Errorf("%v exchanges, want %d", n, want)
	}
}

// TestWatchNothing holds that without flags there is no telemetry, and that this
// is no special case for others.
func TestWatchNothing(t *testing.T) {
	p := liveParts(t, "--out", "ndjson:"+os.DevNull)
	o := &options{watchOptions: watchOptions{interval: defaultInterval}}
	tel, err := p.watch(o)
	if err != nil || tel != nil {
		t.Fatalf("%v, %v", tel, err)
	}
	if err := tel.start(nil, feeds{}); err != nil || tel.addr() != "" {
		t.Error(err)
	}
	tel.stop(t.Context())
}
