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
	times map[cutKey][]interval
	n     int
}

// cutKey names a connection at a capture point, lower endpoint first.
type cutKey struct {
	a, b   netip.AddrPort
	point  string
	stream bool // TCP
}

// interval is a range of packet times, both ends included.
type interval struct{ from, to int64 }

// maxCut bounds the intervals that are remembered.
const maxCut = 1 << 20

func newCut(path string) *cut { return &cut{path: path, times: make(map[cutKey][]interval)} }

// WriteSpans meets sink.Sink.
func (c *cut) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		key, ok := cutKeyOf(&spans[i])
		if !ok {
			continue
		}
		if c.n++; c.n > maxCut {
			return fmt.Errorf("cut packets: more than %d spans; choose some with --where or --id", maxCut)
		}
		c.times[key] = addInterval(c.times[key], interval{spans[i].Start, spans[i].End})
	}
	return nil
}

// Close meets sink.Sink; the file is written by cutPackets.
func (c *cut) Close(context.Context) error { return nil }

// addInterval adds an interval, joined with the last one if they overlap.
func addInterval(l []interval, v interval) []interval {
	if n := len(l); n > 0 && v.from <= l[n-1].to && v.to >= l[n-1].from {
		l[n-1].from, l[n-1].to = min(l[n-1].from, v.from), max(l[n-1].to, v.to)
		return l
	}
	return append(l, v)
}

func cutKeyOf(s *span.Span) (k cutKey, ok bool) {
	var ends [2]netip.AddrPort
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
	for i := range ends {
		ends[i] = netip.AddrPortFrom(addr[i], port[i])
	}
	return k.ordered(ends[0], ends[1]), addr[0].IsValid()
}

func (k cutKey) ordered(a, b netip.AddrPort) cutKey {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	k.a, k.b = a, b
	return k
}

// wants reports whether a packet is part of a span: within its time, or of the
// handshake of its connection.
func (c *cut) wants(f *wire.Frame, point string) bool {
	k := cutKey{point: point, stream: f.Proto == wire.ProtoTCP}
	k = k.ordered(netip.AddrPortFrom(netip.AddrFrom16(f.Src), f.SrcPort), netip.AddrPortFrom(netip.AddrFrom16(f.Dst), f.DstPort))
	l := c.times[k]
	if len(l) > 0 && f.Proto == wire.ProtoTCP && f.Flags&wire.SYN != 0 {
		return true
	}
	for _, v := range l {
		if f.Time >= v.from && f.Time <= v.to {
			return true
		}
	}
	return false
}

// cutPackets writes the files of --out pcapng by reading the inputs again.
func (o *outputs) cutPackets(opt *readOptions, inputs []pcapfile.Input) error {
	for _, c := range o.cuts {
		if err := c.write(opt, inputs); err != nil {
			return fmt.Errorf("cut packets into %s: %w", c.path, err)
		}
	}
	return nil
}

func (c *cut) write(opt *readOptions, inputs []pcapfile.Input) error {
	src, err := openSource(opt, inputs)
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
	err = c.copy(src, out)
	if out != os.Stdout {
		err = errors.Join(err, out.Close())
	}
	return err
}

func (c *cut) copy(src *pcapfile.Source, out io.Writer) error {
	w := pcapfile.NewWriter(out, pcapfile.Pcapng)
	dec := wire.NewDecoder(defrag.Default())
	pkts := make([]capture.Packet, maxFrames)
	var f wire.Frame
	for {
		n, err := src.ReadBatch(context.Background(), pkts)
		for i := range pkts[:n] {
			if dec.Decode(&pkts[i], &f) != wire.OK {
				continue
			}
			point := src.Points()[f.Tap].Name
			if !c.wants(&f, point) {
				continue
			}
			if err := w.Write(&pkts[i], point); err != nil {
				return err
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
