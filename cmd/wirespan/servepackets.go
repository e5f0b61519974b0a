package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync/atomic"

	"github.com/wirespan/wirespan/capture/record"
	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// maxCut bounds the packets of one span that are handed out.
const maxCut = 64 << 20

// recentPackets hands out what --record of a live capture keeps in memory.
type recentPackets struct {
	recent atomic.Pointer[record.Recent] // nil without --record
}

var _ api.Packets = (*recentPackets)(nil)

// Recording reports whether packets are kept.
func (p *recentPackets) Recording() bool { return p.recent.Load() != nil }

// WritePackets writes the packets of a span's exchange, as far as memory still has
// them.
func (p *recentPackets) WritePackets(ctx context.Context, s *store.Span, w io.Writer) error {
	r := p.recent.Load()
	x, ok := storedExchange(s)
	if r == nil || !ok {
		return api.ErrNoPackets
	}
	sel := record.NewSelection()
	if err := sel.Add(x); err != nil {
		return err
	}
	out := bounded{left: maxCut}
	n, err := r.Cut(ctx, sel, &out)
	switch {
	case err != nil:
		return err
	case n == 0:
		return api.ErrNoPackets
	}
	_, err = w.Write(out.b.Bytes())
	return err
}

// storedExchange is exchangeOf for a span of a store. SDKs and processes have no
// packets.
func storedExchange(s *store.Span) (x record.Exchange, ok bool) {
	if s.Signal != store.NET {
		return x, false
	}
	end := func(side string) (netip.AddrPort, bool) {
		a, err := netip.ParseAddr(s.Text("network." + side + ".address"))
		port, _ := s.Int("network." + side + ".port")
		return netip.AddrPortFrom(netip.AddrFrom16(a.As16()), uint16(port)), err == nil
	}
	x = record.Exchange{Start: s.Start, End: s.End, Point: s.Text("wirespan.capture.point"), Stream: s.Text("network.transport") == "tcp"}
	peer, ok1 := end("peer")
	local, ok2 := end("local")
	if !ok1 || !ok2 {
		return x, false
	}
	if seq, ok := s.Int("wirespan.flow.seq.request"); ok {
		x.Seq, x.HasSeq = uint32(seq), true
	}
	_, x.Opened = s.Attr("wirespan.phase.connect")
	x.Client, x.Server = peer, local
	if s.Kind == span.Client || s.Kind == span.Producer {
		x.Client, x.Server = local, peer
	}
	return x, true
}

// bounded is memory for so many bytes.
type bounded struct {
	b    bytes.Buffer
	left int
}

var errCutTooLong = errors.New("the packets of the span are too many")

// Write keeps bytes.
func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > b.left {
		return 0, fmt.Errorf("%w: more than %d bytes", errCutTooLong, maxCut)
	}
	b.left -= len(p)
	return b.b.Write(p)
}
