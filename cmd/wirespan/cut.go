package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/wirespan/wirespan/capture/pcapfile"
	"github.com/wirespan/wirespan/capture/record"
	"github.com/wirespan/wirespan/tracer/span"
)

// cut remembers which packets belong to the spans that were written, for a
// second pass over the input that copies them. It is the sink of --out pcapng.
type cut struct {
	path string
	sel  *record.Selection
	// oldest is the time before which there are no packets any more; nil where
	// all stay. It is asked for whenever limit exchanges are remembered.
	oldest func() int64
	limit  int
}

// forgetAt is how many exchanges a cut remembers before it looks which are gone.
const forgetAt = 1 << 16

func newCut(path string) *cut { return &cut{path: path, sel: record.NewSelection()} }

// WriteSpans meets sink.Sink.
func (c *cut) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		x, ok := exchangeOf(&spans[i])
		if !ok {
			continue
		}
		if err := c.sel.Add(x); err != nil {
			return fmt.Errorf("cut packets: %w; choose some with --where or --id", err)
		}
	}
	if c.oldest != nil && c.sel.Len() >= c.limit {
		c.sel.Forget(c.oldest())
		c.limit = max(forgetAt, 2*c.sel.Len())
	}
	return nil
}

// Close meets sink.Sink; the file is written by cutPackets.
func (c *cut) Close(context.Context) error { return nil }

// exchangeOf says which packets a span was made of.
func exchangeOf(s *span.Span) (x record.Exchange, ok bool) {
	var addr [2]netip.Addr
	var port [2]uint16
	x.Start, x.End = s.Start, s.End
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
			x.Point = string(at.Str)
		case span.KeyNetworkTransport:
			x.Stream = string(at.Str) == "tcp"
		}
	}
	// --attributes may leave these out of All.
	if seq, ok := s.Attrs.Find(span.KeySeqRequest); ok {
		x.Seq, x.HasSeq = uint32(seq.Num), true
	}
	_, x.Opened = s.Attrs.Find(span.KeyPhaseConnect)
	x.Client, x.Server = netip.AddrPortFrom(addr[0], port[0]), netip.AddrPortFrom(addr[1], port[1])
	if s.Kind == span.Client || s.Kind == span.Producer {
		x.Client, x.Server = x.Server, x.Client
	}
	return x, addr[0].IsValid()
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
	filter, err := newReadFilter(opt)
	if err != nil {
		return err
	}
	again := *opt
	again.keepTimes = true // what is copied is copied as it is
	src, err := openSource(ctx, &again, inputs, filter)
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
	_, err = record.Copy(ctx, src, c.sel, out)
	if out != os.Stdout {
		err = errors.Join(err, out.Close())
	}
	return err
}

// cuts reports whether packets are cut out of the input.
func (o *options) cuts() bool {
	return slices.ContainsFunc(o.out, func(s string) bool { return strings.HasPrefix(s, "pcapng:") })
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
