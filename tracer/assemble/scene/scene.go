// Package scene makes spans of agents, processes and SDKs for tests.
package scene

import (
	"context"
	"fmt"
	"strings"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Epoch is when scenes begin, ns; Ms is a millisecond.
const (
	Epoch = int64(1_700_000_000_000_000_000)
	Ms    = int64(1e6)
)

// Addresses of scenes.
const (
	Client     = "192.0.2.1:40000"
	GatewayIn  = "192.0.2.2:80"
	GatewayOut = "192.0.2.2:41000"
	App        = "192.0.2.3:8080"
	AppOut     = "192.0.2.3:42000"
	DB         = "192.0.2.4:3306"
)

// Seen is an exchange at a capture point.
type Seen struct {
	Agent, Point   string
	X              uint64
	From, To       string
	Start, End     int64  // ms since epoch, by the agent's clock
	Request, Reply string // request IDs
	Context        string // trace and span that a context names, letters
	Parent         string // point and exchange of the parent that the agent found
	Rule           string
	Proto          string
	TTL            uint8
	Observation    string
}

// TraceOf makes an id of letters.
func TraceOf(c string) (t span.TraceID)               { copy(t[:], c); return t }
func spanOf(c string) (s span.SpanID)                 { copy(s[:], c); return s }
func netID(agent, point string, x uint64) span.SpanID { return span.SpanIDOf(x, agent, point, 0) }

// serviceAt names the services of the addresses above.
func serviceAt(a string) string {
	switch ip, _ := ends(a); ip {
	case "192.0.2.1":
		return "web"
	case "192.0.2.2":
		return "gw"
	case "192.0.2.3":
		return "shop"
	case "192.0.2.4":
		return "db"
	default:
		return ip
	}
}

// ends splits an address.
func ends(a string) (ip string, port int64) {
	i := strings.LastIndexByte(a, ':')
	fmt.Sscan(a[i+1:], &port)
	return a[:i], port
}

// Net makes the span that an agent would send.
func (e Seen) Net() store.Span {
	if e.Proto == "" {
		e.Proto = "http"
	}
	class := l7.ClassHTTP
	if e.Proto == "mysql" {
		class = l7.ClassDB
	}
	f := facts.Facts{Class: uint8(class), Status: uint8(l7.OK), TTL: e.TTL, Flags: uint16(link.TCP | link.Handshake | link.HasSeq | link.HasSeqResp)}
	s := store.Span{
		Trace: span.TraceOfRoot(e.X), ID: netID(e.Agent, e.Point, e.X), Start: Epoch + e.Start*Ms, End: Epoch + e.End*Ms,
		Kind: span.Server, Signal: store.NET, Agent: e.Agent, Service: serviceAt(e.To), Name: "GET",
	}
	local, peer := e.To, e.From
	if class == l7.ClassDB {
		s.Kind, s.Service, s.Name = span.Client, serviceAt(e.From), "SELECT"
		local, peer = peer, local
	}
	if e.Context != "" {
		f.HasContext, f.Sampled = true, true
		trace, parent, _ := strings.Cut(e.Context, "/")
		f.Trace, f.Parent = TraceOf(trace), spanOf(parent)
		s.Trace = f.Trace
	}
	text := func(k, v string) { s.Attrs = append(s.Attrs, store.Attr{Key: k, Value: store.StringValue(v)}) }
	num := func(k string, v int64) { s.Attrs = append(s.Attrs, store.Attr{Key: k, Value: store.IntValue(v)}) }
	text("wirespan.signal", "NET")
	text("wirespan.capture.point", e.Point)
	text("wirespan.exchange", fmt.Sprintf("%016x", e.X))
	text("network.protocol.name", e.Proto)
	if e.Observation != "" {
		text("wirespan.observation", e.Observation)
	}
	ip, port := ends(local)
	text("network.local.address", ip)
	num("network.local.port", port)
	ip, port = ends(peer)
	text("network.peer.address", ip)
	num("network.peer.port", port)
	ip, _ = ends(e.From)
	text("client.address", ip)
	if class == l7.ClassDB {
		text("db.system.name", e.Proto)
		text("peer.service", serviceAt(e.To))
	}
	num("wirespan.flow.seq.request", int64(uint32(e.X)))
	num("wirespan.flow.seq.response", int64(uint32(e.X+1)))
	num("wirespan.phase.send", 0)
	num("wirespan.phase.receive", 0)
	for k, v := range map[string]string{"wirespan.request_id": e.Request, "wirespan.request_id.response": e.Reply} {
		if v != "" {
			s.Attrs = append(s.Attrs, store.Attr{Key: k, Value: store.Value{Type: store.Array, List: []store.Value{store.StringValue("x-request-id=" + v)}}})
		}
	}
	if e.Parent != "" {
		point, x, _ := strings.Cut(e.Parent, "/")
		var key uint64
		fmt.Sscan(x, &key)
		s.Parent = netID(e.Agent, point, key)
		text("wirespan.link.rule", e.Rule)
		s.Attrs = append(s.Attrs, store.Attr{Key: "wirespan.link.confidence", Value: store.DoubleValue(0.9)})
	}
	s.Attrs = append(s.Attrs, store.Attr{Key: store.AttrFacts, Value: store.BytesValue(string(facts.Append(nil, &f)))})
	return s
}

// Sys makes the span of a process.
func (e Seen) Sys() store.Span {
	s := e.Net()
	s.Signal = store.SYS
	s.ID = span.SpanIDOf(e.X, e.Agent, e.Observation, 0)
	if e.Parent != "" {
		point, x, _ := strings.Cut(e.Parent, "/")
		var key uint64
		fmt.Sscan(x, &key)
		s.Parent = span.SpanIDOf(key, e.Agent, point, 0)
	}
	kept := s.Attrs[:0]
	for _, a := range s.Attrs {
		if a.Key != store.AttrFacts && a.Key != "wirespan.capture.point" && !strings.HasPrefix(a.Key, "wirespan.flow") {
			kept = append(kept, a)
		}
	}
	s.Attrs = kept
	return s
}

// SDK is a span of an SDK, named by its id.
func SDK(service, trace, id, parent string, kind span.Kind, start, end int64, attrs ...store.Attr) store.Span {
	return store.Span{
		Trace: TraceOf(trace), ID: spanOf(id), Parent: spanOf(parent), Kind: kind, Service: service, Name: id,
		Start: Epoch + start*Ms, End: Epoch + end*Ms, Attrs: attrs,
	}
}

// Held is a Source of spans in memory.
type Held []store.Span

// Related returns the spans that have one of the keys.
func (h Held) Related(_ context.Context, keys []store.Key, w store.Window, limit int) (spans []store.Span, more bool, err error) {
	want := map[store.Key]bool{}
	for _, k := range keys {
		want[k] = true
	}
	for i := range h {
		for _, k := range store.AppendKeys(nil, &h[i]) {
			if want[k] && w.Holds(h[i].Start) {
				if len(spans) == limit {
					return spans, true, nil
				}
				spans = append(spans, h[i])
				break
			}
		}
	}
	return spans, false, nil
}

// Search yields the spans that begin within the window.
func (h Held) Search(_ context.Context, q *store.Query, yield func(*store.Span) bool) error {
	for i := range h {
		if q.Holds(h[i].Start) && !yield(&h[i]) {
			break
		}
	}
	return nil
}
