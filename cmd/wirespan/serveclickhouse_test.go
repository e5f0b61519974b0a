package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/store/clickhouse/chtest"
)

// sdkSpans are spans of SDKs as OTLP JSON: of one trace, with the protocols, kinds,
// states and types of values that packets do not have.
const sdkSpans = `{"resourceSpans":[
{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}},{"key":"service.instance.id","value":{"stringValue":"cart-1"}},{"key":"k8s.pod.name","value":{"stringValue":"cart-0"}}]},
 "scopeSpans":[{"scope":{"name":"by hand"},"spans":[
 {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"POST /cart","kind":2,"startTimeUnixNano":"1750000000000000000","endTimeUnixNano":"1750000000250000000",
  "attributes":[{"key":"http.request.method","value":{"stringValue":"POST"}},{"key":"http.response.status_code","value":{"intValue":"503"}},{"key":"big","value":{"intValue":"9007199254740993"}},
   {"key":"ratio","value":{"doubleValue":1.0}},{"key":"tags","value":{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"2"},{"doubleValue":0.5}]}}},{"key":"blob","value":{"bytesValue":"AQID"}},
   {"key":"nested","value":{"kvlistValue":{"values":[{"key":"$x","value":{"stringValue":"ä\"\\\n"}},{"key":"y","value":{"boolValue":true}}]}}},{"key":"http.request.header.x-request-id","value":{"arrayValue":{"values":[{"stringValue":"cafe0123cafe0123"}]}}}],
  "events":[{"timeUnixNano":"1750000000100000000","name":"exception","attributes":[{"key":"exception.type","value":{"stringValue":"Timeout"}}]}],
  "links":[{"traceId":"11111111111111111111111111111111","spanId":"2222222222222222","attributes":[{"key":"why","value":{"stringValue":"batch"}}]}],
  "status":{"code":2,"message":"no stock"}},
 {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203332","parentSpanId":"b7ad6b7169203331","name":"SELECT stock","kind":3,"startTimeUnixNano":"1750000000010000000","endTimeUnixNano":"1750000000020000000",
  "attributes":[{"key":"db.system","value":{"stringValue":"mysql"}},{"key":"db.statement","value":{"stringValue":"SELECT * FROM stock WHERE id = 'O''Neil\\'"}},{"key":"net.peer.name","value":{"stringValue":"db.example"}}],"status":{"code":1}},
 {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203333","parentSpanId":"b7ad6b7169203331","name":"orders publish","kind":4,"startTimeUnixNano":"1750000000030000000","endTimeUnixNano":"1750000000031000000",
  "attributes":[{"key":"messaging.system","value":{"stringValue":"kafka"}},{"key":"messaging.destination.name","value":{"stringValue":"orders"}}]}]}]},
{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"billing"}}]},
 "scopeSpans":[{"spans":[
 {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203334","parentSpanId":"b7ad6b7169203333","name":"orders process","kind":5,"startTimeUnixNano":"1750000003000000000","endTimeUnixNano":"1750000003500000000",
  "attributes":[{"key":"messaging.system","value":{"stringValue":"kafka"}}]},
 {"traceId":"0af7651916cd43dd8448eb211c80319d","spanId":"b7ad6b7169203335","name":"shop.Bill/Make","kind":2,"startTimeUnixNano":"1750000013000000001","endTimeUnixNano":"1750000013000000002",
  "attributes":[{"key":"rpc.system","value":{"stringValue":"grpc"}},{"key":"rpc.service","value":{"stringValue":"shop.Bill"}},{"key":"rpc.method","value":{"stringValue":"Make"}}]}]}]}]}`

// feed sends the demo of an agent and the spans of SDKs.
func (s *serveProc) feed(t *testing.T) {
	t.Helper()
	if o := wirespan(t, append([]string{"read", "--agent", "probe-7", "--server", s.grpc}, demoCaptures()...)...); o.code != 0 {
		t.Fatalf("exit status %d\n%s", o.code, o.stderr)
	}
	if code, body := s.post(t, s.http+"/v1/traces", sdkSpans); code != 200 {
		t.Fatalf("%d %s", code, body)
	}
}

func (s *serveProc) post(t *testing.T, to, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return askHTTP(t, http.DefaultClient, req)
}

// listen reads the ids of n spans of the live stream, sorted.
func (s *serveProc) listen(t *testing.T, n int) <-chan []string {
	t.Helper()
	resp, err := http.Get(s.ui + "/api/v1/live")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	out := make(chan []string, 1)
	go func() {
		var ids []string
		events := bufio.NewScanner(resp.Body)
		events.Buffer(nil, 1<<20)
		kind := ""
		for len(ids) < n && events.Scan() {
			if k, ok := strings.CutPrefix(events.Text(), "event: "); ok {
				kind = k
			}
			if data, ok := strings.CutPrefix(events.Text(), "data: "); ok && kind == "span" {
				var sp struct {
					ID string `json:"span_id"`
				}
				_ = json.Unmarshal([]byte(data), &sp)
				ids = append(ids, sp.ID)
			}
		}
		slices.Sort(ids)
		out <- ids
	}()
	return out
}

// plainOf is an answer without what differs from one process to another: JSON is written
// anew with sorted members.
func plainOf(t *testing.T, body string) string {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return body
	}
	if m, ok := v.(map[string]any); ok {
		for _, k := range []string{"bytes", "written", "took_ns", "metrics", "listeners"} {
			delete(m, k)
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// questions are what both servers are asked. Times are those of the demo and of sdkSpans.
func questions(t *testing.T, s *serveProc) (paths []string) {
	t.Helper()
	own := func(path string, params ...string) {
		q := url.Values{}
		for i := 0; i < len(params); i += 2 {
			q.Add(params[i], params[i+1])
		}
		paths = append(paths, "/api/v1/"+path+"?"+q.Encode())
	}
	for _, of := range []string{"spans", "traces"} {
		for _, p := range [][]string{
			{}, {"limit", "3"}, {"service", "cart"}, {"service", "cart", "service", "billing"}, {"service", "nobody"}, {"operation", "POST /cart"}, {"protocol", "http"},
			{"protocol", "mysql"}, {"protocol", "kafka"}, {"protocol", "grpc"}, {"kind", "server"}, {"kind", "client", "kind", "producer"}, {"signal", "NET"}, {"signal", "APP"}, {"agent", "probe-7"}, {"point", "edge"},
			{"status", "error"}, {"status", "ok"}, {"status", "503"}, {"status", "2xx"}, {"status", "4xx", "status", "5xx"}, {"min_duration", "100ms"}, {"max_duration", "1ms"}, {"min_duration", "1ms", "max_duration", "300ms"},
			{"address", "db.example"}, {"address", "10.0.0.0/8"}, {"address", "192.0.2.0/24"}, {"id", "cafe0123cafe0123"}, {"attribute", "k8s.pod.name=cart-0"}, {"attribute", "tags=a"}, {"attribute", "ratio=1"}, {"attribute", "http.request.method=POST"},
			{"text", "O''Neil"}, {"text", "Timeout"}, {"text", "cart"}, {"from", "1750000000"}, {"to", "1750000000.5"}, {"from", "1750000000", "to", "1750000005"},
			{"q", "service = cart and duration > 100ms"}, {"q", "name ~ '^POST' or protocol = grpc"}, {"q", "not signal = NET"}, {"q", "http.response.status_code >= 500"},
			{"q", "service in (cart, billing) and not error"}, {"q", "big = 9007199254740993"}, {"q", "instance = cart-1"}, {"q", "start > 1750000001"}, {"q", "any contains kafka"}, {"q", "tags = 2"},
			{"q", "url.path exists"}, {"q", "db.query.text contains stock"}, {"q", "servce = x"}, {"q", "trace = 0af7651916cd43dd8448eb211c80319c"}, {"q", "span = b7ad6b7169203334"}, {"q", "parent = b7ad6b7169203331"},
		} {
			if !slices.Contains(p, "from") {
				p = append([]string{"from", "0"}, p...)
			}
			own(of, p...)
		}
	}
	for _, p := range []string{"services", "operations", "attributes", "attributes/protocol/values", "attributes/name/values", "attributes/agent/values", "attributes/kind/values", "attributes/signal/values", "attributes/network.protocol.name/values",
		"attributes/instance/values", "attributes/k8s.pod.name/values", "attributes/http.response.status_code/values", "attributes/tags/values", "attributes/ratio/values", "attributes/url.path/values", "attributes/nobody/values", "attributes/wirespan.facts/values"} {
		own(p, "from", "0")
		own(p, "from", "1750000000", "to", "1750000002")
		if strings.HasPrefix(p, "attributes/") {
			own(p, "from", "0", "service", "cart")
			own(p, "from", "0", "limit", "1")
		}
	}
	own("operations", "from", "0", "service", "cart")
	for _, p := range []string{"map", "rates"} {
		own(p, "from", "1750000000", "to", "1750000060")
		own(p, "from", "1700000000", "to", "1760000000")
	}
	own("rates", "from", "1750000000", "to", "1750000060", "step", "20s", "by", "operation")
	own("rates", "from", "1700000000", "to", "1760000000", "service", "cart", "signal", "APP")
	own("stats")
	own("limits")
	own("check", "q", "service = x and nonsuch.attr = 1")
	own("nothing")
	own("spans/b7ad6b7169203331")
	own("spans/b7ad6b7169203331/packets")
	own("spans/ffffffffffffffff")
	own("traces/ffffffffffffffffffffffffffffffff")
	own("traces/cafe0123cafe0123", "from", "0")
	for _, id := range tracesOf(t, s) {
		own("traces/"+id, "from", "0")
		own("traces/"+id, "from", "0", "format", "otlp")
		own("traces/"+id, "from", "0", "format", "tree", "why", "true")
		paths = append(paths, "/api/traces/"+id, "/api/v3/traces/"+id, "/tempo/api/traces/"+id, "/tempo/api/v2/traces/"+id)
	}
	const us = "start=1700000000000000&end=1760000000000000"
	return append(paths,
		"/api/services", "/api/services/cart/operations", "/api/operations?service=cart", "/api/v3/services", "/api/v3/operations?service=cart", "/api/dependencies?endTs=1750000060000&lookback=60000",
		"/api/traces?service=cart&"+us, "/api/traces?service=cart&operation=POST%20%2Fcart&"+us, "/api/traces?service=cart&minDuration=100ms&"+us, "/api/traces?service=cart&maxDuration=1ms&"+us,
		"/api/traces?service=cart&limit=1&"+us, "/api/traces?service=cart&tags=%7B%22error%22%3A%22true%22%7D&"+us, "/api/traces?service=cart&tags=%7B%22db.system%22%3A%22mysql%22%7D&"+us,
		"/api/v3/traces?query.service_name=cart&query.start_time_min=2023-01-01T00:00:00Z&query.start_time_max=2026-01-01T00:00:00Z",
		"/tempo/api/echo", "/tempo/api/search/tags", "/tempo/api/v2/search/tags", "/tempo/api/search/tag/service.name/values?start=1700000000&end=1760000000", "/tempo/api/v2/search/tag/resource.service.name/values?start=1700000000&end=1760000000",
		"/tempo/api/search?tags=service.name%3Dcart&start=1700000000&end=1760000000", "/tempo/api/search?q=%7Bresource.service.name%3D%22cart%22%7D&start=1700000000&end=1760000000",
		"/tempo/api/search?q=%7Bstatus%3Derror%7D&start=1700000000&end=1760000000", "/tempo/api/search?minDuration=100ms&start=1700000000&end=1760000000",
	)
}

func tracesOf(t *testing.T, s *serveProc) []string {
	t.Helper()
	_, body := getHTTP(t, s.ui+"/api/v1/spans?from=0&limit=1000")
	var list struct {
		Spans []struct {
			Trace string `json:"trace_id"`
		}
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, sp := range list.Spans {
		ids[sp.Trace] = true
	}
	if len(ids) < 3 {
		t.Fatalf("%d traces: %.300s", len(ids), body)
	}
	return slices.Sorted(maps.Keys(ids))
}

// houses are the ClickHouse servers that tests have, by schema: each makes a DSN.
func houses() map[string]func(*testing.T) func(database string) string {
	return map[string]func(*testing.T) func(string) string{
		"base": func(t *testing.T) func(string) string {
			sv := chtest.New(t)
			sv.Start(t, "")
			return sv.DSN
		},
		"enhanced": func(t *testing.T) func(string) string { return chtest.StartCHDB(t) },
	}
}

// TestClickHouseAnswers: a server with ClickHouse answers as one with the embedded store
// does that was sent the same; also a second one beside it, and after a restart.
func TestClickHouseAnswers(t *testing.T) {
	t.Parallel()
	for name, open := range houses() {
		t.Run(name, func(t *testing.T) {
			dsn := open(t)("answers")
			here := startServe(t, "--store", filepath.Join(t.TempDir(), "store"), "--retention", "0s")
			there := startServe(t, "--clickhouse", dsn, "--retention", "0s")
			n := len(demoIDs(t)) + 5
			heard := [2]<-chan []string{here.listen(t, n), there.listen(t, n)}
			here.feed(t)
			there.feed(t)
			if a, b := <-heard[0], <-heard[1]; !slices.Equal(a, b) || len(a) != n {
				t.Errorf("live: %d and %d spans", len(a), len(b))
			}
			beside := startServe(t, "--clickhouse", dsn, "--retention", "0s")
			sameAnswers(t, here, there, 1)
			sameAnswers(t, there, beside, 9)
			sameTools(t, here, there)
			there.stop(t)
			there = startServe(t, "--clickhouse", dsn, "--retention", "0s")
			sameAnswers(t, here, there, 9)
			for _, s := range []*serveProc{here, there, beside} {
				s.stop(t)
			}
		})
	}
}

// sameAnswers asks two servers everything, or one in so many questions.
func sameAnswers(t *testing.T, want, got *serveProc, in int) {
	t.Helper()
	different := 0
	for i, path := range questions(t, want) {
		if i%in != 0 {
			continue
		}
		a, wantBody := getHTTP(t, want.ui+path)
		b, gotBody := getHTTP(t, got.ui+path)
		x, y := plainOf(t, wantBody), plainOf(t, gotBody)
		if a == b && x == y && a < 500 {
			continue
		}
		if different++; different > 20 {
			t.Fatal("and more")
		}
		t.Errorf("%s: %d and %d: %s", path, a, b, firstDifference(x, y))
	}
	completion := `{"max_iteration":30,"network_delay_us":1000000,"app_spans":[{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","parent_span_id":"","span_kind":2,"start_time_us":1750000000000000,"end_time_us":1750000000250000}]}`
	for _, path := range []string{"/v1/stats/querier/tracing-completion-by-external-app-spans", "/api/v1/complete"} {
		a, x := want.post(t, want.ui+path, completion)
		b, y := got.post(t, got.ui+path, completion)
		if a != b || plainOf(t, x) != plainOf(t, y) || a >= 500 {
			t.Errorf("%s: %d and %d: %s", path, a, b, firstDifference(x, y))
		}
	}
}

// firstDifference shows where two texts part.
func firstDifference(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	from := max(0, i-120)
	return fmt.Sprintf("\n  want ...%.300q\n  got  ...%.300q", a[from:], b[from:])
}

// sameTools asks both by search and trace.
func sameTools(t *testing.T, want, got *serveProc) {
	t.Helper()
	id := tracesOf(t, want)[0]
	for _, args := range [][]string{
		{"search", "--from", "0", "--json", "service = cart"}, {"search", "--from", "0", "protocol = mysql or error"}, {"search", "--from", "0", "--list", "spans", "--json", "duration > 1ms"},
		{"search", "--from", "0", "servce = x"}, {"trace", "--from", "0", "--why", id}, {"trace", "--from", "0", "--json", id}, {"trace", "--from", "0", "cafe0123cafe0123"}, {"trace", "--from", "0", "ffffffffffffffffffffffffffffffff"},
	} {
		a := wirespan(t, append(args, "--server", want.ui)...)
		b := wirespan(t, append(args, "--server", got.ui)...)
		if a.code != b.code || plainOf(t, a.stdout) != plainOf(t, b.stdout) {
			t.Errorf("%v: exit status %d and %d: %s", args, a.code, b.code, firstDifference(a.stdout, b.stdout))
		}
		if a.code == 0 && len(a.stdout) < 20 {
			t.Errorf("%v: %q", args, a.stdout)
		}
	}
}
