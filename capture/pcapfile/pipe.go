package pcapfile

import (
	"context"
	"io"
	"os"
)

// pipeChunk is the most that is read from a pipe at a time; it is the
// capacity of a Linux pipe.
const pipeChunk = 64 << 10

// pipeInput reads standard input and other things that block, on a goroutine
// of its own, so that ctx and Close can end the wait. Two chunks go round;
// decompression happens on that goroutine as well.
type pipeInput struct {
	empty, full chan *chunk
	done        <-chan struct{}
	now         *chunk // being copied out
	rest        []byte // of now
	err         error
	packed      bool
}

type chunk struct {
	buf    []byte
	n      int
	err    error
	packed bool
}

// newPipeInput starts the reading. open may block as long as it wants. The
// goroutine ends at the end of the input or, after done was closed, when the
// read that it is in returns.
func newPipeInput(open func() (io.Reader, error), done <-chan struct{}) *pipeInput {
	in := &pipeInput{empty: make(chan *chunk, 2), full: make(chan *chunk, 2), done: done}
	for range cap(in.empty) {
		in.empty <- &chunk{buf: make([]byte, pipeChunk)}
	}
	go in.pump(open)
	return in
}

func (in *pipeInput) pump(open func() (io.Reader, error)) {
	var plain io.Reader
	var packed bool
	release := func() {}
	r, err := open()
	if err == nil {
		plain, packed, release, err = decompress(r)
	}
	for {
		var c *chunk
		select {
		case c = <-in.empty:
		case <-in.done:
		}
		if c == nil {
			break
		}
		c.n, c.packed = 0, packed
		c.err = err
		for tries := 0; c.err == nil && c.n == 0; tries++ {
			if c.n, c.err = plain.Read(c.buf); tries == 100 && c.err == nil {
				c.err = io.ErrNoProgress
			}
		}
		in.full <- c // there is a place for each chunk
		if c.err != nil {
			break
		}
	}
	if release != nil {
		release()
	}
}

func (in *pipeInput) read(ctx context.Context, p []byte) (int, error) {
	for len(in.rest) == 0 {
		if in.err != nil {
			return 0, in.err
		}
		if in.now != nil {
			in.empty <- in.now
			in.now = nil
		}
		select {
		case c := <-in.full:
			in.now, in.rest, in.err, in.packed = c, c.buf[:c.n], c.err, c.packed
			continue
		default:
		}
		select {
		case c := <-in.full:
			in.now, in.rest, in.err, in.packed = c, c.buf[:c.n], c.err, c.packed
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-in.done:
			return 0, os.ErrClosed
		}
	}
	n := copy(p, in.rest)
	in.rest = in.rest[n:]
	return n, nil
}

func (in *pipeInput) steady() bool { return false }

func (in *pipeInput) compressed() bool { return in.packed }
