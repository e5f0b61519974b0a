package storetest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Traffic makes spans as agents send them of plain HTTP: traces of four exchanges
// (gateway, shop, stock, prices) with a request ID that is passed on, about 35
// attributes and facts each, over connections that are kept for a hundred requests.
// It is for benchmarks; what is equal in real traffic is equal here, and what is
// random there is random here.
type Traffic struct {
	Time int64 // start of the next trace, ns since 1970
	Step int64 // mean ns between traces

	rnd    *rand.Rand
	conns  [4][16]connection
	spans  []store.Span
	traces uint64
}

// connection is one that is kept alive.
type connection struct {
	port      int64
	seq, ack  uint32
	left      int
	first     int64
	community string
}

// hop is one exchange of each trace.
type hop struct {
	service, client, server, address string
	port                             int64
	paths                            []string
}

// NewTraffic begins at a time.
func NewTraffic(seed uint64, start int64, tracesPerSecond int64) *Traffic {
	return &Traffic{Time: start, Step: 1e9 / tracesPerSecond, rnd: rand.New(rand.NewPCG(seed, 2)), traces: seed << 40}
}

func hops() [4]hop {
	return [4]hop{
		{"gateway", "203.0.113.7", "192.0.2.20", "shop.example", 80, []string{"/orders/%d", "/cart/%d/items", "/products/%d", "/login"}},
		{"shop", "192.0.2.20", "192.0.2.30", "192.0.2.30", 9000, []string{"/orders/%d", "/cart/%d/items", "/products/%d", "/login"}},
		{"stock", "192.0.2.30", "192.0.2.40", "192.0.2.40", 9001, []string{"/stock/%d"}},
		{"prices", "192.0.2.30", "192.0.2.50", "prices", 9002, []string{"/v1/prices?sku=%d"}},
	}
}

// Next returns the spans of a trace. They are lent until the next call.
func (t *Traffic) Next() []store.Span {
	t.traces++
	start := t.Time
	t.Time += 1 + t.rnd.Int64N(2*t.Step)
	var trace span.TraceID
	for i := range trace {
		trace[i] = byte(t.rnd.Uint32())
	}
	id := hex.EncodeToString(trace[8:]) + fmt.Sprintf("%016x", t.rnd.Uint64())
	which, item := t.rnd.IntN(4), t.rnd.IntN(100000)
	t.spans = t.spans[:0]
	total := int64(1e6 + t.rnd.ExpFloat64()*8e6)
	parent := span.SpanID{}
	for i, h := range hops() {
		path := h.paths[which%len(h.paths)]
		if path[len(path)-1] != 'n' {
			path = fmt.Sprintf(path, item)
		}
		from := start + int64(i)*(total/8) + t.rnd.Int64N(total/16)
		took := total * int64(8-2*i) / 8
		s := t.span(i, &h, path, id, from, took)
		s.Trace, s.Parent = trace, parent
		if i < 2 {
			parent = s.ID
		}
		t.spans = append(t.spans, s)
	}
	return t.spans
}

func (t *Traffic) connection(i int, at int64) *connection {
	c := &t.conns[i][t.rnd.IntN(len(t.conns[i]))]
	if c.left == 0 {
		var sum [21]byte
		for i := range sum {
			sum[i] = byte(t.rnd.Uint32())
		}
		*c = connection{port: 32768 + t.rnd.Int64N(28000), seq: t.rnd.Uint32(), ack: t.rnd.Uint32(), left: 100, first: at - 1e6}
		c.community = "1:" + base64of(sum[:20])
	}
	c.left--
	return c
}

func (t *Traffic) span(i int, h *hop, path, id string, from, took int64) store.Span {
	c := t.connection(i, from)
	var sid span.SpanID
	for i := range sid {
		sid[i] = byte(t.rnd.Uint32())
	}
	size := 200 + t.rnd.Int64N(5000)
	exchange := t.rnd.Uint64()
	send, receive := t.rnd.Int64N(20000), t.rnd.Int64N(200000)
	text := func(k, v string) store.Attr { return store.Attr{Key: k, Value: store.StringValue(v)} }
	num := func(k string, n int64) store.Attr { return store.Attr{Key: k, Value: store.IntValue(n)} }
	list := func(k, v string) store.Attr {
		return store.Attr{Key: k, Value: store.Value{Type: store.Array, List: []store.Value{store.StringValue(v)}}}
	}
	s := store.Span{
		ID: sid, Start: from, End: from + took, Kind: span.Server, Signal: store.NET, Service: h.service,
		Instance: h.server + ":" + strconv.FormatInt(h.port, 10), Agent: "node-" + strconv.Itoa(1+i/2), Name: "GET " + template(path),
		Scope: "github.com/wirespan/wirespan", Resource: []store.Attr{text("host.name", "node-"+strconv.Itoa(1+i/2))},
	}
	status := int64(200)
	if t.rnd.IntN(50) == 0 {
		status, s.Status = 500, span.Error
	}
	s.Attrs = []store.Attr{
		text("wirespan.signal", "NET"), text("wirespan.capture.point", "eth0"), text("wirespan.exchange", fmt.Sprintf("%016x", exchange)),
		text("client.address", h.client), num("client.port", c.port), text("server.address", h.address), num("server.port", h.port),
		text("network.peer.address", h.client), num("network.peer.port", c.port), text("network.local.address", h.server), num("network.local.port", h.port),
		text("network.transport", "tcp"), text("network.type", "ipv4"), text("network.protocol.name", "http"),
		text("http.request.method", "GET"), text("url.path", path), text("network.protocol.version", "1.1"), text("user_agent.original", "curl/8.5.0"),
		num("http.response.status_code", status), list("http.response.header.content-type", "application/json"),
		list("wirespan.request_id", "x-request-id="+id), num("http.response.body.size", size),
		text("url.template", template(path)), text("http.route", template(path)), text("wirespan.flow.community_id", c.community),
		{Key: "wirespan.tcp.handshake", Value: store.BoolValue(true)},
		num("wirespan.flow.seq.request", int64(c.seq)), num("wirespan.flow.seq.response", int64(c.ack)),
		num("wirespan.phase.send", send), num("wirespan.phase.wait", took-send-receive), num("wirespan.phase.receive", receive),
	}
	if i > 0 {
		s.Attrs = append(s.Attrs, text("wirespan.link.rule", "header_id"), store.Attr{Key: "wirespan.link.confidence", Value: store.DoubleValue(0.99)},
			text("wirespan.link.evidence", "x-request-id="+id+" in both requests; parent's server is the client "+h.client+"; nested"))
	}
	f := facts.Facts{
		Class: 1, Kind: 2, Status: 1, TTL: 64, Flags: 0x11, Age: from - c.first, Target: hashOf(path), Head: t.rnd.Uint64(),
		Ack: c.ack, Next: c.seq + 150, RTTClient: 18000, RTTServer: 30000, Length: 5, Host: []byte(h.address),
	}
	s.Attrs = append(s.Attrs, store.Attr{Key: store.AttrFacts, Value: store.BytesValue(string(facts.Append(nil, &f)))})
	c.seq, c.ack = c.seq+150, c.ack+uint32(size)+180
	return s
}

// template is a path with its numbers taken out.
func template(path string) string {
	out := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if path[i] == '?' {
			break
		}
		if c := path[i]; c < '0' || c > '9' || i > 0 && path[i-1] == 'v' {
			out = append(out, c)
		} else if len(out) == 0 || out[len(out)-1] != '}' {
			out = append(out, "{id}"...)
		}
	}
	return string(out)
}

func base64of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func hashOf(s string) uint64 { return xxhash.Sum64String(s) }
