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
	source  capture.Stats
	decode  [wire.NumReasons]uint64
	flows   flows.Stats
	engine  engine.Stats
	join    join.Stats
	link    link.Stats
	exports []sink.Stats
}

// count gathers the counters; the pipeline must have ended.
func (p *pipeline) count() *summary {
	s := &summary{decode: p.reader.dec.Counters(), link: p.linker.Stats()}
	for _, sh := range p.shards {
		t := sh.table.Stats()
		s.flows.Add(&t)
		s.engine.Add(sh.eng.Stats())
		s.join.Add(sh.join.Stats())
	}
	return s
}

// lost counts everything that was given up anywhere.
func (s *summary) lost() uint64 {
	n := s.source.Drops + s.source.IfDrops + s.source.Faults
	for r, c := range s.decode {
		if wire.Reason(r).Lost() {
			n += c
		}
	}
	n += s.flows.Gap + s.flows.Forced + s.flows.Closed[flows.CloseEvicted]
	n += s.engine.Opaque[engine.Astray] + s.engine.Opaque[engine.Panic] + s.engine.Opaque[engine.Breach]
	n += s.engine.Discarded[engine.OfMemory] + s.engine.Discarded[engine.OfOverflow]
	n += s.join.Refused + s.join.Dropped + s.link.Early + s.link.WriteErrors
	for _, e := range s.exports {
		n += e.Dropped + e.Rejected
	}
	return n
}

// list gathers "count name" pairs that are not zero.
type list struct{ parts []string }

func (l *list) add(n uint64, name string) {
	if n > 0 {
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
	s.printCapture(w)
	var l list
	l.add(s.flows.Opened, "opened")
	for r := flows.CloseReason(1); r < flows.NumCloseReasons; r++ {
		l.add(s.flows.Closed[r], strings.ReplaceAll(r.String(), "_", " "))
	}
	l.print(w, "connections")
	s.printExchanges(w, p)
	s.printLinks(w)
	s.printLosses(w)
}

func (s *summary) printCapture(w io.Writer) {
	var l list
	l.add(s.source.Bytes, "bytes captured")
	if s.source.WireBytes > s.source.Bytes {
		l.add(s.source.WireBytes, "bytes on the wire")
	}
	l.add(s.source.Filtered, "refused by the filter")
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
}

// merge adds a count under a name that may be there already.
func (l *list) merge(n uint64, name string) {
	for i, p := range l.parts {
		var have uint64
		var hn string
		if _, err := fmt.Sscanf(p, "%d %s", &have, &hn); err == nil && hn == name {
			l.parts[i] = fmt.Sprintf("%d %s", have+n, name)
			return
		}
	}
	l.add(n, name)
}

func (s *summary) printLinks(w io.Writer) {
	fmt.Fprintf(w, "%-12s %d with %d spans\n", "traces", s.link.Traces, s.link.Spans)
	var l list
	for r := link.Rule(1); r < link.NumRules; r++ {
		l.merge(s.link.Links[r], r.String())
	}
	l.add(s.link.SpanLinks, "likely")
	l.print(w, "links")
}

func (s *summary) printLosses(w io.Writer) {
	var l list
	l.add(s.source.Drops, "packets dropped by the kernel")
	l.add(s.source.IfDrops, "packets dropped by the interface")
	l.add(s.source.Faults, "damaged inputs")
	for r, n := range s.decode {
		if wire.Reason(r).Lost() {
			l.add(n, "packets "+wire.Reason(r).String())
		}
	}
	l.add(s.flows.Gap-min(s.flows.Gap, s.flows.Truncated), "bytes missing in streams")
	l.add(s.flows.Truncated, "bytes cut by snaplen")
	l.add(s.flows.Forced, "reorderings given up")
	for d := range engine.NumDiscards {
		if d != engine.OfOpaque && d != engine.OfUndetected && d != engine.OfEnd {
			l.add(s.engine.Discarded[d], "bytes discarded ("+d.String()+")")
		}
	}
	l.add(s.join.Refused, "requests beyond the bound")
	l.add(s.join.Dropped, "orphans and one-way messages beyond the bound")
	l.add(s.link.Early, "traces released early (--link-memory)")
	l.add(s.link.Strays, "records without exchange")
	for _, e := range s.exports {
		l.add(e.Dropped, "spans not exported")
		l.add(e.Rejected, "spans rejected by the receiver")
	}
	if len(l.parts) == 0 {
		l.parts = append(l.parts, "none")
	}
	l.print(w, "losses")
}
