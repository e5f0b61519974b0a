package assemble

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// outcomes are the values of wirespan.response.
var outcomes = map[string]link.Outcome{"": link.Answered, "none": link.None, "oneway": link.OneWay, "orphan": link.Orphan, "pushed": link.Pushed}

// times of an exchange at a capture point, as that point's clock had them, but for
// what its agent knew of the clock.
type times struct{ start, requestEnd, responseStart, end int64 }

// timesOf reads them off a span and its phases.
func timesOf(s *store.Span) times {
	ahead, _ := s.Int("wirespan.clock.offset")
	t := times{start: s.Start - ahead, end: s.End - ahead}
	if send, ok := s.Int("wirespan.phase.send"); ok {
		t.requestEnd = t.start + send
	}
	if receive, ok := s.Int("wirespan.phase.receive"); ok {
		t.responseStart = t.end - receive
	}
	return t
}

// factsFrom puts together again what an agent's linker had of an exchange. off is
// taken off its times.
func factsFrom(s *store.Span, f *facts.Facts, point uint16, off int64) link.Facts {
	t := timesOf(s)
	shift := func(v int64) int64 {
		if v == 0 {
			return 0
		}
		return v - off
	}
	r := link.Facts{
		Class: l7.Class(f.Class), Kind: span.Kind(f.Kind), Status: l7.Status(f.Status), TTL: f.TTL,
		Flags: link.Flags(f.Flags), Variant: f.Variant, Point: point, Outcome: outcomes[s.Text("wirespan.response")],
		Exchange: f.Exchange,
		Start:    shift(t.start), RequestEnd: shift(t.requestEnd), ResponseStart: shift(t.responseStart), End: shift(t.end),
		Target: f.Target, Forwarded: f.Forwarded,
		Trail: link.Trail{Head: f.Head, Ack: f.Ack, Next: f.Next, Offset: f.Offset, RTTClient: f.RTTClient, RTTServer: f.RTTServer, Length: f.Length},
	}
	r.ConnStart = r.Start - f.Age
	if f.HasContext {
		r.Context = link.Context{Trace: f.Trace, Parent: f.Parent, Kind: ids.Kind(f.ContextKind), Sampled: f.Sampled}
	}
	if r.Exchange == 0 {
		r.Exchange, _ = exchangeOf(s)
	}
	if n, ok := s.Int("wirespan.flow.seq.request"); ok {
		r.SeqRequest = uint32(n)
	}
	if n, ok := s.Int("wirespan.flow.seq.response"); ok {
		r.SeqResponse = uint32(n)
	}
	r.Client, r.Server = endpoints(s)
	return r
}

// exchangeOf is the exchange key that is on a span.
func exchangeOf(s *store.Span) (uint64, bool) {
	n, err := strconv.ParseUint(s.Text("wirespan.exchange"), 16, 64)
	return n, err == nil
}

// endpoints are the ends of the flow of a span.
func endpoints(s *store.Span) (client, server flows.Endpoint) {
	local := endpoint(s, "network.local.address", "network.local.port")
	peer := endpoint(s, "network.peer.address", "network.peer.port")
	if s.Kind == span.Client || s.Kind == span.Producer {
		return local, peer
	}
	return peer, local
}

func endpoint(s *store.Span, address, port string) (e flows.Endpoint) {
	if a, err := netip.ParseAddr(s.Text(address)); err == nil {
		e.Addr = wire.Addr(a.As16())
	}
	if n, ok := s.Int(port); ok {
		e.Port = uint16(n)
	}
	return e
}

// appendIDs encodes the request IDs of a span for the linker.
func appendIDs(b []byte, s *store.Span, key string, response bool) []byte {
	v, _ := s.Attr(key)
	for t := range v.Texts {
		if name, id, ok := strings.Cut(t, "="); ok {
			b = link.AppendID(b, []byte(name), []byte(id), ids.Entropy([]byte(id)), response)
		}
	}
	return b
}

// messageIDs splits what an exchange's messages are known by into that of the
// request and of the response.
func messageIDs(f *facts.Facts) (request, response []byte) {
	for m := f.Messages; len(m) >= messageID; m = m[messageID:] {
		if m[messageID-1]&1 != 0 {
			response = append(response, m[:messageID]...)
		} else {
			request = append(request, m[:messageID]...)
		}
	}
	return request, response
}

// firstTrace is the trace id of the first random request ID of a span.
func firstTrace(s *store.Span) (id span.TraceID, ok bool) {
	for _, key := range [...]string{"wirespan.request_id", "wirespan.request_id.response"} {
		v, _ := s.Attr(key)
		for t := range v.Texts {
			if name, value, cut := strings.Cut(t, "="); cut && ids.Entropy([]byte(value)) >= strongBits {
				return span.TraceOfRequestID(name, []byte(value)), true
			}
		}
	}
	return id, false
}

// parseAddr reads an IP address.
func parseAddr(s string) (a [16]byte, ok bool) {
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return a, false
	}
	return ip.As16(), true
}
