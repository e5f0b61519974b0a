package main

import (
	"fmt"
	"io"

	"github.com/wirespan/wirespan/tracer/metric"
)

// print tells what became of the calls that the module saw.
func (y *liveSys) print(w io.Writer) {
	if y == nil {
		return
	}
	st, err := y.src.Stats()
	if err != nil {
		fmt.Fprintf(w, "%-12s no counters: %v\n", "sys", err)
		return
	}
	var l list
	l.add(st.Seen, "seen")
	l.add(st.Filtered, "filtered")
	l.add(st.Skipped, "skipped")
	l.add(st.Emitted, "emitted")
	l.add(st.Dropped, "dropped")
	l.add(st.Bad, "bad")
	l.add(st.Garbled, "garbled")
	l.print(w, "sys "+y.src.Tier().String())
	y.gos.print(w)
}

// families are the counters of the module.
func (y *liveSys) families() []metric.Family {
	if y == nil {
		return nil
	}
	st, err := y.src.Stats()
	if err != nil {
		return nil
	}
	calls := metric.Counter("wirespan.sys.calls", "{call}", "system calls that moved bytes of TCP, changes of connections and ends of processes, by what became of them")
	for _, c := range []struct {
		n  uint64
		as string
	}{{st.Filtered, "filtered"}, {st.Skipped, "skipped"}, {st.Emitted, "emitted"}, {st.Dropped, "dropped"}, {st.Bad, "bad"}} {
		calls.Add(float64(c.n), "outcome", c.as)
	}
	tier := metric.Gauge("wirespan.sys.info", "", "tier of the eBPF module, always 1")
	tier.Add(1, "tier", y.src.Tier().String())
	return []metric.Family{
		tier, calls,
		oneCount("wirespan.sys.seen_calls", "{call}", "sum of all outcomes", st.Seen),
		oneCount("wirespan.sys.read_events", "{event}", "events of the module that were read", st.Read),
		oneCount("wirespan.sys.garbled_events", "{event}", "events of the module that were not understood", st.Garbled),
	}
}
