package ingest

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/skywalking"
)

// What is put together of a stream, for one Write: a segment has a few spans, and a
// store may take as long for them as for thousands.
const (
	groupMessages = 256
	groupBytes    = 1 << 20 // a larger message stands alone
)

// collect takes the segments of a stream, those that are there together.
func (r *Receiver) collect(_ any, s grpc.ServerStream) error {
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	messages := make(chan string, groupMessages)
	end := make(chan error, 1)
	go func() {
		defer close(messages)
		end <- receive(ctx, s, messages)
	}()
	g := group{messages: messages}
	for g.next() {
		if err := r.segments(ctx, g.list); err != nil {
			return err
		}
	}
	if err := <-end; err != nil {
		return err
	}
	return s.SendMsg(&reply{})
}

// receive reads a stream to its end. What waits is bounded by the channel, and by what
// HTTP/2 lets a sender send.
func receive(ctx context.Context, s grpc.ServerStream, to chan<- string) error {
	for {
		var m request
		if err := s.RecvMsg(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		select {
		case to <- m.body:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// group takes messages together that are there.
type group struct {
	messages <-chan string
	list     []string
	ahead    string // the one that did not fit any more
	has      bool
}

// next waits for a message and takes those behind it that are there. It returns false
// at the end.
func (g *group) next() bool {
	clear(g.list)
	g.list = g.list[:0]
	m, ok := g.ahead, g.has
	if g.has = false; !ok {
		if m, ok = <-g.messages; !ok {
			return false
		}
	}
	size := len(m)
	g.list = append(g.list, m)
	for len(g.list) < groupMessages {
		select {
		case m, ok := <-g.messages:
			if !ok {
				return true
			}
			if size += len(m); size > groupBytes {
				g.ahead, g.has = m, true
				return true
			}
			g.list = append(g.list, m)
		default:
			return true
		}
	}
	return true
}

// segments writes a group. A malformed segment is left out and ends the stream, when
// the others are written.
func (r *Receiver) segments(ctx context.Context, list []string) error {
	t := &r.tallies[SkyWalkingGRPC]
	t.requests.Add(uint64(len(list)))
	// A stream can wait: its sender is held up, and would send nothing again.
	if ft := r.enter(ctx, SkyWalkingGRPC, r.c.WriteTimeout); ft != nil {
		t.faults[ft.Fault].Add(uint64(len(list) - 1))
		return statusOf(ft)
	}
	defer r.leave()
	size := 0
	for _, m := range list {
		size += len(m)
	}
	var bad error
	_, ft := r.take(ctx, SkyWalkingGRPC, size, func(b *batch.Batch) error {
		for _, m := range list {
			mark := b.Mark()
			if err := skywalking.Decode(b, m, r.instances); err != nil {
				b.Back(mark)
				t.faults[Malformed].Add(1)
				bad = status.Error(codes.InvalidArgument, err.Error())
			}
		}
		return nil
	})
	if ft != nil {
		return statusOf(ft)
	}
	return bad
}
