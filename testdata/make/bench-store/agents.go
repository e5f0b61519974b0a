package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/storetest"
)

// Of the traffic.
const (
	start    = int64(1_790_000_000_000_000_000)
	rate     = 60_000 // spans per second of their own time
	batch    = 512    // spans that an agent sends at once, or what it has after a second
	hosts    = 5      // per tier
	perTrace = 8      // four exchanges, each seen at its client and at its server
	patterns = 8192   // exchanges that are written again and again, with new ids and times
)

// tiers says who talks to whom: exchange i of a trace goes from tier i[0] to tier i[1].
var tiers = [perTrace / 2][2]int{{0, 1}, {1, 2}, {2, 3}, {2, 4}}

const numTiers = 5

// agents make spans of plain HTTP as agents at both ends of each connection send
// them: a trace is seen by five of 25 agents, each sends its spans when it has so
// many, or once a second. What is random in traffic is random here, so that indexes
// are as large as they would be: ids, exchanges, request IDs, first bytes of requests.
type agents struct {
	pattern [perTrace / 2][]exchange
	queue   [numTiers * hosts]queue
	ready   []int // queues that are to be sent
	rnd     *rand.PCG
	traces  int // made
	sent    int // spans
	last    int64
	buf     []byte
}

// exchange is a plain exchange, with what is changed in it.
type exchange struct {
	span  store.Span
	facts facts.Facts
	at    places
}

// places are indexes of attributes.
type places struct {
	exchange, id, evidence, facts          int
	client, server, localAddr, localPort   int
	clientPort, serverPort, peerAddr, peer int
}

// queue is what an agent has not sent.
type queue struct {
	spans []store.Span
	attrs [][]store.Attr // room, used again
	name  string
	addr  string
}

func newAgents() *agents {
	g := &agents{rnd: rand.NewPCG(1, 2), last: start}
	t := storetest.NewTraffic(1, start, rate/perTrace)
	for range patterns / len(g.pattern) {
		for i, s := range t.Next() {
			g.pattern[i] = append(g.pattern[i], newExchange(s.Clone()))
		}
	}
	for i := range g.queue {
		g.queue[i] = queue{name: fmt.Sprintf("node-%d", i), addr: fmt.Sprintf("192.0.2.%d", 10+i)}
	}
	return g
}

func newExchange(s store.Span) (x exchange) {
	find := func(key string) int {
		return slices.IndexFunc(s.Attrs, func(a store.Attr) bool { return a.Key == key })
	}
	for _, key := range [...]string{"wirespan.link.rule", "wirespan.link.confidence", "wirespan.link.evidence"} {
		s.Attrs = slices.DeleteFunc(s.Attrs, func(a store.Attr) bool { return a.Key == key })
	}
	x.at = places{
		exchange: find("wirespan.exchange"), id: find("wirespan.request_id"), facts: find(store.AttrFacts),
		client: find("client.address"), server: find("server.address"), clientPort: find("client.port"), serverPort: find("server.port"),
		peerAddr: find("network.peer.address"), peer: find("network.peer.port"), localAddr: find("network.local.address"), localPort: find("network.local.port"),
	}
	f, err := facts.Parse([]byte(s.Attrs[x.at.facts].Value.Str))
	if err != nil {
		panic(err)
	}
	x.span, x.facts = s, f
	return x
}

// traceOf is the id of a trace, and where it went.
func traceOf(n int) (id span.TraceID, way [numTiers]int) {
	r := rand.NewPCG(uint64(n), 77)
	binary.LittleEndian.PutUint64(id[:], r.Uint64())
	binary.LittleEndian.PutUint64(id[8:], r.Uint64())
	hash := r.Uint64()
	for t := range way {
		way[t] = t*hosts + int(hash%hosts)
		hash /= hosts
	}
	return id, way
}

// next returns what an agent sends. It is lent until the next call.
func (g *agents) next() []store.Span {
	for len(g.ready) == 0 {
		g.trace()
	}
	q := &g.queue[g.ready[0]]
	g.ready = g.ready[1:]
	list := q.spans
	q.spans = q.spans[:0]
	g.sent += len(list)
	return list
}

// trace makes a trace, and says which agents send.
func (g *agents) trace() {
	at := start + int64(g.traces)*int64(time.Second)*perTrace/rate
	id, way := traceOf(g.traces)
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], g.rnd.Uint64())
	binary.LittleEndian.PutUint64(b[8:], g.rnd.Uint64())
	requestID := "x-request-id=" + hex.EncodeToString(b[:])
	var served [numTiers]span.SpanID
	for i := range tiers {
		x := &g.pattern[i][g.traces%len(g.pattern[i])]
		from, to := tiers[i][0], tiers[i][1]
		key := g.rnd.Uint64()
		binary.BigEndian.PutUint64(b[:], key)
		f := x.facts
		f.Head = g.rnd.Uint64()
		g.buf = facts.Append(g.buf[:0], &f)
		s := sighting{x: x, trace: id, start: at + int64(i)*200_000, exchange: hex.EncodeToString(b[:8]), requestID: requestID, facts: string(g.buf)}
		s.client, s.server = &g.queue[way[from]], &g.queue[way[to]]
		g.put(way[from], s.at(g, true, served[from]))
		served[to] = g.put(way[to], s.at(g, false, span.SpanID{}))
	}
	g.traces++
	if at-g.last >= int64(time.Second) {
		g.last = at
		for i := range g.queue {
			if len(g.queue[i].spans) > 0 && !slices.Contains(g.ready, i) {
				g.ready = append(g.ready, i)
			}
		}
	}
}

// put queues a span.
func (g *agents) put(agent int, s store.Span) span.SpanID {
	q := &g.queue[agent]
	q.spans = append(q.spans, s)
	if len(q.spans) >= batch && !slices.Contains(g.ready, agent) {
		g.ready = append(g.ready, agent)
	}
	return s.ID
}

// sighting is an exchange of a trace.
type sighting struct {
	x                          *exchange
	trace                      span.TraceID
	start                      int64
	exchange, requestID, facts string
	client, server             *queue
}

// at is the span of an agent at one end.
func (w *sighting) at(g *agents, client bool, parent span.SpanID) store.Span {
	q := w.server
	if client {
		q = w.client
	}
	s := w.x.span
	binary.LittleEndian.PutUint64(s.ID[:], g.rnd.Uint64())
	took := s.End - s.Start
	s.Trace, s.Parent, s.Agent, s.Start, s.End = w.trace, parent, q.name, w.start, w.start+took
	list := q.room(len(q.spans))
	list = append(list, s.Attrs...)
	p, a := &w.x.at, func(i int) *store.Value { return &list[i].Value }
	a(p.exchange).Str, a(p.facts).Str = w.exchange, w.facts
	a(p.id).List = []store.Value{store.StringValue(w.requestID)}
	a(p.client).Str, a(p.server).Str = w.client.addr, w.server.addr
	a(p.peerAddr).Str, a(p.localAddr).Str = w.client.addr, w.server.addr
	if client {
		s.Kind = span.Client
		a(p.peerAddr).Str, a(p.localAddr).Str = w.server.addr, w.client.addr
		a(p.peer).Num, a(p.localPort).Num = a(p.localPort).Num, a(p.peer).Num
	} else {
		s.Start, s.End = s.Start+50_000, s.End-50_000
	}
	if !parent.IsZero() {
		list = append(list, store.Attr{Key: "wirespan.link.rule", Value: store.StringValue("header_id")},
			store.Attr{Key: "wirespan.link.confidence", Value: store.DoubleValue(0.99)},
			store.Attr{Key: "wirespan.link.evidence", Value: store.StringValue(w.requestID + " in both requests; parent's server is the client " + w.client.addr + "; nested")})
	}
	q.attrs[len(q.spans)], s.Attrs = list, list
	return s
}

// room is that for the attributes of a span in its place of the queue.
func (q *queue) room(i int) []store.Attr {
	if i == len(q.attrs) {
		q.attrs = append(q.attrs, make([]store.Attr, 0, 40))
	}
	return q.attrs[i][:0]
}
