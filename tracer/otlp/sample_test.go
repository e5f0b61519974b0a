package otlp

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/wirespan/wirespan/tracer/span"
)

// testKeys has the constants, two keys too long for the short form and one
// that JSON has to escape.
func testKeys() *span.Keys {
	return span.NewKeys(
		span.KeyDoc{Name: "messaging.destination.partition.id.of.a.name.long.enough.to.leave.the.short.form"},
		span.KeyDoc{Name: "x.1234567890123456789012345678901234567890"},
		span.KeyDoc{Name: "odd\"key\\\n"},
	)
}

func testConfig() Config {
	c := Default()
	c.Version = "1.2.3"
	c.Resource = []Attribute{{"wirespan.agent", "probe-1"}, {"host.name", "edge\"7\""}}
	return c
}

// httpSpan is a typical HTTP span with 25 attributes.
func httpSpan(i uint64) span.Span {
	client, server := [16]byte{10: 0xff, 11: 0xff, 12: 10, 14: 31, 15: 7}, [16]byte{10: 0xff, 11: 0xff, 12: 192, 13: 168, 14: 100, 15: 212}
	var a span.Attrs
	a = span.AppendAddr(a, span.KeyClientAddress, &client)
	a = span.AppendInt(a, span.KeyClientPort, 51234)
	a = span.AppendString(a, span.KeyServerAddress, "orders.shop.example")
	a = span.AppendInt(a, span.KeyServerPort, 8080)
	a = span.AppendAddr(a, span.KeyNetworkPeerAddress, &client)
	a = span.AppendInt(a, span.KeyNetworkPeerPort, 51234)
	a = span.AppendAddr(a, span.KeyNetworkLocalAddress, &server)
	a = span.AppendInt(a, span.KeyNetworkLocalPort, 8080)
	a = span.AppendString(a, span.KeyNetworkTransport, "tcp")
	a = span.AppendString(a, span.KeyNetworkType, "ipv4")
	a = span.AppendString(a, span.KeyNetworkProtocolName, "http")
	a = span.AppendString(a, span.KeyNetworkProtocolVersion, "1.1")
	a = span.AppendString(a, span.KeyHTTPRequestMethod, "GET")
	a = span.AppendInt(a, span.KeyHTTPResponseStatusCode, 200)
	a = span.AppendInt(a, span.KeyHTTPResponseBodySize, 4711)
	a = span.AppendString(a, span.KeyHTTPRoute, "/api/v2/orders/{id}")
	a = span.AppendString(a, span.KeyURLPath, "/api/v2/orders/8812341")
	a = span.AppendString(a, span.KeyURLScheme, "http")
	a = span.AppendString(a, span.KeyUserAgentOriginal, "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko")
	a = span.AppendString(a, span.KeySignal, "NET")
	a = span.AppendString(a, span.KeyCapturePoint, "eth0")
	a = span.AppendHex(a, span.KeyExchange, 0x9f3c27aa01bb55e0+i)
	a = span.AppendInt(a, span.KeySeqRequest, 3141592653)
	a = span.AppendInt(a, span.KeyPhaseWait, 1834211)
	a = span.AppendInt(a, span.KeyPhaseReceive, 90211)
	return span.Span{
		Trace: span.TraceID{1, 2, 3, 15: byte(i)}, ID: span.SpanID{7, 7: byte(i)}, Parent: span.SpanID{9},
		Start: 1_700_000_000_000_000_000 + int64(i), End: 1_700_000_000_002_000_000 + int64(i),
		Kind: span.Server, Service: []byte("orders"), Instance: []byte("192.168.100.212:8080"),
		Name: []byte("GET /api/v2/orders/{id}"), Attrs: a,
	}
}

// randomText is text of all sorts, valid or not, around the lengths at which
// encodings change.
func randomText(r *rand.Rand) []byte {
	n := []int{0, 1, 3, 7, 8, 9, 15, 16, 17, 40, 75, 76, 77, 120, 127, 128, 130, 300, 17000}[r.IntN(19)]
	if n == 17000 && r.IntN(20) > 0 {
		n = 5
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(' ' + r.IntN(95))
	}
	special := []string{"\"", "\\", "\n", "\x00", "\x1f", "\x7f", "é", "漢", "😀", "\u2028", "\ufffd", "\xff", "\xc3", "\xed\xa0\x80", "\xf0\x9f\x98"}
	for range r.IntN(4) {
		if n > 0 && r.IntN(2) == 0 {
			copy(b[r.IntN(n):], special[r.IntN(len(special))])
		}
	}
	return b
}

func randomInt(r *rand.Rand) int64 {
	edges := []int64{0, 1, -1, 127, 128, 16383, 16384, math.MaxInt64, math.MinInt64}
	if i := r.IntN(2 * len(edges)); i < len(edges) {
		return edges[i]
	}
	return r.Int64() >> r.IntN(64)
}

func randomAddr(r *rand.Rand) *[16]byte {
	var a [16]byte
	if r.IntN(2) == 0 {
		a[10], a[11] = 0xff, 0xff
		for i := 12; i < 16; i++ {
			a[i] = byte(r.IntN(256) >> r.IntN(8))
		}
		return &a
	}
	for i := range a {
		a[i] = byte(r.IntN(256) * r.IntN(2))
	}
	return &a
}

func randomAttrs(r *rand.Rand, keys *span.Keys) (a span.Attrs) {
	for range r.IntN(30) {
		k := span.Key(r.IntN(keys.Len()))
		switch span.Type(r.IntN(9)) {
		case span.TypeString:
			a = span.AppendString(a, k, randomText(r))
		case span.TypeInt:
			a = span.AppendInt(a, k, randomInt(r))
		case span.TypeBool:
			a = span.AppendBool(a, k, r.IntN(2) == 0)
		case span.TypeFloat:
			a = span.AppendFloat(a, k, []float64{0, 1, -0.95, 1e300, 1e-300, math.Pi, math.Inf(1), math.Inf(-1), math.NaN()}[r.IntN(9)])
		case span.TypeBytes:
			a = span.AppendBytes(a, k, randomText(r))
		case span.TypeHex:
			a = span.AppendHex(a, k, r.Uint64())
		case span.TypeAddr:
			a = span.AppendAddr(a, k, randomAddr(r))
		case span.TypeStrings:
			var list []byte
			for range r.IntN(5) {
				list = span.AppendElem(list, randomText(r))
			}
			a = span.AppendStrings(a, k, list)
		case span.TypeInts:
			var list []byte
			for range r.IntN(5) {
				list = span.AppendIntElem(list, randomInt(r))
			}
			a = span.AppendInts(a, k, list)
		}
	}
	return a
}

func randomSpan(r *rand.Rand, keys *span.Keys) span.Span {
	s := span.Span{
		Start: randomInt(r), End: randomInt(r),
		Kind: span.Kind(r.IntN(6)), Status: span.Status(2 * r.IntN(2)),
		Service: []byte([]string{"", "cart", "orders", "db\xff"}[r.IntN(4)]), Instance: []byte([]string{"", "10.0.0.1:80"}[r.IntN(2)]),
		Name: randomText(r), Attrs: randomAttrs(r, keys),
	}
	if r.IntN(2) == 0 {
		s.Resource = span.AppendString(s.Resource, span.KeyPeerService, []string{"nginx", "p\xffython"}[r.IntN(2)])
		s.Resource = span.AppendInt(s.Resource, span.KeyClientPort, int64(r.IntN(2)))
	}
	for i := range s.Trace {
		s.Trace[i] = byte(r.IntN(256))
	}
	for i := range s.ID {
		s.ID[i], s.Parent[i] = byte(r.IntN(256)), byte(r.IntN(256))
	}
	if r.IntN(3) == 0 {
		s.Parent = span.SpanID{}
	}
	for range r.IntN(3) {
		s.Links = append(s.Links, span.Link{Trace: s.Trace, ID: s.Parent, Rule: []string{"", "sighting", "bad\xff"}[r.IntN(3)], Confidence: r.Float64()})
	}
	return s
}

func randomSpans(seed uint64, n int) ([]span.Span, *span.Keys) {
	r, keys := rand.New(rand.NewPCG(seed, 1)), testKeys()
	spans := make([]span.Span, n)
	for i := range spans {
		spans[i] = randomSpan(r, keys)
	}
	return spans, keys
}

func TestSampleHas25Attributes(t *testing.T) {
	n := 0
	s := httpSpan(1)
	for range s.Attrs.All {
		n++
	}
	if n != 25 {
		t.Fatalf("%d attributes", n)
	}
}
