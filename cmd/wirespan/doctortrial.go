package main

import (
	"context"
	"errors"
	"io"
	"time"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/bpf/filter"
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/wire"
)

// trial is what a short capture showed at one interface.
type trial struct {
	name  string
	took  time.Duration
	stats capture.Stats // of the kernel
	err   error         // why it ended early

	packets, bytes   uint64
	in, out, noWay   uint64 // by direction, as the kernel tells
	cut              uint64 // shorter than on the wire
	large            uint64 // longer than the MTU
	short            uint64 // cut before they came here: by a mirror
	reasons          [wire.NumReasons]uint64
	payload          uint64 // bytes of TCP and UDP
	twice, elsewhere uint64 // seen before at this interface, or at another
	compared         uint64 // packets that could have been
	conns            connSurvey
	filter           string // that packets were held to
	passed, judged   uint64 // packets that the filter of live, or of an instance, takes
	backwards        uint64 // times that went back
	skew             time.Duration
	mtu              int
	last             int64
}

// trialFilter decides in user space about packets of a link type.
type trialFilter struct {
	expr  *filter.Expr
	progs map[capture.LinkType][]bpf.RawInstruction
}

// newTrialFilter compiles an expression; names of hosts are not looked up,
// because that would send packets. nil: it cannot be judged.
func newTrialFilter(expr string) *trialFilter {
	e, err := filter.Parse(expr)
	if err != nil {
		return nil
	}
	f := &trialFilter{e, make(map[capture.LinkType][]bpf.RawInstruction)}
	if f.program(capture.LinkEthernet) == nil {
		return nil
	}
	return f
}

func (f *trialFilter) program(link capture.LinkType) []bpf.RawInstruction {
	if p, ok := f.progs[link]; ok {
		return p
	}
	p, err := f.expr.Compile(filter.Options{Link: link, Snaplen: filter.DefaultSnaplen, Live: true})
	var code []bpf.RawInstruction
	switch {
	case errors.Is(err, filter.ErrRejectsAll):
		code = cbpf.Reject()
	case err == nil:
		code = p.Instructions
	}
	f.progs[link] = code
	return code
}

// takes reports whether the filter takes a packet.
func (f *trialFilter) takes(p *capture.Packet) bool {
	code := f.program(p.Link)
	m := cbpf.Meta{Len: p.WireLen, VLAN: p.VLAN, HasVLAN: p.VLAN != 0, VLANProto: 0x8100}
	if p.Dir == capture.DirOut {
		m.PktType = 4 // PACKET_OUTGOING
	}
	return code == nil || cbpf.Run(code, p.Data, &m) > 0
}

// trialRun reads packets of all interfaces at once.
type trialRun struct {
	ifs    *ifaceList
	src    capture.Source
	dec    *wire.Decoder
	filter *trialFilter // nil takes all
	expr   string
	seen   sightingTable
	list   []trial
}

// linkRoom is what a link header with tags has beside the MTU.
const linkRoom = 26

// Bounds of a trial; beyond them things are seen, and not told apart.
const (
	trialBatch  = 256
	trialPoints = 256
)

// runTrial captures with the rings that live would have, and no filter but its
// own counting. Stopping early is no error.
func runTrial(ctx context.Context, l *liveOptions, ifs *ifaceList, length time.Duration, expr string) []trial {
	one := *l
	if spec, err := parseIfaces(l.ifaces); err == nil {
		one.ifaces = spec.names // each for itself, whatever its point is called
	}
	one.workers, one.count, one.once = 1, 0, false // sightings are counted, not left out
	src, err := openLive(ctx, &one, func(capture.LinkType) ([]bpf.RawInstruction, error) {
		return cbpf.Accept(uint32(l.snaplen)), nil
	})
	if err != nil {
		return []trial{{name: "trial", err: err}}
	}
	defer src.close()
	r := &trialRun{ifs: ifs, src: src.sources[0], dec: wire.NewDecoder(defrag.Default()), seen: newSightingTable()}
	if expr != "" {
		r.filter, r.expr = newTrialFilter(expr), expr
	}
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	began := time.Now()
	err = r.read(ctx)
	r.name(time.Since(began), err)
	if len(r.list) == 1 { // whatever the engine
		r.list[0].stats = src.stats()
	}
	for i := range r.list {
		t := &r.list[i]
		for _, p := range src.trialPoints() {
			if p.name == t.name {
				t.stats = p.stats
			}
		}
	}
	return r.list
}

// trialPoints are the kernel's counters, where the engine has them.
func (s *liveSource) trialPoints() []pointCounts {
	if len(s.rings) == 0 {
		return nil
	}
	return s.pointCounts()
}

// read looks at packets until ctx ends.
func (r *trialRun) read(ctx context.Context) error {
	batch := make([]capture.Packet, trialBatch)
	for ctx.Err() == nil {
		n, err := r.src.ReadBatch(ctx, batch)
		for i := range batch[:n] {
			r.look(&batch[i])
		}
		switch {
		case err == nil || ctx.Err() != nil:
		case errors.Is(err, io.EOF):
			return nil
		default:
			return err
		}
	}
	return nil
}

// name gives every capture point a result, silent ones included.
func (r *trialRun) name(took time.Duration, err error) {
	points := r.src.Points()
	for len(r.list) < min(len(points), trialPoints) {
		r.list = append(r.list, trial{})
	}
	for i := range r.list {
		r.list[i].name, r.list[i].took, r.list[i].err, r.list[i].filter = points[i].Name, took, err, r.expr
	}
}

// at is the result of a capture point.
func (r *trialRun) at(tap uint16) *trial {
	n := min(int(tap), trialPoints-1)
	for len(r.list) <= n {
		r.list = append(r.list, trial{})
		t, points := &r.list[len(r.list)-1], r.src.Points()
		if i := r.ifs.find(points[len(r.list)-1].Name); i != nil {
			t.mtu = i.MTU
		}
	}
	return &r.list[n]
}

// look counts one packet.
func (r *trialRun) look(p *capture.Packet) {
	t := r.at(p.Tap)
	t.packets++
	t.bytes += uint64(p.WireLen)
	switch p.Dir {
	case capture.DirIn:
		t.in++
	case capture.DirOut:
		t.out++
	default:
		t.noWay++
	}
	if int(p.WireLen) > len(p.Data) {
		t.cut++
	}
	if t.mtu > 0 && int(p.WireLen) > t.mtu+linkRoom {
		t.large++
	}
	t.clock(p.Time)
	if r.filter != nil {
		t.judged++
		if r.filter.takes(p) {
			t.passed++
		}
	}
	var f wire.Frame
	reason := r.dec.Decode(p, &f)
	t.reasons[reason]++
	if reason != wire.OK {
		return
	}
	if f.Truncated && int(p.WireLen) <= len(p.Data) {
		t.short++
	}
	t.payload += uint64(f.PayloadLen)
	t.conns.add(&f)
	if key, ok := r.seen.key(&f); ok {
		t.compared++
		switch r.seen.look(key, p.Tap, p.Time) {
		case seenHere:
			t.twice++
		case seenElsewhere:
			t.elsewhere++
		}
	}
}

// clock holds packet times against each other and against the host's.
func (t *trial) clock(at int64) {
	if at == 0 {
		return
	}
	if at < t.last {
		t.backwards++
	}
	t.last = at
	if t.packets&0xff == 1 {
		d := time.Since(time.Unix(0, at))
		if d.Abs() > t.skew.Abs() {
			t.skew = d
		}
	}
}
