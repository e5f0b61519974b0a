package pcapfile

import (
	"context"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// plainInput reads something that never keeps us waiting for long: a regular
// file, through a decompressor or not, or memory.
type plainInput struct {
	r      io.Reader
	packed bool
	chunk  int // most bytes of one read, 0 for any; small for a look at the start
}

func (in *plainInput) read(ctx context.Context, p []byte) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if in.chunk > 0 && in.chunk < len(p) {
		p = p[:in.chunk]
	}
	return in.r.Read(p)
}

func (in *plainInput) steady() bool { return in.chunk == 0 }

func (in *plainInput) compressed() bool { return in.packed }

// growingInput reads a file that is still written to.
type growingInput struct {
	f       *os.File
	read64  *atomic.Int64              // bytes read, for Stats
	done    <-chan struct{}            // closed by Close
	pause   time.Duration              // between looks at the end of the file
	over    func(context.Context) bool // whether the writer went on to another file
	overdue bool
}

func (in *growingInput) read(ctx context.Context, p []byte) (int, error) {
	for {
		n, err := in.f.Read(p)
		if n > 0 || err != io.EOF {
			in.read64.Add(int64(n))
			return n, err
		}
		if in.overdue {
			return 0, io.EOF
		}
		// The writer may have written between our read and its change of
		// files: one more look.
		if in.overdue = in.over(ctx); in.overdue {
			continue
		}
		timer := time.NewTimer(in.pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return 0, ctx.Err()
		case <-in.done:
			timer.Stop()
			return 0, os.ErrClosed
		case <-timer.C:
		}
	}
}

func (in *growingInput) steady() bool { return false }

func (in *growingInput) compressed() bool { return false }

// counted adds what is read to a counter that others look at.
type counted struct {
	r io.Reader
	n *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
