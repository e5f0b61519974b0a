package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/pcapfile"
)

// emptyAckExpr matches TCP segments that carry nothing and begin or end
// nothing. Of fragments only whole datagrams have a length that tells.
const emptyAckExpr = "ip and tcp and ip[6:2] & 0x3fff = 0 and tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) = 0" +
	" and ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) = 0" +
	" or ip6 and ip6[6] = 6 and ip6[53] & 7 = 0 and ip6[4:2] - ((ip6[52] & 0xf0) >> 2) = 0"

// liveFilter is what a live run lets into its rings.
type liveFilter struct {
	expr    string // for people; what is compiled
	snaplen uint32
	program []bpf.RawInstruction // instead of expr: --filter-program
	snap    *snapStep            // of --adaptive-snap, else nil
	notes   []string             // for the operator
}

// newLiveFilter brings together what the user asks for, what wirespan itself
// sends, and what else the flags leave out. It checks the expression.
func newLiveFilter(ctx context.Context, o *liveOptions) (*liveFilter, error) {
	f := &liveFilter{snaplen: uint32(o.snaplen)}
	if o.adaptive {
		f.snap = &snapStep{}
	}
	if o.program != "" {
		return f, f.readProgram(o.program)
	}
	if strings.TrimSpace(o.user) != "" { // by itself, so that a mistake is shown in the user's words
		if _, err := compileLive(o.user, capture.LinkEthernet, f.snaplen); err != nil {
			return nil, fmt.Errorf("filter: %w", err)
		}
	}
	f.expr = captureExpr(o.user, f.ownExpr(ctx, o), ackExpr(o))
	return f, nil
}

func ackExpr(o *liveOptions) string {
	if o.dropAcks {
		return "not (" + emptyAckExpr + ")"
	}
	return ""
}

// ownExpr leaves out what wirespan itself sends.
func (f *liveFilter) ownExpr(ctx context.Context, o *liveOptions) string {
	if o.own {
		return ""
	}
	targets := o.otlp
	if env, err := readOTelEnv(); err == nil && len(targets) == 0 && env.target != "" {
		targets = []string{env.target}
	}
	more, listeners := o.watchOptions.peers()
	own := findOwn(ctx, append(slices.Clone(targets), more...), listeners, systemLookup)
	for _, err := range own.faults {
		f.notes = append(f.notes, err.Error())
	}
	return own.expr()
}

// readProgram takes a compiled program instead of an expression.
func (f *liveFilter) readProgram(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open filter program: %w", err)
	}
	defer file.Close()
	if f.program, err = pcapfile.ParseProgram(file); err != nil {
		return fmt.Errorf("read filter program %s: %w", path, err)
	}
	f.expr = "the program in " + path
	return nil
}

// compile makes the program for a link type, as afpacket.Config asks.
func (f *liveFilter) compile(link capture.LinkType) ([]bpf.RawInstruction, error) {
	prog, err := f.program, error(nil)
	if prog == nil {
		if prog, err = compileLive(f.expr, link, f.snaplen); err != nil {
			return nil, fmt.Errorf("filter %q: %w", f.expr, err)
		}
	}
	if f.snap != nil {
		if keep := f.snap.keep(); keep != 0 {
			prog = cutAccepted(prog, keep)
		}
	}
	return prog, nil
}

// print writes the program as tcpdump -d does.
func (f *liveFilter) print(w io.Writer, o *liveOptions) error {
	return printLive(w, f, o.dump)
}
