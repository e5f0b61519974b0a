package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/otlp"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/identity"
)

// spanMaker makes spans of HTTP exchanges as agents send them. A trace is a chain of
// services; each exchange is seen by the agent of its client and by that of its
// server. The spans of one trace come in requests of several agents. It is for one
// goroutine.
type spanMaker struct {
	o     *benchOptions
	r     *rand.Rand
	keys  *span.Keys
	enc   *otlp.Encoder
	agent span.Key

	trace   benchTrace
	at      int // next span of the trace
	spans   []span.Span
	attrs   span.Attrs
	scratch []byte
}

// benchTrace is what the spans of one trace share.
type benchTrace struct {
	id     span.TraceID
	number uint64
	start  int64
	reqID  uint64
	first  int // agent
}

// Names in a chain; services repeat in long traces.
const benchServices = 24

func newSpanMaker(o *benchOptions, keys *span.Keys, sender int) *spanMaker {
	m := &spanMaker{o: o, r: rand.New(rand.NewPCG(o.seed, uint64(sender))), keys: keys}
	c := otlp.Default()
	c.Version = versionString()
	m.enc = otlp.NewEncoder(keys, c)
	m.agent, _ = keys.Lookup(identity.Agent)
	m.begin()
	return m
}

// begin starts another trace, a few milliseconds in the past.
func (m *spanMaker) begin() {
	t := &m.trace
	t.number++
	binary.BigEndian.PutUint64(t.id[:], m.r.Uint64())
	binary.BigEndian.PutUint64(t.id[8:], m.r.Uint64()|1)
	t.start, t.reqID, t.first = time.Now().UnixNano()-int64(500e6), m.r.Uint64(), m.r.IntN(m.o.agents)
	m.at = 0
}

// request encodes one request and adds it to b.
func (m *spanMaker) request(b []byte) []byte {
	m.spans, m.attrs = m.spans[:0], m.attrs[:0]
	for range m.o.batch {
		if m.at == m.o.perTrace {
			m.begin()
		}
		m.enc.Add(m.span())
		m.at++
	}
	b = m.enc.AppendTo(b)
	m.enc.Reset()
	return b
}

// span makes the next span of the trace: exchange at/2, as its client's agent sees it,
// then as its server's.
func (m *spanMaker) span() *span.Span {
	t := &m.trace
	hop, inner := m.at/2, m.at%2 == 1
	agent := (t.first + hop) % m.o.agents
	if inner {
		agent = (agent + 1) % m.o.agents
	}
	from, to := hop%benchServices, (hop+1)%benchServices
	start := t.start + int64(hop)*1e6
	if inner {
		start += 200e3
	}
	took := max(1e6, int64(400e6)-int64(hop)*2e6) + m.r.Int64N(1e6)
	status := int64(200)
	s := span.Span{Trace: t.id, Kind: span.Server, Start: start, End: start + took}
	if m.r.IntN(100) == 0 {
		status, s.Status = 503, span.Error
	}
	key := benchKey(t.id, hop)
	point := []byte("eth0")
	s.ID = span.SpanIDOf(key, fmt.Sprintf("bench-%d", agent), "eth0", 0)
	if m.at > 0 {
		parentAgent := (t.first + hop) % m.o.agents // seen before by its client, or by the server of the hop before
		parentKey := key
		if !inner {
			parentKey = benchKey(t.id, hop-1)
		}
		s.Parent = span.SpanIDOf(parentKey, fmt.Sprintf("bench-%d", parentAgent), "eth0", 0)
	}
	s.Service = fmt.Appendf(nil, "service-%d", to)
	s.Instance = fmt.Appendf(nil, "10.1.%d.%d:8080", to, agent%250+1)
	s.Name = fmt.Appendf(nil, "GET /v1/resource-%d/{id}", to)
	s.Resource = span.AppendString(nil, m.agent, fmt.Appendf(nil, "bench-%d", agent))
	s.Attrs = m.attributes(key, point, from, to, agent, start, took, status, inner)
	m.spans = append(m.spans, s)
	return &m.spans[len(m.spans)-1]
}

func benchKey(t span.TraceID, hop int) uint64 {
	var h span.Hasher
	return h.Start("bench").Bytes(t[:]).Uint(uint64(hop)).H64()
}

// attributes are about those of a plain HTTP span.
func (m *spanMaker) attributes(key uint64, point []byte, from, to, agent int, start, took, status int64, inner bool) span.Attrs {
	client := [16]byte{10: 0xff, 11: 0xff, 12: 10, 13: 1, 14: byte(from), 15: byte(agent%250 + 1)}
	server := [16]byte{10: 0xff, 11: 0xff, 12: 10, 13: 1, 14: byte(to), 15: byte(agent%250 + 1)}
	port := int64(32768 + key%28000)
	at := len(m.attrs)
	a := m.attrs
	a = span.AppendString(a, span.KeySignal, "NET")
	a = span.AppendString(a, span.KeyCapturePoint, point)
	a = span.AppendHex(a, span.KeyExchange, key)
	a = span.AppendAddr(a, span.KeyClientAddress, &client)
	a = span.AppendInt(a, span.KeyClientPort, port)
	a = span.AppendAddr(a, span.KeyServerAddress, &server)
	a = span.AppendInt(a, span.KeyServerPort, 8080)
	a = span.AppendAddr(a, span.KeyNetworkPeerAddress, &client)
	a = span.AppendInt(a, span.KeyNetworkPeerPort, port)
	a = span.AppendAddr(a, span.KeyNetworkLocalAddress, &server)
	a = span.AppendInt(a, span.KeyNetworkLocalPort, 8080)
	a = span.AppendString(a, span.KeyNetworkTransport, "tcp")
	a = span.AppendString(a, span.KeyNetworkType, "ipv4")
	a = span.AppendString(a, span.KeyNetworkProtocolName, "http")
	a = span.AppendString(a, span.KeyNetworkProtocolVersion, "1.1")
	a = span.AppendString(a, span.KeyHTTPRequestMethod, "GET")
	a = span.AppendInt(a, span.KeyHTTPResponseStatusCode, status)
	a = span.AppendInt(a, span.KeyHTTPResponseBodySize, int64(key%20000))
	a = span.AppendString(a, span.KeyURLPath, fmt.Appendf(m.scratch[:0], "/v1/resource-%d/%d", to, key%100000))
	a = span.AppendString(a, span.KeyURLTemplate, fmt.Appendf(m.scratch[:0], "/v1/resource-%d/{id}", to))
	a = span.AppendString(a, span.KeyHTTPRoute, fmt.Appendf(m.scratch[:0], "/v1/resource-%d/{id}", to))
	a = span.AppendString(a, span.KeyUserAgentOriginal, "Go-http-client/1.1")
	id := fmt.Appendf(m.scratch[:0], "x-request-id=%016x%016x", m.trace.reqID, key)
	a = span.AppendStrings(a, span.KeyRequestID, span.AppendElem(nil, id))
	a = span.AppendBool(a, span.KeyTCPHandshake, true)
	a = span.AppendInt(a, span.KeySeqRequest, int64(uint32(key)))
	a = span.AppendInt(a, span.KeySeqResponse, int64(uint32(key>>32)))
	a = span.AppendInt(a, span.KeyPhaseSend, 40e3)
	a = span.AppendInt(a, span.KeyPhaseWait, took-100e3)
	a = span.AppendInt(a, span.KeyPhaseReceive, 60e3)
	rule := "header_id"
	if inner {
		rule = "sighting"
	}
	a = span.AppendString(a, span.KeyLinkRule, rule)
	a = span.AppendFloat(a, span.KeyLinkConfidence, 1)
	f := facts.Facts{
		Class: uint8(l7.ClassHTTP), TTL: 63, Flags: uint16(link.TCP | link.Handshake | link.HasSeq | link.HasSeqResp), Age: start % 60e9,
		Target: key ^ 0x9e3779b97f4a7c15, Head: key ^ 0xff51afd7ed558ccd, Ack: uint32(key >> 16), Next: uint32(key >> 8), Offset: uint32(key % 5000),
		RTTClient: 90_000, RTTServer: 40_000, Length: 1, Host: fmt.Appendf(nil, "service-%d:8080", to),
	}
	a = span.AppendBytes(a, span.KeyFacts, facts.Append(nil, &f))
	m.attrs = a
	return a[at:len(a):len(a)]
}
