package link

import (
	"context"
	"errors"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// outputDepth is the number of batches that are on their way to a sink while
// the linker fills the next.
const outputDepth = 3

// output calls a sink on a goroutine of its own, so that linking and encoding
// go on at the same time. Batches go round: the linker gives a full one and
// takes an empty one.
type output struct {
	full, empty chan *spanBatch
	failed      chan error // the first error, once the goroutine has met one
	done        chan struct{}
}

func newSpanBatch(n int) *spanBatch { return &spanBatch{spans: make([]span.Span, 0, n)} }

func startOutput(s sink.Sink, n int) *output {
	o := &output{
		full: make(chan *spanBatch, outputDepth), empty: make(chan *spanBatch, outputDepth),
		failed: make(chan error, 1), done: make(chan struct{}),
	}
	for range outputDepth {
		o.empty <- newSpanBatch(n)
	}
	go o.run(s)
	return o
}

// run writes batches until the channel is closed; they are written after an
// error too, since a sink may recover.
func (o *output) run(s sink.Sink) {
	defer close(o.done)
	for b := range o.full {
		var err error
		if len(b.spans) > 0 {
			err = s.WriteSpans(context.Background(), b.spans)
		}
		if b.complete {
			err = errors.Join(err, complete(s))
		}
		if err != nil {
			select {
			case o.failed <- err:
			default:
			}
		}
		b.reset()
		o.empty <- b
	}
}

// swap hands a full batch on and returns an empty one, with an error that the
// sink reported meanwhile.
func (o *output) swap(b *spanBatch) (*spanBatch, error) {
	o.full <- b
	next := <-o.empty
	select {
	case err := <-o.failed:
		return next, err
	default:
		return next, nil
	}
}

// stop waits until every batch has been written.
func (o *output) stop() error {
	close(o.full)
	<-o.done
	select {
	case err := <-o.failed:
		return err
	default:
		return nil
	}
}
