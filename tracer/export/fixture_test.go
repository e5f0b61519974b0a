package export

import (
	"bytes"
	"context"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/tracer/span"
)

var update = flag.Bool("update", false, "rewrite golden files")

func registry() *span.Keys {
	return span.NewKeys(
		span.KeyDoc{Name: "http.response.header.content-type", Type: "Strings"},
		span.KeyDoc{Name: "db.query.text", Type: "String"},
	)
}

const (
	keyContentType = span.NumKeys + iota
	keyDBText
)

const (
	t0 = int64(1767366245_000123456) // 2026-01-02 15:04:05.000123456 UTC
	ms = int64(1e6)
)

func v4(last byte) *[16]byte { return &[16]byte{10: 0xff, 11: 0xff, 12: 192, 14: 2, 15: last} }

func v6(last byte) *[16]byte { return &[16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 15: last} }

// trace is one trace of an HTTP server, a call that overlaps another, a query
// and an HTTP client span without an answer; text in it needs every escape.
func trace(n byte) []span.Span {
	var a, b, q, u span.Attrs
	a = span.AppendAddr(a, span.KeyClientAddress, v4(10))
	a = span.AppendString(a, span.KeyServerAddress, "shop.example")
	a = span.AppendInt(a, span.KeyServerPort, 443)
	a = span.AppendAddr(a, span.KeyNetworkPeerAddress, v4(10))
	a = span.AppendInt(a, span.KeyNetworkPeerPort, 50123)
	a = span.AppendAddr(a, span.KeyNetworkLocalAddress, v4(20))
	a = span.AppendInt(a, span.KeyNetworkLocalPort, 443)
	a = span.AppendString(a, span.KeyNetworkProtocolName, "http")
	a = span.AppendString(a, span.KeyNetworkProtocolVersion, "2")
	a = span.AppendString(a, span.KeyHTTPRequestMethod, "POST")
	a = span.AppendInt(a, span.KeyHTTPResponseStatusCode, 201)
	a = span.AppendInt(a, span.KeyHTTPRequestBodySize, 17)
	a = span.AppendInt(a, span.KeyHTTPResponseBodySize, 512)
	a = span.AppendString(a, span.KeyURLPath, "/orders")
	a = span.AppendString(a, span.KeyURLQuery, "dry=1&token=REDACTED&&flag")
	a = span.AppendString(a, span.KeyURLScheme, "https")
	a = span.AppendString(a, span.KeyUserAgentOriginal, "curl/8 \"quoted\" \\ \x00\x1f\t\n\xff é \u2028")
	a = span.AppendString(a, span.KeyCapturePoint, "eth0")
	a = span.AppendHex(a, span.KeyExchange, 0xdeadbeef)
	a = span.AppendStrings(a, span.KeyRequestID, span.AppendElem(span.AppendElem(nil, "x-request-id=7f3a"), "cf-ray=\"1\""))
	a = span.AppendFloat(a, span.KeyLinkConfidence, 0.95)
	a = span.AppendInt(a, span.KeyPhaseConnect, 2*ms)
	a = span.AppendInt(a, span.KeyPhaseTLS, 5*ms+1)
	a = span.AppendInt(a, span.KeyPhaseSend, ms)
	a = span.AppendInt(a, span.KeyPhaseWait, 90*ms)
	a = span.AppendInt(a, span.KeyPhaseReceive, 9*ms)
	a = span.AppendBool(a, span.KeyTCPHandshake, true)
	a = span.AppendInts(a, span.KeyInterim, span.AppendIntElem(span.AppendIntElem(nil, 100), 103))
	a = span.AppendFloat(a, span.KeySampleRate, math.NaN())
	a = span.AppendString(a, span.KeyHTTPRequestBody, `{"a":"b"}`)
	a = span.AppendString(a, span.KeyHTTPResponseBody, "<ok/>")
	a = span.AppendStrings(a, keyContentType, span.AppendElem(nil, "text/xml"))

	b = span.AppendAddr(b, span.KeyServerAddress, v6(5))
	b = span.AppendInt(b, span.KeyServerPort, 3306)
	b = span.AppendString(b, span.KeyNetworkProtocolName, "mysql")
	b = span.AppendString(b, keyDBText, "SELECT * FROM stock WHERE id = ?")

	q = span.AppendAddr(q, span.KeyServerAddress, v6(6))
	q = span.AppendInt(q, span.KeyServerPort, 8080)
	q = span.AppendAddr(q, span.KeyNetworkPeerAddress, v6(6))
	q = span.AppendInt(q, span.KeyNetworkPeerPort, 8080)
	q = span.AppendInt(q, span.KeyNetworkLocalPort, 40001)
	q = span.AppendString(q, span.KeyErrorType, "timeout")
	q = span.AppendString(q, span.KeyHTTPRequestMethod, "GET")
	q = span.AppendString(q, span.KeyURLPath, "/stock/7")
	q = span.AppendString(q, span.KeyResponse, "none")

	u = span.AppendString(u, span.KeyHTTPRequestMethod, "GET")
	u = span.AppendBool(u, span.KeySynthetic, true)
	u = span.AppendBytes(u, span.KeyFacts, []byte{1, 0xff, 0x22})

	id := span.TraceID{0x4b, 0xf9, 15: n}
	sid := func(i byte) span.SpanID { return span.SpanID{i, 7: n} }
	return []span.Span{
		{Trace: id, ID: sid(1), Start: t0, End: t0 + 100*ms, Kind: span.Server, Service: []byte("shop"), Instance: []byte("192.0.2.20:443"), Name: []byte("POST /orders"), Attrs: a},
		{Trace: id, ID: sid(2), Parent: sid(1), Depth: 1, Start: t0 + 5*ms, End: t0 + 40*ms + 5, Kind: span.Client, Service: []byte("shop"), Name: []byte("SELECT stock"), Attrs: b},
		{Trace: id, ID: sid(3), Parent: sid(1), Depth: 1, Start: t0 + 20*ms, End: t0 + 60*ms, Kind: span.Client, Status: span.Error, Service: []byte("shop"), Name: []byte("GET /stock/{id}"), Attrs: q},
		{
			Trace: id, ID: sid(4), Parent: span.SpanID{0xee}, Depth: 2, Start: t0 + 21*ms, End: t0 + 22*ms, Kind: span.Server, Service: []byte("stock\"\x01"), Name: []byte("GET"), Attrs: u,
			Links: []span.Link{{Trace: id, ID: sid(3), Rule: "context", Confidence: 0.5}},
		},
	}
}

type writer interface {
	WriteSpans(context.Context, []span.Span) error
	Close(context.Context) error
}

// feed writes traces span by span or as a whole, and closes twice.
func feed(t *testing.T, w writer, single bool, traces ...[]span.Span) {
	t.Helper()
	ctx := context.Background()
	for _, spans := range traces {
		step := len(spans)
		if single {
			step = 1
		}
		for i := 0; i < len(spans); i += step {
			if err := w.WriteSpans(ctx, spans[i:i+step]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 {
		if err := w.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// both runs a sink with both ways of feeding and wants the same bytes.
func both(t *testing.T, open func(*bytes.Buffer) writer, traces ...[]span.Span) []byte {
	t.Helper()
	var a, b bytes.Buffer
	feed(t, open(&a), false, traces...)
	feed(t, open(&b), true, traces...)
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("output depends on batches:\n%s", cmp.Diff(a.String(), b.String()))
	}
	return a.Bytes()
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
