package main

import (
	"runtime"
	"strings"

	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/tracer/join"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/metric"
)

// labelWord makes a label's value of words for people.
func labelWord(s string) string { return strings.ReplaceAll(s, " ", "_") }

// oneCount makes a family of one counter without labels.
func oneCount(name, unit, help string, n uint64) metric.Family {
	f := metric.Counter(name, unit, help)
	f.Add(float64(n))
	return f
}

// oneGauge makes a family of one gauge without labels.
func oneGauge(name, unit, help string, v float64) metric.Family {
	f := metric.Gauge(name, unit, help)
	f.Add(v)
	return f
}

func buildFamilies() []metric.Family {
	f := metric.Gauge("wirespan.build.info", "", "version of wirespan, always 1")
	f.Add(1, "version", versionString(), "go_version", runtime.Version())
	return []metric.Family{f}
}

// captureFamilies are rooms 1 and 2: what came in, and what the decoder made of
// it.
func (s *summary) captureFamilies() []metric.Family {
	c := &s.source
	drops := metric.Counter("wirespan.capture.dropped_packets", "{packet}", "packets that never reached wirespan, by who dropped them (softnet: of the whole host)")
	drops.Add(float64(c.Drops), "kind", "kernel")
	drops.Add(float64(c.IfDrops), "kind", "interface")
	drops.Add(float64(c.IfMissed), "kind", "interface_missed")
	drops.Add(float64(c.Softnet), "kind", "softnet")
	decode := metric.Counter("wirespan.decode.packets", "{packet}", "packets by what decoding made of them")
	for r, n := range s.decode {
		decode.Add(float64(n), "reason", labelWord(wire.Reason(r).String()))
	}
	return []metric.Family{
		oneCount("wirespan.capture.packets", "{packet}", "packets captured, those that the filter refused in user space included", c.Packets),
		oneCount("wirespan.capture.size", "By", "bytes captured", c.Bytes),
		oneCount("wirespan.capture.wire_size", "By", "bytes that the captured packets had on the wire", c.WireBytes),
		oneCount("wirespan.capture.filtered_packets", "{packet}", "packets that the filter refused in user space", c.Filtered),
		oneCount("wirespan.capture.duplicate_packets", "{packet}", "packets that another interface had shown already", c.Duplicates),
		oneCount("wirespan.capture.ring_freezes", "", "times that the kernel stopped filling a ring because it was full", c.Freezes),
		oneCount("wirespan.capture.faults", "", "damaged records of the input", c.Faults),
		drops, decode,
	}
}

// maxPoints bounds the label of capture points.
const maxPoints = 64

// pointFamilies tell what was dropped where.
func pointFamilies(points func() []pointCounts) []metric.Family {
	if points == nil {
		return nil
	}
	f := metric.Counter("wirespan.capture.point.dropped_packets", "{packet}", "packets that never reached wirespan, by interface and who dropped them")
	for i, p := range points() {
		name := p.name
		if i >= maxPoints {
			name = "other"
		}
		f.Add(float64(p.stats.Drops), "wirespan.capture.point", name, "kind", "kernel")
		f.Add(float64(p.stats.IfDrops), "wirespan.capture.point", name, "kind", "interface")
		f.Add(float64(p.stats.IfMissed), "wirespan.capture.point", name, "kind", "interface_missed")
	}
	return []metric.Family{f}
}

// flowFamilies are room 3.
func (s *summary) flowFamilies() []metric.Family {
	x := &s.flows
	closed := metric.Counter("wirespan.flows.closed", "{connection}", "connections by how they ended")
	for r := flows.CloseReason(1); r < flows.NumCloseReasons; r++ {
		closed.Add(float64(x.Closed[r]), "reason", r.String())
	}
	payload := metric.Counter("wirespan.flows.payload", "By", "payload on the wire by what became of it")
	payload.Add(float64(x.Delivered), "fate", "delivered")
	payload.Add(float64(x.Duplicate), "fate", "duplicate")
	payload.Add(float64(x.Truncated), "fate", "cut_by_snaplen")
	payload.Add(float64(x.Discarded), "fate", "discarded")
	return []metric.Family{
		oneCount("wirespan.flows.opened", "{connection}", "TCP and UDP connections opened", x.Opened), closed,
		oneGauge("wirespan.flows.open", "{connection}", "connections that are open", float64(x.Conns)),
		oneGauge("wirespan.flows.lingering", "{connection}", "closed connections that absorb late segments", float64(x.Lingering)),
		oneGauge("wirespan.flows.buffered", "By", "payload that waits behind holes", float64(x.Buffered)),
		payload,
		oneCount("wirespan.flows.missing", "By", "payload that was never captured, between bytes that were", x.Gap-min(x.Gap, x.Truncated)),
		oneCount("wirespan.flows.forced_holes", "", "holes that were given up early because of the bound on waiting bytes", x.Forced),
		oneCount("wirespan.flows.stray_packets", "{packet}", "packets that belong to no connection or contradict it", x.Strays),
	}
}

// parserFamilies are rooms 4 and 5.
func (s *summary) parserFamilies(p *parts) []metric.Family {
	exchanges := metric.Counter("wirespan.parser.exchanges", "{exchange}", "exchanges by protocol, of every outcome")
	for i, name := range join.ProtocolNames(p.protos) {
		if i < len(s.join.ByProto) {
			exchanges.Add(float64(s.join.ByProto[i]), "network.protocol.name", name)
		}
	}
	odd := metric.Counter("wirespan.parser.odd_exchanges", "{exchange}", "exchanges that are not a request with its response, and messages that made none")
	for _, c := range []struct {
		n    uint64
		name string
	}{
		{s.join.Unanswered, "unanswered"},
		{s.join.Orphans, "orphan"},
		{s.join.OneWay, "one_way"},
		{s.join.Pushed, "pushed"},
		{s.join.Failed, "failed_connection"},
		{s.join.Repeats, "repeated_request"},
		{s.join.Late, "late_response"},
		{s.join.Refused, "request_beyond_bound"},
		{s.join.Dropped, "other_beyond_bound"},
	} {
		odd.Add(float64(c.n), "kind", c.name)
	}
	opaque := metric.Counter("wirespan.parser.opaque_connections", "{connection}", "connections that are only counted, by why")
	for r := range engine.NumReasons {
		opaque.Add(float64(s.engine.Opaque[r]), "reason", labelWord(r.String()))
	}
	seen := metric.Counter("wirespan.parser.read", "By", "payload that parsers read, or passed over as a body")
	seen.Add(float64(s.engine.Consumed), "fate", "read")
	seen.Add(float64(s.engine.Skipped), "fate", "skipped")
	discarded := metric.Counter("wirespan.parser.discarded", "By", "payload that reached no parser, by why")
	for d := range engine.NumDiscards {
		discarded.Add(float64(s.engine.Discarded[d]), "reason", d.String())
	}
	return []metric.Family{
		exchanges, odd, opaque, seen, discarded,
		oneGauge("wirespan.parser.held", "By", "half-read messages", float64(s.engine.Held)),
		oneCount("wirespan.parser.panics", "", "parsers that failed; each cost its connection", s.engine.Panics),
	}
}

// linkFamilies are the linker and what left it.
func (s *summary) linkFamilies() []metric.Family {
	links := metric.Counter("wirespan.link.links", "{link}", "spans below a parent, by the rule that found it")
	for r := link.Rule(1); r < link.NumRules; r++ {
		links.Add(float64(s.written.linked(r, &s.link)), "wirespan.link.rule", r.String())
	}
	likely := s.link.SpanLinks
	if s.written.walk {
		likely = s.written.likely
	}
	return []metric.Family{
		links,
		oneCount("wirespan.link.likely", "{link}", "span links to parents that were not certain enough", likely),
		oneCount("wirespan.traces", "{trace}", "traces written", s.written.traces),
		oneCount("wirespan.spans", "{span}", "spans written", s.written.spans),
		oneCount("wirespan.link.unselected_spans", "{span}", "spans that --where, --id, --from and --to left out", s.link.Unselected),
		oneGauge("wirespan.link.open", "{exchange}", "requests that have not ended", float64(s.link.Opened-min(s.link.Opened, s.link.Finished))),
		oneCount("wirespan.link.early_traces", "{trace}", "traces released early because of --link-memory", s.link.Early),
		oneCount("wirespan.link.strays", "", "records of exchanges whose trace was given up before", s.link.Strays),
		oneCount("wirespan.link.sightings", "", "exchanges seen at a further capture point", s.link.Sightings),
		oneCount("wirespan.link.shifted_sightings", "", "of these, recognised although sequence numbers differ", s.link.Shifted),
		oneCount("wirespan.link.proxied_exchanges", "{exchange}", "recognised by their payload behind a transparent proxy", s.link.Proxied),
		oneCount("wirespan.link.halves", "", "responses joined to the request that another point saw", s.link.Halves),
		oneCount("wirespan.link.refused_paths", "", "looks at the order of capture points beyond the bound of what is remembered", s.link.PathsRefused),
		oneCount("wirespan.link.detached", "{exchange}", "requests that were open when their trace left", s.link.Detached),
		oneCount("wirespan.link.forgotten_terms", "", "names of topics by id beyond the bound of the table: the oldest are forgotten", s.link.TermsForgotten),
		oneCount("wirespan.link.refused_names", "", "names, hosts and listeners beyond their bounds", s.link.NamesRefused),
		oneCount("wirespan.link.failed_writes", "", "writes to outputs that failed", s.link.WriteErrors),
		oneGauge("wirespan.link.peak_memory", "By", "most that ever waited for its trace to end", float64(s.link.PeakBytes)),
	}
}
