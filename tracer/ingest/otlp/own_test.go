package otlp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/otlp"
	export "github.com/wirespan/wirespan/tracer/otlp"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// own are spans as wirespan exports them: an HTTP exchange with 25 attributes.
func own(n int) []span.Span {
	list := make([]span.Span, n)
	for i := range list {
		v := uint64(i) * 0x9e3779b97f4a7c15
		s := &list[i]
		s.Trace, s.ID, s.Parent = span.TraceOfRoot(v+1), span.SpanIDOf(v, "agent", "eth0", 0), span.SpanIDOf(v, "agent", "eth1", 0)
		s.Start = 1_700_000_000e9 + int64(i)*1e6
		s.End, s.Kind = s.Start+3e6, span.Server
		s.Service, s.Instance, s.Name = []byte("orders"), []byte("10.0.0.2:8080"), []byte("GET /orders/{id}")
		a := span.AppendString(nil, span.KeySignal, "NET")
		a = span.AppendString(a, span.KeyHTTPRequestMethod, "GET")
		a = span.AppendInt(a, span.KeyHTTPResponseStatusCode, 200)
		a = span.AppendString(a, span.KeyURLPath, "/orders/7f3a2b")
		a = span.AppendString(a, span.KeyURLTemplate, "/orders/{id}")
		a = span.AppendString(a, span.KeyHTTPRoute, "/orders/{id}")
		a = span.AppendString(a, span.KeyUserAgentOriginal, "Go-http-client/1.1")
		for _, k := range []span.Key{span.KeyClientAddress, span.KeyServerAddress, span.KeyNetworkPeerAddress, span.KeyNetworkLocalAddress} {
			a = span.AppendAddr(a, k, &[16]byte{10: 0xff, 11: 0xff, 12: 10, 15: byte(i)})
		}
		for _, k := range []span.Key{span.KeyClientPort, span.KeyServerPort, span.KeyNetworkPeerPort, span.KeyNetworkLocalPort, span.KeyPhaseSend, span.KeyPhaseWait, span.KeyPhaseReceive, span.KeySeqRequest, span.KeySeqResponse} {
			a = span.AppendInt(a, k, int64(v>>40))
		}
		a = span.AppendString(a, span.KeyNetworkTransport, "tcp")
		a = span.AppendString(a, span.KeyNetworkProtocolName, "http")
		a = span.AppendString(a, span.KeyCapturePoint, "eth0")
		a = span.AppendHex(a, span.KeyExchange, v)
		a = span.AppendStrings(a, span.KeyRequestID, span.AppendElem(nil, "x-request-id=7f3a2b7f3a2b7f3a2b"))
		s.Attrs = span.AppendFloat(a, span.KeyLinkConfidence, 1)
		s.Links = []span.Link{{Trace: s.Trace, ID: s.Parent, Rule: "inferred", Confidence: 0.5}}
	}
	return list
}

var config = export.Config{Version: "1.2.3", Resource: []export.Attribute{{Key: "wirespan.agent", Value: "node-1"}}}

// TestOwnSpans reads what wirespan writes, in both forms.
func TestOwnSpans(t *testing.T) {
	keys := span.NewKeys()
	spans := own(20)
	b := batch.New(batch.DefaultLimits())
	b.Reset(0)
	if err := otlp.Decode(b, string(export.NewEncoder(keys, config).Encode(nil, spans))); err != nil {
		t.Fatal(err)
	}
	j := batch.New(batch.DefaultLimits())
	j.Reset(0)
	if err := otlp.DecodeJSON(j, string(export.NewJSONEncoder(keys, config).Encode(nil, spans))); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(b.Spans, j.Spans, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("(-protobuf +JSON)\n%s", d)
	}
	if len(b.Spans) != 20 {
		t.Fatalf("%d spans", len(b.Spans))
	}
	for i, s := range b.Spans {
		if s.Trace != spans[i].Trace || s.ID != spans[i].ID || s.Parent != spans[i].Parent || s.Start != spans[i].Start || s.Signal != store.NET ||
			s.Agent != "node-1" || s.Service != "orders" || s.Instance != "10.0.0.2:8080" || len(s.Links) != 1 || s.Scope != export.Scope {
			t.Errorf("%+v", s)
		}
		if _, ok := s.Attr("otel.scope.version"); ok {
			t.Error("own spans have the version of their scope")
		}
		keys := store.AppendKeys(nil, &s)
		if want := store.IDKey("7f3a2b7f3a2b7f3a2b"); keys[len(keys)-1] != want {
			t.Errorf("keys %v", keys)
		}
	}
}

// TestFacts carries what only a linker asks for.
func TestFacts(t *testing.T) {
	f := string(facts.Append(nil, &facts.Facts{Head: 77}))
	b := batch.New(batch.DefaultLimits())
	b.Reset(0)
	kv := append([]byte{0x0a, byte(len(facts.Name))}, facts.Name...)
	kv = append(append(kv, 0x12, byte(len(f)+2), 0x3a, byte(len(f))), f...)
	s := append([]byte{0x0a, 16}, make([]byte, 15)...)
	s = append(s, 1, 0x12, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x39, 1, 0, 0, 0, 0, 0, 0, 0, 0x4a, byte(len(kv)))
	s = append(s, kv...)
	ss := append([]byte{0x12, byte(len(s))}, s...)
	rs := append([]byte{0x12, byte(len(ss))}, ss...)
	if err := otlp.Decode(b, string(append([]byte{0x0a, byte(len(rs))}, rs...))); err != nil || len(b.Spans) != 1 {
		t.Fatalf("%v, %d spans, refused %v", err, len(b.Spans), b.Refused)
	}
	if v, ok := b.Spans[0].Attr(facts.Name); !ok || v.Type != store.Bytes || v.Str != f {
		t.Errorf("facts: %+v", v)
	}
}

// TestAllocations holds decoding to one copy of the body and no allocation per span.
func TestAllocations(t *testing.T) {
	body := export.NewEncoder(span.NewKeys(), config).Encode(nil, own(500))
	b := batch.New(batch.DefaultLimits())
	got := testing.AllocsPerRun(20, func() {
		b.Reset(0)
		if otlp.Decode(b, string(body)) != nil || len(b.Spans) != 500 {
			t.Fatal("not decoded")
		}
	})
	if got > 3 {
		t.Errorf("%v allocations for 500 spans", got)
	}
}

func BenchmarkDecode(b *testing.B) {
	keys := span.NewKeys()
	spans := own(1000)
	for _, form := range []string{"protobuf", "json"} {
		body, decode := export.NewEncoder(keys, config).Encode(nil, spans), otlp.Decode
		if form == "json" {
			body, decode = export.NewJSONEncoder(keys, config).Encode(nil, spans), otlp.DecodeJSON
		}
		b.Run(form, func(b *testing.B) {
			out := batch.New(batch.DefaultLimits())
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				out.Reset(0)
				if err := decode(out, string(body)); err != nil || len(out.Spans) != len(spans) {
					b.Fatal(err, len(out.Spans))
				}
			}
			b.ReportMetric(float64(b.N*len(spans))/b.Elapsed().Seconds(), "spans/s")
		})
	}
}
