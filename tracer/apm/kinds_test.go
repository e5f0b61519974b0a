package apm

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

const hexID = "9bfe8376688e9116d9cbae28c0aa2db6"

// jaegerAnswer is an answer of Jaeger's /api/traces/{id}, of spans that came over OTLP.
const jaegerAnswer = `{"data":[{"traceID":"` + hexID + `","spans":[
{"traceID":"` + hexID + `","spanID":"9b321d76f92134d2","operationName":"/api/services","references":[],"startTime":1729181197748657,"duration":1503,
"tags":[{"key":"http.method","type":"string","value":"GET"},{"key":"http.status_code","type":"int64","value":200},{"key":"ratio","type":"float64","value":0.5},
{"key":"cached","type":"bool","value":true},{"key":"big","type":"int64","value":"9223372036854775807"},{"key":"raw","type":"binary","value":"AQI="},
{"key":"internal.span.format","type":"string","value":"otlp"},{"key":"otel.scope.name","type":"string","value":"otelhttp"},{"key":"span.kind","type":"string","value":"server"}],
"logs":[{"timestamp":1729181197748700,"fields":[{"key":"event","type":"string","value":"exception"},{"key":"exception.type","type":"string","value":"E"}]}],"processID":"p1","warnings":null},
{"traceID":"` + hexID + `","spanID":"b321d76f92134d2","operationName":"SELECT","references":[{"refType":"FOLLOWS_FROM","traceID":"` + hexID + `","spanID":"01"},
{"refType":"CHILD_OF","traceID":"` + hexID + `","spanID":"9b321d76f92134d2"},{"refType":"FOLLOWS_FROM","traceID":"1","spanID":"2"}],"startTime":1729181197748660,"duration":1000,
"tags":[{"key":"span.kind","type":"string","value":"client"},{"key":"error","type":"bool","value":true},{"key":"otel.status_description","type":"string","value":"gone"}],"logs":[],"processID":"p1","warnings":null}],
"processes":{"p1":{"serviceName":"web","tags":[{"key":"host.name","type":"string","value":"h1"},{"key":"service.instance.id","type":"string","value":"i1"}]}},"warnings":null}],"total":0,"limit":0,"offset":0,"errors":null}`

func str(key, v string) store.Attr { return store.Attr{Key: key, Value: store.StringValue(v)} }

func TestJaeger(t *testing.T) {
	id := traceID(t, hexID)
	o := &oap{answer: texts(typeJSON, map[string]string{"/jaeger/api/traces/" + hexID: jaegerAnswer})}
	c := client(t, Source{Kind: Jaeger, URL: serve(t, o) + "/jaeger/"}, nil)
	spans, reports := c.Fetch(within(t), id)
	resource := []store.Attr{str("host.name", "h1"), str(Attr, "one")}
	want := []store.Span{
		{
			Trace: id, ID: span.SpanID{0x9b, 0x32, 0x1d, 0x76, 0xf9, 0x21, 0x34, 0xd2}, Start: 1729181197748657e3, End: 1729181197750160e3, Kind: span.Server,
			Service: "web", Instance: "i1", Name: "/api/services", Scope: "otelhttp", Resource: resource,
			Attrs: []store.Attr{
				str("http.method", "GET"),
				{Key: "http.status_code", Value: store.IntValue(200)},
				{Key: "ratio", Value: store.DoubleValue(0.5)},
				{Key: "cached", Value: store.BoolValue(true)},
				{Key: "big", Value: store.IntValue(1<<63 - 1)},
				{Key: "raw", Value: store.BytesValue("\x01\x02")},
			},
			Events: []store.Event{{Time: 1729181197748700e3, Name: "exception", Attrs: []store.Attr{str("exception.type", "E")}}},
		},
		{
			Trace: id, ID: span.SpanID{0x0b, 0x32, 0x1d, 0x76, 0xf9, 0x21, 0x34, 0xd2}, Parent: span.SpanID{0x9b, 0x32, 0x1d, 0x76, 0xf9, 0x21, 0x34, 0xd2},
			Start: 1729181197748660e3, End: 1729181197749660e3, Kind: span.Client, Status: span.Error, Message: "gone",
			Service: "web", Instance: "i1", Name: "SELECT", Resource: resource,
			Links: []store.Link{{Trace: id, ID: span.SpanID{7: 1}}, {Trace: span.TraceID{15: 1}, ID: span.SpanID{7: 2}}},
		},
	}
	if d := cmp.Diff(want, spans, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	if r := reports[0]; r.Err != nil || r.Spans != 2 || r.Cached || !strings.HasPrefix(r.String(), "one: 2 spans in ") {
		t.Errorf("report %v", r)
	}
	if _, reports := c.Fetch(within(t), span.TraceID{15: 7}); reports[0].Err != nil || !strings.HasPrefix(reports[0].String(), "one: does not have the trace") {
		t.Errorf("report %v", reports[0])
	}
	if got, want := o.questions(), []string{"GET /jaeger/api/traces/" + hexID, "GET /jaeger/api/traces/0000000000000007"}; !slices.Equal(got, want) {
		t.Errorf("asked %q", got)
	}
}

// TestJaegerV3 reads OTLP's JSON with ids in hex and in base64, which versions of the
// API have written, in one piece and in several.
func TestJaegerV3(t *testing.T) {
	for name, answer := range map[string]string{
		"hex":    `{"result":{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}}]},"scopeSpans":[{"scope":{},"spans":[{"traceId":"` + hexID + `","spanId":"9b321d76f92134d2","name":"n","kind":2,"startTimeUnixNano":"1729181197748657000","endTimeUnixNano":"1729181197750160000"}]}]}]}}`,
		"base64": `{"result":{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}}]},"scopeSpans":[{"spans":[{"traceId":"m/6DdmiOkRbZy64owKottg==","spanId":"mzIddvkhNNI=","name":"n","kind":"SPAN_KIND_SERVER","startTimeUnixNano":"1729181197748657000","endTimeUnixNano":"1729181197750160000"}]}]}]}}`,
		"pieces": `{"result":{"resourceSpans":[]}}` + "\n" + `{"result":{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}}]},"scopeSpans":[{"spans":[{"traceId":"` + hexID + `","spanId":"9b321d76f92134d2","name":"n","kind":2,"startTimeUnixNano":"1729181197748657000","endTimeUnixNano":"1729181197750160000"}]}]}]}}`,
	} {
		o := &oap{answer: texts(typeJSON, map[string]string{"/api/v3/traces/" + hexID: answer})}
		spans, reports := client(t, Source{Kind: JaegerV3, URL: serve(t, o)}, nil).Fetch(within(t), traceID(t, hexID))
		if len(spans) != 1 || spans[0].ID.String() != "9b321d76f92134d2" || spans[0].Trace.String() != hexID || spans[0].Kind != span.Server || spans[0].Service != "web" {
			t.Errorf("%s: %+v, %v", name, spans, reports)
		}
	}
}

// tempoTrace is tempopb.Trace with one span.
func tempoTrace(t testing.TB) []byte {
	t.Helper()
	id := traceID(t, hexID)
	b, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{{
		Scope: &commonpb.InstrumentationScope{Name: "lib"},
		Spans: []*tracepb.Span{{TraceId: id[:], SpanId: []byte{1, 2, 3, 4, 5, 6, 7, 8}, Name: "n", StartTimeUnixNano: 5, EndTimeUnixNano: 6}},
	}}}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTempo(t *testing.T) {
	trace := tempoTrace(t)
	wrapped := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), trace)
	partial := protowire.AppendVarint(protowire.AppendTag(slices.Clone(wrapped), 3, protowire.VarintType), 1)
	partial = protowire.AppendString(protowire.AppendTag(partial, 4, protowire.BytesType), "too large")
	const json1 = `{"batches":[{"scopeSpans":[{"spans":[{"traceId":"m/6DdmiOkRbZy64owKottg==","spanId":"AQIDBAUGBwg=","name":"n","startTimeUnixNano":"5","endTimeUnixNano":"6"}]}]}]}`
	for _, c := range []struct {
		name, kind, path, text, note string
		asked                        []string
	}{
		{"second version", typeProtobuf, "/api/v2/traces/", string(wrapped), "", []string{"GET /api/v2/traces/" + hexID}},
		{"a part", typeProtobuf, "/api/v2/traces/", string(partial), "a part of the trace only: too large", []string{"GET /api/v2/traces/" + hexID}},
		{"first version", typeProtobuf, "/api/traces/", string(trace), "", []string{"GET /api/v2/traces/" + hexID, "GET /api/traces/" + hexID}},
		{"first version, JSON", typeJSON, "/api/traces/", json1, "", []string{"GET /api/v2/traces/" + hexID, "GET /api/traces/" + hexID}},
		{"second version, JSON", typeJSON, "/api/v2/traces/", `{"trace":` + json1 + `}`, "", []string{"GET /api/v2/traces/" + hexID}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &oap{answer: texts(c.kind, map[string]string{c.path + hexID: c.text})}
			cl := client(t, Source{Kind: Tempo, URL: serve(t, o), Headers: map[string]string{"X-Scope-OrgID": "tenant-1"}}, nil)
			spans, reports := cl.Fetch(within(t), traceID(t, hexID))
			if len(spans) != 1 || spans[0].ID.String() != "0102030405060708" || reports[0].Note != c.note {
				t.Errorf("%+v, %v", spans, reports)
			}
			if got := o.questions(); !slices.Equal(got, c.asked) {
				t.Errorf("asked %q", got)
			}
			if o.header().Get("X-Scope-OrgID") != "tenant-1" || o.header().Get("Accept") != typeProtobuf {
				t.Errorf("headers %v", o.header())
			}
			// What it has learned of the version holds.
			before := len(o.questions())
			if _, reports := cl.Fetch(within(t), span.TraceID{1}); reports[0].Err != nil || len(o.questions()) != before+1 {
				t.Errorf("asked %q, %v", o.questions(), reports[0])
			}
		})
	}
}

func TestZipkin(t *testing.T) {
	o := &oap{answer: texts(typeJSON, map[string]string{"/zipkin/api/v2/trace/" + hexID[16:]: `[{"traceId":"` + hexID[16:] + `","id":"1","timestamp":5,"localEndpoint":{"serviceName":"web"}}]`})}
	spans, reports := client(t, Source{Kind: Zipkin, URL: serve(t, o) + "/zipkin"}, nil).Fetch(within(t), traceID(t, hexID[16:]))
	if len(spans) != 1 || spans[0].Service != "web" || spans[0].Trace.String() != "0000000000000000"+hexID[16:] {
		t.Errorf("%+v, %v", spans, reports)
	}
}

// TestSkyWalking asks by the id of the header, and by a UUID if none was seen.
func TestSkyWalking(t *testing.T) {
	const java = "56a5e1c519ae4c76a2b8b11d92cead7f.12.16563474296430001"
	o := &oap{answer: func(w http.ResponseWriter, r *http.Request, body string) {
		var q struct {
			Query     string            `json:"query"`
			Variables map[string]string `json:"variables"`
		}
		if err := json.Unmarshal([]byte(body), &q); err != nil || !strings.Contains(q.Query, "queryTrace") || r.URL.Path != "/graphql" {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		spans := ""
		if q.Variables["id"] == java || q.Variables["id"] == "de5980b8-fce3-4a37-aab9-b4ac3af7eedd" {
			spans = `{"traceId":"` + q.Variables["id"] + `","segmentId":"0b3d1f9a7c5e4b6d8f0a1c2e3d4b5a69.77.1","spanId":0,"parentSpanId":-1,"serviceCode":"orders","serviceInstanceName":"o@1","startTime":1700000000123,"endTime":1700000000200,
"endpointName":"/orders","type":"Entry","peer":"","component":"Tomcat","isError":false,"layer":"Http","refs":[],"tags":[],"logs":[]}`
		}
		w.Header().Set("Content-Type", typeJSON)
		_, _ = w.Write([]byte(`{"data":{"trace":{"spans":[` + spans + `]}}}`))
	}}
	c := client(t, Source{Kind: SkyWalking, URL: serve(t, o)}, nil)
	id := span.TraceID(ids.SkyWalkingTrace([]byte(java)))
	seen := []store.Span{{Attrs: []store.Attr{{Key: "wirespan.context", Value: store.Value{Type: store.Array, List: []store.Value{
		store.StringValue("traceparent=00-" + hexID + "-9b321d76f92134d2-01"),
		store.StringValue("sw8=1-NTZhNWUxYzUxOWFlNGM3NmEyYjhiMTFkOTJjZWFkN2YuMTIuMTY1NjM0NzQyOTY0MzAwMDE=-NTZhNWUxYzUxOWFlNGM3NmEyYjhiMTFkOTJjZWFkN2YuMTIuMTY1NjM0NzQyOTY0MzAwMDA=-2-Z2F0ZXdheQ==-Z3dAMQ==-L2NhcnQ=-b3JkZXJzOjgwODA="),
	}}}}}}
	names := Names(seen, id)
	if !slices.Equal(names, []string{java}) {
		t.Fatalf("names %q", names)
	}
	spans, reports := c.Fetch(within(t), id, names...)
	if len(spans) != 1 || spans[0].Trace != id || spans[0].Kind != span.Server || spans[0].Text("sw8.trace_id") != java {
		t.Errorf("%+v, %v", spans, reports)
	}
	if again := Names(spans, id); !slices.Equal(again, names) {
		t.Errorf("names of its own spans: %q", again)
	}
	uuid := traceID(t, "de5980b8fce34a37aab9b4ac3af7eedd")
	if spans, reports := c.Fetch(within(t), uuid); len(spans) != 1 || spans[0].Trace != uuid {
		t.Errorf("%+v, %v", spans, reports)
	}
	if spans, reports := c.Fetch(within(t), span.TraceID{9}); len(spans) != 0 || reports[0].Err != nil || len(o.questions()) != 4 {
		t.Errorf("%+v, %v, asked %d times", spans, reports, len(o.questions()))
	}
}

// TestTwoSources has one span in both.
func TestTwoSources(t *testing.T) {
	one := &oap{answer: texts(typeJSON, map[string]string{"/api/v2/trace/0000000000000001": `[{"traceId":"1","id":"1","timestamp":5,"localEndpoint":{"serviceName":"web"}}]`})}
	two := &oap{answer: texts(typeJSON, map[string]string{"/api/v2/trace/0000000000000001": `[{"traceId":"1","id":"1","timestamp":6,"localEndpoint":{"serviceName":"web"}},{"traceId":"1","id":"2","timestamp":6,"localEndpoint":{"serviceName":"db"}}]`})}
	c := client(t, Source{Kind: Zipkin, URL: serve(t, one)}, func(c *Config) {
		c.Sources = append(c.Sources, Source{Name: "two", Kind: Zipkin, URL: serve(t, two)})
	})
	spans, reports := c.Fetch(within(t), span.TraceID{15: 1})
	if len(spans) != 2 || spans[0].Start != 5000 || spans[1].Service != "db" || len(reports) != 2 || reports[1].Spans != 2 {
		t.Errorf("%+v, %v", spans, reports)
	}
	if v, _ := spans[1].ResourceAttr(Attr); v.Str != "two" {
		t.Errorf("source %q", v.Str)
	}
}

func FuzzJaeger(f *testing.F) {
	f.Add(jaegerAnswer)
	f.Add(`{"data":null,"errors":[{"code":404,"msg":"trace not found"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		b := batch.New(batch.DefaultLimits())
		b.Reset(0)
		if decodeJaeger(b, text) != nil {
			return
		}
		for i := range b.Spans {
			if s := &b.Spans[i]; s.Trace.IsZero() || s.ID.IsZero() || s.Start <= 0 || s.End < s.Start {
				t.Fatalf("kept %+v", s)
			}
		}
	})
}
