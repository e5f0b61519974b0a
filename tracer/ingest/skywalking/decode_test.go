package skywalking

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// messages reads what the published protobuf wrote.
func messages(t testing.TB) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/segments.txt")
	if err != nil {
		t.Fatal(err)
	}
	m := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		name, digits, _ := strings.Cut(strings.TrimSpace(line), " ")
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		m[name] = string(b)
	}
	return m
}

func newBatch() *batch.Batch {
	b := batch.New(batch.DefaultLimits())
	b.Reset(0)
	return b
}

const (
	traceText  = "56a5e1c519ae4c76a2b8b11d92cead7f.12.16563474296430001"
	parentText = "56a5e1c519ae4c76a2b8b11d92cead7f.12.16563474296430000"
	segmentID  = "0b3d1f9a7c5e4b6d8f0a1c2e3d4b5a69.77.16563474296440002"
)

func text(key, v string) store.Attr      { return store.Attr{Key: key, Value: store.StringValue(v)} }
func num(key string, n int64) store.Attr { return store.Attr{Key: key, Value: store.IntValue(n)} }
func yes(key string) store.Attr          { return store.Attr{Key: key, Value: store.BoolValue(true)} }

// refAttrs are those of a reference of the vectors.
func refAttrs(index int64) []store.Attr {
	return []store.Attr{
		text("sw8.parent_segment_id", parentText), num("sw8.parent_span_id", index), text("parent.service", "gateway"),
		text("parent.service.instance", "gw@1"), text("parent.endpoint", "/cart"), text("network.AddressUsedAtPeer", "orders:8080"),
	}
}

func wantSegment() []store.Span {
	trace := span.TraceID(ids.SkyWalkingTrace([]byte(traceText)))
	own := func(i int64) []store.Attr {
		return []store.Attr{text("sw8.trace_id", traceText), text("sw8.segment_id", segmentID), num("sw8.span_id", i)}
	}
	list := func(parts ...[]store.Attr) (all []store.Attr) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	common := store.Span{Trace: trace, Service: "orders", Instance: "o@1", Scope: Scope}
	local, db, entry := common, common, common
	local.ID, local.Parent = spanID(segmentID, 2), spanID(segmentID, 0)
	local.Start, local.End, local.Kind, local.Name = 1700000000131e6, 1700000000131e6, span.Internal, "price"
	local.Attrs = list([]store.Attr{num("sw8.parent_span_id", 0)}, own(2), []store.Attr{yes("sw8.skip_analysis"), yes("sw8.size_limited")})
	db.ID, db.Parent = spanID(segmentID, 1), spanID(segmentID, 0)
	db.Start, db.End, db.Kind, db.Name = 1700000000130e6, 1700000000180e6, span.Client, "Mysql/JDBI/PreparedStatement/execute"
	db.Attrs = list([]store.Attr{
		text("db.namespace", "shop"), text("db.query.text", "SELECT * FROM orders WHERE id=?"), text("db.system.name", "mysql"),
		text("server.address", "mysql.db"), num("server.port", 3306), text("sw8.peer", "mysql.db:3306"), num("sw8.parent_span_id", 0),
	}, own(1), []store.Attr{num("sw8.component_id", 33), text("sw8.layer", "Database"), yes("sw8.size_limited")})
	entry.ID, entry.Parent = spanID(segmentID, 0), spanID(parentText, 2)
	entry.Start, entry.End, entry.Kind, entry.Name = 1700000000123e6, 1700000000200e6, span.Server, "GET:/orders/{id}"
	entry.Status, entry.Message = span.Error, "broken"
	entry.Attrs = list([]store.Attr{
		text("url.scheme", "http"), text("url.path", "/orders/7"), text("url.query", "full=1"), text("server.address", "orders"), num("server.port", 8080),
		text("http.request.method", "GET"), num("http.response.status_code", 500), text("x-tenant", "blue"), text("network.protocol.name", "http"),
		text("client.address", "10.0.0.7"), num("client.port", 41234), text("network.peer.address", "10.0.0.7"), num("network.peer.port", 41234), text("sw8.peer", "10.0.0.7:41234"),
	}, refAttrs(2), own(0), []store.Attr{num("sw8.component_id", 1), text("sw8.layer", "Http"), yes("sw8.size_limited"), text("error.type", "java.io.IOException")})
	entry.Events = []store.Event{{Time: 1700000000190e6, Name: "exception", Attrs: []store.Attr{
		text("exception.type", "java.io.IOException"), text("exception.message", "broken"), text("exception.stacktrace", "at x"),
	}}}
	return []store.Span{local, db, entry}
}

// TestSegment maps what the published protobuf encodes.
func TestSegment(t *testing.T) {
	b := newBatch()
	if err := Decode(b, messages(t)["segment"], nil); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(wantSegment(), b.Spans, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
}

// TestMeetsTheWire has the header that the caller of the segment sent: packets that
// carry it name the same trace and the same span.
func TestMeetsTheWire(t *testing.T) {
	header := "1-NTZhNWUxYzUxOWFlNGM3NmEyYjhiMTFkOTJjZWFkN2YuMTIuMTY1NjM0NzQyOTY0MzAwMDE=-NTZhNWUxYzUxOWFlNGM3NmEyYjhiMTFkOTJjZWFkN2YuMTIuMTY1NjM0NzQyOTY0MzAwMDA=-2-Z2F0ZXdheQ==-Z3dAMQ==-L2NhcnQ=-b3JkZXJzOjgwODA="
	c, ok := ids.ParseContext([]l7.ID{{Class: l7.IDContext, Name: []byte("sw8"), Value: []byte(header)}})
	if !ok {
		t.Fatal("the header is not understood")
	}
	b := newBatch()
	if err := Decode(b, messages(t)["segment"], nil); err != nil {
		t.Fatal(err)
	}
	if e := b.Spans[2]; e.Trace != c.Trace || e.Parent != c.Parent {
		t.Errorf("trace %v, parent %v; header %x, %x", e.Trace, e.Parent, c.Trace, c.Parent)
	}
}

// TestCollection has a consumer of three messages: one of another trace, two of its own.
func TestCollection(t *testing.T) {
	m := messages(t)
	in := NewInstances(10)
	if err := in.Report(m["properties"]); err != nil {
		t.Fatal(err)
	}
	b := newBatch()
	if err := DecodeCollection(b, m["collection"], in); err != nil {
		t.Fatal(err)
	}
	if len(b.Spans) != 4 {
		t.Fatalf("%d spans", len(b.Spans))
	}
	s := b.Spans[3]
	if s.Kind != span.Consumer || s.Service != "mail" || s.Parent != spanID(parentText, 2) || s.ID != spanID("de5980b8fce34a37aab9b4ac3af7eedd", 0) {
		t.Errorf("%+v", s)
	}
	if len(s.Links) != 2 || s.Links[0].Trace.String() != "de5980b8fce34a37aab9b4ac3af7eedd" || s.Links[0].ID != spanID(parentText, 2) || s.Links[1].ID != spanID(parentText, 3) {
		t.Errorf("links %+v", s.Links)
	}
	for key, want := range map[string]string{
		"messaging.system": "kafka", "messaging.destination.name": "orders", "messaging.operation.type": "process", "server.address": "k1",
	} {
		if got := s.Text(key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	want := []store.Attr{
		text("host.name", "h1"),
		{Key: "host.ip", Value: store.Value{Type: store.Array, List: []store.Value{store.StringValue("10.0.0.2")}}},
		num("process.pid", 4711), text("os.name", "Linux"), text("telemetry.sdk.language", "java"),
	}
	if d := cmp.Diff(want, b.Spans[0].Resource); d != "" {
		t.Error(d)
	}
	if s.Resource != nil {
		t.Errorf("resource of another instance: %v", s.Resource)
	}
}

// TestJSON is the example of SkyWalking's documentation (Trace Data Protocol v3).
func TestJSON(t *testing.T) {
	const body = `{"traceId":"a12ff60b-5807-463b-a1f8-fb1c8608219e","serviceInstance":"User_Service_Instance_Name",
"spans":[{"operationName":"/ingress","startTime":1588664577013,"endTime":1588664577028,"spanType":"Exit","spanId":1,"isError":false,"parentSpanId":0,
"componentId":6000,"peer":"upstream service","spanLayer":"Http"},{"operationName":"/ingress","startTime":1588664577013,
"tags":[{"key":"http.method","value":"GET"},{"key":"http.params","value":"http://localhost/ingress"}],"endTime":1588664577028,"spanType":"Entry",
"spanId":0,"parentSpanId":-1,"isError":false,"spanLayer":"Http","componentId":6000}],"service":"User_Service_Name","traceSegmentId":"a12ff60b-5807-463b-a1f8-fb1c8608219e"}`
	for _, text := range []string{body, "[" + body + "]"} {
		b := newBatch()
		if err := DecodeJSON(b, text, nil); err != nil {
			t.Fatal(err)
		}
		if len(b.Spans) != 2 {
			t.Fatalf("%d spans, refused %v", len(b.Spans), b.Refused)
		}
		exit, entry := b.Spans[0], b.Spans[1]
		if exit.Trace.String() != "a12ff60b5807463ba1f8fb1c8608219e" || exit.Parent != entry.ID || exit.Kind != span.Client || entry.Kind != span.Server ||
			!entry.Parent.IsZero() || exit.Service != "User_Service_Name" || exit.End-exit.Start != 15e6 || exit.Text("server.address") != "upstream service" {
			t.Errorf("%+v\n%+v", exit, entry)
		}
	}
	for _, bad := range []string{`{"spans":[{"spanId":"x"}]}`, `[`, `7`, `{"spans":{}}`} {
		if DecodeJSON(newBatch(), bad, nil) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// TestTrace reads an answer in the shape of SkyWalking's query API.
func TestTrace(t *testing.T) {
	const answer = `{"data":{"trace":{"spans":[
{"traceId":"` + traceText + `","segmentId":"` + segmentID + `","spanId":1,"parentSpanId":0,"serviceCode":"orders","serviceInstanceName":"o@1","startTime":1700000000130,"endTime":1700000000180,
"endpointName":"Redis/get","type":"Exit","peer":"10.0.0.9:6379","component":"Jedis","isError":false,"layer":"Cache","refs":[],"tags":[{"key":"cache.cmd","value":"get"}],"logs":[]},
{"traceId":"` + traceText + `","segmentId":"` + segmentID + `","spanId":0,"parentSpanId":-1,"serviceCode":"orders","serviceInstanceName":"o@1","startTime":1700000000123,"endTime":1700000000200,
"endpointName":"/orders","type":"Entry","peer":"","component":"Tomcat","isError":true,"layer":"Http",
"refs":[{"traceId":"` + traceText + `","parentSegmentId":"` + parentText + `","parentSpanId":2,"type":"CROSS_PROCESS"}],"tags":[{"key":"status_code","value":"500"}],
"logs":[{"time":1700000000190,"data":[{"key":"event","value":"retry"},{"key":"n","value":null}]}]}]}}}`
	b := newBatch()
	if err := DecodeTrace(b, answer); err != nil {
		t.Fatal(err)
	}
	exit, entry := b.Spans[0], b.Spans[1]
	if exit.Text("db.system.name") != "redis" || exit.Text("db.operation.name") != "get" || exit.Text("network.peer.address") != "10.0.0.9" || exit.Text("sw8.component") != "Jedis" {
		t.Errorf("%+v", exit.Attrs)
	}
	if n, _ := entry.Int("http.response.status_code"); n != 500 || entry.Parent != spanID(parentText, 2) || entry.Status != span.Error || exit.Parent != entry.ID ||
		len(entry.Events) != 1 || entry.Events[0].Name != "retry" {
		t.Errorf("%+v", entry)
	}
	b = newBatch()
	if err := DecodeTrace(b, `{"data":{"trace":null}}`); err != nil || len(b.Spans) != 0 {
		t.Errorf("no trace: %v, %d spans", err, len(b.Spans))
	}
	if err := DecodeTrace(b, `{"errors":[{"message":"no such field"}],"data":null}`); err == nil || err.Error() != "answered: no such field" {
		t.Errorf("errors: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		peer, address string
		port          int64
		ip            string
	}{
		{"10.0.0.1:80", "10.0.0.1", 80, "10.0.0.1"},
		{"db", "db", 0, ""},
		{"db:99999", "db", 0, ""},
		{"[::1]:5432", "::1", 5432, "::1"},
		{"::1", "::1", 0, "::1"},
		{"a:1,b:2", "a", 1, ""},
		{"jdbc:mysql://h:3306/shop", "h", 3306, ""},
		{"k1:9092;k2:9092", "k1", 9092, ""},
		{":80", ":80", 0, ""},
	} {
		b := newBatch()
		a := b.Attrs()
		addServer(&a, c.peer)
		s := store.Span{Attrs: a.List()}
		n, _ := s.Int("server.port")
		if s.Text("server.address") != c.address || n != c.port || s.Text("network.peer.address") != c.ip {
			t.Errorf("%s: %v", c.peer, s.Attrs)
		}
	}
}

func TestInstances(t *testing.T) {
	in := NewInstances(1)
	if err := in.ReportJSON(`{"service":"s","serviceInstance":"i","properties":[{"language":"Lua"},{"key":"hostname","value":"h"}]}`); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]store.Attr{text("host.name", "h"), text("telemetry.sdk.language", "lua")}, in.properties("s", "i")); d != "" {
		t.Error(d)
	}
	if err := in.ReportJSON(`{"service":"other","serviceInstance":"i","properties":[]}`); err != nil || in.Full() != 1 || in.properties("other", "i") != nil {
		t.Errorf("beyond the bound: %v, %d", err, in.Full())
	}
	if in.Report("\x0a\xff") == nil || in.ReportJSON(`{`) == nil {
		t.Error("malformed reports are taken")
	}
}

func TestMessageCut(t *testing.T) {
	whole := messages(t)["segment"]
	n := 0
	for i := range len(whole) {
		if Decode(newBatch(), whole[:i], nil) != nil {
			n++
		}
	}
	if n < len(whole)*9/10 {
		t.Errorf("only %d of %d prefixes are refused", n, len(whole))
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range messages(f) {
		f.Add(m)
	}
	f.Fuzz(func(t *testing.T, m string) {
		b := newBatch()
		in := NewInstances(2)
		_ = in.Report(m)
		if DecodeCollection(b, m, in) != nil {
			return
		}
		for i := range b.Spans {
			if s := &b.Spans[i]; s.Trace.IsZero() || s.ID.IsZero() || s.Start <= 0 || s.End < s.Start {
				t.Fatalf("kept %+v", s)
			}
		}
	})
}

func FuzzDecodeJSON(f *testing.F) {
	f.Add(`[{"traceId":"t","traceSegmentId":"s","spans":[{"spanType":"Exit","spanLayer":3,"startTime":"5","peer":"a:1","tags":[{"key":"url","value":"http://a/b?c"}],"refs":[{"parentSpanId":1}],"logs":[{"time":1,"data":[]}]}]}]`)
	f.Add(`{"data":{"trace":{"spans":[{"traceId":"t","segmentId":"s","startTime":5,"type":"Entry"}]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		b := newBatch()
		_ = DecodeJSON(b, text, nil)
		_ = DecodeTrace(b, text)
		_ = NewInstances(1).ReportJSON(text)
	})
}
