package main

import (
	"context"
	"io"
	"slices"

	"github.com/wirespan/wirespan/capture"
)

// limited gives the sources of the pipeline; with a count they end after so
// many packets. Then there is one: its readers would have to share the count.
// The list is the caller's, who may put something around each source.
func (s *liveSource) limited(count uint64) []capture.Source {
	if count == 0 {
		return slices.Clone(s.sources)
	}
	c := &countedSource{Source: s.sources[0], left: count}
	if l, ok := c.Source.(capture.Lender); ok {
		return []capture.Source{&countedLender{c, l}}
	}
	return []capture.Source{c}
}

// countedSource ends after a number of packets.
type countedSource struct {
	capture.Source
	left uint64
}

// countedLender is the same over a source that lends its memory.
type countedLender struct {
	*countedSource
	capture.Lender
}

// ReadBatch meets capture.Source.
func (c *countedSource) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	if c.left < uint64(len(dst)) {
		dst = dst[:c.left]
	}
	n, err := c.Source.ReadBatch(ctx, dst)
	c.left -= uint64(n)
	return n, err
}
