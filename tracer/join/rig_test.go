package join

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/redact"
	"github.com/wirespan/wirespan/tracer/span"
)

const (
	ms    = int64(time.Millisecond)
	epoch = int64(1_700_000_000) * int64(time.Second)
)

// rig is a flow table, an engine and a Joiner on one goroutine, with one
// client and one server whose frames it makes.
type rig struct {
	t     testing.TB
	table *flows.Table
	j     *Joiner
	out   *link.Batch
	keys  *span.Keys
	names []string

	now   int64
	seq   [2]uint32 // of the next byte, by direction
	port  uint16
	open  map[uint32]link.Record
	lines []string
	hosts []string
	buf   []byte
}

func newRig(t testing.TB, change func(*Config)) *rig {
	t.Helper()
	protos := all.Protos()
	matcher, err := ids.New(ids.Default())
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Timeout: 30 * time.Second, MaxOpen: 1000, Keys: NewKeys(protos), Protos: protos, Redact: redact.New(redact.Config{})}
	if change != nil {
		change(&cfg)
	}
	r := &rig{t: t, j: New(cfg, 7), out: &link.Batch{}, keys: cfg.Keys, names: ProtocolNames(protos), now: epoch, port: 40000, open: map[uint32]link.Record{}}
	eng, err := engine.New(engine.Config{Protos: protos, Options: l7.Options{IDs: matcher}, MaxCarry: 1 << 20}, r.j)
	if err != nil {
		t.Fatal(err)
	}
	if r.table, err = flows.NewTable(flows.Default(), eng); err != nil {
		t.Fatal(err)
	}
	r.again()
	return r
}

// again begins a connection from another port.
func (r *rig) again() { r.port++; r.seq = [2]uint32{1000, 5000} }

// at moves the clock to some milliseconds after the epoch, in steps of the grid.
func (r *rig) at(to int64) *rig {
	for end := epoch + to*ms; r.now < end; {
		r.now = min(end, r.now-r.now%link.Grid+link.Grid)
		r.j.Begin(r.out, r.now)
		r.table.Tick(r.now)
		r.j.Tick()
	}
	return r
}

func (r *rig) frame(dir flows.Dir, proto, flags uint8, payload string) *rig {
	client, server := netip.MustParseAddr("192.0.2.1").As16(), netip.MustParseAddr("198.51.100.1").As16()
	r.buf = append(r.buf[:0], payload...) // overwritten by the next frame, as a ring is
	f := wire.Frame{
		Time: r.now, Payload: r.buf, PayloadLen: uint32(len(payload)), Src: client, Dst: server,
		SrcPort: r.port, DstPort: 80, Proto: proto, Version: 4, TTL: 64, Flags: flags, Window: 65535,
	}
	if proto == wire.ProtoUDP {
		f.DstPort = 53
	}
	if dir == flows.ToClient {
		f.Src, f.Dst, f.SrcPort, f.DstPort = f.Dst, f.Src, f.DstPort, f.SrcPort
	}
	if proto == wire.ProtoTCP {
		f.Seq = r.seq[dir]
		if flags&wire.ACK != 0 {
			f.Ack = r.seq[dir.Opposite()]
		}
		r.seq[dir] += uint32(len(payload))
		if flags&(wire.SYN|wire.FIN) != 0 {
			r.seq[dir]++
		}
	}
	r.j.Begin(r.out, r.now)
	r.table.Push(&f, r.now)
	return r
}

func (r *rig) tcp(dir flows.Dir, flags uint8) *rig { return r.frame(dir, wire.ProtoTCP, flags, "") }

func (r *rig) connect() *rig {
	return r.tcp(0, wire.SYN).tcp(1, wire.SYN|wire.ACK).tcp(0, wire.ACK)
}

// ask and answer send segments, each acknowledged.
func (r *rig) ask(s string) *rig {
	return r.frame(0, wire.ProtoTCP, wire.ACK|wire.PSH, s).tcp(1, wire.ACK)
}

func (r *rig) answer(s string) *rig {
	return r.frame(1, wire.ProtoTCP, wire.ACK|wire.PSH, s).tcp(0, wire.ACK)
}

// lose lets bytes of a direction pass unseen.
func (r *rig) lose(dir flows.Dir, s string) *rig { r.seq[dir] += uint32(len(s)); return r }

func (r *rig) close() *rig {
	return r.tcp(0, wire.FIN|wire.ACK).tcp(1, wire.FIN|wire.ACK).tcp(0, wire.ACK)
}

// take reads what was made since the last time: slots are used once at a time,
// and both records of an exchange agree.
func (r *rig) take() {
	r.t.Helper()
	for i := range r.out.Records {
		rec := &r.out.Records[i]
		was, isOpen := r.open[rec.Slot]
		switch rec.Event {
		case link.Opened:
			if isOpen {
				r.t.Errorf("slot %d is used twice", rec.Slot)
			}
			r.open[rec.Slot] = *rec
			r.hosts = append(r.hosts, string(r.out.Piece(&rec.Facts, link.Host)))
		case link.Finished:
			if !isOpen || was.Exchange != rec.Exchange || was.Start != rec.Start || was.Seq >= rec.Seq || rec.Shard != 7 {
				r.t.Errorf("slot %d finishes %x, opened as %x", rec.Slot, rec.Exchange, was.Exchange)
			}
			delete(r.open, rec.Slot)
			r.lines = append(r.lines, r.line(rec))
		case link.Closing:
			r.lines = append(r.lines, "closing "+rec.Close.String())
		}
	}
	r.out.Reset()
}

// line renders a finished exchange: name, template, outcome, times, error, and
// what else is worth a look.
func (r *rig) line(rec *link.Record) string {
	var b strings.Builder
	outcome := [...]string{"answered", "none", "oneway", "orphan", "pushed"}[rec.Outcome]
	fmt.Fprintf(&b, "%s%s %s %d-%d", r.out.Piece(&rec.Facts, link.Name), r.out.Piece(&rec.Facts, link.Template), outcome, (rec.Start-epoch)/ms, (rec.End-epoch)/ms)
	if rec.Code != 0 {
		fmt.Fprintf(&b, " %d", rec.Code)
	}
	if e := r.out.Piece(&rec.Facts, link.ErrorType); len(e) > 0 {
		fmt.Fprintf(&b, " error=%s", e)
	}
	if rec.Flags&link.Failed != 0 {
		b.WriteString(" failed")
	}
	if rec.Close != 0 {
		b.WriteString(" close=" + rec.Close.String())
	}
	seen := map[string]bool{}
	for at := range span.Attrs(r.out.Piece(&rec.Facts, link.Attrs)).All {
		name := r.keys.Name(at.Key)
		if seen[name] {
			r.t.Errorf("%s comes twice", name)
		}
		seen[name] = true
		switch at.Key {
		case span.KeyLossBytes, span.KeyInterim, span.KeyRequestID, span.KeyRequestIDResponse, span.KeyContext, span.KeyClientForwarded, span.KeyURLQuery:
			fmt.Fprintf(&b, " %s=%s", name[strings.LastIndexByte(name, '.')+1:], at.AppendText(nil))
		}
	}
	return b.String()
}

// want ends the input and compares; the counters must add up.
func (r *rig) want(lines ...string) {
	r.t.Helper()
	r.take()
	r.balance()
	r.j.Begin(r.out, r.now)
	r.table.Flush(r.now)
	r.take()
	r.balance()
	if d := cmp.Diff(lines, r.lines); d != "" {
		r.t.Error(d)
	}
	if len(r.open) != 0 || r.j.Open() != 0 {
		r.t.Errorf("%d records without end, %d exchanges open", len(r.open), r.j.Open())
	}
}

// balance holds the counters to what Stats promises.
func (r *rig) balance() {
	r.t.Helper()
	s := r.j.Stats()
	waiting := uint64(0)
	for _, rec := range r.open {
		if rec.Outcome == link.Answered {
			waiting++
		}
	}
	if got := s.Exchanges - s.OneWay - s.Orphans - s.Pushed - s.Failed + waiting + s.Repeats + s.Refused; got != s.Requests {
		r.t.Errorf("%d requests, %d accounted for: %+v", s.Requests, got, s)
	}
}
