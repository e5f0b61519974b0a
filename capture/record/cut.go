package record

import (
	"context"
	"errors"
	"io"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/pcapfile"
	"github.com/wirespan/wirespan/capture/wire"
)

// cutter copies the packets that a selection wants.
type cutter struct {
	sel     *Selection
	w       *pcapfile.Writer
	waiting fragments
	parts   []capture.Packet // of one datagram
	n       int
}

// packet looks at the next packet, which was decoded as f.
func (c *cutter) packet(p *capture.Packet, f *wire.Frame, how wire.Reason, point string) error {
	switch how {
	case wire.Fragment:
		c.waiting.keep(p, f)
		return nil
	case wire.OK:
	default:
		return nil
	}
	c.parts = append(c.waiting.take(f, c.parts[:0]), *p)
	if !c.sel.wants(f, point) {
		return nil
	}
	for i := range c.parts {
		if err := c.w.Write(&c.parts[i], point); err != nil {
			return err
		}
		c.n++
	}
	return nil
}

// copyBatch is how many packets Copy asks for.
const copyBatch = 512

// Copy reads src to its end and writes the packets that sel wants; it returns
// how many. The caller closes src, and out after that.
func Copy(ctx context.Context, src capture.Source, sel *Selection, out io.Writer) (int, error) {
	sel.begin()
	c := cutter{sel: sel, w: pcapfile.NewWriter(out, pcapfile.Pcapng)}
	dec := wire.NewDecoder(defrag.Default())
	batch := make([]capture.Packet, copyBatch)
	var f wire.Frame
	for {
		n, err := src.ReadBatch(ctx, batch)
		for i := range batch[:n] {
			p := &batch[i]
			if err := c.packet(p, &f, dec.Decode(p, &f), src.Points()[p.Tap].Name); err != nil {
				return c.n, err
			}
		}
		if errors.Is(err, io.EOF) {
			return c.n, c.w.Flush()
		}
		if err != nil {
			return c.n, err
		}
	}
}
