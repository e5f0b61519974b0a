package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/afpacket"
	"github.com/wirespan/wirespan/capture/cbpf"
)

// ringTrial is what opening a capture just as live does came to. No packet
// passed: its filter rejects all.
type ringTrial struct {
	err     error
	names   []string          // interfaces
	notes   []string          // what live would print at its start
	refused map[string]string // reason by option, as live gives it
	fanout  afpacket.Report   // of more than one worker
	alone   bool              // PACKET_IGNORE_OUTGOING was asked for
	engine  string
}

func (r *ringTrial) ok() bool { return r.err == nil }

// tried reports whether an option was really asked for.
func (r *ringTrial) tried(option string) bool {
	switch option {
	case "PACKET_IGNORE_OUTGOING":
		return r.alone
	case "TPACKET_V3", "filter in the kernel":
		return r.engine == "afpacket"
	}
	return r.fanout.Rings > 0
}

func rejectAll(capture.LinkType) ([]bpf.RawInstruction, error) { return cbpf.Reject(), nil }

// tryLive opens what live would open, and closes it.
func tryLive(ctx context.Context, l *liveOptions) ringTrial {
	r := ringTrial{refused: make(map[string]string), engine: l.engine}
	src, err := openLive(ctx, l, rejectAll)
	if err != nil {
		r.err = err
		return r
	}
	r.names, r.notes = src.names, src.notes
	for _, ring := range src.rings[:min(1, len(src.rings))] {
		r.take(ring.Degraded())
	}
	src.close()
	if l.engine == "afpacket" {
		r.tryLoopback(ctx, l)
	}
	return r
}

func (r *ringTrial) take(list []afpacket.Degraded) {
	for _, d := range list {
		if _, known := r.refused[d.Option]; !known {
			r.refused[d.Option] = d.Reason
		}
	}
}

// tryLoopback asks for options that the run itself may have no use for: a
// single ring on the loopback leaves outgoing packets out, two share it.
func (r *ringTrial) tryLoopback(ctx context.Context, l *liveOptions) {
	c := afpacket.Default()
	c.Interfaces, c.Netns, c.Filter, c.Promiscuous = []string{"lo"}, netnsPath(l.netns), rejectAll, false
	c.Blocks, c.BlockSize, c.Retire = afpacket.MinBlocks, afpacket.MinBlockSize, time.Second
	if s, err := afpacket.Open(ctx, c); err == nil {
		r.alone = true
		r.take(s.Degraded())
		_ = s.Close()
	}
	list, report, err := afpacket.OpenFanout(ctx, c, 2)
	if err != nil {
		return
	}
	r.fanout = report
	if report.Mode == afpacket.FanoutOne {
		r.refused["fan-out"] = report.Reason
	}
	for _, s := range list {
		_ = s.Close()
	}
}

// section says whether live starts, and what it says then.
func (r *ringTrial) section(l *liveOptions, file string, mistake error) section {
	s := section{Name: "wirespan live"}
	switch {
	case mistake != nil:
		s.add(markMissing, "configuration", "%s: %v", pick(file == "", "environment", file), mistake)
		s.fix("wirespan config check")
	case file != "":
		s.add(markOK, "configuration", "%s", file)
	}
	if r.err != nil {
		text, fix := firstLine(r.err)
		s.add(markMissing, "start", "%s", text)
		s.fix("%s", strings.Join(fix, "\n"))
		return s
	}
	where := strings.Join(r.names, ", ")
	if where == "" {
		where = "interfaces as they appear"
	}
	mem := ""
	if n, err := l.ringBytes(); err == nil && l.engine == "afpacket" {
		mem = fmt.Sprintf(", %s of ring", sizeText(uint64(n)))
	}
	s.add(markOK, "start", "opens %s%s (closed again)", where, mem)
	for _, n := range r.notes {
		s.add(markWarning, "degraded", "%s", n)
	}
	return s
}

// sizeText is a size with a unit that keeps it short.
func sizeText(n uint64) string {
	const units = "KMGTPE"
	if n < 1<<10 {
		return fmt.Sprintf("%d bytes", n)
	}
	v, u := float64(n)/(1<<10), 0
	for v >= 1024 && u < len(units)-1 {
		v, u = v/1024, u+1
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") + " " + units[u:u+1] + "iB"
}
