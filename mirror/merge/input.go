package merge

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/capture"
)

// batchLen is the most packets of one batch of an input.
const batchLen = 256

// batch is what one ReadBatch of an input gave.
type batch struct {
	pkts    [batchLen]capture.Packet
	from, n int       // packets that are left
	arrived time.Time // when it came
	points  []capture.Point
	names   []capture.Name
	memory  *memory // behind the packets
}

// memory is what the packets of a batch borrow.
type memory struct {
	release func()       // of a lender; nil: the batch goes back instead
	refs    atomic.Int32 // the merger, while packets are left, and merged batches
	batch   *batch
	used    chan<- *batch
}

// drop gives up one reference.
func (m *memory) drop() {
	switch {
	case m.refs.Add(-1) > 0:
	case m.release != nil:
		m.release()
	default:
		m.used <- m.batch // has room for all batches of the input
	}
}

// input is one source with the goroutine that reads it.
type input struct {
	Input
	lender capture.Lender // nil: it has one batch
	ready  chan *batch
	used   chan *batch
	cur    *batch   // the merger's
	taps   []uint16 // numbers of its points in the merged list; the merger's
	ended  bool     // the merger's: nothing more comes
	err    error    // why, set before ready is closed
}

func newInput(i Input, batches int) *input {
	in := &input{Input: i}
	if in.lender, _ = i.Source.(capture.Lender); in.lender == nil {
		batches = 1
	}
	in.ready, in.used = make(chan *batch, batches), make(chan *batch, batches)
	for range batches {
		in.used <- &batch{}
	}
	return in
}

// run reads until the source ends or ctx does, and wakes the merger.
func (in *input) run(ctx context.Context, wake chan<- struct{}, report func(string, error)) {
	defer func() {
		close(in.ready)
		signal(wake)
	}()
	for {
		var b *batch
		select {
		case b = <-in.used:
		case <-ctx.Done():
			return
		}
		n, err := in.Source.ReadBatch(ctx, b.pkts[:])
		if n > 0 {
			in.fill(b, n)
			in.ready <- b
			signal(wake)
		} else {
			in.used <- b
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF) || ctx.Err() != nil:
			return
		default:
			in.err = err
			if report != nil {
				report(in.Name, err)
			}
			return
		}
	}
}

func (in *input) fill(b *batch, n int) {
	b.from, b.n, b.arrived = 0, n, time.Now()
	b.points, b.names = in.Source.Points(), nil
	if src, ok := in.Source.(capture.Namer); ok {
		b.names = src.TakeNames()
	}
	b.memory = &memory{batch: b, used: in.used}
	b.memory.refs.Store(1)
	if in.lender != nil {
		b.memory.release = in.lender.Lend()
	}
}

// done gives back the current batch, whose packets have all been handed on. What
// they borrow goes back when nobody does any more.
func (in *input) done() {
	b := in.cur
	in.cur = nil
	b.memory.drop()
	if in.lender != nil {
		in.used <- b
	}
}

// head makes the next batch the current one and reports whether there is one.
func (in *input) head(m *Source) bool {
	for in.cur == nil && !in.ended {
		select {
		case b, open := <-in.ready:
			if !open {
				in.ended = true
				return false
			}
			in.cur = b
			m.meet(in, b)
		default:
			return false
		}
	}
	return in.cur != nil
}

// signal wakes whoever waits, without waiting itself.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
