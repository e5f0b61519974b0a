package zipkin

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

func decode(t testing.TB, text string) *batch.Batch {
	t.Helper()
	b := batch.New(batch.DefaultLimits())
	b.Reset(0)
	if err := Decode(b, text); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSpan is the example of the API's definition (zipkin2-api.yaml), with more.
func TestSpan(t *testing.T) {
	b := decode(t, `[{"id":"352bff9a74ca9ad2","traceId":"5af7183fb1d4cf5f","parentId":"6b221d5bc9e6496c","name":"get /api","timestamp":1556604172355737,"duration":1431,
"kind":"SERVER","localEndpoint":{"serviceName":"backend","ipv4":"192.168.99.1","port":3306},"remoteEndpoint":{"ipv6":"::ffff:172.19.0.2","port":58648},
"tags":{"http.method":"GET","http.path":"/api","error":"broken"},"annotations":[{"timestamp":1556604172355800,"value":"wire recv"}],"debug":true}]`)
	want := []store.Span{{
		Trace: span.TraceID{8: 0x5a, 9: 0xf7, 10: 0x18, 11: 0x3f, 12: 0xb1, 13: 0xd4, 14: 0xcf, 15: 0x5f}, ID: span.SpanID{0x35, 0x2b, 0xff, 0x9a, 0x74, 0xca, 0x9a, 0xd2},
		Parent: span.SpanID{0x6b, 0x22, 0x1d, 0x5b, 0xc9, 0xe6, 0x49, 0x6c}, Start: 1556604172355737e3, End: 1556604172357168e3,
		Kind: span.Server, Status: span.Error, Message: "broken", Service: "backend", Name: "get /api",
		Attrs: []store.Attr{
			{Key: "http.method", Value: store.StringValue("GET")},
			{Key: "http.path", Value: store.StringValue("/api")},
			{Key: "zipkin.debug", Value: store.BoolValue(true)},
			{Key: "network.local.address", Value: store.StringValue("192.168.99.1")},
			{Key: "network.local.port", Value: store.IntValue(3306)},
			{Key: "network.peer.address", Value: store.StringValue("172.19.0.2")},
			{Key: "network.peer.port", Value: store.IntValue(58648)},
		},
		Events: []store.Event{{Time: 1556604172355800e3, Name: "wire recv"}},
	}}
	if d := cmp.Diff(want, b.Spans, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
}

// TestShared has a client and a server that share an id, and the server's call to a
// third service, in the order in which they finish.
func TestShared(t *testing.T) {
	b := decode(t, `[
{"traceId":"1","id":"c","parentId":"a","name":"call","kind":"CLIENT","timestamp":12,"duration":3,"localEndpoint":{"serviceName":"mid"}},
{"traceId":"1","id":"a","name":"get","kind":"SERVER","shared":true,"timestamp":11,"duration":8,"localEndpoint":{"serviceName":"mid"}},
{"traceId":"1","id":"a","name":"get","kind":"CLIENT","timestamp":10,"duration":10,"localEndpoint":{"serviceName":"front"}},
{"traceId":"1","id":"b","parentId":"a","name":"local","timestamp":10,"duration":10,"localEndpoint":{"serviceName":"front"}}]`)
	call, server, client, local := b.Spans[0], b.Spans[1], b.Spans[2], b.Spans[3]
	if server.ID == client.ID || server.Parent != client.ID || call.Parent != server.ID || local.Parent != client.ID || !client.Parent.IsZero() {
		t.Errorf("client %v, server %v below %v, call below %v, local below %v", client.ID, server.ID, server.Parent, call.Parent, local.Parent)
	}
	if v, ok := server.Attr(Shared); !ok || v.Num != 1 || local.Kind != span.Internal {
		t.Errorf("%+v %v", server.Attrs, local.Kind)
	}
	again := decode(t, `[{"traceId":"1","id":"a","kind":"SERVER","shared":true,"timestamp":11,"localEndpoint":{"serviceName":"mid"}}]`)
	if again.Spans[0].ID != server.ID {
		t.Error("the id of a shared span is not the same each time")
	}
}

func TestTags(t *testing.T) {
	b := decode(t, `[{"traceId":"0000000000000000463ac35c9f6413ad","id":"1","timestamp":1,"kind":"CLIENT","remoteEndpoint":{"serviceName":"mysql"},
"tags":{"otel.status_code":"OK","otel.scope.name":"lib","error":"true","peer.service":"db"}},{"traceId":"463ac35c9f6413ad48485a3953bb6124","id":"2","timestamp":"1","tags":{"error":""},"kind":"PRODUCER","remoteEndpoint":{"serviceName":"kafka"}}]`)
	one, two := b.Spans[0], b.Spans[1]
	if one.Status != store.Ok || one.Message != "" || one.Scope != "lib" || one.Text("peer.service") != "db" || one.Service != batch.Unknown || one.Trace.String() != "0000000000000000463ac35c9f6413ad" {
		t.Errorf("%+v", one)
	}
	if two.Status != span.Error || two.Text("peer.service") != "kafka" || two.Trace.String() != "463ac35c9f6413ad48485a3953bb6124" || two.End != two.Start {
		t.Errorf("%+v", two)
	}
}

func TestRefused(t *testing.T) {
	b := decode(t, `[{"traceId":"x","id":"1","timestamp":1},{"traceId":"1","id":"12345678123456781","timestamp":1},{"traceId":"1","id":"1","parentId":"-","timestamp":1},
{"traceId":"1","id":"1"},{"id":"1","timestamp":1},{"traceId":"1","id":"0","timestamp":1},{"traceId":"1","id":"1","timestamp":1e30},{"traceId":"1","id":"1","timestamp":1}]`)
	want := batch.Refused{batch.BadTraceID: 2, batch.BadSpanID: 2, batch.BadParentID: 1, batch.BadTime: 2}
	if b.Refused != want || len(b.Spans) != 1 {
		t.Errorf("refused %v, %d spans", b.Refused, len(b.Spans))
	}
	for _, bad := range []string{`{}`, `[{"id":1}]`, `[`, `[{"tags":{"a":1}}]`, `x`} {
		if Decode(batch.New(batch.DefaultLimits()), bad) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`[{"traceId":"1","id":"a","parentId":"b","name":"n","kind":"SERVER","shared":true,"timestamp":1.5,"duration":2,"localEndpoint":{"serviceName":"s","ipv4":"1.2.3.4","ipv6":"::1","port":1},"annotations":[{"timestamp":1,"value":"v"}],"tags":{"error":"e"}}]`)
	f.Fuzz(func(t *testing.T, text string) {
		b := batch.New(batch.DefaultLimits())
		b.Reset(0)
		if Decode(b, text) != nil {
			return
		}
		for i := range b.Spans {
			if s := &b.Spans[i]; s.Trace.IsZero() || s.ID.IsZero() || s.Start <= 0 || s.End < s.Start {
				t.Fatalf("kept %+v", s)
			}
		}
	})
}
