package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/tracer/join"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/sink"
)

// summary sums up what every room counted.
type summary struct {
	source     capture.Stats
	decode     [wire.NumReasons]uint64
	flows      flows.Stats
	engine     engine.Stats
	join       join.Stats
	link       link.Stats
	written    *tally
	exports    []sink.Stats
	places     placeCounts
	points     []capture.Point
	innerLeft  uint64    // packets that --filter-inner left out
	sampled    uint64    // packets of connections outside the sample
	cut        uint64    // connections that were ended because the rate fell
	lowest     float64   // rate of connections, 0 if there was no sampling
	shedding   *shedding // what was given up before connections; may be nil
	spared     uint64    // bytes that were cut on purpose, and that nobody wanted
	uncaptured uint64    // interfaces that appeared and found no packet socket
	// unwritten counts spans that files did not take in a live run.
	unwritten  uint64
	unrecorded uint64          // packets that -w should hold and does not
	kernel     func(io.Writer) // prints what the kernel counted; may be nil
	system     sysCounts
	pointCount
}

// count gathers the counters; the pipeline must have ended.
func (p *pipeline) count() *summary {
	s := &summary{link: p.linker.Stats(), written: p.written, points: *p.points.Load()}
	s.linked(p.linker, *p.points.Load())
	s.system = p.sys.counts(p.linker)
	for _, r := range p.readers {
		s.addReader(r)
	}
	for _, sh := range p.shards {
		s.addShard(sh)
	}
	return s
}

// lost counts everything that was given up anywhere: what the summary lists
// under losses.
func (s *summary) lost() uint64 {
	var l list
	s.losses(&l)
	return l.sum
}

// list gathers "count name" pairs that are not zero.
type list struct {
	parts []string
	sum   uint64
}

func (l *list) add(n uint64, name string) {
	if n > 0 {
		l.sum += n
		l.parts = append(l.parts, fmt.Sprintf("%d %s", n, name))
	}
}

func (l *list) print(w io.Writer, title string) {
	if len(l.parts) > 0 {
		fmt.Fprintf(w, "%-12s %s\n", title, strings.Join(l.parts, ", "))
	}
}

// print writes the summary for people.
func (s *summary) print(w io.Writer, p *parts) {
	fmt.Fprintf(w, "%d packets captured\n", s.source.Packets)
	if s.kernel != nil {
		s.kernel(w)
	}
	s.printCapture(w)
	s.places.print(w, s.points, &p.cfg)
	s.printRate(w)
	var l list
	l.add(s.flows.Opened, "opened")
	for r := flows.CloseReason(1); r < flows.NumCloseReasons; r++ {
		l.add(s.flows.Closed[r], strings.ReplaceAll(r.String(), "_", " "))
	}
	l.print(w, "connections")
	s.printExchanges(w, p)
	s.printLinks(w)
	s.system.print(w)
	s.printPoints(w)
	p.outs.printSampling(w)
	p.outs.printBuffer(w)
	s.printLosses(w)
}

func (s *summary) printCapture(w io.Writer) {
	var l list
	l.add(s.source.Bytes, "bytes captured")
	if s.source.WireBytes > s.source.Bytes {
		l.add(s.source.WireBytes, "bytes on the wire")
	}
	l.add(s.source.Filtered, "refused by the filter")
	l.add(s.source.Duplicates, "shown by another interface, too (--once)")
	l.add(s.innerLeft, "refused by the filter inside of tunnels")
	l.print(w, "input")
	l = list{}
	for r, n := range s.decode {
		l.add(n, wire.Reason(r).String())
	}
	l.print(w, "decoded")
}

func (s *summary) printExchanges(w io.Writer, p *parts) {
	var l list
	for i, name := range join.ProtocolNames(p.protos) {
		if i < len(s.join.ByProto) {
			l.merge(s.join.ByProto[i], name)
		}
	}
	l.print(w, "exchanges")
	l = list{}
	l.add(s.join.Unanswered, "without response")
	l.add(s.join.Orphans, "responses without request")
	l.add(s.join.OneWay, "one-way")
	l.add(s.join.Pushed, "pushed")
	l.add(s.join.Failed, "failed connections")
	l.add(s.join.Repeats, "repeated requests")
	l.add(s.join.Late, "late responses")
	l.print(w, "of these")
	l = list{}
	for r := range engine.NumReasons {
		l.add(s.engine.Opaque[r], r.String())
	}
	l.print(w, "opaque")
	l = list{}
	l.add(s.engine.Discarded[engine.OfDatagram], "bytes of foreign datagrams")
	l.add(s.engine.Discarded[engine.OfTrailing], "bytes behind the message of a datagram")
	l.print(w, "passed over")
}

// merge adds a count under a name that may be there already.
func (l *list) merge(n uint64, name string) {
	for i, p := range l.parts {
		var have uint64
		var hn string
		if _, err := fmt.Sscanf(p, "%d %s", &have, &hn); err == nil && hn == name {
			l.sum += n
			l.parts[i] = fmt.Sprintf("%d %s", have+n, name)
			return
		}
	}
	l.add(n, name)
}

// printLinks tells what was written, and what --where, --from, --to and --id
// left out.
func (s *summary) printLinks(w io.Writer) {
	t := s.written
	fmt.Fprintf(w, "%-12s %d with %d spans", "traces", t.traces, t.spans)
	if n := s.link.Unselected; n > 0 {
		fmt.Fprintf(w, ", %d spans left out", n)
	}
	fmt.Fprintln(w)
	var l list
	for r := link.Rule(1); r < link.NumRules; r++ {
		l.merge(t.linked(r, &s.link), r.String())
	}
	likely := s.link.SpanLinks
	if t.walk {
		likely = t.likely
	}
	l.add(likely, "likely")
	l.add(s.link.Shifted, "sightings behind other sequence numbers")
	l.add(s.link.Proxied, "behind transparent proxies")
	l.add(s.link.Halves, "responses joined to requests of other points")
	l.print(w, "links")
}

func (s *summary) printLosses(w io.Writer) {
	var l list
	s.losses(&l)
	if len(l.parts) == 0 {
		l.parts = append(l.parts, "none")
	}
	l.print(w, "losses")
}

// losses lists everything that was given up anywhere, each thing once.
func (s *summary) losses(l *list) {
	l.add(s.source.Drops, "packets dropped by the kernel")
	l.add(s.source.IfDrops, "packets dropped by the interface")
	l.add(s.source.IfMissed, "packets missed by the interface (no room on the card)")
	l.add(s.source.Faults, "damaged inputs")
	l.add(s.uncaptured, "interfaces without a packet socket (--spare-sockets)")
	for r, n := range s.decode {
		if wire.Reason(r).Lost() {
			l.add(n, "packets "+wire.Reason(r).String())
		}
	}
	s.shedding.losses(l)
	l.add(s.sampled, "packets left out by sampling (--cpu, --memory)")
	l.add(s.cut, "connections cut by sampling")
	l.add(s.flows.Gap-min(s.flows.Gap, s.flows.Truncated), "bytes missing in streams")
	l.add(s.flows.Truncated-min(s.flows.Truncated, s.spared), "bytes cut by snaplen")
	l.add(s.flows.Forced, "reorderings given up")
	l.add(s.flows.Closed[flows.CloseEvicted], "connections beyond the bound")
	for _, r := range []engine.Reason{engine.Astray, engine.Panic, engine.Breach} {
		l.add(s.engine.Opaque[r], "connections given up ("+r.String()+")")
	}
	for _, d := range []engine.Discard{engine.OfSearch, engine.OfGap, engine.OfOverflow, engine.OfMemory} {
		l.add(s.engine.Discarded[d], "bytes discarded ("+d.String()+")")
	}
	l.add(s.join.Refused, "requests beyond the bound")
	l.add(s.join.Dropped, "orphans and one-way messages beyond the bound")
	l.add(s.link.Early, "traces released early (--link-memory)")
	l.add(s.link.Strays, "records without exchange")
	l.add(s.link.PathsRefused, "looks at the order of points beyond the bound")
	l.add(s.link.WriteErrors, "failed writes")
	l.add(s.unwritten, "spans not written (slow or failing output)")
	l.add(s.unrecorded, "packets not recorded (-w)")
	for _, e := range s.exports {
		l.add(e.Dropped, "spans not exported")
		l.add(e.Rejected, "spans rejected by the receiver")
	}
}
