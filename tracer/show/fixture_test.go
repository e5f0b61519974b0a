package show

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/tracer/span"
)

var update = flag.Bool("update", false, "rewrite golden files")

func registry() *span.Keys {
	return span.NewKeys(
		span.KeyDoc{Name: "rpc.status_code", Type: "String"},
		span.KeyDoc{Name: "db.response.status_code", Type: "String"},
		span.KeyDoc{Name: "db.query.text", Type: "String"},
	)
}

const (
	keyRPCStatus = span.NumKeys + iota
	keyDBStatus
	keyDBText
)

const (
	t0 = int64(1767366245_000123000) // 2026-01-02 15:04:05.000123 UTC
	ms = int64(1e6)
)

func ip(last byte) *[16]byte {
	return &[16]byte{10: 0xff, 11: 0xff, 12: 192, 14: 2, 15: last}
}

// req describes a span in the words of the tests.
type req struct {
	trace, id, parent byte
	depth             int
	kind              span.Kind
	service, name     string
	from, to          int64 // ms after t0
	point             string
	client, server    byte // last octet of 192.0.2.x
	port              int64
	proto             string
	code              int64
	dbCode            string
	errorType         string
	response          string
	failed            bool
	peer              string
	rule, evidence    string
	exchange          uint64
	connect           int64 // ms
	ids               string
	more              func(span.Attrs) span.Attrs
	links             []span.Link
}

func (q req) span() span.Span {
	var a span.Attrs
	dur := (q.to - q.from) * ms
	a = span.AppendAddr(a, span.KeyClientAddress, ip(q.client))
	a = span.AppendAddr(a, span.KeyServerAddress, ip(q.server))
	a = span.AppendInt(a, span.KeyServerPort, q.port)
	local, peer := q.server, q.client
	lport, pport := q.port, int64(50123)
	if q.kind != span.Server {
		local, peer, lport, pport = peer, local, pport, lport
	}
	a = span.AppendAddr(a, span.KeyNetworkPeerAddress, ip(peer))
	a = span.AppendInt(a, span.KeyNetworkPeerPort, pport)
	a = span.AppendAddr(a, span.KeyNetworkLocalAddress, ip(local))
	a = span.AppendInt(a, span.KeyNetworkLocalPort, lport)
	a = span.AppendString(a, span.KeyNetworkTransport, "tcp")
	a = span.AppendString(a, span.KeyNetworkProtocolName, q.proto)
	str := func(k span.Key, v string) {
		if v != "" {
			a = span.AppendString(a, k, v)
		}
	}
	str(span.KeyErrorType, q.errorType)
	if q.code != 0 {
		a = span.AppendInt(a, span.KeyHTTPResponseStatusCode, q.code)
	}
	str(span.KeyPeerService, q.peer)
	str(span.KeyCapturePoint, q.point)
	if q.exchange != 0 {
		a = span.AppendHex(a, span.KeyExchange, q.exchange)
	}
	if q.ids != "" {
		a = span.AppendStrings(a, span.KeyRequestID, span.AppendElem(nil, q.ids))
	}
	str(span.KeyLinkRule, q.rule)
	if q.rule != "" {
		a = span.AppendFloat(a, span.KeyLinkConfidence, 0.95)
	}
	str(span.KeyLinkEvidence, q.evidence)
	str(span.KeyResponse, q.response)
	if q.connect != 0 {
		a = span.AppendInt(a, span.KeyPhaseConnect, q.connect*ms)
	}
	if q.response == "" {
		a = span.AppendInt(a, span.KeyPhaseSend, dur/8)
		a = span.AppendInt(a, span.KeyPhaseWait, dur-dur/8-dur/4)
		a = span.AppendInt(a, span.KeyPhaseReceive, dur/4)
	}
	if q.more != nil {
		a = q.more(a)
	}
	str(keyDBStatus, q.dbCode)
	s := span.Span{
		Trace: traceID(q.trace), ID: span.SpanID{q.id, 7: q.trace}, Start: t0 + q.from*ms, End: t0 + q.to*ms,
		Kind: q.kind, Service: []byte(q.service), Name: []byte(q.name), Attrs: a, Links: q.links, Depth: q.depth,
	}
	if q.parent != 0 {
		s.Parent = span.SpanID{q.parent, 7: q.trace}
	}
	if q.failed {
		s.Status = span.Error
	}
	return s
}

func traceID(n byte) span.TraceID {
	return span.TraceID{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, n}
}

// order is a trace with most of what can be shown.
func order(trace byte) []span.Span {
	q := []req{
		{id: 1, kind: span.Server, service: "gateway", name: "POST /orders", from: 0, to: 120, point: "eth0", client: 10, server: 20, port: 443, proto: "http", code: 502, failed: true, errorType: "502", exchange: 1, connect: 3, ids: "x-request-id=7f3a9c21"},
		{id: 2, parent: 1, depth: 1, kind: span.Client, service: "gateway", name: "DNS A", from: 2, to: 3, point: "eth0", client: 20, server: 53, port: 53, proto: "dns", rule: "dns"},
		{id: 3, parent: 1, depth: 1, kind: span.Client, service: "gateway", name: "POST /orders", from: 5, to: 118, point: "eth0", client: 20, server: 30, port: 8080, proto: "http", code: 502, failed: true, errorType: "502", exchange: 2, connect: 1, rule: "header_id", evidence: "x-request-id=7f3a9c21; parent 192.0.2.20 -> child from 192.0.2.20; nested"},
		{id: 4, parent: 3, depth: 2, kind: span.Server, service: "orders", name: "POST /orders", from: 6, to: 117, point: "vxlan-42", client: 20, server: 30, port: 8080, proto: "http", code: 502, failed: true, errorType: "502", exchange: 2, rule: "sighting", more: func(a span.Attrs) span.Attrs {
			a = span.AppendInt(a, span.KeyTCPRetransmissions, 2)
			a = span.AppendString(a, span.KeyTunnelKind, "vxlan")
			return span.AppendString(a, span.KeyTunnelID, "42")
		}},
		{id: 5, parent: 4, depth: 3, kind: span.Client, service: "orders", name: "SELECT stock", from: 10, to: 32, point: "vxlan-42", client: 30, server: 50, port: 5432, proto: "postgresql", peer: "stock-db", rule: "sole_candidate"},
		{id: 6, parent: 4, depth: 3, kind: span.Client, service: "orders", name: "GET", from: 33, to: 34, point: "vxlan-42", client: 30, server: 51, port: 6379, proto: "redis", rule: "sole_candidate"},
		{id: 7, parent: 4, depth: 3, kind: span.Server, service: "payment", name: "POST /payments/{id}/capture", from: 40, to: 96, point: "vxlan-42", client: 30, server: 40, port: 8081, proto: "http", code: 500, failed: true, errorType: "500", rule: "context"},
		{id: 8, parent: 7, depth: 4, kind: span.Client, service: "payment", name: "INSERT payments", from: 60, to: 90, point: "vxlan-42", client: 40, server: 52, port: 3306, proto: "mysql", dbCode: "1213", errorType: "40001", failed: true, rule: "sole_candidate"},
		{id: 9, parent: 4, depth: 3, kind: span.Server, service: "audit", name: "PUT /log", from: 97, to: 98, point: "vxlan-42", client: 30, server: 41, port: 8082, proto: "http", response: "none", errorType: "capture_ended", rule: "sole_candidate"},
		{id: 10, parent: 4, depth: 3, kind: span.Producer, service: "orders", name: "Produce order-failed", from: 99, to: 101, point: "vxlan-42", client: 30, server: 60, port: 9092, proto: "kafka", response: "oneway", rule: "sole_candidate"},
	}
	spans := make([]span.Span, len(q))
	for i := range q {
		q[i].trace = trace
		spans[i] = q[i].span()
	}
	return spans
}

// lookup is a trace of one span.
func lookup(trace byte) []span.Span {
	return []span.Span{req{
		trace: trace, id: 1, kind: span.Server, service: "catalog", name: "GET /items/{id}", from: 200, to: 212, point: "eth0",
		client: 11, server: 21, port: 80, proto: "http", code: 200, exchange: 77,
	}.span()}
}

// hostile is a trace of text that must not reach a terminal as it is.
func hostile() []span.Span {
	return []span.Span{req{
		trace: 9, id: 1, kind: span.Server, service: "evil\x1b]0;owned\x07", name: "GET /\x1b[31mred\n\u202egnp.exe\xff\u009b2J 日本語のとても長い名前のパスです/そしてもっと長くなります/続く/さらに続く", from: 300, to: 301,
		point: "eth0", client: 12, server: 22, port: 80, proto: "http", code: 404,
	}.span()}
}

type writer interface {
	WriteSpans(context.Context, []span.Span) error
	Close(context.Context) error
}

// feed writes spans in small batches, poisons them after each, and closes.
func feed(t *testing.T, w writer, batch int, traces ...[]span.Span) {
	t.Helper()
	ctx := context.Background()
	for _, spans := range traces {
		for len(spans) > 0 {
			n := min(batch, len(spans))
			borrowed := append([]span.Span(nil), spans[:n]...)
			for i := range borrowed {
				borrowed[i].Service = append([]byte(nil), borrowed[i].Service...)
				borrowed[i].Name = append([]byte(nil), borrowed[i].Name...)
				borrowed[i].Attrs = append(span.Attrs(nil), borrowed[i].Attrs...)
			}
			if err := w.WriteSpans(ctx, borrowed); err != nil {
				t.Fatal(err)
			}
			for _, s := range borrowed {
				clear(s.Service)
				clear(s.Name)
				for i := range s.Attrs {
					s.Attrs[i] = 0xff
				}
			}
			spans = spans[n:]
		}
	}
	if err := w.Close(ctx); err != nil {
		t.Fatal(err)
	}
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
