package record

import (
	"context"
	"errors"
	"io"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

// Sink is shown every batch of a source before it is traced.
type Sink interface {
	// Put copies what it keeps of a batch; points are those of the source, and
	// Packet.Tap indexes them. It never waits. It reports how many packets came
	// before the recording ended, all of them unless it has an end. Put may be
	// called by several goroutines.
	Put(batch []capture.Packet, points []capture.Point) int
	// Ended reports that the recording has ended and wants no more.
	Ended() bool
}

// tee is a source that shows its batches.
type tee struct {
	src   capture.Source
	sinks []Sink
}

// lendingTee is a tee on a source that lends.
type lendingTee struct {
	tee
	capture.Lender
}

// Tee returns src with sinks that see every batch before ReadBatch returns it.
// When one of them has ended, so has the source: ReadBatch gives the packets
// until then, and io.EOF. The result meets capture.Lender if src does, and
// always capture.Namer and capture.Filterer; SetFilter fails if src has no
// filter. Stats and Close are those of src: sinks are closed by who made them.
func Tee(src capture.Source, sinks ...Sink) capture.Source {
	t := tee{src, sinks}
	if l, ok := src.(capture.Lender); ok {
		return &lendingTee{t, l}
	}
	return &t
}

// ReadBatch meets capture.Source.
func (t *tee) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	for _, s := range t.sinks {
		if s.Ended() {
			return 0, io.EOF
		}
	}
	n, err := t.src.ReadBatch(ctx, dst)
	if n == 0 {
		return 0, err
	}
	kept, points := n, t.src.Points()
	for _, s := range t.sinks {
		kept = min(kept, s.Put(dst[:kept], points))
	}
	if kept < n {
		err = nil // what it says comes after the end
		if kept == 0 {
			err = io.EOF
		}
	}
	return kept, err
}

// Points meets capture.Source.
func (t *tee) Points() []capture.Point { return t.src.Points() }

// Stats meets capture.Source.
func (t *tee) Stats() (capture.Stats, error) { return t.src.Stats() }

// Close meets capture.Source.
func (t *tee) Close() error { return t.src.Close() }

// Unwrap is the source that the sinks see.
func (t *tee) Unwrap() capture.Source { return t.src }

// TakeNames meets capture.Namer.
func (t *tee) TakeNames() []capture.Name {
	if n, ok := t.src.(capture.Namer); ok {
		return n.TakeNames()
	}
	return nil
}

// SetFilter meets capture.Filterer.
func (t *tee) SetFilter(program []bpf.RawInstruction) error {
	if f, ok := t.src.(capture.Filterer); ok {
		return f.SetFilter(program)
	}
	return errors.New("set filter: this source has none")
}
