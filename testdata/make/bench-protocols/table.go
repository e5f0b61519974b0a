package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// table is the result as tab separated values, on the terminal too.
type table struct{ out io.Writer }

func (t *table) line(cells ...string) {
	line := strings.Join(cells, "\t") + "\n"
	fmt.Fprint(os.Stdout, line)
	fmt.Fprint(t.out, line)
}

func (t *table) head(rounds int) {
	t.line(fmt.Sprintf("# CPU ns per packet, medians of %d interleaved rounds, %d cores, %s", rounds, runtime.NumCPU(), time.Now().Format(time.DateOnly)))
	t.line("protocol", "packets", "bytes", "wirespan_ns", "tshark_ns", "suricata_ns", "tshark_ratio", "suricata_ratio",
		"exchanges", "tshark_frames", "suricata_events", "dissector")
}

func (t *table) row(r result) {
	dissector := r.dissector
	if dissector == "" {
		dissector = "none: TCP only"
	}
	t.line(r.name, fmt.Sprint(r.packets), fmt.Sprint(r.bytes), r.each(wirespan), r.each(tshark), r.each(suricata), r.ratio(tshark), r.ratio(suricata),
		fmt.Sprint(r.found[wirespan]), r.count(tshark), r.count(suricata), dissector)
}

func (r *result) each(program int) string {
	if r.cpu[program] == 0 {
		return "-"
	}
	return fmt.Sprint(r.cpu[program].Nanoseconds() / int64(r.packets))
}

func (r *result) ratio(program int) string {
	if r.cpu[program] == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", float64(r.cpu[program])/float64(r.cpu[wirespan]))
}

func (r *result) count(program int) string {
	if r.cpu[program] == 0 {
		return "-"
	}
	return fmt.Sprint(r.found[program])
}
