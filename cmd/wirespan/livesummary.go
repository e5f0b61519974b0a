package main

import (
	"fmt"
	"io"
	"os"

	"github.com/wirespan/wirespan/capture"
)

// finish prints the summary and decides on the exit status. err is what the
// pipeline ended with.
func (r *liveRun) finish(err error) error {
	sum := r.pipe.count()
	sum.source = r.src.stats()
	sum.exports = r.parts.outs.exportStats()
	sum.shedding = r.watch.given()
	sum.uncaptured = r.src.uncaptured()
	sum.unwritten = r.parts.outs.unwritten()
	sum.unrecorded = r.kept.lost()
	if r.o.adaptive { // bodies are cut because they are passed over
		sum.spared = min(sum.flows.Truncated, sum.engine.LostSkipped)
	}
	if r.o.summary {
		sum.kernel = func(w io.Writer) {
			r.src.printCounts(w, &sum.source)
			r.src.mirrored.print(w)
		}
		sum.print(os.Stderr, r.parts)
		r.system.print(os.Stderr)
		r.kept.print(os.Stderr)
		if r.o.verbose { // doctor says it, too
			r.printIdentities(os.Stderr)
		}
	}
	lost := sum.lost()
	switch {
	case err != nil:
		return &statusError{exitPartial, err}
	case r.o.strict && lost > 0:
		return &statusError{exitPartial, fmt.Errorf("%d losses (--strict)", lost)}
	}
	return nil
}

// printCounts tells what the kernel counted, by interface where there are
// several.
func (s *liveSource) printCounts(w io.Writer, st *capture.Stats) {
	fmt.Fprintf(w, "%d packets received by filter\n", st.Packets+st.Drops)
	fmt.Fprintf(w, "%d packets dropped by kernel\n", st.Drops)
	if st.Freezes > 0 {
		fmt.Fprintf(w, "  memory for packets was full %s\n", countOf(st.Freezes, "time"))
	}
	if st.Softnet > 0 {
		fmt.Fprintf(w, "  %d more of this host, of any interface, were dropped by its CPUs (softnet)\n", st.Softnet)
	}
	if len(s.rings) == 0 {
		return
	}
	list, err := s.rings[0].Interfaces()
	if err != nil || len(list) < 2 {
		return
	}
	for _, i := range list {
		if i.Stats.Drops+i.Stats.IfDrops == 0 && i.Present {
			continue
		}
		fmt.Fprintf(w, "  %s: %d dropped by kernel, %d dropped by interface", i.Interface, i.Stats.Drops, i.Stats.IfDrops)
		if !i.Present {
			fmt.Fprint(w, ", gone")
		}
		fmt.Fprintln(w)
	}
}

// unwritten counts the spans that files in --out did not take.
func (o *outputs) unwritten() uint64 {
	var n uint64
	for _, f := range o.files {
		if f.spool != nil {
			n += f.spool.lost()
		}
	}
	return n
}
