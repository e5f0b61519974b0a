package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/pcapfile"
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/tracer/span"
)

// cut remembers which packets belong to the spans that were written, for a
// second pass over the input that copies them. It is the sink of --out pcapng.
type cut struct {
	path  string
	flows map[cutKey]*cutFlow
	n     int
}

// cutKey names a connection at a capture point, lower endpoint first.
type cutKey struct {
	a, b   netip.AddrPort
	point  string
	stream bool // TCP
}

// maxCut bounds the intervals that are remembered.
const maxCut = 1 << 20

func newCut(path string) *cut { return &cut{path: path, flows: make(map[cutKey]*cutFlow)} }

// WriteSpans meets sink.Sink.
func (c *cut) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		s := &spans[i]
		key, client, ok := cutKeyOf(s)
		if !ok {
			continue
		}
		if c.n++; c.n > maxCut {
			return fmt.Errorf("cut packets: more than %d spans; choose some with --where or --id", maxCut)
		}
		flow := c.flows[key]
		if flow == nil {
			flow = &cutFlow{}
			c.flows[key] = flow
		}
		request := seqPlace{lower: client == key.a}
		if seq, ok := s.Attrs.Find(span.KeySeqRequest); ok {
			request.seq, request.known = uint32(seq.Num), true
		}
		flow.spans = append(flow.spans, interval{s.Start, s.End, request})
		if _, first := s.Attrs.Find(span.KeyPhaseConnect); first && request.known {
			flow.opened = append(flow.opened, opening{s.Start, request})
		}
	}
	return nil
}

// Close meets sink.Sink; the file is written by cutPackets.
func (c *cut) Close(context.Context) error { return nil }

// cutKeyOf names the connection of a span, and its client.
func cutKeyOf(s *span.Span) (k cutKey, client netip.AddrPort, ok bool) {
	var addr [2]netip.Addr
	var port [2]uint16
	for at := range s.Attrs.All {
		switch at.Key {
		case span.KeyNetworkPeerAddress:
			addr[0] = netip.AddrFrom16([16]byte(at.Str))
		case span.KeyNetworkLocalAddress:
			addr[1] = netip.AddrFrom16([16]byte(at.Str))
		case span.KeyNetworkPeerPort:
			port[0] = uint16(at.Num)
		case span.KeyNetworkLocalPort:
			port[1] = uint16(at.Num)
		case span.KeyCapturePoint:
			k.point = string(at.Str)
		case span.KeyNetworkTransport:
			k.stream = string(at.Str) == "tcp"
		}
	}
	peer, local := netip.AddrPortFrom(addr[0], port[0]), netip.AddrPortFrom(addr[1], port[1])
	client = peer
	if s.Kind == span.Client || s.Kind == span.Producer {
		client = local
	}
	return k.ordered(peer, local), client, addr[0].IsValid()
}

func (k cutKey) ordered(a, b netip.AddrPort) cutKey {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	k.a, k.b = a, b
	return k
}

// wants reports whether a packet belongs to a chosen span.
func (c *cut) wants(f *wire.Frame, point string) bool {
	k := cutKey{point: point, stream: f.Proto == wire.ProtoTCP}
	src := netip.AddrPortFrom(netip.AddrFrom16(f.Src), f.SrcPort)
	k = k.ordered(src, netip.AddrPortFrom(netip.AddrFrom16(f.Dst), f.DstPort))
	flow := c.flows[k]
	return flow != nil && flow.wants(f, src == k.a)
}

// cutPackets writes the files of --out pcapng by reading the inputs again, to
// the end also when the first pass was interrupted: what it found is written.
func (o *outputs) cutPackets(ctx context.Context, opt *readOptions, inputs []pcapfile.Input) error {
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx)
	}
	for _, c := range o.cuts {
		if err := c.write(ctx, opt, inputs); err != nil {
			return fmt.Errorf("cut packets into %s: %w", c.path, err)
		}
	}
	return nil
}

func (c *cut) write(ctx context.Context, opt *readOptions, inputs []pcapfile.Input) error {
	src, err := openSource(ctx, opt, inputs)
	if err != nil {
		return err
	}
	defer src.Close()
	out := os.Stdout
	if c.path != "-" {
		if out, err = os.Create(c.path); err != nil {
			return err
		}
	}
	err = c.copy(ctx, src, out)
	if out != os.Stdout {
		err = errors.Join(err, out.Close())
	}
	return err
}

func (c *cut) copy(ctx context.Context, src *pcapfile.Source, out io.Writer) error {
	for _, flow := range c.flows {
		flow.settle()
	}
	w := pcapfile.NewWriter(out, pcapfile.Pcapng)
	dec := wire.NewDecoder(defrag.Default())
	pkts := make([]capture.Packet, maxFrames)
	var f wire.Frame
	var waiting fragments
	var parts []capture.Packet // of one datagram
	for {
		n, err := src.ReadBatch(ctx, pkts)
		for i := range pkts[:n] {
			switch dec.Decode(&pkts[i], &f) {
			case wire.Fragment:
				waiting.keep(&pkts[i], &f)
				continue
			case wire.OK:
			default:
				continue
			}
			point := src.Points()[f.Tap].Name
			parts = append(waiting.take(&f, parts[:0]), pkts[i])
			if !c.wants(&f, point) {
				continue
			}
			for j := range parts {
				if err := w.Write(&parts[j], point); err != nil {
					return err
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return w.Flush()
		}
		if err != nil {
			return err
		}
	}
}

// checkCut refuses what cannot be read twice.
func checkCut(inputs []pcapfile.Input, follow bool) error {
	for _, in := range inputs {
		for _, p := range in.Paths {
			if p == "-" || follow {
				return errors.New("--out pcapng reads the input a second time: it needs files, not a pipe")
			}
		}
	}
	return nil
}
